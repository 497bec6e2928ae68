"""Functions about statements: waiting, cancelling, the last one's id, and RESULT_SCAN.

In: a statement's context and constants. Out: values; statements are cancelled. Documented: SYSTEM$WAIT,
SYSTEM$CANCEL_QUERY, SYSTEM$CANCEL_ALL_QUERIES, LAST_QUERY_ID, RESULT_SCAN (by the same user).
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from spcs_emulator.account.context import Context
from spcs_emulator.account.history import Query
from spcs_emulator.account.pending import Pending
from spcs_emulator.account.results import Result
from spcs_emulator.faults import INVALID_VALUE, NO_SUCH_QUERY
from spcs_emulator.statement.values import ResultScan

UNITS = {"DAYS": 86_400.0, "HOURS": 3_600.0, "MINUTES": 60.0, "SECONDS": 1.0, "MILLISECONDS": 0.001}
# A week, the longest that a statement may take (documented: STATEMENT_TIMEOUT_IN_SECONDS).
LONGEST_SECONDS = 604_800


def wait(context: Context, amount: Any, unit: Any = "SECONDS") -> Pending[str]:
    """Wait for so long by the account's clock, from when the statement was sent. 001008 for an amount or a
    unit that is none.
    """
    seconds = UNITS.get(str(unit).upper())
    if seconds is None:
        raise INVALID_VALUE(name="time_unit", value=unit, why="")
    if (
        not isinstance(amount, int)
        or isinstance(amount, bool)
        or not 0 <= amount * seconds <= LONGEST_SECONDS
    ):
        raise INVALID_VALUE(name="amount", value=amount, why="")
    until = context.query.started + timedelta(seconds=amount * seconds)
    clock = context.world.clock
    said = f"waited {amount} {str(unit).lower()}"
    return Pending(lambda: said if clock.now() >= until else None)


def cancel_query(context: Context, query_id: Any) -> str:
    """Cancel the user's statement with that id."""
    found = context.world.history.find(str(query_id), context.session.user)
    if found is not None and context.world.history.cancel(found):
        return f"query [{found.id}] terminated."
    return "Identified SQL statement is not currently executing."


def cancel_all_queries(context: Context, session: Any) -> str:
    """Cancel what the user runs in the session with that number, but for this statement."""
    history = context.world.history
    queries = history.of_session(int(session)) if str(session).isdigit() else []
    mine = [query for query in queries if query.user == context.session.user and query is not context.query]
    return f"{sum(history.cancel(query) for query in mine)} cancelled."


def last_query_id(context: Context, number: Any = -1) -> str | None:
    """Return the id of one of the session's statements before this one: 1 is the first, -1 the last."""
    if not isinstance(number, int) or isinstance(number, bool):
        raise INVALID_VALUE(name="number", value=number, why="")
    before = [query for query in _before(context) if query is not context.query]
    place = number - 1 if number > 0 else number
    in_range = number != 0 and -len(before) <= place < len(before)
    return before[place].id if in_range else None


def _before(context: Context) -> list[Query]:
    return context.world.history.of_session(context.session.number)


def result_scan(context: Context, statement: ResultScan) -> Result:
    """Return the rows that a statement of the same user gave. 000709 when they are not there."""
    query_id = statement.query_id
    if query_id is None:
        query_id = last_query_id(context, statement.number)
    found = context.world.history.find(str(query_id), context.session.user)
    outcome = found.answer.result().outcome if found and not found.running else None
    if not isinstance(outcome, Result):
        raise NO_SUCH_QUERY(query_id=query_id)
    return replace(outcome, family="select")
