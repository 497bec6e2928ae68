"""Login, tokens and the end of a session, as clients speak them.

In: HTTP requests. Out: answers; sessions are made, renewed, ended. Observed with connectors 3 to 5: which
fields they send and which they insist on (`token`, `masterToken`, an integer `sessionId`).
"""

import threading
from typing import Any

from spcs_emulator.account.account import Account
from spcs_emulator.account.entries import Session
from spcs_emulator.account.sessions import MASTER_LIFE, TOKEN_LIFE, LoginRequest
from spcs_emulator.faults import AUTHENTICATOR, SESSION_GONE, SqlError
from spcs_emulator.identity import VERSION, Identity
from spcs_emulator.wire.envelope import read_json, success, token
from spcs_emulator.wire.messages import Request, Response

_CLIENT_LIMIT = 200
PASSWORD_AUTHENTICATORS = ("", "SNOWFLAKE")
PARAMETERS = [
    {"name": "CLIENT_TELEMETRY_ENABLED", "value": False},
    {"name": "TIMEZONE", "value": "Etc/UTC"},
    {"name": "AUTOCOMMIT", "value": True},
]


class LoginRoutes:
    """The `/session` requests. `attempts` counts logins, refused ones too."""

    def __init__(self, account: Account, identity: Identity) -> None:
        self._account = account
        self._identity = identity
        self._lock = threading.Lock()
        self.attempts = 0

    def login(self, request: Request) -> Response:
        """Answer a login. 390100 for a wrong password, 390194 for another authenticator, 390189 for the
        role.
        """
        with self._lock:
            self.attempts += 1
        data = read_json(request).get("data")
        fields: dict[str, Any] = data if isinstance(data, dict) else {}
        authenticator = str(fields.get("AUTHENTICATOR") or "").upper()
        if authenticator not in PASSWORD_AUTHENTICATORS:
            raise AUTHENTICATOR(name=authenticator)
        parameters = fields.get("SESSION_PARAMETERS")
        session = self._account.sessions.login(
            LoginRequest(
                str(fields.get("LOGIN_NAME") or ""),
                str(fields.get("PASSWORD") or ""),
                request.first("roleName") or None,
                request.first("warehouse") or None,
                request.first("databaseName") or None,
                request.first("schemaName") or None,
                _secondary(fields),
                parameters if isinstance(parameters, dict) else {},
                f"{fields.get('CLIENT_APP_ID') or ''} {fields.get('CLIENT_APP_VERSION') or ''}"[
                    :_CLIENT_LIMIT
                ],
            )
        )
        return success(self._login_data(session))

    def _login_data(self, session: Session) -> dict[str, Any]:
        names = self._account.names(session)
        return {
            "token": next(reversed(list(session.tokens))),
            "validityInSeconds": int(TOKEN_LIFE.total_seconds()),
            "masterToken": session.master_token,
            "masterValidityInSeconds": int(MASTER_LIFE.total_seconds()),
            "sessionId": session.number,
            "displayUserName": self._identity.user,
            "serverVersion": VERSION,
            "firstLogin": False,
            "healthCheckInterval": 45,
            "parameters": PARAMETERS,
            "sessionInfo": {
                "databaseName": names["database"],
                "schemaName": names["schema"],
                "warehouseName": names["warehouse"],
                "roleName": names["role"],
            },
        }

    def token_request(self, request: Request) -> Response:
        """Answer RENEW and ISSUE with one more session token. Assumed: both answer alike."""
        session, fresh = self._account.sessions.add_token(token(request))
        return success(
            {
                "sessionToken": fresh,
                "validityInSecondsST": int(TOKEN_LIFE.total_seconds()),
                "masterToken": session.master_token,
                "validityInSecondsMT": int(MASTER_LIFE.total_seconds()),
                "sessionId": session.number,
            }
        )

    def heartbeat(self, request: Request) -> Response:
        """Answer that the session is alive."""
        self._account.sessions.of_token(token(request))
        return success(None)

    def close(self, request: Request) -> Response:
        """End the session. 390111 when it is gone, which clients take for success."""
        try:
            session = self._account.sessions.of_token(token(request))
        except SqlError:
            raise SESSION_GONE() from None
        self._account.sessions.end(session)
        return success(None)

    def other_authenticator(self, request: Request) -> Response:
        """Refuse a login through a browser."""
        data = read_json(request).get("data")
        name = data.get("AUTHENTICATOR") if isinstance(data, dict) else None
        raise AUTHENTICATOR(name=name or "EXTERNALBROWSER")


def _secondary(fields: dict[str, Any]) -> str | None:
    value = fields.get("SECONDARY_ROLES")
    if isinstance(value, str) and value.upper() in ("ALL", "NONE"):
        return value.upper()
    return None
