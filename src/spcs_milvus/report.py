"""What a run came to: outcomes → a :class:`Report` with the exit code and the chain of changes that set the
time it took.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spcs_milvus.apply import BUG, Outcome, Status
from spcs_milvus.errors import Problem
from spcs_milvus.graph import longest_path
from spcs_milvus.names import Name
from spcs_milvus.observe import Observation
from spcs_milvus.ownership import Ownership, ownership
from spcs_milvus.plan import Action, Plan
from spcs_milvus.resource import Actual, Address, Presence
from spcs_milvus.secrets import Generated
from spcs_milvus.settling import BY_ANOTHER_RUN
from spcs_milvus.states import state_of
from spcs_milvus.status import StackStatus
from spcs_milvus.steps import Build, Push, Statement, Wait

INTERRUPTED = 130
NOT_CONVERGED = 4

_SPENT = {"build": Build, "push": Push, "start": Wait}


@dataclass(frozen=True)
class Counts:
    """Statements sent: those that read, those that write, and how many of the latter were not refused."""

    read: int
    write: int
    written: int = 0


@dataclass(frozen=True)
class Report:
    """A finished run. ``leftovers`` are what stays against intent; ``removed`` are files of this machine that
    were of no use any more; ``critical_path`` is (address, seconds) along the longest chain.
    """

    plan: Plan
    outcomes: tuple[Outcome, ...]
    counts: Counts
    seconds: float
    leftovers: tuple[Problem, ...] = ()
    status: StackStatus | None = None
    removed: tuple[Path, ...] = ()

    @property
    def critical_path(self) -> tuple[tuple[Address, float], ...]:
        """The chain of changes that took longest, first one first."""
        seconds = {outcome.change.address: outcome.seconds for outcome in self.outcomes}
        needs = {outcome.change.address: outcome.change.needs for outcome in self.outcomes}
        _, path = longest_path(needs, lambda address: seconds[address])
        return tuple((address, seconds[address]) for address in path)

    @property
    def spent(self) -> dict[str, float]:
        """The seconds in which something was built, pushed, or waited for to start; what went on at once
        counts once.
        """
        took = [one for outcome in self.outcomes for one in outcome.took]
        return {
            name: _covered((one.began, one.began + one.seconds) for one in took if isinstance(one.step, kind))
            for name, kind in _SPENT.items()
        }

    @property
    def generated(self) -> tuple[tuple[Address, Generated], ...]:
        """What was made up in this run, to be shown once: for which address, and where it is kept."""
        done = (one for one in self.outcomes if one.status is Status.DONE and one.found != BY_ANOTHER_RUN)
        return tuple(
            (change.address, step.generated)
            for change in (one.change for one in done)
            for step in change.steps
            if isinstance(step, Statement) and step.generated
        )

    @property
    def exit_code(self) -> int:
        """0 done, 1 failed before anything was written, 4 applied in part or something stays, 130
        interrupted.
        """
        failed = [outcome for outcome in self.outcomes if outcome.status is not Status.DONE]
        if any(outcome.status is Status.INTERRUPTED for outcome in failed):
            return INTERRUPTED
        if any(outcome.exit_code == BUG for outcome in failed):
            return BUG
        if failed:
            return NOT_CONVERGED if self._wrote() else max(outcome.exit_code for outcome in failed)
        return NOT_CONVERGED if self.leftovers else 0

    def _wrote(self) -> bool:
        return self.counts.written > 0 or any(
            outcome.status is Status.DONE and outcome.change.action is not Action.WAIT
            for outcome in self.outcomes
        )


def still_there(plan: Plan, outcomes: Sequence[Outcome], seen: Observation) -> tuple[Problem, ...]:
    """What was to go, or to rest, and does not, each with the SQL that does it. What was interrupted is left
    out: the same command goes on from there.
    """
    return tuple(
        _still(plan, outcome, seen.actual[outcome.change.address])
        for outcome in outcomes
        if outcome.status is not Status.INTERRUPTED and not _as_planned(outcome, seen)
    )


def overlooked(plan: Plan, seen: Observation) -> tuple[Problem, ...]:
    """What is ours and there, though the plan found it gone: what was just made may not be shown at once."""
    return tuple(
        Problem(f"{address} is there", "it was not to be seen before", str(address), "run down again")
        for address in plan.absent
        if ownership(plan.resources[address], seen.actual[address]) is Ownership.OURS
        and seen.actual[address].presence is Presence.PRESENT
    )


def _as_planned(outcome: Outcome, seen: Observation) -> bool:
    """A change that neither drops nor suspends is judged by its outcome, and so is a drop of what this user
    would not be shown if it were there.
    """
    change = outcome.change
    wanted = {Action.DELETE: ("ABSENT",), Action.PAUSE: ("ABSENT", "SUSPENDED")}.get(change.action)
    if wanted is None:
        return True
    actual = seen.actual[change.address]
    if change.action is Action.DELETE and actual.presence is Presence.UNKNOWN:
        return outcome.status is Status.DONE
    return state_of(actual) in wanted


def _still(plan: Plan, outcome: Outcome, actual: Actual) -> Problem:
    change = outcome.change
    why = outcome.problem.summary if outcome.problem else "it was done, and somebody undid it"
    statements = [step for step in change.steps if isinstance(step, Statement)]
    role = statements[0].role if statements else plan.resources[change.address].role
    sql = "; ".join(step.sql for step in statements)
    shown = "still there" if change.action is Action.DELETE else f"still {state_of(actual)}"
    return Problem(
        f"{change.address} is {shown}", why, str(change.address), f"USE ROLE {Name.of(role)}; {sql};"
    )


def failures(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes that failed by themselves, not those skipped because of them."""
    return tuple(outcome for outcome in outcomes if outcome.status is Status.FAILED)


def _covered(spans: Iterable[tuple[float, float]]) -> float:
    """How long at least one of the spans (from, to) lasted."""
    covered, reached = 0.0, 0.0
    for begin, end in sorted(spans):
        covered += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return covered
