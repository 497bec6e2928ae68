"""Snowflake's registry login: Basic by password or session token, exchanged for a bearer token.

In: Authorization headers. Out: credentials and bearer tokens. Keeps bearer tokens in memory only: after a
restart a client logs in again. What a bearer token may do is asked of the account each time, so it is worth
no more than the session behind it.

Observed in Snowflake's own client: Basic `0sessiontoken:{"token": …, "expires_in": …}`, GET /login, `token`.
"""

import base64
import binascii
import json
import secrets
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from spcs_emulator.registry.api import Credential

SESSION_USER = "0sessiontoken"
VALID = timedelta(hours=1)


def basic(header: str) -> Credential | None:
    """The credential of a Basic header; None when it is none or cannot be read."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    if not colon:
        return None
    return _session(secret) if user == SESSION_USER else Credential(user, secret)


def _session(secret: str) -> Credential | None:
    try:
        value = json.loads(secret)
    except (ValueError, RecursionError):
        return None
    token = value.get("token") if isinstance(value, dict) else None
    return Credential(None, token) if isinstance(token, str) else None


class Bearers:
    """The bearer tokens given out. `now` gives the account's time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._given: dict[str, tuple[Credential, datetime]] = {}

    def give(self, credential: Credential, until: datetime | None) -> tuple[str, int]:
        """A new token that stands for the credential, and for how many seconds: until the credential itself
        ends, and an hour at most. Assumed; Snowflake does not say how long.
        """
        token = secrets.token_urlsafe(32)
        now = self._now()
        end = min(until or now + VALID, now + VALID)
        with self._lock:
            self._given = {old: kept for old, kept in self._given.items() if kept[1] > now}
            self._given[token] = (credential, end)
        return token, int((end - now).total_seconds())

    def credential(self, header: str) -> Credential | None:
        """The credential behind a Bearer header; None when it is none, unknown or expired."""
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            return None
        with self._lock:
            credential, until = self._given.get(token.strip(), (None, self._now()))
        return credential if until > self._now() else None
