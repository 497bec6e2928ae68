"""Vectors in a Milvus that really runs survive a pause, and a stack of which only the data was kept."""

from collections.abc import Iterator

import pytest

from spcs_emulator import daemon

from .machine import QUICKSTART, Machine
from .test_real_stack import recall, remember

pytestmark = pytest.mark.real


@pytest.fixture
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    machine = Machine(tmp_path_factory.mktemp("home"))
    machine.run("local", "start")
    try:
        yield machine
    finally:
        daemon.stop(machine.home)


def test_vectors_survive_a_pause_and_kept_data(machine: Machine) -> None:
    before = machine.document("local", "dump")
    machine.on_stack("up")
    remember(machine.url("milvus"), "kept")

    machine.on_stack("pause")

    assert not [one for one in machine.processes() if "--data-dir" in one.cmdline()]
    refused = machine.run("verify", "-f", str(QUICKSTART), exit_code=1)
    assert "the notebook's service is paused" in refused.stderr
    machine.on_stack("resume")
    assert recall(machine.url("milvus"), "kept") == [2, 1, 0]

    machine.document("down", "-f", str(QUICKSTART), "--yes", "--keep-data")

    assert not [one for one in machine.processes() if "--data-dir" in one.cmdline()]
    machine.on_stack("up")
    assert recall(machine.url("milvus"), "kept") == [2, 1, 0]
    machine.on_stack("down")
    assert machine.document("local", "dump") == before
