"""Runs a plan: every change as soon as what it needs is done, as many at once as there are.

Comes in: the plan, ``perform`` (does one step) and ``emit`` (hears events). Goes out: one :class:`Outcome` a
change. A change that fails skips what needs it and nothing else. Apply decides nothing: the plan's steps are
run as they stand.

Once told to stop nothing new is started, what runs is let finish, and the rest is skipped.
"""

import graphlib
import queue
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum

from spcs_milvus.errors import DeployError, Problem, StoppedError
from spcs_milvus.events import Event, Stage
from spcs_milvus.graph import closure, reverse
from spcs_milvus.plan import Action, Change, Plan
from spcs_milvus.resource import Address
from spcs_milvus.steps import Step
from spcs_milvus.transfer import Transfer

WORKERS = 32
BUG = 70

Progress = Callable[[str | Transfer], None]
"""Hears what a step is at: a phase, or how far a build or a push is."""
Perform = Callable[[Change, Step, Progress], str | None]
"""Does one step, and says what was found in its place where there was nothing to do; None mostly."""
Emit = Callable[[Event], None]


class Status(StrEnum):
    """How one change ended."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Took:
    """How long one step took; ``began`` counts from the start of apply."""

    step: Step
    began: float
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """How one change went. ``seconds`` is 0.0 for a skipped one; ``began`` counts from the start of apply;
    ``found`` says what was there in place of its last step (None: it was done itself); ``took`` has the steps
    that were begun.
    """

    change: Change
    status: Status
    seconds: float = 0.0
    began: float = 0.0
    problem: Problem | None = None
    exit_code: int = 1
    found: str | None = None
    took: tuple[Took, ...] = ()


def apply(
    plan: Plan,
    perform: Perform,
    emit: Emit,
    stop: threading.Event,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Outcome, ...]:
    """Outcomes in the order in which they ended. Once ``stop`` is set nothing new is started; steps that wait
    must heed it.
    """
    return _Run(plan, perform, emit, stop, clock).run()


class _Run:
    def __init__(
        self, plan: Plan, perform: Perform, emit: Emit, stop: threading.Event, clock: Callable[[], float]
    ) -> None:
        self.changes = {change.address: change for change in plan.changes}
        needs = {change.address: change.needs for change in plan.changes}
        self.waiting = closure(reverse(needs))
        self.perform = perform
        self.emit = emit
        self.clock = clock
        self.began = clock()
        self.outcomes: dict[Address, Outcome] = {}
        self.ended: queue.SimpleQueue[Future[Outcome]] = queue.SimpleQueue()
        self.stop = stop

    def run(self) -> tuple[Outcome, ...]:
        sorter = graphlib.TopologicalSorter(
            {address: change.needs for address, change in self.changes.items()}
        )
        sorter.prepare()
        # a wait takes minutes and little else, so it must not keep a worker from what there is to do
        waits = sum(change.action is Action.WAIT for change in self.changes.values())
        with ThreadPoolExecutor(WORKERS + waits) as pool:
            try:
                self._walk(sorter, pool)
            except BaseException:
                self.stop.set()
                raise
        return tuple(self.outcomes.values())

    def _walk(self, sorter: "graphlib.TopologicalSorter[Address]", pool: ThreadPoolExecutor) -> None:
        running = 0
        while sorter.is_active():
            for address in sorted(sorter.get_ready(), key=self._urgency, reverse=True):
                if skipped := self._skip(self.changes[address]):
                    self._record(skipped)
                    sorter.done(address)
                else:
                    future = pool.submit(self._one, self.changes[address])
                    future.add_done_callback(self.ended.put)
                    running += 1
            if running:
                outcome = self.ended.get().result()
                running -= 1
                self._record(outcome)
                sorter.done(outcome.change.address)

    def _urgency(self, address: Address) -> int:
        """How many changes wait for this one."""
        return len(self.waiting[address])

    def _one(self, change: Change) -> Outcome:
        began = self.clock()
        self.emit(Event(change.address, change.action, Stage.STARTED, change.because))

        def progress(said: str | Transfer) -> None:
            text, transfer = (said, None) if isinstance(said, str) else (said.text, said)
            seconds = self.clock() - began
            self.emit(Event(change.address, change.action, Stage.PROGRESS, text, seconds, transfer=transfer))

        took: list[Took] = []
        done = self._steps(change, progress, took)
        return replace(done, seconds=self.clock() - began, began=began - self.began, took=tuple(took))

    def _steps(self, change: Change, progress: Progress, took: list[Took]) -> Outcome:
        """Does them one after the other; how long each took is added to ``took``."""
        there = None
        try:
            for step in change.steps:
                there = self._step(change, step, progress, took)
        except StoppedError as error:
            return Outcome(change, Status.INTERRUPTED, problem=error.problem, exit_code=error.exit_code)
        except DeployError as error:
            problem = replace(error.problem, place=error.problem.place or str(change.address))
            return Outcome(change, Status.FAILED, problem=problem, exit_code=error.exit_code)
        except Exception as error:
            # what the others did must still be told, so a bug in one change ends that change only
            return Outcome(change, Status.FAILED, problem=_bug(change, error), exit_code=BUG)
        return Outcome(change, Status.DONE, found=there)

    def _step(self, change: Change, step: Step, progress: Progress, took: list[Took]) -> str | None:
        began = self.clock()
        try:
            return self.perform(change, step, progress)
        finally:
            took.append(Took(step, began - self.began, self.clock() - began))

    def _skip(self, change: Change) -> Outcome | None:
        """Why a change is not begun; None when it can be."""
        broken = sorted(need for need in change.needs if self.outcomes[need].status is not Status.DONE)
        if not broken and not self.stop.is_set():
            return None
        status = Status.INTERRUPTED if self.stop.is_set() else Status.SKIPPED
        why = "interrupted" if self.stop.is_set() else f"{broken[0]} was not done"
        return Outcome(change, status, problem=Problem(why, place=str(change.address)))

    def _record(self, outcome: Outcome) -> None:
        change = outcome.change
        self.outcomes[change.address] = outcome
        text = (outcome.problem.detail if outcome.problem else outcome.found) or ""
        self.emit(
            Event(
                change.address, change.action, Stage(outcome.status), text, outcome.seconds, outcome.problem
            )
        )


def _bug(change: Change, error: Exception) -> Problem:
    detail = "".join(traceback.format_exception(error))
    return Problem(
        "this is a bug in spcs-milvus", detail, str(change.address), "please report it with the text above"
    )
