"""Logs and disks of containers, and free ports."""

import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from spcs_emulator.clock import TurnedClock
from spcs_emulator.runtime import disk
from spcs_emulator.runtime.api import NoFreePortError
from spcs_emulator.runtime.logs import KEPT_BYTES, LONGEST_BYTES, Log, log_of
from spcs_emulator.runtime.none import NoneRuntime
from spcs_emulator.runtime.ports import HIGHEST, LOWEST, PortPool, is_free


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return log_of(tmp_path, "web")


def last(log: Log, count: int, previous: bool = False) -> list[str]:
    return [line.text for line in log.lines(previous)[-count:]]


def test_lines_carry_the_time_at_which_they_were_noticed(log: Log) -> None:
    first, second = (datetime(2026, 11, 22, 12, minute, tzinfo=UTC) for minute in (0, 1))
    log.note("one\ntwo")
    log.mark(first)
    log.mark(second)
    log.note("three")
    log.mark(second)
    log.note("later")
    assert [line.time for line in log.lines(False)][:3] == [first, first, second]
    assert log.lines(False)[3].time > second
    log.turn()
    assert [line.time for line in log.lines(True)][:3] == [first, first, second]
    assert log.lines(False) == ()
    assert all(path.exists() == (path.stem == "web.previous") for path in log.files)


def test_times_stay_with_their_lines_when_a_log_is_shortened(log: Log) -> None:
    first, second = (datetime(2026, 11, 22, 12, minute, tzinfo=UTC) for minute in (0, 1))
    line = "x" * 983
    log.note("\n".join([line] * 4000))
    log.mark(first)
    log.note("\n".join([line] * 500))
    log.mark(second)
    log.keep_short()
    times = [line.time for line in log.lines(False)]
    assert times.count(second) == 500
    assert times == sorted(times)


def test_last_lines(log: Log) -> None:
    assert last(log, 5) == []
    log.current.write_bytes(b"one\ntwo\n\xff\n")
    assert last(log, 2) == ["two", "\ufffd"]


def test_turning_keeps_the_run_before(log: Log) -> None:
    log.turn()
    log.note("first\nsecond")
    log.turn()
    log.note("third")
    assert last(log, 9, previous=True) == ["[local account] first", "[local account] second"]
    assert last(log, 9) == ["[local account] third"]


def test_a_runaway_log_is_cut_to_its_end_while_it_is_written(log: Log) -> None:
    descriptor = log.open()
    try:
        line = b"x" * 99 + b"\n"
        os.write(descriptor, line * (LONGEST_BYTES // 100 + 1))
        log.keep_short()
        assert KEPT_BYTES - 100 <= log.current.stat().st_size <= KEPT_BYTES
        os.write(descriptor, b"the end\n")
        assert last(log, 2) == ["x" * 99, "the end"]
    finally:
        os.close(descriptor)


def test_a_read_only_tree_can_be_removed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o500)
    deep = tmp_path / "tree" / "deep"
    deep.mkdir(parents=True)
    (deep / "file").touch(mode=0o400)
    (deep / "link").symlink_to(outside)
    deep.chmod(0o500)
    disk.remove(tmp_path / "tree")
    assert not (tmp_path / "tree").exists()
    assert outside.stat().st_mode & 0o777 == 0o500
    disk.remove(tmp_path / "tree")


def test_every_port_is_given_once_and_is_free() -> None:
    pool = PortPool()
    ports = pool.take(3) + pool.take(3)
    assert len(set(ports)) == 6
    assert all(LOWEST <= port < HIGHEST for port in ports)
    with pytest.raises(NoFreePortError):
        pool.take(HIGHEST)


def test_ports_do_not_run_out_when_they_are_asked_for_again_and_again() -> None:
    pool = PortPool(range(LOWEST, LOWEST + 100))
    before: list[int] = []
    for _ in range(40):
        ports = pool.take(10)
        assert not set(ports).intersection(before)
        before = ports


def test_a_port_on_which_somebody_listens_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not is_free(server.getsockname()[1])


def test_the_runtime_that_runs_nothing_goes_by_the_clock(
    tmp_path: Path, instance: Callable[..., Any], web: Callable[..., Any]
) -> None:
    clock = TurnedClock()
    runtime = NoneRuntime(tmp_path / "volumes", clock.now)
    request = instance(web())
    assert runtime.refuse(request) is None
    runtime.start(request)
    clock.advance(0.4)
    runtime.start(request)
    assert [(state.status, state.message) for state in runtime.states("a1")] == [
        ("PENDING", "Waiting to start")
    ]
    clock.advance(0.1)
    [state] = runtime.states("a1")
    assert (state.status, state.message, state.start_time) == ("READY", "Running", clock.now())
    assert runtime.logs("a1", "web", False) == ()
    assert len(runtime.allocate(2)) == 2
    runtime.stop("a1")
    assert runtime.states("a1") == ()
    runtime.close()
