"""Statements over the wire: each request answered once, however often it is sent.

In: HTTP requests. Out: answers. Sleeps for the scripted latency. Observed: replays keep their `requestId`,
so a replay gets the first answer and runs nothing; a statement that takes long is answered 333333 after a
while, and the client asks for its result until it is there; one that is sent with `asyncExec` is answered
333334 at once. A statement runs in the thread of its request until it has to wait.
"""

import re
import time
import traceback
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from spcs_emulator.account.account import Account
from spcs_emulator.account.entries import Session
from spcs_emulator.account.history import Answer, Query
from spcs_emulator.account.pending import Pending
from spcs_emulator.account.results import Result, Transfer
from spcs_emulator.clock import Clock
from spcs_emulator.faults import CANCELED, DENIED, INTERNAL, TOKEN_EXPIRED, UNSUPPORTED, SqlError
from spcs_emulator.script import Event, Script
from spcs_emulator.statement.parse import Written, read
from spcs_emulator.wire.envelope import failure, read_json, success, token
from spcs_emulator.wire.http import NoAnswer, Silence
from spcs_emulator.wire.interruptions import kept_back
from spcs_emulator.wire.messages import Request, Response
from spcs_emulator.wire.rowset import result_data, several_data, statement_type
from spcs_emulator.wire.transfers import Transfers

RUNNING_CODE = "333333"
ASYNC_CODE = "333334"
# As many statements may wait at a time; more wait for their turn.
_WAITING = 1000
_HEAD = re.compile(r"\s*([A-Za-z]{1,20}(?:\s+[A-Za-z]{1,20})?)\b")

Made = Result | Transfer | Pending[Result] | tuple[Query, ...]


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
        self._history = account.history
        self._transfers = transfers
        self._clock = clock
        self._script = script
        self._log = log
        self._silent: set[str] = set()
        self._pool = ThreadPoolExecutor(_WAITING, thread_name_prefix="statement")

    def close(self) -> None:
        """Return when no statement runs. The account is closed before, so that none waits."""
        self._pool.shutdown()

    # --- requests ---------------------------------------------------------------------------------------

    def query(self, request: Request) -> Response:
        """Run a statement, or give the answer it got before."""
        session = self._account.sessions.of_token(token(request))
        body = read_json(request)
        request_id = request.first("requestId") or str(uuid.uuid4())
        text = str(body.get("sqlText") or "")
        query, first = self._history.begin(session, request_id, text, self._clock.now())
        if first:
            self._start(query, session, text, body)
        if body.get("asyncExec"):
            return _in_progress(query, ASYNC_CODE, "Query execution in progress. (asynchronous)")
        return self._answer(query, session, request)

    def result(self, request: Request, query_id: str) -> Response:
        """Give a statement's answer again, or say that it still runs. 300002 when it is no longer kept."""
        session = self._account.sessions.of_token(token(request))
        found = self._history.find(query_id, session.user)
        if found is None:
            raise INTERNAL(cause=f"the result of query {query_id} is not kept")
        return self._answer(found, session, request)

    def monitor(self, request: Request, query_id: str) -> Response:
        """Tell whether a statement runs or how it ended; no entry for one that is not known."""
        session = self._account.sessions.of_token(token(request))
        found = self._history.find(query_id, session.user)
        return success({"queries": [_monitored(found)] if found else []})

    def abort(self, request: Request) -> Response:
        """Cancel the statement of the request that the body names. Success even when there is none."""
        session = self._account.sessions.of_token(token(request))
        found = self._history.of_request(session, str(read_json(request).get("requestId")))
        if found is not None:
            self._history.cancel(found)
        return success(None)

    def abort_query(self, request: Request, query_id: str) -> Response:
        """Cancel the statement with that id. Success even when there is none."""
        session = self._account.sessions.of_token(token(request))
        found = self._history.find(query_id, session.user)
        if found is not None:
            self._history.cancel(found)
        return success(None)

    # --- running ----------------------------------------------------------------------------------------

    def _start(self, query: Query, session: Session, text: str, body: dict[str, Any]) -> None:
        """Run the statement with the trouble arranged for it. After a cut, a replay finds what was done."""
        event = self._script.at_statement(text)
        if instead := self._in_place_of(event, query, session):
            raise instead
        make = partial(self._make, query, session, text, body, event)
        if body.get("asyncExec") or _statement_count(body) != 1:
            self._pool.submit(self._run, query, session, make)
        else:
            self._run(query, session, make)
        if instead := kept_back(event, "after"):
            self._keep_silent(instead, query)
            raise instead

    def _in_place_of(self, event: Event | None, query: Query, session: Session) -> NoAnswer | SqlError | None:
        """Return what comes in place of running the statement. A replay is a new one, unless it hangs."""
        instead: NoAnswer | SqlError | None = kept_back(event, "before")
        if event and event.trouble in ("session expired", "master expired"):
            self._account.sessions.expire(session, master=event.trouble == "master expired")
            instead = TOKEN_EXPIRED()
        if isinstance(instead, Silence):
            self._keep_silent(instead, query)
        elif instead:
            self._history.forget(query, instead)
        return instead

    def _keep_silent(self, instead: NoAnswer, query: Query) -> None:
        """Whoever asks for the answer of a statement that hangs waits in vain, too."""
        if isinstance(instead, Silence):
            self._silent.add(query.id)
            self._script.hanging.set()

    def _run(self, query: Query, session: Session, make: Callable[[], Made]) -> None:
        """Give the query its answer: now, or later from another thread when it has to wait."""
        error: SqlError | None = None
        outcome: Result | Transfer | tuple[Query, ...] | None = None
        names: dict[str, str | None] = {}
        try:
            made = make()
            if isinstance(made, Pending):
                self._pool.submit(
                    self._run, query, session, partial(self._account.wait, made, query.cancelled)
                )
                return
            outcome, names = made, self._account.names(session)
        except SqlError as refused:
            error = refused
        except Exception:
            # Not the text: a statement may hold secrets, and this log is read by others.
            head = _HEAD.match(query.text)
            self._log(
                f"query {query.id} ({head[1] if head else '?'} …) failed with a bug of the local account\n"
                f"{traceback.format_exc()}"
            )
            error = INTERNAL(cause="a bug of the local account; the server log has the details")
        self._history.end(query, Answer(outcome, error, names, self._clock.now()))

    def _make(
        self, query: Query, session: Session, text: str, body: dict[str, Any], event: Event | None
    ) -> Made:
        if self._script.latency_ms:
            time.sleep(self._script.latency_ms / 1000)
        trouble = event.trouble if event else None
        if trouble == "error before":
            raise INTERNAL(cause="arranged by the script")
        if trouble == "refused":
            raise DENIED(kind="statement", name="arranged by the script")
        bindings = body.get("bindings")
        statements = read(text, _statement_count(body), bindings if isinstance(bindings, dict) else None)
        if body.get("describeOnly"):
            if len(statements) > 1:
                raise UNSUPPORTED(feature="describing several statements")
            return self._account.describe(session, query, statements[0])
        if len(statements) > 1:
            return self._several(query, session, statements)
        past = event.changes if event and trouble == "stale" else 0
        made = self._account.execute(session, query, statements[0], past)
        if trouble == "error after":
            raise INTERNAL(cause="arranged by the script")
        return made

    def _several(self, query: Query, session: Session, statements: tuple[Written, ...]) -> Made:
        """Run the statements one after another. What was done before one that fails stays done.

        Assumed: the whole then fails with that one's error.
        """
        parts: list[Query] = []
        for written in statements:
            if query.cancelled.is_set():
                raise CANCELED()
            part = self._history.begin_part(session, query, written.text, self._clock.now())
            parts.append(part)
            self._run(part, session, partial(self._whole, part, session, written))
            error = part.answer.result().error
            if error is not None:
                raise error
        return tuple(parts)

    def _whole(self, query: Query, session: Session, written: Written) -> Made:
        made = self._account.execute(session, query, written)
        return self._account.wait(made, query.cancelled) if isinstance(made, Pending) else made

    # --- answers ----------------------------------------------------------------------------------------

    def _answer(self, query: Query, session: Session, request: Request) -> Response:
        """Return the query's answer; that it is in progress when it has none for longer than a request is
        held. Silence when it hangs.
        """
        if query.id in self._silent:
            raise Silence
        try:
            answer = query.answer.result(self._script.hold_seconds)
        except TimeoutError:
            return _in_progress(query, RUNNING_CODE, "Query execution in progress.")
        if answer.error is not None:
            return failure(answer.error, query.id)
        match answer.outcome:
            case Transfer() as transfer:
                told = self._transfers.data(transfer, session.client, request.header("host") or "")
            case Result() as result:
                told = result_data(result)
            case parts:
                told = several_data([(part.id, statement_type(_outcome(part))) for part in parts or ()])
        return success(
            {
                **told,
                "parameters": [],
                "finalDatabaseName": answer.names["database"],
                "finalSchemaName": answer.names["schema"],
                "finalWarehouseName": answer.names["warehouse"],
                "finalRoleName": answer.names["role"],
                "numberOfBinds": 0,
                "arrayBindSupported": False,
                "version": 1,
                "queryId": query.id,
                "sqlState": "00000",
            }
        )


def _outcome(query: Query) -> Any:
    return query.answer.result().outcome


def _in_progress(query: Query, code: str, message: str) -> Response:
    return success({"queryId": query.id, "getResultUrl": f"/queries/{query.id}/result"}, code, message)


def _monitored(query: Query) -> dict[str, Any]:
    answer = None if query.running else query.answer.result()
    error = answer.error if answer else None
    return {
        "id": query.id,
        "status": "RUNNING" if answer is None else "FAILED_WITH_ERROR" if error else "SUCCESS",
        "errorCode": error.code if error else None,
        "errorMessage": error.message if error else None,
        "sqlText": query.text,
        "sessionId": query.session,
        "startTime": int(query.started.timestamp() * 1000),
        "endTime": int(answer.ended.timestamp() * 1000) if answer else 0,
    }


def _statement_count(body: dict[str, Any]) -> int:
    parameters = body.get("parameters")
    value = parameters.get("MULTI_STATEMENT_COUNT", 1) if isinstance(parameters, dict) else 1
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 1
