"""Statements over the wire: each request answered once, however often it is sent, and kept for a while.

In: HTTP requests. Out: answers. Sleeps for the scripted latency. Observed: replays keep their `requestId`,
so a replay gets the first answer and runs nothing. Assumed: answers are kept for the last 1000 statements
of the running local account and no more than 32 MB of them, not over a restart.
"""

import re
import threading
import time
import traceback
import uuid
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from spcs_emulator.account.account import Account
from spcs_emulator.account.entries import Session
from spcs_emulator.account.pending import Pending
from spcs_emulator.account.results import Transfer
from spcs_emulator.clock import Clock
from spcs_emulator.faults import INTERNAL, UNSUPPORTED, SqlError
from spcs_emulator.script import Script, Trouble
from spcs_emulator.wire.envelope import failure, read_json, success, token
from spcs_emulator.wire.http import HangUp
from spcs_emulator.wire.messages import Request, Response
from spcs_emulator.wire.rowset import result_data
from spcs_emulator.wire.transfers import Transfers

KEPT = 1000
KEPT_BYTES = 32_000_000
KEPT_TEXT = 10_000
_HEAD = re.compile(r"\s*([A-Za-z]{1,20}(?:\s+[A-Za-z]{1,20})?)\b")
ASYNC_CODE = "333334"


@dataclass(frozen=True)
class Answered:
    """A statement that was run: who sent it, what it said, how it was answered, when (milliseconds).

    `request` is what a replay comes with. Of a long text only the start is kept.
    """

    query_id: str
    request: tuple[int, str]
    session: int
    text: str
    response: Response
    error: SqlError | None
    started_ms: int
    ended_ms: int


class QueryRoutes:
    """The `/queries` and `/monitoring` requests."""

    def __init__(
        self,
        account: Account,
        transfers: Transfers,
        clock: Clock,
        script: Script,
        log: Callable[[str], None],
    ) -> None:
        self._account = account
        self._transfers = transfers
        self._clock = clock
        self._script = script
        self._log = log
        self._lock = threading.Lock()
        self._requests: dict[tuple[int, str], Future[Answered]] = {}
        self._answered: OrderedDict[str, Answered] = OrderedDict()
        self._kept_bytes = 0

    def query(self, request: Request) -> Response:
        """Run a statement, or give the answer it got before."""
        session = self._account.sessions.of_token(token(request))
        body = read_json(request)
        request_id = request.first("requestId") or str(uuid.uuid4())
        key = (session.number, request_id)
        future, first = self._claim(key)
        if first:
            self._fulfil(future, key, session, body, request.header("host") or "")
        answered = future.result()
        if body.get("asyncExec"):
            data = {"queryId": answered.query_id, "getResultUrl": f"/queries/{answered.query_id}/result"}
            return success(data, ASYNC_CODE, "Query execution in progress. (asynchronous)")
        return answered.response

    def _claim(self, key: tuple[int, str]) -> tuple[Future[Answered], bool]:
        """Return the request's answer-to-be, and whether the caller is the first and must make it."""
        with self._lock:
            known = self._requests.get(key)
            if known is not None:
                return known, False
            fresh: Future[Answered] = Future()
            self._requests[key] = fresh
            return fresh, True

    def _fulfil(
        self,
        future: Future[Answered],
        key: tuple[int, str],
        session: Session,
        body: dict[str, Any],
        host: str,
    ) -> None:
        """Run the statement with the trouble arranged for it. After a cut, a replay finds what was done."""
        trouble = self._script.next_trouble(str(body.get("sqlText") or ""))
        if self._script.latency_ms:
            time.sleep(self._script.latency_ms / 1000)
        if trouble == "cut before":
            with self._lock:
                self._requests.pop(key, None)
            future.set_exception(HangUp())
            return
        future.set_result(self._run(session, key, body, host, trouble))
        if trouble == "cut after":
            raise HangUp

    def _run(
        self,
        session: Session,
        key: tuple[int, str],
        body: dict[str, Any],
        host: str,
        trouble: Trouble | None,
    ) -> Answered:
        text = str(body.get("sqlText") or "")
        query_id = str(uuid.uuid4())
        started = self._milliseconds()
        error: SqlError | None = None
        try:
            if trouble == "error before":
                raise INTERNAL(cause="arranged by the script")
            data = self._execute(session, body, text, host)
            if trouble == "error after":
                raise INTERNAL(cause="arranged by the script")
            response = success({**data, "queryId": query_id, "sqlState": "00000"})
        except SqlError as refused:
            error = refused
        except Exception:
            # Not the text: a statement may hold secrets, and this log is read by others.
            head = _HEAD.match(text)
            self._log(
                f"query {query_id} ({head[1] if head else '?'} …) failed with a bug of the local account\n"
                f"{traceback.format_exc()}"
            )
            error = INTERNAL(cause="a bug of the local account; the server log has the details")
        if error is not None:
            response = failure(error, query_id)
        ended = self._milliseconds()
        answered = Answered(query_id, key, session.number, text[:KEPT_TEXT], response, error, started, ended)
        self._keep(answered)
        return answered

    def _execute(self, session: Session, body: dict[str, Any], text: str, host: str) -> dict[str, Any]:
        if body.get("bindings"):
            raise UNSUPPORTED(feature="server-side bindings")
        if body.get("describeOnly"):
            raise UNSUPPORTED(feature="describe only")
        result, after = self._account.execute(session, text, _statement_count(body))
        if isinstance(result, Pending):
            result = self._account.wait(result, threading.Event())
        names = self._account.names(after)
        if isinstance(result, Transfer):
            told = self._transfers.data(result, session.client, host)
        else:
            told = result_data(result)
        return {
            **told,
            "parameters": [],
            "finalDatabaseName": names["database"],
            "finalSchemaName": names["schema"],
            "finalWarehouseName": names["warehouse"],
            "finalRoleName": names["role"],
            "numberOfBinds": 0,
            "arrayBindSupported": False,
            "version": 1,
        }

    def _keep(self, answered: Answered) -> None:
        with self._lock:
            self._answered[answered.query_id] = answered
            self._kept_bytes += _size(answered)
            while len(self._answered) > KEPT or (self._kept_bytes > KEPT_BYTES and len(self._answered) > 1):
                _, oldest = self._answered.popitem(last=False)
                self._kept_bytes -= _size(oldest)
                self._requests.pop(oldest.request, None)

    def _milliseconds(self) -> int:
        return int(self._clock.now().timestamp() * 1000)

    def _find(self, request: Request, query_id: str) -> Answered | None:
        session = self._account.sessions.of_token(token(request))
        with self._lock:
            found = self._answered.get(query_id)
        return found if found and found.session == session.number else None

    def result(self, request: Request, query_id: str) -> Response:
        """Give a statement's answer again. 300002 when it is no longer kept."""
        found = self._find(request, query_id)
        if found is None:
            raise INTERNAL(cause=f"the result of query {query_id} is not kept")
        return found.response

    def monitor(self, request: Request, query_id: str) -> Response:
        """Tell how a statement ended; no entry for one that is not known."""
        found = self._find(request, query_id)
        return success({"queries": [_monitored(found)] if found else []})

    def abort(self, request: Request) -> Response:
        """Say that there is nothing to abort: a statement that can be asked about has ended."""
        self._account.sessions.of_token(token(request))
        return success(None)


def _size(answered: Answered) -> int:
    message = answered.error.message if answered.error else ""
    body = answered.response.body
    return len(answered.text) + len(message) + (len(body) if isinstance(body, bytes) else 0)


def _monitored(answered: Answered) -> dict[str, Any]:
    return {
        "id": answered.query_id,
        "status": "FAILED_WITH_ERROR" if answered.error else "SUCCESS",
        "errorCode": answered.error.code if answered.error else None,
        "errorMessage": answered.error.message if answered.error else None,
        "sqlText": answered.text,
        "sessionId": answered.session,
        "startTime": answered.started_ms,
        "endTime": answered.ended_ms,
    }


def _statement_count(body: dict[str, Any]) -> int:
    parameters = body.get("parameters")
    value = parameters.get("MULTI_STATEMENT_COUNT", 1) if isinstance(parameters, dict) else 1
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 1
