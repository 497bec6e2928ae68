"""An account that ran containers goes on with another runtime: when nothing is lost, and nothing is left."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
import snowflake.connector
from tests.docker import leftovers
from tests.docker.runtime.conftest import build_and_push

from spcs_emulator import daemon
from spcs_emulator.clock import TurnedClock
from spcs_emulator.errors import OtherRuntimeError
from spcs_emulator.folder import DataFolder
from spcs_emulator.runtime.docker.engine import ACCOUNT, CONTAINER
from spcs_emulator.server import LocalAccount

SPECIFICATION = """
spec:
  containers:
  - {name: main, image: /d/public/r/tiny:1, command: [sleep], args: ["600"], volumeMounts: VOLUMES}
  volumes: [{name: data, SOURCE}]
"""


@pytest.fixture
def data(engine: docker.APIClient, tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "account"
    daemon.start(folder, runtime="docker")
    yield folder
    label = label_of(folder)
    daemon.reset(folder)
    assert leftovers.labelled(engine, label) == []


def label_of(data: Path) -> str:
    return f"{ACCOUNT}={DataFolder(data).existing_account().mark}"


@pytest.fixture
def running(
    engine: docker.APIClient, tiny_base: str, data: Path, until: Callable[..., None]
) -> Callable[[str], None]:
    """running(source) -> a service with such a volume runs, and the account was killed."""

    def do(source: str) -> None:
        status = daemon.status(data)
        assert status is not None
        given = status.connection
        with snowflake.connector.connect(**given) as connection, connection.cursor() as cursor:
            for sql in (
                "CREATE DATABASE d",
                "CREATE IMAGE REPOSITORY d.public.r",
                "CREATE COMPUTE POOL p MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_S",
            ):
                cursor.execute(sql)
            build_and_push(engine, given, tiny_base, "d/public/r/tiny:1")
            text = SPECIFICATION.replace("SOURCE", source).replace(
                "VOLUMES", "[{name: data, mountPath: /data}]"
            )
            cursor.execute(f"CREATE SERVICE d.public.s IN COMPUTE POOL p FROM SPECIFICATION $${text}$$")
        chosen = {"label": [label_of(data), CONTAINER]}
        until(lambda: engine.containers(filters=chosen))
        os.kill(status.pid, signal.SIGKILL)

    return do


def test_what_a_killed_account_ran_goes_when_another_runtime_takes_over(
    engine: docker.APIClient, data: Path, running: Callable[[str], None]
) -> None:
    running("source: local")
    assert leftovers.labelled(engine, label_of(data))
    with LocalAccount(data, TurnedClock(), runtime="none") as local:
        assert local.runtime.name == "none"
        assert leftovers.labelled(engine, label_of(data)) == []


def test_a_block_volume_keeps_the_runtime_and_stays(
    engine: docker.APIClient, data: Path, running: Callable[[str], None]
) -> None:
    running("source: block, size: 1Gi")
    with pytest.raises(OtherRuntimeError, match=r"D\.PUBLIC\.S"):
        LocalAccount(data, TurnedClock(), runtime="process")
    assert daemon.stop(data) is False
    [left] = leftovers.labelled(engine, label_of(data))
    assert left.startswith("volume ")
