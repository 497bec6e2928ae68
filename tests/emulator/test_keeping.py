"""What volumes hold through a service's life, on the runtimes that need no engine."""

import os
import signal
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.emulator.conftest import push_process, request_of
from tests.emulator.keeping import (
    FOLDERS,
    IMAGE,
    Bench,
    check_a_killed_container,
    check_a_life,
    check_jobs,
    check_snapshots,
    prepare,
)

from spcs_emulator.clock import RealClock, TurnedClock
from spcs_emulator.registry.api import PushedImage
from spcs_emulator.runtime import records
from spcs_emulator.server import LocalAccount

WRITER = """
import os, pathlib, signal, sys, uuid
for folder in sys.argv[1:]:
    pathlib.Path(folder, uuid.uuid4().hex).touch()
if "END" in os.environ:
    print("bye")
    sys.exit(int(os.environ["END"]))
signal.pause()
"""


class NothingRuns:
    """The runtime `none`: whenever the service has started, the test writes what a program would."""

    container: Mapping[str, Any] = {}

    def __init__(self, data: Path) -> None:
        self.local = LocalAccount(data, TurnedClock())
        self._seen: set[datetime | None] = set()

    def push(self, tag: str) -> None:
        repository, _, name = IMAGE.rpartition("/")
        digest = f"sha256:{tag * 64}"
        account = self.local.account
        key = account.repository_key(repository) or ""
        account.record_image(PushedImage(key, name, tag, digest, "m", None, ("linux/amd64",)))

    def reopen(self) -> None:
        self.local.close()
        data, clock = self.local.folder.path, self.local.clock
        self.local = LocalAccount(data, TurnedClock(clock.now()), runtime=None)

    def goes_on(self, service: str) -> None:
        self.local.clock.advance(0.25)
        self.local.tick()
        request = request_of(self, service)
        started = {state.start_time for state in self.local.runtime.states(request.key)} - {None}
        if started - self._seen:
            self._seen |= started
            for mount in request.containers[0].mounts:
                (self.local.folder.volumes / mount.volume / uuid.uuid4().hex).touch()


class Processes:
    """The runtime `process`."""

    container: Mapping[str, Any] = {}

    def __init__(self, data: Path) -> None:
        self.local = LocalAccount(data, RealClock(), runtime="process")

    def push(self, tag: str) -> None:
        folders = [f"/{name}" for name in FOLDERS]
        config = {
            "version": 1,
            "command": ["{python}", "-c", WRITER, *(f"{{mount:{folder}}}" for folder in folders)],
            "environment": {"TAG": tag},
            "mounts": folders,
        }
        push_process(self.local.connection, IMAGE, config, tag)

    def reopen(self) -> None:
        self.local.close()
        self.local = LocalAccount(self.local.folder.path, RealClock(), runtime=None)

    def goes_on(self, service: str) -> None:
        """It does by itself."""

    def kill(self) -> None:
        (path,) = self.local.folder.processes.glob("*/main.pid")
        record = records.read(path)
        assert record is not None
        os.kill(record.leader.pid, signal.SIGKILL)


@pytest.fixture(params=[NothingRuns, Processes])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    made: Bench = request.param(tmp_path / "account")
    try:
        prepare(made)
        yield made
    finally:
        made.local.close()


@pytest.mark.parametrize("check", [check_a_life, check_snapshots])
def test_volumes(bench: Bench, check: Callable[[Bench], None]) -> None:
    check(bench)


@pytest.mark.parametrize("bench", [Processes], indirect=True)
def test_jobs(bench: Bench) -> None:
    check_jobs(bench)


@pytest.mark.parametrize("bench", [Processes], indirect=True)
def test_a_killed_process(bench: Processes) -> None:
    check_a_killed_container(bench, bench.kill)
