"""Reports: the exit code of every ending, and the chain that set the time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.spcs_milvus.stack import container

from spcs_milvus.apply import Outcome, Status, Took
from spcs_milvus.errors import Problem
from spcs_milvus.names import Name
from spcs_milvus.plan import Action, Change, Plan
from spcs_milvus.report import Counts, Report, failures
from spcs_milvus.resource import Address
from spcs_milvus.steps import Build, Push, Statement, Wait

LEFT = (Problem("something stays"),)


def _outcome(
    name: str,
    status: Status = Status.DONE,
    seconds: float = 0.0,
    needs: tuple[str, ...] = (),
    action: Action = Action.CREATE,
    code: int = 1,
    detail: str | None = None,
) -> Outcome:
    change = Change(Address("role", name), action, "", (), frozenset(Address("role", need) for need in needs))
    problem = None if status is Status.DONE else Problem(f"{name} was not done", detail)
    return Outcome(change, status, seconds, problem=problem, exit_code=code)


def _report(*outcomes: Outcome, writes: int = 0, leftovers: tuple[Problem, ...] = ()) -> Report:
    return Report(
        Plan(tuple(one.change for one in outcomes)), outcomes, Counts(5, writes, writes), 1.0, leftovers
    )


FAILED = _outcome("F", Status.FAILED)
SKIPPED = _outcome("S", Status.SKIPPED, detail="role.F was not done")
INTERRUPTED = _outcome("I", Status.INTERRUPTED, detail="interrupted")
BROKEN = _outcome("B", Status.FAILED, code=70)
NOT_READY = _outcome("W", Status.FAILED, action=Action.WAIT, code=4)
WAITED = _outcome("W", action=Action.WAIT)
DONE = _outcome("D")

CODES: list[tuple[str, Report, int]] = [
    ("nothing to do", _report(), 0),
    ("all done", _report(DONE, WAITED, writes=1), 0),
    ("all done and something stays", _report(DONE, writes=1, leftovers=LEFT), 4),
    ("nothing to do and something stays", _report(leftovers=LEFT), 4),
    ("failed before anything was written", _report(FAILED, SKIPPED), 1),
    ("failed with the first write", _report(FAILED, SKIPPED, writes=1), 4),
    ("failed after a push, which is no statement", _report(DONE, FAILED), 4),
    ("failed after only a wait", _report(WAITED, FAILED), 1),
    ("not ready, nothing written", _report(NOT_READY), 4),
    ("not ready and another failed", _report(FAILED, NOT_READY), 4),
    ("a bug of ours", _report(DONE, BROKEN, SKIPPED, writes=1), 70),
    ("interrupted before anything was written", _report(INTERRUPTED), 130),
    ("interrupted in the middle", _report(DONE, INTERRUPTED, writes=1), 130),
    ("interrupted with a failure", _report(FAILED, INTERRUPTED, writes=1), 130),
]


@pytest.mark.parametrize(
    ("report", "code"), [(report, code) for _, report, code in CODES], ids=[name for name, *_ in CODES]
)
def test_exit_codes(report: Report, code: int) -> None:
    assert report.exit_code == code


def test_the_critical_path_is_the_chain_that_took_longest() -> None:
    report = _report(
        _outcome("A", seconds=1.0),
        _outcome("B", seconds=5.0, needs=("A",)),
        _outcome("C", seconds=2.0, needs=("A",)),
        _outcome("D", seconds=3.0, needs=("B", "C")),
        _outcome("alone", seconds=8.5),
    )
    assert [(address.name, seconds) for address, seconds in report.critical_path] == [
        ("A", 1.0),
        ("B", 5.0),
        ("D", 3.0),
    ]


def test_a_report_of_nothing_has_no_critical_path() -> None:
    assert _report().critical_path == ()


def test_failures_are_those_that_failed_by_themselves() -> None:
    assert failures((DONE, FAILED, SKIPPED, NOT_READY)) == (FAILED, NOT_READY)


# --- what the time went to ---------------------------------------------------------------------------------

BUILD = Build("milvus", container("milvus"))
PUSH = Push(Name.of("R"), "milvus", container("milvus"), "OWNER")
START = Wait(Address("service", "S"), {})


def _spent(*took: Took) -> dict[str, float]:
    outcome = Outcome(DONE.change, Status.DONE, took=took)
    return _report(outcome).spent


def test_what_went_on_at_once_counts_once() -> None:
    spent = _spent(
        Took(BUILD, 0.0, 10.0),
        Took(BUILD, 5.0, 10.0),
        Took(BUILD, 20.0, 1.0),
        Took(PUSH, 15.0, 2.0),
        Took(START, 0.0, 40.0),
        Took(Statement("SELECT 1", "R"), 0.0, 99.0),
    )
    assert spent == {"build": 16.0, "push": 2.0, "start": 40.0}


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50))))
def test_the_time_is_that_of_every_second_in_which_something_went_on(spans: list[tuple[int, int]]) -> None:
    seconds = {second for began, length in spans for second in range(began, began + length)}
    assert _spent(*(Took(BUILD, began, length) for began, length in spans))["build"] == len(seconds)
