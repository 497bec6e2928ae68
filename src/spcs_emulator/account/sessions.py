"""Sessions and their tokens: login, renewal, the end.

In: a user who has proven to be it, or a token. Out: sessions; the catalogue changes, so a session outlives
a restart.
Assumed: RENEW leaves the old token in force until it ends by itself (the safer reading for parallel
clients); tokens are valid for one hour, master tokens for four, as a real account's answers say.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from spcs_emulator.account import people
from spcs_emulator.account.access import assigned_roles, session_access
from spcs_emulator.account.authentication import Proof
from spcs_emulator.account.catalogue import Catalogue
from spcs_emulator.account.entries import AccountObject, Session
from spcs_emulator.clock import Clock
from spcs_emulator.faults import (
    LOGGED_OUT,
    LOGIN_ROLE,
    MASTER_TOKEN_EXPIRED,
    MASTER_TOKEN_GONE,
    NO_TOKEN,
    TOKEN_EXPIRED,
    WRONG_PASSWORD,
    SqlError,
)
from spcs_emulator.statement.reader import name_in
from spcs_emulator.statement.values import ObjectKind

TOKEN_LIFE = timedelta(hours=1)
MASTER_LIFE = timedelta(hours=4)
_SESSION_NUMBERS = 2**53


@dataclass(frozen=True)
class LoginRequest:
    """What a client says at login; None where it says nothing. `secondary` is ALL, NONE or None, `client`
    what it calls itself, "name version".
    """

    role: str | None
    warehouse: str | None
    database: str | None
    schema: str | None
    secondary: str | None
    parameters: dict[str, Any]
    client: str = ""


class Sessions:
    """Every session of the account. All methods are thread safe."""

    def __init__(self, catalogue: Catalogue, clock: Clock) -> None:
        self._catalogue = catalogue
        self._clock = clock

    def login(self, request: LoginRequest, proof: Proof) -> Session:
        """Return a new session of the user who has proven to be it. 390189 for a role that is not the user's,
        or not the one the credential is good for.

        Documented: a warehouse, database or schema that is not there or not to be used is left unset.
        """
        with self._catalogue.transaction():
            user = self._catalogue.get(proof.user.key)
            if user is None:
                raise WRONG_PASSWORD()
            now = self._clock.now()
            self._forget_ended(now)
            session = Session(
                secrets.randbelow(_SESSION_NUMBERS),
                user.key,
                {secrets.token_urlsafe(32): now + TOKEN_LIFE},
                secrets.token_urlsafe(32),
                now + MASTER_LIFE,
                self._login_role(user, request.role, proof.role),
                _secondary(user, request),
                parameters=request.parameters,
                client=request.client,
                bound=proof.role,
            )
            session = self._placed(session, user, request)
            self._catalogue.sessions.put(session)
            self._catalogue.objects.put(user.with_settings({**user.settings, "last_login": now.isoformat()}))
            return session

    def _login_role(self, user: AccountObject, name: str | None, bound: str | None) -> str:
        """Documented: the connection's role, else the token's, else the default role, else PUBLIC. Assumed: a
        default role that the user does not hold is refused as a role in the connection is.
        """
        default = self._catalogue.name_of(bound) if bound else people.value(user, "DEFAULT_ROLE")
        wanted = name or str(default or "PUBLIC")
        role = self._catalogue.find(ObjectKind.ROLE, _identifier(wanted) if name else wanted)
        assigned = assigned_roles(self._catalogue, user.key)
        if role is None or role.key not in assigned or (bound and role.key != bound):
            raise LOGIN_ROLE(name=wanted)
        return role.key

    def _placed(self, session: Session, user: AccountObject, request: LoginRequest) -> Session:
        """Documented: what the connection does not say is the user's default."""
        place = str(people.value(user, "DEFAULT_NAMESPACE") or "").partition(".")
        named = request.database or request.schema
        access = session_access(self._catalogue, session)

        def usable(kind: ObjectKind, name: str | None, parent: str | None = None) -> str | None:
            found = self._catalogue.find(kind, _identifier(name), parent) if name else None
            return found.key if found and access.usable(found, "USAGE") else None

        database = usable(ObjectKind.DATABASE, request.database or place[0] or None)
        inside = request.schema or (None if named else place[2]) or "PUBLIC"
        schema = usable(ObjectKind.SCHEMA, inside, database) if database else None
        default = people.value(user, "DEFAULT_WAREHOUSE")
        warehouse = usable(ObjectKind.WAREHOUSE, request.warehouse or default)
        return replace(session, database=database, schema=schema, warehouse=warehouse)

    def _forget_ended(self, now: datetime) -> None:
        for session in self._catalogue.sessions.values():
            if session.master_until <= now:
                self._catalogue.sessions.remove(session.id)

    def of_token(self, token: str | None) -> Session:
        """Return the session of a session token. 390101 without one, 390104 unknown, 390112 past its time."""
        if not token:
            raise NO_TOKEN()
        with self._catalogue.transaction():
            for session in self._catalogue.sessions.values():
                if token in session.tokens:
                    if session.tokens[token] <= self._clock.now():
                        raise TOKEN_EXPIRED()
                    return session
        raise LOGGED_OUT()

    def of_master(self, token: str | None) -> Session:
        """Return the session of a master token. 390113 when unknown, 390114 past its time."""
        with self._catalogue.transaction():
            for session in self._catalogue.sessions.values():
                if token and _same(session.master_token, token):
                    if session.master_until <= self._clock.now():
                        raise MASTER_TOKEN_EXPIRED()
                    return session
        raise MASTER_TOKEN_GONE()

    def add_token(self, master: str | None) -> tuple[Session, str]:
        """Return the session of the master token and one more session token for it (RENEW and ISSUE)."""
        with self._catalogue.transaction():
            session = self.of_master(master)
            now = self._clock.now()
            token = secrets.token_urlsafe(32)
            tokens = {known: until for known, until in session.tokens.items() if until > now}
            session = replace(session, tokens={**tokens, token: now + TOKEN_LIFE})
            self._catalogue.sessions.put(session)
            return session, token

    def expire(self, session: Session, *, master: bool) -> None:
        """End the time of the session's tokens, and of its master token."""
        with self._catalogue.transaction():
            now = self._clock.now()
            tokens = dict.fromkeys(session.tokens, now)
            until = now if master else session.master_until
            self._catalogue.sessions.put(replace(session, tokens=tokens, master_until=until))

    def end(self, session: Session) -> None:
        """Forget the session and all its tokens."""
        with self._catalogue.transaction():
            self._catalogue.sessions.remove(session.id)


def _secondary(user: AccountObject, request: LoginRequest) -> bool:
    """Whether all the user's other roles are active: as the client says, else by the user's default."""
    if request.secondary is not None:
        return request.secondary == "ALL"
    return "ALL" in people.value(user, "DEFAULT_SECONDARY_ROLES")


def _same(one: str, other: str) -> bool:
    """Compare two secrets in a time that tells nothing of them, whatever characters a client sends."""
    return secrets.compare_digest(*(text.encode(errors="surrogatepass") for text in (one, other)))


def _identifier(text: str | None) -> str:
    """Return a name from a connection as stored: as an identifier if it is one, else as it is."""
    try:
        return name_in(text or "", 1).last.text
    except SqlError:
        return text or ""
