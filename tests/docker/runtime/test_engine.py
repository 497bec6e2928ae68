"""An engine that goes away and comes back, or does not; and which engines are taken at all."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.docker.engines import Daemon
from tests.docker.runtime.conftest import SERVE, WAIT, Registry, get, printed, status

from spcs_emulator.runtime.api import Mount, Probe, VolumeError
from spcs_emulator.runtime.docker.engine import Engine
from spcs_emulator.runtime.docker.runtime import DockerRuntime

Make = Callable[..., Any]
BLOCK = Mount("/block", "block", "7/data")
LOCAL = Mount("/local", "local", "7/scratch")


@pytest.fixture
def begin(own_dockerd: Daemon, registry: Registry) -> Iterator[Callable[[], DockerRuntime]]:
    """begin() -> a runtime on a daemon of the test's own, always of the same account."""
    made: list[DockerRuntime] = []

    def do() -> DockerRuntime:
        engine = Engine(own_dockerd.client(), "killed")
        made.append(DockerRuntime(engine, registry.store, registry.source, lambda: datetime.now(UTC)))
        return made[-1]

    yield do
    for runtime in made:
        runtime.close()


def test_services_come_back_with_their_engine(
    begin: Make, own_dockerd: Daemon, instance: Make, until: Make, tmp_path: Path
) -> None:
    runtime: DockerRuntime = begin()
    [port] = runtime.allocate(1)
    script = "cat /block/file; echo kept > /block/file; " + SERVE.format(word="x", port=8000)
    ports, readiness = {8000: port}, Probe(8000, "/", 5, 3)
    runtime.start(instance(script, ports=ports, readiness=readiness, mounts=(BLOCK,)))
    until(lambda: status(runtime) == "READY")
    own_dockerd.kill()
    runtime.start(instance(WAIT, key="a2"))
    until(lambda: status(runtime, "a2") == "FAILED")
    assert "could not be started" in printed(runtime, key="a2")[0]
    assert printed(runtime) == []
    assert runtime.states("a1")[0].restart_count == 0
    runtime.discard(["7/data"])
    with pytest.raises(VolumeError):
        runtime.volumes()
    with pytest.raises(VolumeError):
        runtime.save("7/data", tmp_path / "1.tar")
    own_dockerd.start()
    until(lambda: runtime.states("a1")[0].restart_count > 0 and status(runtime) == "READY")
    until(lambda: status(runtime, "a2") == "READY")
    assert get(port) == "x\n"
    assert printed(runtime)[-1] == "kept"


def test_an_engine_that_stays_away_holds_nobody_up(
    begin: Make, own_dockerd: Daemon, instance: Make, until: Make
) -> None:
    runtime: DockerRuntime = begin()
    runtime.start(instance(WAIT, mounts=(BLOCK, LOCAL)))
    until(lambda: status(runtime) == "READY")
    own_dockerd.kill()
    runtime.stop("a1")
    assert runtime.states("a1") == ()
    runtime.close()
    own_dockerd.start()
    engine = Engine(own_dockerd.client(), "killed")
    assert engine.containers({}) != []
    second: DockerRuntime = begin()
    assert engine.containers({}) == []
    assert second.volumes() == {"7/data"}
