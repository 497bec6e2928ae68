"""Which runtime an account gets: the one it had, another when nothing would be lost, or a refusal."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.emulator.conftest import Client, World, with_volume

from spcs_emulator import daemon
from spcs_emulator.clock import TurnedClock
from spcs_emulator.errors import CopiedAccountError, LocalAccountError, NoEngineError, OtherRuntimeError
from spcs_emulator.folder import DataFolder
from spcs_emulator.server import LocalAccount

Create = Callable[..., str]
BLOCK = with_volume({"source": "block", "size": "10Gi", "blockConfig": {"snapshotOnDelete": False}})
SNAPSHOT = 'CREATE SNAPSHOT N FROM SERVICE S VOLUME "data" INSTANCE 0'


def kept(data: Path, **changes: Any) -> dict[str, Any]:
    """What account.json keeps, with changes."""
    path = data / "account.json"
    value = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps(value))
    return value


def test_the_runtime_stays_until_another_is_asked_for(tmp_path: Path) -> None:
    for asked, is_now in ((None, "process"), ("none", "none"), (None, "none"), ("process", "process")):
        with LocalAccount(tmp_path, TurnedClock(), runtime=asked) as local:
            assert local.runtime.name == is_now


def test_an_older_account_gets_a_mark_of_its_own_for_good(tmp_path: Path) -> None:
    LocalAccount(tmp_path, TurnedClock()).close()
    value = kept(tmp_path)
    del value["mark"], value["runtime"]
    (tmp_path / "account.json").write_text(json.dumps(value))
    marks = []
    for _ in range(2):
        LocalAccount(tmp_path, TurnedClock(), runtime=None).close()
        marks.append(kept(tmp_path)["mark"])
    assert marks[0] == marks[1]
    assert kept(tmp_path)["runtime"] == "process"


def test_a_copy_is_another_account_and_what_was_moved_is_the_same(tmp_path: Path) -> None:
    data, copy, moved = (tmp_path / name for name in ("account", "copy", "moved"))
    LocalAccount(data, TurnedClock()).close()
    mark = kept(data)["mark"]
    shutil.copytree(data, copy)
    data.rename(moved)
    assert DataFolder(moved).account().mark == mark
    LocalAccount(moved, TurnedClock(), port=None).close()
    moved.rename(data)
    LocalAccount(data, TurnedClock()).close()
    LocalAccount(copy, TurnedClock()).close()
    assert kept(data)["mark"] == mark != kept(copy)["mark"]


def test_a_copy_of_a_running_account_s_folder_does_not_end_it(tmp_path: Path) -> None:
    data, copy = tmp_path / "account", tmp_path / "copy"
    status = daemon.start(data, runtime="none")
    try:
        shutil.copytree(data, copy)
        assert daemon.status(copy) is None
        daemon.reset(copy)
        assert daemon.status(data) == status
    finally:
        daemon.stop(data)


def test_a_copy_without_its_volumes_is_not_started(
    world: World, stack: Client, create_service: Create, tmp_path: Path
) -> None:
    stack.run(create_service("S", BLOCK))
    data, copy = world.local.folder.path, tmp_path / "copy"
    world.local.close()
    kept(data, runtime="docker")
    shutil.copytree(data, copy)
    for asked in ("docker", "process"):
        with pytest.raises(CopiedAccountError, match=r"D\.PUBLIC\.S") as error:
            LocalAccount(copy, TurnedClock(), runtime=asked)
        assert str(data) in error.value.hint


def test_an_unknown_runtime(tmp_path: Path) -> None:
    with pytest.raises(LocalAccountError, match="no runtime podman") as error:
        LocalAccount(tmp_path, TurnedClock(), runtime="podman")
    assert "process, docker, none" in error.value.hint


@pytest.mark.parametrize("asked", ["process", "none"])
@pytest.mark.parametrize(
    ("sql", "holder"),
    [
        ((), "D.PUBLIC.S"),
        ((SNAPSHOT,), "D.PUBLIC.S, D.PUBLIC.N"),
        ((SNAPSHOT, "DROP SERVICE S FORCE"), "D.PUBLIC.N"),
    ],
)
def test_volumes_and_snapshots_of_another_runtime_are_not_left_behind(
    asked: str,
    sql: tuple[str, ...],
    holder: str,
    world: World,
    stack: Client,
    create_service: Create,
) -> None:
    stack.run(create_service("S", BLOCK))
    world.turn(2)
    for statement in sql:
        stack.run(statement)
    data, dump = world.local.folder.path, world.local.dump()
    world.local.close()
    before = kept(data, runtime="docker")
    with pytest.raises(OtherRuntimeError, match=f": {holder}\\.") as error:
        LocalAccount(data, TurnedClock(), runtime=asked)
    assert "--runtime docker" in error.value.hint
    assert kept(data) == before
    assert daemon.dump(data) == dump
    kept(data, runtime="process")
    with LocalAccount(data, TurnedClock(), runtime=asked) as again:
        assert again.dump() == dump


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")


@pytest.mark.usefixtures("no_engine")
def test_an_engine_that_does_not_answer_is_told_before_anything_changes(tmp_path: Path) -> None:
    data = tmp_path / "account"
    LocalAccount(data, TurnedClock()).close()
    before = kept(data)
    for start in (
        lambda: LocalAccount(data, TurnedClock(), runtime="docker"),
        lambda: daemon.start(data, runtime="docker"),
    ):
        with pytest.raises(LocalAccountError, match="needs a Docker engine on this machine") as error:
            start()
        assert "systemctl start docker" in error.value.hint
        assert kept(data) == before
    assert daemon.status(data) is None


@pytest.mark.usefixtures("no_engine")
def test_nothing_is_forgotten_in_an_engine_that_does_not_answer(tmp_path: Path) -> None:
    data = tmp_path / "account"
    with LocalAccount(data, TurnedClock()):
        killed = json.loads((data / "server.json").read_text())
    kept(data, runtime="docker")
    (data / "server.json").write_text(json.dumps({**killed, "runtime": "docker", "mark": "of the dead"}))
    assert not daemon.stop(data)
    with pytest.raises(LocalAccountError, match="may have left containers") as error:
        LocalAccount(data, TurnedClock(), runtime="process")
    assert "go on with --runtime docker" in error.value.hint
    with pytest.raises(NoEngineError):
        daemon.reset(data)
    assert kept(data)["runtime"] == "docker"
    (data / "server.json").unlink()
    LocalAccount(data, TurnedClock(), runtime="process").close()
    assert kept(data)["runtime"] == "process"


def test_an_account_without_volumes_may_change_its_runtime(
    world: World, stack: Client, create_service: Create
) -> None:
    stack.run(create_service("S", with_volume({"source": "local"})))
    data, dump = world.local.folder.path, world.local.dump()
    world.local.close()
    kept(data, runtime="docker")
    with LocalAccount(data, TurnedClock(), runtime="none") as again:
        assert again.dump() == dump
        assert again.runtime.name == "none"
