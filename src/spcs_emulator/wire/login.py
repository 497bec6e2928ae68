"""Login, tokens and the end of a session, as clients speak them.

In: HTTP requests. Out: answers; sessions are made, renewed, ended. Observed with connectors 3 to 5: which
fields they send and which they insist on (`token`, `masterToken`, an integer `sessionId`).
"""

import threading
from typing import Any

from spcs_emulator.account.account import Account
from spcs_emulator.account.authentication import Evidence
from spcs_emulator.account.entries import Session
from spcs_emulator.account.session_parameters import ACCOUNT_VALUES
from spcs_emulator.account.sessions import MASTER_LIFE, TOKEN_LIFE, LoginRequest
from spcs_emulator.faults import AUTHENTICATOR, SESSION_GONE, SqlError
from spcs_emulator.identity import VERSION
from spcs_emulator.wire.browser import bring, listens_here
from spcs_emulator.wire.envelope import bare_failure, read_json, success, token
from spcs_emulator.wire.messages import Request, Response

_CLIENT_LIMIT = 200
_SSO = "https://127.0.0.1/sso"
PARAMETERS = [
    {"name": "CLIENT_TELEMETRY_ENABLED", "value": False},
    {"name": "TIMEZONE", "value": ACCOUNT_VALUES["TIMEZONE"]},
    {"name": "AUTOCOMMIT", "value": True},
]


class LoginRoutes:
    """The `/session` requests. `attempts` counts logins, refused ones too."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._lock = threading.Lock()
        self.attempts = 0

    def login(self, request: Request) -> Response:
        """Answer a login. 390189 for the role; `authentication` has the refusals of the rest."""
        with self._lock:
            self.attempts += 1
        fields = _fields(request)
        proof = self._account.authentication.prove(
            Evidence(
                _text(fields, "AUTHENTICATOR").upper(),
                _text(fields, "LOGIN_NAME"),
                _text(fields, "PASSWORD"),
                _text(fields, "TOKEN"),
                _text(fields, "PROOF_KEY"),
                _text(fields, "PASSCODE"),
            )
        )
        parameters = fields.get("SESSION_PARAMETERS")
        session = self._account.sessions.login(
            LoginRequest(
                request.first("roleName") or None,
                request.first("warehouse") or None,
                request.first("databaseName") or None,
                request.first("schemaName") or None,
                _secondary(fields),
                parameters if isinstance(parameters, dict) else {},
                f"{fields.get('CLIENT_APP_ID') or ''} {fields.get('CLIENT_APP_VERSION') or ''}"[
                    :_CLIENT_LIMIT
                ],
            ),
            proof,
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
            "displayUserName": names["user"],
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

    def through_browser(self, request: Request) -> Response:
        """Begin a sign-in through a browser, and be the browser: bring the client its token.

        390194 for another authenticator, for nobody, and for a port at which none of ours listens. Observed:
        connectors from 5 on want an https address to show to the person; nothing is served there.
        """
        fields = _fields(request)
        try:
            port = self._browser_port(fields)
            key, token = self._account.authentication.begin_browser(_text(fields, "LOGIN_NAME"))
        except SqlError as error:
            return bare_failure(error)
        bring(port, token)
        return success({"ssoUrl": _SSO, "proofKey": key, "tokenUrl": _SSO})

    def _browser_port(self, fields: dict[str, Any]) -> int:
        name = _text(fields, "AUTHENTICATOR").upper()
        if name != "EXTERNALBROWSER":
            raise AUTHENTICATOR(name=name, why="")
        port = _text(fields, "BROWSER_MODE_REDIRECT_PORT")
        if not (port.isdecimal() and len(port) <= 5 and listens_here(int(port))):
            raise AUTHENTICATOR(name=name, why=": no program of yours listens at the port it names")
        return int(port)


def _fields(request: Request) -> dict[str, Any]:
    data = read_json(request).get("data")
    return data if isinstance(data, dict) else {}


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return "" if value is None else str(value)


def _secondary(fields: dict[str, Any]) -> str | None:
    value = fields.get("SECONDARY_ROLES")
    if isinstance(value, str) and value.upper() in ("ALL", "NONE"):
        return value.upper()
    return None
