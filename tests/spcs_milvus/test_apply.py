"""Running a plan: order, things at once, what a failure skips, and Ctrl-C."""

import itertools
import threading
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spcs_milvus.apply import BUG, WORKERS, Emit, Outcome, Perform, Progress, Status, apply
from spcs_milvus.errors import ConnectError, DeployError, NotReadyError, StatementError, StoppedError
from spcs_milvus.events import Event, Stage
from spcs_milvus.plan import Action, Change, Plan
from spcs_milvus.resource import Address
from spcs_milvus.steps import Statement, Step

PATIENCE_SECONDS = 20


def _address(name: str) -> Address:
    return Address("role", name)


def _change(name: str, *needs: str, steps: int = 1) -> Change:
    statements = tuple(Statement(f"{name} {number}", "R") for number in range(steps))
    return Change(
        _address(name), Action.CREATE, "it is not there", statements, frozenset(map(_address, needs))
    )


def _plan(*changes: Change) -> Plan:
    return Plan(changes)


class _World:
    """Does steps by writing them down; those in ``fails`` raise. Hears every event."""

    def __init__(self, fails: dict[str, Exception] | None = None) -> None:
        self.fails = fails or {}
        self.began: list[str] = []
        self.events: list[Event] = []
        self.lock = threading.Lock()

    def perform(self, change: Change, step: Step, progress: Progress) -> None:
        assert isinstance(step, Statement)
        with self.lock:
            self.began.append(step.sql)
        if change.address.name in self.fails:
            raise self.fails[change.address.name]

    def emit(self, event: Event) -> None:
        with self.lock:
            self.events.append(event)


def _run(
    plan: Plan, perform: Perform, emit: Emit = lambda _: None, stop: threading.Event | None = None
) -> tuple[Outcome, ...]:
    return apply(plan, perform, emit, stop or threading.Event())


def _by_name(outcomes: Iterable[Outcome]) -> dict[str, Outcome]:
    return {outcome.change.address.name: outcome for outcome in outcomes}


def _refused(text: str = "no") -> DeployError:
    return StatementError(text, errno=3001, sqlstate="42501", query_id="q")


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Changes that each need some of those before; in any order in the plan."""
    size = draw(st.integers(0, 8))
    changes = [
        _change(str(n), *map(str, draw(st.sets(st.integers(0, n - 1))) if n else ())) for n in range(size)
    ]
    return _plan(*draw(st.permutations(changes)))


# --- order -------------------------------------------------------------------------------------------------


@given(plans())
def test_every_change_is_done_once_and_after_what_it_needs(plan: Plan) -> None:
    world = _World()
    outcomes = _by_name(_run(plan, world.perform, world.emit))
    assert {name: outcome.status for name, outcome in outcomes.items()} == {
        change.address.name: Status.DONE for change in plan.changes
    }
    order = [sql.split()[0] for sql in world.began]
    assert sorted(order) == sorted(outcomes)
    ended = [event.address.name for event in world.events if event.stage is Stage.DONE]
    started = [event.address.name for event in world.events if event.stage is Stage.STARTED]
    assert sorted(ended) == sorted(started) == sorted(outcomes)
    for change in plan.changes:
        at = world.events.index(next(e for e in world.events if e.address == change.address))
        before = {event.address for event in world.events[:at] if event.stage is Stage.DONE}
        assert change.needs <= before


def test_the_steps_of_a_change_are_run_in_order() -> None:
    world = _World()
    _run(_plan(_change("A", steps=3)), world.perform, world.emit)
    assert world.began == ["A 0", "A 1", "A 2"]


def test_a_plan_of_nothing_is_done() -> None:
    world = _World()
    assert _run(_plan(), world.perform, world.emit) == ()


# --- things at once ----------------------------------------------------------------------------------------


def test_changes_that_do_not_need_each_other_run_at_once() -> None:
    together = threading.Barrier(WORKERS)
    plan = _plan(*(_change(str(number)) for number in range(WORKERS)))
    outcomes = _run(plan, lambda *_: _passes(together), lambda _: None)
    assert {outcome.status for outcome in outcomes} == {Status.DONE}


def _passes(barrier: threading.Barrier) -> None:
    barrier.wait(PATIENCE_SECONDS)


def test_a_change_begins_as_soon_as_what_it_needs_is_done() -> None:
    """B needs A alone, so it runs while C, which began together with A, is still busy."""
    last_began = threading.Event()

    def perform(change: Change, _step: Step, _progress: Progress) -> None:
        if change.address.name == "B":
            last_began.set()
        if change.address.name == "C":
            assert last_began.wait(PATIENCE_SECONDS)

    outcomes = _run(_plan(_change("C"), _change("A"), _change("B", "A")), perform, lambda _: None)
    assert {outcome.status for outcome in outcomes} == {Status.DONE}


# --- failure -----------------------------------------------------------------------------------------------


def test_a_failure_skips_what_needs_it_and_nothing_else() -> None:
    plan = _plan(_change("A"), _change("B", "A"), _change("C", "B"), _change("D"), _change("E", "D"))
    world = _World({"A": _refused()})
    outcomes = _by_name(_run(plan, world.perform, world.emit))
    assert {name: outcome.status.value for name, outcome in outcomes.items()} == {
        "A": "failed",
        "B": "skipped",
        "C": "skipped",
        "D": "done",
        "E": "done",
    }
    reasons = {name: outcome.problem.summary for name, outcome in outcomes.items() if outcome.problem}
    assert reasons["B"] == "role.A was not done"
    assert reasons["C"] == "role.B was not done"
    assert {event.address.name for event in world.events if event.stage is Stage.SKIPPED} == {"B", "C"}


@given(plans(), st.data())
def test_what_is_skipped_is_exactly_what_needs_a_failure(plan: Plan, data: st.DataObject) -> None:
    names = [change.address.name for change in plan.changes]
    fails = data.draw(st.sets(st.sampled_from(names))) if names else set()
    world = _World(dict.fromkeys(fails, _refused()))
    outcomes = _by_name(_run(plan, world.perform, world.emit))
    for change in plan.changes:
        name = change.address.name
        blocked = any(outcomes[need.name].status is not Status.DONE for need in change.needs)
        wanted = Status.SKIPPED if blocked else Status.FAILED if name in fails else Status.DONE
        assert outcomes[name].status is wanted
    assert set(world.began) == {
        f"{name} 0" for name, outcome in outcomes.items() if outcome.status is not Status.SKIPPED
    }


def test_after_a_step_failed_the_next_of_its_change_are_not_run() -> None:
    world = _World({"A": _refused()})
    _run(_plan(_change("A", steps=2)), world.perform, world.emit)
    assert world.began == ["A 0"]


@pytest.mark.parametrize(
    ("error", "code"),
    [(_refused(), 1), (NotReadyError("not up", detail="why"), 4), (ConnectError("gone", hint="try"), 1)],
)
def test_a_failure_keeps_its_problem_and_exit_code(error: DeployError, code: int) -> None:
    (outcome,) = _run(_plan(_change("A")), _World({"A": error}).perform)
    assert outcome.problem == replace(error.problem, place=error.problem.place or "role.A")
    assert outcome.exit_code == code


def test_a_bug_ends_one_change_and_is_told_as_one() -> None:
    world = _World({"A": ZeroDivisionError("by nought")})
    outcomes = _by_name(_run(_plan(_change("A"), _change("B", "A"), _change("C")), world.perform, world.emit))
    assert {name: outcome.status.value for name, outcome in outcomes.items()} == {
        "A": "failed",
        "B": "skipped",
        "C": "done",
    }
    problem = outcomes["A"].problem
    assert problem is not None
    assert outcomes["A"].exit_code == BUG
    assert "bug in spcs-milvus" in problem.summary
    assert "ZeroDivisionError: by nought" in (problem.detail or "")


def test_what_stood_in_its_place_is_told_and_not_that_it_was_made() -> None:
    events: list[Event] = []
    change = _change("A", steps=2)
    answers = iter([None, "is there already"])
    (outcome,) = _run(_plan(change), lambda *_: next(answers), events.append)
    assert (outcome.status, outcome.found) == (Status.DONE, "is there already")
    assert events[-1].text == "is there already"


# --- time --------------------------------------------------------------------------------------------------


def test_seconds_come_from_the_clock() -> None:
    ticks = itertools.count(100.0, 5.0)

    def perform(_change_: Change, _step: Step, progress: Progress) -> None:
        progress("half way")

    events: list[Event] = []
    (outcome,) = apply(_plan(_change("A")), perform, events.append, threading.Event(), lambda: next(ticks))
    # began at 100; the change at 105, its step at 110, its progress at 115, their ends at 120 and 125
    assert (outcome.began, outcome.seconds) == (5.0, 20.0)
    assert [(took.began, took.seconds) for took in outcome.took] == [(10.0, 10.0)]
    assert [(event.stage, event.text, event.seconds) for event in events] == [
        (Stage.STARTED, "it is not there", 0.0),
        (Stage.PROGRESS, "half way", 10.0),
        (Stage.DONE, "", 20.0),
    ]


# --- Ctrl-C ------------------------------------------------------------------------------------------------


def test_what_is_stopped_starts_nothing_new_and_lets_what_runs_finish() -> None:
    stop, running = threading.Event(), threading.Barrier(2)

    def perform(change: Change, _step: Step, _progress: Progress) -> None:
        running.wait(PATIENCE_SECONDS)
        stop.set()
        if change.address.name == "B":
            raise StoppedError("it was waiting")

    plan = _plan(_change("A"), _change("B"), _change("C", "A"), _change("D", "B"))
    outcomes = _by_name(_run(plan, perform, stop=stop))
    assert {
        name: (outcome.status.value, outcome.problem and outcome.problem.summary)
        for name, outcome in outcomes.items()
    } == {
        "A": ("done", None),
        "B": ("interrupted", "it was waiting"),
        "C": ("interrupted", "interrupted"),
        "D": ("interrupted", "interrupted"),
    }


def test_a_view_that_breaks_stops_the_run_without_hanging() -> None:
    stop = threading.Event()

    def perform(change: Change, _step: Step, _progress: Progress) -> None:
        if change.address.name == "B":
            assert stop.wait(PATIENCE_SECONDS)

    def emit(event: Event) -> None:
        if event.stage is Stage.DONE:
            raise OSError("nobody reads this")

    with pytest.raises(OSError, match="nobody reads this"):
        _run(_plan(_change("A"), _change("B")), perform, emit, stop=stop)
    assert stop.is_set()
