"""Strikes a command at every statement it sends, in several processes, and judges what comes of it.

In: a command and a trouble. Out: what was wrong with each case, for a person to read. Touches one folder, in
which the states are kept: a state that several cases leave is gone on from once, as equal states are equal
accounts.
"""

import faulthandler
import json
import multiprocessing
import os
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import unified_diff
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path

from tests.faults.commands import COMMANDS, MAKING, Then
from tests.faults.faults import FAULTS, Fault
from tests.faults.killed import KILLED, kill
from tests.faults.world import Ending, Listening, Run, State, by_hand, first_state, run

from spcs_emulator.script import Event

CODES = (0, 1, 4)
# how many of the statements each fault strikes
SHARE = Fraction(os.environ.get("SPCS_MILVUS_FAULTS_SHARE", "1/4"))
# some wait for a client's patience to end
WORKERS = 3 * (os.cpu_count() or 1)
Pair = tuple[str, str]


# how many looks at one service there are at the least: the sweep's, and the first of a wait
BY_CLOCK = 2


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


class Harness:
    """Runs cases; ``states`` are the named states by name. ``asked`` are the faults of each command that are
    going to be judged, the commands in their order.
    """

    def __init__(self, folder: Path, workers: ProcessPoolExecutor, asked: Mapping[str, list[str]]) -> None:
        self.folder = folder
        self.workers = workers
        self.asked = asked
        self.states: dict[str, State] = {}
        self.judged: dict[Pair, Judged] = {}
        self._points: dict[str, list[Point]] = {}
        self._struck: dict[Pair, dict[Point, Future[Ending]]] = {}
        self._gone_on: dict[tuple[Then, str], Future[Ending]] = {}
        self._lock = threading.Lock()

    def make_states(self) -> None:
        """Make every named state. AssertionError when a run that nothing strikes does not end well."""
        self.states["nothing"] = self.workers.submit(first_state, self.folder).result()
        for name, (before, wanted) in MAKING.items():
            state = self.states[before]
            if isinstance(wanted, str):
                self.states[name] = self.workers.submit(by_hand, state, wanted, self.folder).result()
            else:
                ending = self.workers.submit(undisturbed, state, wanted, self.folder).result()
                assert (ending.code, ending.said) == (0, ""), (name, ending)
                self.states[name] = ending.state

    def points(self, name: str) -> list[Point]:
        """Every statement of the command, as an uninterrupted run sends them; of the looks of a wait, of
        which there are more or fewer by the clock, the first.
        """
        if name not in self._points:
            command = COMMANDS[name]
            heard = self.workers.submit(listen, self.states[command.start], command.run, self.folder).result()
            points = [
                Point(number, sum(part in text.upper() for text in heard[:number]), part)
                for number, part in enumerate(map(_findable, heard), 1)
            ]
            self._points[name] = [one for one in points if not (_is_polled(one.text) and one.at > BY_CLOCK)]
        return self._points[name]

    def judge(self, name: str, fault: str) -> Judged:
        """Strike the command at each of its statements at which the fault can do something, or at a share of
        them.
        """
        pair = (name, fault)
        if pair not in self.judged:
            self._strike(name, [*self.asked.get(name, ()), fault])
            wait([case for one in self._struck if one[0] == name for case in self._struck[one].values()])
            # so that nobody is idle while the last of this one are gone on from
            following = dict(pairwise(self.asked)).get(name)
            if following:
                self._strike(following, self.asked[following])
            self.judged[pair] = self._judge(*pair)
        return self.judged[pair]

    @property
    def told(self) -> str:
        """What all cases came to, as far as they were judged."""
        cases = Counter[str]()
        for (name, _), judged in self.judged.items():
            cases[name] += judged.cases
        failures = sum(len(judged.wrong) for judged in self.judged.values())
        each = ", ".join(f"{name} {number}" for name, number in cases.items())
        on = f"{len(self._gone_on)} runs on from what they left"
        return f"{cases.total()} cases, {failures} failures; {on}\ncases of each: {each}"

    def _strike(self, name: str, faults: Sequence[str]) -> None:
        """Statement by statement, so that those whose clients wait run beside those whose do not."""
        command = COMMANDS[name]
        new = [fault for fault in dict.fromkeys(faults) if (name, fault) not in self._struck]
        self._struck |= {(name, fault): {} for fault in new}
        for point in self.points(name) if new else ():
            for fault in (one for one in faults_at(point) if one in new):
                given = (self.states[command.start], command.run, point, FAULTS[fault], self.folder)
                case = self.workers.submit(strike, *given)
                case.add_done_callback(partial(self._go_on, name))
                self._struck[name, fault][point] = case

    def _judge(self, name: str, fault: str) -> Judged:
        command = COMMANDS[name]
        start, wanted = self.states[command.start], self.states[command.wanted]
        endings = {point: future.result() for point, future in self._struck[name, fault].items()}
        wrong = [
            f"{name}, statement {point.number} ({point.text!r}, {point.at}.), {fault}: {said}"
            for point, ending in endings.items()
            for said in (*_untrue(ending, start, wanted), *self._stuck(name, ending.state))
        ]
        return Judged(len(endings), tuple(wrong))

    def _go_on(self, name: str, struck: Future[Ending]) -> None:
        """Go on at once from what a run left."""
        if struck.exception() is None:
            for then in COMMANDS[name].then:
                self._went_on(then, struck.result().state)

    def _went_on(self, then: Then, state: State) -> Future[Ending]:
        key = (then, state.digest)
        with self._lock:
            if key not in self._gone_on:
                self._gone_on[key] = self.workers.submit(undisturbed, state, then.run, self.folder)
            return self._gone_on[key]

    def _stuck(self, name: str, state: State) -> Iterator[str]:
        """What is wrong with the ways on from there."""
        for then in COMMANDS[name].then:
            ending = self._went_on(then, state).result()
            leaves = then.wanted is None or any(state == self.states[one] for one in then.leaves)
            wanted = state if leaves else self.states[self._wanted(then, state)]
            codes = (then.run.code, *((4,) if then.leaves and leaves else ()))
            if ending.code not in codes or ending.bug:
                yield f"then {then.run.words} ended with {ending.code}: {ending.said}{ending.bug or ''}"
            if ending.state != wanted:
                yield f"then {then.run.words} left {_difference(ending.state, wanted)}"

    def _wanted(self, then: Then, state: State) -> str:
        assert then.wanted
        return next((one for text, one in then.beside if text in _text(state)), then.wanted)


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
def harness(folder: Path, asked: Mapping[str, list[str]]) -> Iterator[Harness]:
    """A harness whose processes end with the block."""
    # Not forked: the connector's core starts threads as it is imported, which a fork would lose.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, context, faulthandler.enable) as workers:
        found = Harness(folder, workers, asked)
        found.make_states()
        yield found
        workers.shutdown(cancel_futures=True)


def faults_at(point: Point) -> list[str]:
    """Those that strike there: of all that can do something the share, which lies evenly among the statements
    and begins at another one for each, so that all of them together leave none out.
    """
    able = [name for name, fault in FAULTS.items() if fault.strikes(point.text)]
    return [name for turn, name in enumerate(able) if _is_in_share(point.number + turn)]


def _is_in_share(number: int) -> bool:
    """Whether it is one of the share, which lies evenly among all numbers."""
    return int((number + 1) * SHARE) > int(number * SHARE)


def _is_polled(text: str) -> bool:
    """Whether it is one of the looks by which a service is waited for."""
    return text.startswith(("SHOW SERVICE CONTAINERS", "SHOW ENDPOINTS"))


def _findable(text: str) -> str:
    """The part of a statement that is the same in every run: what is made up comes after it."""
    return re.split(r" PASSWORD = |(?<=VERIFY_)[0-9A-F]{8}", text, maxsplit=1)[0].upper()


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
    before, after = (json.dumps(json.loads(_text(state)), indent=1).splitlines() for state in (other, one))
    return "\n".join(unified_diff(before, after, n=0, lineterm=""))


def _text(state: State) -> str:
    return (state.folder / "state.json").read_text()
