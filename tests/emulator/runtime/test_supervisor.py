"""The one thread that owns all processes: many keys at once, and no container's trouble is another's."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime

import pytest

from spcs_emulator.runtime.child import Child
from spcs_emulator.runtime.life import Life
from spcs_emulator.runtime.readiness import Readiness
from spcs_emulator.runtime.supervisor import Supervisor


class QuickChild:
    """A process that ends as soon as it is asked to."""

    def __init__(self) -> None:
        self.code: int | None = None

    def exit_code(self) -> int | None:
        return self.code

    def lingers(self) -> bool:
        return False

    def terminate(self) -> None:
        self.code = 0

    def kill(self) -> None:
        self.code = 137

    def verdict(self) -> str | None:
        return None

    def look(self) -> None:
        pass


class Work:
    """A machine on which everything works; a broken one fails where nothing may."""

    def __init__(self, broken: bool = False) -> None:
        self.broken = broken
        self.cleaned = threading.Event()

    def start(self) -> Child:
        return QuickChild()

    def probe(self, readiness: Readiness) -> Future[bool]:
        if self.broken:
            raise RuntimeError("broken probe")
        answer: Future[bool] = Future()
        answer.set_result(True)
        return answer

    def note(self, text: str) -> None:
        pass

    def look_at_log(self) -> None:
        pass

    def clean(self) -> None:
        self.cleaned.set()


def life(work: Work) -> Life:
    readiness = Readiness(20080, None, 5, 3, "waiting")
    return Life("web", readiness, work, lambda: datetime(2026, 11, 22, tzinfo=UTC))


class Clock:
    """Monotonic time that a test turns."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def running(clock: Clock) -> Iterator[Supervisor]:
    """A supervisor on a thread of its own. Its clock stands, so only requests move it."""
    supervisor = Supervisor(clock.now)
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    yield supervisor
    supervisor.close()
    thread.join()


def test_states_are_there_at_once(clock: Clock) -> None:
    supervisor = Supervisor(clock.now)
    supervisor.begin("a", lambda: [life(Work())])
    assert supervisor.states("a")[0].status == "PENDING"
    assert supervisor.states("b") == ()
    assert supervisor.step() <= clock.time + 0.1
    clock.time += 0.1
    supervisor.step()
    assert supervisor.states("a")[0].status == "READY"


def test_a_key_that_lives_is_not_made_twice(clock: Clock) -> None:
    supervisor = Supervisor(clock.now)
    made: list[Life] = []

    def make() -> list[Life]:
        made.append(life(Work()))
        return made[-1:]

    supervisor.begin("a", make)
    supervisor.begin("a", make)
    assert len(made) == 1


def test_a_broken_container_does_not_stop_the_others(clock: Clock) -> None:
    supervisor = Supervisor(clock.now)
    supervisor.begin("broken", lambda: [life(Work(broken=True))])
    supervisor.begin("fine", lambda: [life(Work())])
    for _ in range(3):
        clock.time += 1.0
        supervisor.step()
    assert supervisor.states("fine")[0].status == "READY"
    assert supervisor.states("broken")[0].status == "PENDING"


def test_nothing_to_do_means_a_long_wait(clock: Clock) -> None:
    assert Supervisor(clock.now).step() >= clock.time + 60


def test_the_end_returns_when_all_is_gone(running: Supervisor) -> None:
    works = [Work(), Work(broken=True)]
    running.begin("a", lambda: [life(work) for work in works])
    running.end("a")
    assert running.states("a") == ()
    assert all(work.cleaned.is_set() for work in works)
    running.end("a")
    running.begin("a", lambda: [life(Work())])
    assert running.states("a")


def test_many_keys_end_from_many_threads(running: Supervisor) -> None:
    keys = [str(number) for number in range(20)]
    for key in keys:
        running.begin(key, lambda: [life(Work())])
    threads = [threading.Thread(target=running.end, args=(key,)) for key in keys * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(running.states(key) for key in keys)


def test_after_closing_nothing_begins(running: Supervisor) -> None:
    work = Work()
    running.begin("a", lambda: [life(work)])
    running.close()
    assert work.cleaned.is_set()
    with pytest.raises(RuntimeError):
        running.begin("b", lambda: [life(Work())])
