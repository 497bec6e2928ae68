"""Strikes a command at every statement it sends, in several processes, and judges what comes of it.

In: a command and a trouble. Out: what was wrong with each case, for a person to read. Touches one folder, in
which the states are kept: a state that several cases leave is gone on from once, as equal states are equal
accounts.
"""

import faulthandler
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.faults.commands import COMMANDS, MAKING, Then
from tests.faults.faults import FAULTS, Fault
from tests.faults.killed import KILLED, kill
from tests.faults.world import Ending, Listening, Run, State, by_hand, first_state, run

from spcs_emulator.script import Event

CODES = (0, 1, 4)
# each fault begins at another statement, so that all of them together leave none out
EVERY = int(os.environ.get("SPCS_MILVUS_FAULTS_EVERY", "4"))
# some wait for a client's patience to end
WORKERS = 3 * (os.cpu_count() or 1)
T = TypeVar("T")


@dataclass(frozen=True)
class Point:
    """One statement of a run: the ``number`` it had when nothing struck, and how to find it again whatever
    the threads do: it is the ``at``-th whose text holds ``text``.
    """

    number: int
    at: int
    text: str


@dataclass(frozen=True)
class Judged:
    """How many cases a command had with one trouble, and what was wrong with which."""

    cases: int
    wrong: tuple[str, ...]


class Workers:
    """Processes that do one thing after another. One that dies is replaced and its work done once more, since
    the connector's compiled core may crash; ``deaths`` counts them.
    """

    def __init__(self, count: int) -> None:
        self.deaths = 0
        self._threads = ThreadPoolExecutor(count)
        self._own = threading.local()
        self._opened = ExitStack()

    def submit(self, function: Callable[..., T], *given: Any) -> Future[T]:
        """Have it done by the next process that is free."""
        return self._threads.submit(self._done, function, given)

    def _done(self, function: Callable[..., T], given: tuple[Any, ...]) -> T:
        try:
            return self._process().submit(function, *given).result()
        except BrokenProcessPool:
            self.deaths += 1
            del self._own.process
            return self._process().submit(function, *given).result()

    def _process(self) -> ProcessPoolExecutor:
        """This thread's process. Not forked: the connector's core starts threads as it is imported, which a
        fork would lose.
        """
        if not hasattr(self._own, "process"):
            context = multiprocessing.get_context("spawn")
            self._own.process = self._opened.enter_context(
                ProcessPoolExecutor(1, context, faulthandler.enable)
            )
        process: ProcessPoolExecutor = self._own.process
        return process

    def close(self) -> None:
        """End the processes."""
        self._threads.shutdown()
        self._opened.close()


class Harness:
    """Runs cases; ``states`` are the named states by name."""

    def __init__(self, folder: Path, workers: Workers) -> None:
        self.folder = folder
        self.workers = workers
        self.states: dict[str, State] = {}
        self.cases = 0
        self.failures = 0
        self._points: dict[str, list[Point]] = {}
        self._gone_on: dict[tuple[str, Then, str], Future[Ending]] = {}

    def make_states(self) -> None:
        """Make every named state. AssertionError when a run that nothing strikes does not end well."""
        self.states["nothing"] = self.workers.submit(first_state, self.folder).result()
        self.states["by hand"] = self.workers.submit(by_hand, self.states["nothing"], self.folder).result()
        for name, (before, wanted) in MAKING.items():
            ending = self.workers.submit(undisturbed, self.states[before], wanted, self.folder).result()
            assert (ending.code, ending.said) == (0, ""), (name, ending)
            self.states[name] = ending.state

    def points(self, name: str) -> list[Point]:
        """Every statement of the command, as an uninterrupted run sends them."""
        if name not in self._points:
            command = COMMANDS[name]
            heard = self.workers.submit(listen, self.states[command.start], command.run, self.folder).result()
            self._points[name] = [
                Point(number, sum(part in text.upper() for text in heard[:number]), part)
                for number, part in enumerate(map(_findable, heard), 1)
            ]
        return self._points[name]

    def judge(self, name: str, fault: Fault) -> Judged:
        """Strike the command at each of its statements at which the fault can do something, or at every
        so many-th of them.
        """
        command, turn = COMMANDS[name], list(FAULTS).index(fault.name)
        start, wanted = self.states[command.start], self.states[command.wanted]
        cases = {
            point: self.workers.submit(strike, start, command.run, point, fault, self.folder)
            for point in self.points(name)
            if fault.strikes(point.text) and (point.number + turn) % EVERY == 0
        }
        endings = {point: future.result() for point, future in cases.items()}
        for ending in endings.values():
            self._go_on(name, ending.state)
        wrong = [
            f"{name}, statement {point.number} ({point.text!r}, {point.at}.), {fault.name}: {said}"
            for point, ending in endings.items()
            for said in (*_untrue(ending, start, wanted), *self._stuck(name, ending.state))
        ]
        self.cases += len(cases)
        self.failures += len(wrong)
        return Judged(len(cases), tuple(wrong))

    @property
    def told(self) -> str:
        """What all cases came to."""
        on = f"{len(self._gone_on)} runs on from what they left"
        return f"{self.cases} cases, {self.failures} failures; {on}, {self.workers.deaths} crashes of clients"

    def _go_on(self, name: str, state: State) -> None:
        for then in COMMANDS[name].then:
            key = (name, then, state.digest)
            if key not in self._gone_on:
                self._gone_on[key] = self.workers.submit(undisturbed, state, then.run, self.folder)

    def _stuck(self, name: str, state: State) -> Iterator[str]:
        """What is wrong with the ways on from there."""
        command = COMMANDS[name]
        for then in command.then:
            ending = self._gone_on[name, then, state.digest].result()
            undone = state == self.states[command.start] and then.undone
            wanted = self.states[undone or then.wanted]
            if ending.code not in ((0, 4) if undone else (0,)) or ending.bug:
                yield f"then {then.run.act} ended with {ending.code}: {ending.said}{ending.bug or ''}"
            if ending.state != wanted:
                yield f"then {then.run.act} left {_difference(ending.state, wanted)}"


def listen(state: State, wanted: Run, states: Path) -> list[str]:
    """The statements of a run that nothing strikes."""
    script = Listening()
    run(state, wanted, script, states)
    return script.texts


def strike(state: State, wanted: Run, point: Point, fault: Fault, states: Path) -> Ending:
    """One run, struck at that statement."""
    event = Event(point.at, fault.trouble, point.text, changes=fault.changes)
    if fault.kills:
        return kill(state, wanted, event, states)
    return run(state, wanted, Listening([event]), states, **fault.options)


def undisturbed(state: State, wanted: Run, states: Path) -> Ending:
    """One run that nothing strikes."""
    return run(state, wanted, Listening(), states)


@contextmanager
def harness(folder: Path) -> Iterator[Harness]:
    """A harness whose processes end with the block."""
    with closing(Workers(WORKERS)) as workers:
        found = Harness(folder, workers)
        found.make_states()
        yield found


def _findable(text: str) -> str:
    """The part of a statement that is the same in every run: what is made up comes after it."""
    return text.partition(" PASSWORD = ")[0].upper()


def _untrue(ending: Ending, start: State, wanted: State) -> Iterator[str]:
    """What a run said of itself and is not so."""
    if not ending.struck:
        yield "did not come to pass"
    if ending.bug:
        yield f"a bug: {ending.bug}"
    elif ending.code == KILLED:
        return
    elif ending.code not in CODES:
        yield f"code {ending.code}: {ending.said}"
    if ending.code == 0 and ending.state != wanted:
        yield f"code 0, but it left {_difference(ending.state, wanted)}"
    if ending.code == 1 and ending.state != start:
        yield f"code 1, but it changed {_difference(ending.state, start)}: {ending.said}"
    if ending.code and not ending.said:
        yield f"code {ending.code} and not a word"


def _difference(one: State, other: State) -> str:
    """What differs, a line a part."""
    lines = [set((state.folder / "state.json").read_text().splitlines()) for state in (one, other)]
    return f"+{sorted(lines[0] - lines[1])} -{sorted(lines[1] - lines[0])}"
