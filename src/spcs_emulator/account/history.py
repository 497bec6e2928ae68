"""The statements of the running account: who sent them, whether they run, and what came of them.

In: statements as they begin and as they are answered. Out: each by its id, by the request that sent it, and
in its session's order. Touches nothing but memory. Assumed: kept are the last 1000 statements and no more
than 32 MB of what came of them, not over a restart; a real account keeps results for a day. Documented: Query
History: Redacted SQL Upon Syntax Error (BCR-936): passwords are redacted where the syntax is right; text of
wrong syntax is shown as it was to the user who sent it, and to nobody else. Assumed: the values of
secrets are redacted alike; of a text nothing is kept from the word on that one follows.
"""

import re
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from spcs_emulator.account.entries import Session
from spcs_emulator.account.results import Result, Transfer
from spcs_emulator.faults import SYNTAX, SqlError

KEPT = 1000
KEPT_BYTES = 32_000_000
KEPT_TEXT = 10_000
_CELL = 16
_SECRET = re.compile(r"\b(PASSWORD|SECRET_STRING)\b.*", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Answer:
    """How a statement ended: `error`, or the `outcome` (for several statements: their queries).

    `names` are the session's role, warehouse, database and schema afterwards.
    """

    outcome: "Result | Transfer | tuple[Query, ...] | None"
    error: SqlError | None
    names: Mapping[str, str | None]
    ended: datetime


class Query:
    """One statement, from when it is sent. `answer` is its answer-to-be; of a long text `text` is the start,
    and it ends before what is secret, unless its syntax turns out to be wrong.

    `session` and `user` are the session's number and the user's key. `cancelled` is set when somebody wants
    it to end.
    """

    def __init__(self, session: Session, request: str, text: str, started: datetime) -> None:
        self.id = str(uuid.uuid4())
        self.session = session.number
        self.user = session.user
        self.request = request
        self._sent = text[:KEPT_TEXT]
        self.text = _SECRET.sub(r"\1 ***", self._sent)
        self.started = started
        self.cancelled = threading.Event()
        self.answer: Future[Answer] = Future()

    @property
    def running(self) -> bool:
        """Whether it has no answer yet."""
        return not self.answer.done()

    def end(self, answer: Answer) -> None:
        """Give it its answer."""
        if answer.error is not None and answer.error.errno == SYNTAX.errno:
            self.text = self._sent
        self._sent = ""
        self.answer.set_result(answer)


class History:
    """Every statement kept. All methods are thread safe. `wake` lets what waits see that it is cancelled."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._queries: OrderedDict[str, Query] = OrderedDict()
        self._requests: dict[tuple[int, str], Query] = {}
        self._sizes: dict[str, int] = {}
        self._kept_bytes = 0

    def begin(self, session: Session, request: str, text: str, now: datetime) -> tuple[Query, bool]:
        """Return the request's query, and whether it is new: a request that comes again begins nothing."""
        with self._lock:
            known = self._requests.get((session.number, request))
            if known is not None:
                return known, False
            query = Query(session, request, text, now)
            self._requests[session.number, request] = query
            self._queries[query.id] = query
            return query, True

    def begin_part(self, session: Session, whole: Query, text: str, now: datetime) -> Query:
        """Return a new query for one of several statements of a request; it is cancelled with the whole."""
        query = Query(session, "", text, now)
        query.cancelled = whole.cancelled
        with self._lock:
            self._queries[query.id] = query
        return query

    def forget(self, query: Query, error: BaseException) -> None:
        """Take the query for never sent; whoever waits for its answer gets `error`."""
        with self._lock:
            self._queries.pop(query.id, None)
            self._requests.pop((query.session, query.request), None)
        query.answer.set_exception(error)

    def end(self, query: Query, answer: Answer) -> None:
        """Give the query its answer, and forget the oldest ones that are too many."""
        query.end(answer)
        with self._lock:
            self._sizes[query.id] = _size(answer) + len(query.text)
            self._kept_bytes += self._sizes[query.id]
            while len(self._sizes) > KEPT or (self._kept_bytes > KEPT_BYTES and len(self._sizes) > 1):
                oldest = next(iter(self._sizes))
                self._kept_bytes -= self._sizes.pop(oldest)
                gone = self._queries.pop(oldest)
                self._requests.pop((gone.session, gone.request), None)

    def find(self, query_id: str, user: str) -> Query | None:
        """Return the query with that id if the user sent it."""
        with self._lock:
            found = self._queries.get(query_id)
        return found if found and found.user == user else None

    def of_request(self, session: Session, request: str) -> Query | None:
        """Return the query that the session's request began."""
        with self._lock:
            return self._requests.get((session.number, request))

    def of_session(self, number: int) -> list[Query]:
        """Return the session's queries, oldest first."""
        with self._lock:
            return [query for query in self._queries.values() if query.session == number]

    def cancel(self, query: Query) -> bool:
        """Have the query end if it still runs; say whether it did. What does not wait ends by itself."""
        running = query.running
        query.cancelled.set()
        self._wake()
        return running


def _size(answer: Answer) -> int:
    if answer.error is not None:
        return len(answer.error.message)
    if isinstance(answer.outcome, Result):
        return sum(_cell(cell) for row in answer.outcome.rows for cell in row)
    return 0


def _cell(cell: Any) -> int:
    return len(cell) if isinstance(cell, str) else _CELL
