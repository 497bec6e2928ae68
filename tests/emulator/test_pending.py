"""Statements that are answered later: waited for, cancelled, let go when the account closes."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from tests.emulator.conftest import Client, World

from spcs_emulator.account.pending import Pending
from spcs_emulator.account.results import Result, status
from spcs_emulator.faults import NOT_FOUND, SqlError
from spcs_emulator.statement.values import ObjectKind

Wait = Callable[[Pending[Result], threading.Event], "Future[Result]"]


@pytest.fixture
def wait(world: World) -> Wait:
    """Wait in a thread; return what will come of it."""

    def start(pending: Pending[Result], cancelled: threading.Event) -> Future[Result]:
        pool = ThreadPoolExecutor(1)
        future = pool.submit(world.local.account.wait, pending, cancelled)
        pool.shutdown(wait=False)
        return future

    return start


def _a_role(world: World, name: str) -> Callable[[], Result | None]:
    catalogue = world.local.account._catalogue
    return lambda: status("here") if catalogue.find(ObjectKind.ROLE, name) else None


def test_it_is_asked_again_after_every_statement_and_every_tick(
    world: World, admin: Client, wait: Wait
) -> None:
    asked = threading.Semaphore(0)
    there = _a_role(world, "R")

    def until() -> Result | None:
        asked.release()
        return there()

    answer = wait(Pending(until), threading.Event())
    assert asked.acquire(timeout=5)
    world.local.tick()
    assert asked.acquire(timeout=5)
    assert not answer.done()
    admin.run("CREATE ROLE R")
    assert answer.result(5) == status("here")


def test_it_may_end_in_an_error_and_leaves_nothing_changed(world: World, wait: Wait) -> None:
    before = world.local.dump()

    def until() -> Result | None:
        catalogue = world.local.account._catalogue
        catalogue.objects.remove(catalogue.unsorted(ObjectKind.ROLE)[0].key)
        raise NOT_FOUND(kind="Job", name="J")

    with pytest.raises(SqlError, match="Job 'J' does not exist"):
        wait(Pending(until), threading.Event()).result(5)
    assert world.local.dump() == before


def test_cancelling_asks_the_statement_to_clean_up_once(world: World, wait: Wait) -> None:
    cancelled, cleaned = threading.Event(), threading.Semaphore(0)
    answer = wait(Pending(lambda: None, cleaned.release), cancelled)
    cancelled.set()
    world.local.account.wake()
    with pytest.raises(SqlError) as caught:
        answer.result(5)
    assert (caught.value.errno, caught.value.sqlstate) == (604, "57014")
    assert cleaned.acquire(timeout=5)
    assert not cleaned.acquire(blocking=False)


def test_an_account_that_closes_lets_nobody_wait(world: World, wait: Wait) -> None:
    answer = wait(Pending(lambda: None), threading.Event())
    world.local.close()
    with pytest.raises(SqlError, match="was stopped"):
        answer.result(5)
