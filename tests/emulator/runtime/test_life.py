"""A container's life by a turned clock: readiness, crashes, back-off, the end."""

from concurrent.futures import Future
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from spcs_emulator.runtime.api import (
    COMPLETED,
    CRASHED,
    ENDED_BADLY,
    NOT_STARTED,
    OOM_KILLED,
    PULL_FAILED,
    RETRYING,
    RUNNING,
    WAITING,
    ImageUnusableError,
)
from spcs_emulator.runtime.child import Child
from spcs_emulator.runtime.life import GRACE_SECONDS, TRIES, Life
from spcs_emulator.runtime.readiness import Readiness

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PROBE_FAILING = "Readiness probe is failing at path: /, port: 80"
READINESS = Readiness(20080, "/", 5, 3, PROBE_FAILING)


class ScriptedChild:
    """A process that does what the test says."""

    def __init__(self) -> None:
        self.code: int | None = None
        self.left = False
        self.words: str | None = None
        self.signals: list[str] = []

    def exit_code(self) -> int | None:
        return self.code

    def verdict(self) -> str | None:
        return self.words

    def lingers(self) -> bool:
        return self.left

    def terminate(self) -> None:
        self.signals.append("TERM")

    def kill(self) -> None:
        self.signals.append("KILL")

    def look(self) -> None:
        self.signals.append("look")


class ScriptedWork:
    """A machine on which starts fail and probes answer as the test says."""

    def __init__(self) -> None:
        self.children: list[ScriptedChild] = []
        self.fails: Exception | None = None
        self.ready = False
        self.probe_fails: Exception | None = None
        self.notes: list[str] = []
        self.cleaned = False

    def start(self) -> Child:
        if self.fails:
            raise self.fails
        self.children.append(ScriptedChild())
        return self.children[-1]

    def probe(self, readiness: Readiness) -> Future[bool]:
        answer: Future[bool] = Future()
        if self.probe_fails:
            answer.set_exception(self.probe_fails)
        else:
            answer.set_result(self.ready)
        return answer

    def note(self, text: str) -> None:
        self.notes.append(text)

    def look_at_log(self) -> None:
        pass

    def clean(self) -> None:
        self.cleaned = True


class Turned:
    """A life, its machine, and a clock to turn: `to` advances as often as the life wants."""

    def __init__(self, readiness: Readiness | None = READINESS, once: bool = False) -> None:
        self.work = ScriptedWork()
        self.life = Life("web", readiness, self.work, lambda: NOW, once)
        self.now = 0.0

    @property
    def shown(self) -> tuple[str, str, int]:
        state = self.life.state()
        return state.status, state.message, state.restart_count

    def to(self, seconds: float) -> None:
        """Turns the clock to `seconds`, stopping wherever the life asked for."""
        due = self.life.advance(self.now)
        while due <= seconds:
            assert due >= self.now
            self.now = due
            due = self.life.advance(self.now)
        self.now = seconds
        self.life.advance(seconds)

    def crash(self, code: int) -> None:
        self.work.children[-1].code = code


@pytest.fixture
def turned() -> Turned:
    return Turned()


def test_waiting_then_probed_then_ready(turned: Turned) -> None:
    assert turned.shown == ("PENDING", WAITING, 0)
    turned.to(1)
    assert turned.shown == ("PENDING", PROBE_FAILING, 0)
    assert turned.life.state().start_time == NOW
    turned.work.ready = True
    turned.to(1.2)
    assert turned.shown == ("READY", RUNNING, 0)


def test_a_ready_service_stays_so_until_three_probes_in_a_row_failed(turned: Turned) -> None:
    turned.work.ready = True
    turned.to(1)
    turned.work.ready = False
    turned.to(12)
    assert turned.shown == ("READY", RUNNING, 0)
    turned.to(20)
    assert turned.shown == ("PENDING", PROBE_FAILING, 0)
    turned.work.ready = True
    turned.to(21)
    assert turned.shown == ("READY", RUNNING, 0)


def test_how_often_and_how_many_times_is_the_probe_s_to_say() -> None:
    turned = Turned(Readiness(20080, "/", 20, 2, PROBE_FAILING))
    turned.work.ready = True
    turned.to(1)
    assert turned.shown == ("READY", RUNNING, 0)
    turned.work.ready = False
    turned.to(39)
    assert turned.shown == ("READY", RUNNING, 0)
    turned.to(41)
    assert turned.shown == ("PENDING", PROBE_FAILING, 0)


def test_a_crash_shows_and_is_followed_by_a_restart(turned: Turned) -> None:
    turned.work.ready = True
    turned.to(1)
    turned.crash(137)
    turned.to(1.5)
    assert turned.shown == ("FAILED", RETRYING, 0)
    assert turned.life.state().last_exit_code == 137
    turned.to(3)
    assert turned.shown == ("READY", RUNNING, 1)
    assert turned.life.state().last_restart_time == NOW
    assert len(turned.work.children) == 2


def test_back_off_doubles_and_the_fifth_failure_in_a_row_is_final_to_see(turned: Turned) -> None:
    starts = []
    for _ in range(7):
        count = len(turned.work.children)
        while len(turned.work.children) == count:
            turned.to(turned.now + 0.1)
        starts.append(turned.now)
        turned.crash(1)
        turned.to(turned.now + 0.1)
        expected = RETRYING if len(turned.work.children) < TRIES else CRASHED
        assert turned.shown[:2] == ("FAILED", expected)
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert gaps == [pytest.approx(gap, abs=0.4) for gap in (1, 2, 4, 8, 16, 30)]
    assert turned.shown[2] == 6


def test_after_the_fifth_failure_a_new_try_shows_only_when_it_is_ready(turned: Turned) -> None:
    turned.work.fails = OSError("no room")
    turned.to(20)
    assert turned.shown[:2] == ("FAILED", NOT_STARTED)
    assert turned.work.notes[0] == "could not be started: no room"
    turned.work.fails = None
    turned.to(60)
    assert turned.work.children
    assert turned.shown[:2] == ("FAILED", NOT_STARTED)
    turned.work.ready = True
    turned.to(61)
    assert turned.shown[:2] == ("READY", RUNNING)


def test_a_command_that_cannot_be_executed_is_named_so(turned: Turned) -> None:
    while turned.shown[:2] != ("FAILED", NOT_STARTED):
        turned.to(turned.now + 0.1)
        if turned.work.children:
            turned.crash(127)
        assert turned.now < 30


def test_who_ran_long_enough_starts_counting_anew(turned: Turned) -> None:
    turned.work.ready = True
    for round_ in range(1, 8):
        turned.to(turned.now + 15)
        assert turned.shown == ("READY", RUNNING, round_ - 1)
        turned.crash(1)
        turned.to(turned.now + 0.5)
        assert turned.shown[:2] == ("FAILED", RETRYING)


def test_the_end_asks_first_and_kills_later(turned: Turned) -> None:
    turned.to(1)
    turned.life.end(turned.now)
    child = turned.work.children[0]
    turned.to(GRACE_SECONDS)
    assert child.signals == ["TERM"]
    turned.to(GRACE_SECONDS + 1.1)
    assert child.signals[:2] == ["TERM", "KILL"]
    assert not turned.life.gone
    child.code = 137
    turned.to(GRACE_SECONDS + 1.5)
    assert turned.life.gone
    assert turned.work.cleaned
    assert len(turned.work.children) == 1


def test_the_end_waits_for_what_lingers(turned: Turned) -> None:
    turned.to(1)
    turned.life.end(turned.now)
    child = turned.work.children[0]
    child.code, child.left = 0, True
    turned.to(3)
    assert not turned.life.gone
    child.left = False
    turned.to(4)
    assert turned.life.gone


@pytest.mark.parametrize("wait", [0.0, 1.3])
def test_the_end_during_back_off_starts_nothing_more(turned: Turned, wait: float) -> None:
    turned.to(1)
    turned.crash(1)
    turned.to(1 + wait)
    turned.life.end(turned.now)
    for child in turned.work.children:
        child.code = 0
    count = len(turned.work.children)
    turned.to(60)
    assert turned.life.gone
    assert len(turned.work.children) == count


def test_what_it_started_is_looked_at_now_and_then(turned: Turned) -> None:
    turned.work.ready = True
    turned.to(35)
    assert turned.work.children[0].signals == ["look"] * 3


def test_a_probe_that_raises_counts_as_not_ready(turned: Turned) -> None:
    turned.work.ready = True
    turned.work.probe_fails = OSError("odd")
    turned.to(2)
    assert turned.shown == ("PENDING", PROBE_FAILING, 0)


@pytest.mark.parametrize(("code", "status", "message"), [(0, "DONE", COMPLETED), (3, "FAILED", ENDED_BADLY)])
def test_a_job_lives_once(code: int, status: str, message: str) -> None:
    turned = Turned(None, once=True)
    turned.to(1)
    assert turned.shown == ("READY", RUNNING, 0)
    turned.crash(code)
    turned.to(200)
    assert turned.shown == (status, message, 0)
    assert turned.life.state().last_exit_code == code
    assert len(turned.work.children) == 1
    turned.life.end(200)
    turned.to(201)
    assert turned.life.gone


def test_a_job_that_cannot_be_started_has_failed() -> None:
    turned = Turned(None, once=True)
    turned.work.fails = OSError("no such program")
    turned.to(200)
    assert turned.shown == ("FAILED", NOT_STARTED, 0)
    assert turned.life.state().last_exit_code is None


def test_an_image_that_cannot_be_pulled_is_waited_for(turned: Turned) -> None:
    turned.work.fails = ImageUnusableError("no such image")
    turned.to(100)
    assert turned.shown[:2] == ("PENDING", PULL_FAILED)
    assert turned.life.state().last_exit_code is None
    assert turned.work.notes[0] == "could not be started: no such image"
    turned.work.fails, turned.work.ready = None, True
    turned.to(140)
    assert turned.shown[:2] == ("READY", RUNNING)


def test_a_job_whose_image_cannot_be_pulled_has_failed() -> None:
    turned = Turned(None, once=True)
    turned.work.fails = ImageUnusableError("no such image")
    turned.to(1)
    assert turned.shown == ("FAILED", PULL_FAILED, 0)


@pytest.mark.parametrize("once", [False, True])
def test_who_was_killed_for_want_of_memory_is_told_so(once: bool) -> None:
    turned = Turned(None, once=once)
    turned.to(1)
    turned.work.children[-1].words = OOM_KILLED
    turned.crash(137)
    turned.to(1.5)
    assert turned.shown == ("FAILED", OOM_KILLED, 0)
    assert turned.life.state().last_exit_code == 137
