"""Which request goes where, and the net under all of them.

In: HTTP requests under /session, /queries, /monitoring, /telemetry, /bucket and /api. Out: answers, never a
5xx unless the script asks for one.
"""

import re
import traceback
from collections.abc import Callable
from dataclasses import replace

from spcs_emulator.account.account import Account
from spcs_emulator.clock import Clock
from spcs_emulator.faults import INTERNAL, SqlError
from spcs_emulator.script import Script
from spcs_emulator.wire.envelope import failure, success
from spcs_emulator.wire.http import NoAnswer
from spcs_emulator.wire.login import LoginRoutes
from spcs_emulator.wire.messages import Request, Response, json_response
from spcs_emulator.wire.queries import QueryRoutes
from spcs_emulator.wire.transfers import PATH, Transfers

STATEMENT = ("POST", "/queries/v1/query-request")
_RESULT = re.compile(r"/queries/([0-9a-fA-F-]{36})/result")
_ABORT = re.compile(r"/queries/([0-9a-fA-F-]{36})/abort-request")
_MONITOR = re.compile(r"/monitoring/queries/([0-9a-fA-F-]{36})")


class Wire:
    """Answers Snowflake's clients. `log` takes the text of a bug of ours."""

    def __init__(
        self,
        account: Account,
        clock: Clock,
        script: Script,
        log: Callable[[str], None],
    ) -> None:
        self._login = LoginRoutes(account)
        self._transfers = Transfers(account.files, clock)
        self._queries = QueryRoutes(account, self._transfers, clock, script, log)
        self._log = log
        self._routes: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("POST", "/session/v1/login-request"): self._login.login,
            ("POST", "/session/token-request"): self._login.token_request,
            ("POST", "/session/authenticator-request"): self._login.through_browser,
            ("POST", "/session/heartbeat"): self._login.heartbeat,
            ("POST", "/session"): self._login.close,
            STATEMENT: self._queries.query,
            ("POST", "/queries/v1/abort-request"): self._queries.abort,
            ("POST", "/telemetry/send"): lambda _: success("Log Received"),
        }

    @property
    def login_attempts(self) -> int:
        """How many logins were tried, refused ones too."""
        return self._login.attempts

    def close(self) -> None:
        """Return when every statement has ended. The account is closed before, so that none waits."""
        self._queries.close()

    def respond(self, request: Request) -> Response:
        """Return the answer. NoAnswer when the script keeps it back.

        A client takes a statement's failure from the answer's text, but a file's from the HTTP status.
        """
        try:
            return self._dispatch(request)
        except SqlError as refused:
            error = refused
        except NoAnswer:
            raise
        except Exception:
            self._log(f"{request.method} {request.path} failed with a bug of ours\n{traceback.format_exc()}")
            error = INTERNAL(cause="a bug of the local account; the server log has the details")
        answer = failure(error)
        return replace(answer, status=400) if request.path.startswith(PATH) else answer

    def _dispatch(self, request: Request) -> Response:
        route = self._routes.get((request.method, request.path))
        if route is not None:
            return route(request)
        if request.path.startswith(PATH):
            return self._transfers.respond(request)
        if request.method == "GET" and (match := _RESULT.fullmatch(request.path)):
            return self._queries.result(request, match[1])
        if request.method == "GET" and (match := _MONITOR.fullmatch(request.path)):
            return self._queries.monitor(request, match[1])
        if request.method == "POST" and (match := _ABORT.fullmatch(request.path)):
            return self._queries.abort_query(request, match[1])
        message = f"{request.method} {request.path} is not known to the local account"
        return json_response({"data": None, "code": "404", "message": message, "success": False}, 404)
