"""What is in snapshots: copied from volumes and into them, kept when a volume is deleted, gone in time."""

import shutil
import tarfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.emulator.accounts import an_account
from tests.emulator.conftest import Client, World, with_volume

from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.services import volume_key
from spcs_emulator.clock import TurnedClock
from spcs_emulator.faults import SqlError
from spcs_emulator.runtime.api import VolumeError
from spcs_emulator.runtime.none import NoneRuntime
from spcs_emulator.server import LocalAccount
from spcs_emulator.statement.values import ObjectKind

Create = Callable[..., str]


def block(**config: Any) -> str:
    return with_volume({"source": "block", "size": "10Gi", "blockConfig": {"iops": 3000, **config}})


def entry_of(world: World, name: str) -> AccountObject:
    return world.local.account._catalogue.the(world.key(name))


def volume(world: World, service: str = "S", number: int = 0) -> Path:
    return world.local.folder.volumes / volume_key(entry_of(world, service), number, "data")


def snapshots(client: Client) -> list[str]:
    return [row["name"] for row in client.run("SHOW SNAPSHOTS IN ACCOUNT")]


def automatic(world: World, client: Client) -> Path:
    """The archive of the one automatic snapshot."""
    (name,) = (name for name in snapshots(client) if name.startswith("SYS_BACKUP_ON_DELETE_S_DATA_0_"))
    return world.local.account._world.snapshot_file(entry_of(world, name))


def held(archive: Path) -> dict[str, str]:
    """What the files in the archive hold, by name."""
    with tarfile.open(archive) as opened:
        found = {member.name: opened.extractfile(member) for member in opened}
        return {name: file.read().decode() for name, file in found.items() if file is not None}


@pytest.fixture
def service(world: World, stack: Client, create_service: Create) -> Client:
    """A session with a service S that has written `kept` into its block volume."""
    stack.run(create_service("S", block()))
    world.turn(2)
    (volume(world) / "deep").mkdir()
    (volume(world) / "deep" / "kept").write_text("vectors")
    return stack


def test_a_snapshot_holds_what_the_volume_held(world: World, service: Client, create_service: Create) -> None:
    service.run('CREATE SNAPSHOT N FROM SERVICE S VOLUME "data" INSTANCE 0')
    (volume(world) / "deep" / "kept").write_text("changed")
    service.run(create_service("T", block(initialContents={"fromSnapshot": "N"})))
    assert (volume(world, "T") / "deep" / "kept").read_text() == "vectors"
    service.run("DROP SNAPSHOT N")
    assert list((world.local.folder.path / "snapshots").iterdir()) == []
    service.run("ALTER SERVICE T SET MIN_INSTANCES = 2 MAX_INSTANCES = 2")
    world.turn(2)
    assert list(volume(world, "T", 1).iterdir()) == []


def test_restoring_keeps_what_was_there(world: World, service: Client) -> None:
    service.run('CREATE SNAPSHOT N FROM SERVICE S VOLUME "data" INSTANCE 0')
    (volume(world) / "deep" / "kept").write_text("changed")
    (volume(world) / "new").write_text("x")
    service.run("ALTER SERVICE S SUSPEND")
    world.turn(1)
    service.run('ALTER SERVICE S RESTORE VOLUME "data" INSTANCES 0 FROM SNAPSHOT N')
    world.turn(2)
    assert [path.name for path in volume(world).iterdir()] == ["deep"]
    assert (volume(world) / "deep" / "kept").read_text() == "vectors"
    assert held(automatic(world, service)) == {"deep/kept": "changed", "new": "x"}
    assert service.run("SHOW SERVICES")[0]["status"] == "RUNNING"
    assert service.run("SHOW SERVICE VOLUMES IN SERVICE S")[0]["snapshot_used"] == "D.PUBLIC.N"


@pytest.mark.parametrize("sql", ["DROP SERVICE S FORCE", "ALTER COMPUTE POOL P STOP ALL"])
def test_a_deleted_volume_is_kept_for_seven_days(sql: str, world: World, service: Client) -> None:
    service.run(sql)
    kept = automatic(world, service)
    assert held(kept) == {"deep/kept": "vectors"}
    assert service.run("SHOW SNAPSHOTS")[0]["owner"] == "OWNER"
    world.local.clock.advance(7 * 86_400 - 1)
    world.local.tick()
    assert kept.exists()
    world.local.clock.advance(1)
    world.local.tick()
    assert not kept.exists()


@pytest.mark.parametrize(
    ("config", "left"),
    [({"snapshotOnDelete": False}, 0), ({"snapshotOnDelete": True, "snapshotDeleteAfter": "2h"}, 1)],
)
def test_the_specification_says_whether_and_how_long(
    config: dict[str, Any], left: int, world: World, stack: Client, create_service: Create
) -> None:
    stack.run(create_service("S", block(**config)))
    world.turn(2)
    stack.run("DROP SERVICE S FORCE")
    assert len(snapshots(stack)) == left
    world.local.clock.advance(2 * 3600)
    world.local.tick()
    assert list((world.local.folder.path / "volumes").iterdir()) == []
    assert not any((world.local.folder.path / "snapshots").glob("*"))


def test_dropping_the_schema_leaves_nothing(world: World, service: Client) -> None:
    service.run('CREATE SNAPSHOT N FROM SERVICE S VOLUME "data" INSTANCE 0')
    service.run("DROP SCHEMA D.PUBLIC")
    for part in ("volumes", "snapshots"):
        assert list((world.local.folder.path / part).iterdir()) == []


def test_an_account_that_was_killed_in_between_still_keeps_the_volume(world: World, service: Client) -> None:
    service.run("DROP SERVICE S FORCE")
    kept = automatic(world, service)
    (name,) = snapshots(service)
    volume = world.local.folder.volumes / entry_of(world, name).settings["from"]
    world.local.close()
    kept.unlink()
    volume.mkdir(parents=True)
    (volume / "kept").write_text("vectors")
    with LocalAccount(world.local.folder.path, TurnedClock(world.local.clock.now())):
        assert held(kept) == {"kept": "vectors"}
        assert not volume.parent.exists()


def test_an_older_data_folder_keeps_what_its_snapshots_and_volumes_hold(
    world: World, service: Client, create_service: Create
) -> None:
    """They were folders, and a snapshot said so of its volume."""
    service.run('CREATE SNAPSHOT N FROM SERVICE S VOLUME "data" INSTANCE 0')
    service.run("DROP SERVICE S FORCE")
    data, catalogue = world.local.folder.path, world.local.account._catalogue
    names, places = snapshots(service), {}
    with catalogue.transaction():
        for name in names:
            entry = entry_of(world, name)
            settings = {**entry.settings, "from": f"volumes/{entry.settings['from']}"}
            del settings["archive"]
            catalogue.objects.put(replace(entry, settings=settings))
            places[name] = data / (f"snapshots/{entry.key}" if name == "N" else settings["from"])
    world.local.close()
    shutil.rmtree(data / "snapshots")
    for name, folder in places.items():
        folder.mkdir(parents=True)
        (folder / "kept").write_text(name)
    with LocalAccount(data, TurnedClock(world.local.clock.now())) as again:
        entries = again.account._catalogue.unsorted(ObjectKind.SNAPSHOT)
        files = {entry.name: again.account._world.snapshot_file(entry) for entry in entries}
        assert {name: held(file) for name, file in files.items()} == {name: {"kept": name} for name in places}
        assert {path.name for path in (data / "snapshots").iterdir()} == {
            file.name for file in files.values()
        }
        assert not list((data / "volumes").iterdir())


def test_a_refused_service_leaves_no_files(world: World, service: Client, create_service: Create) -> None:
    service.run('CREATE SNAPSHOT N FROM SERVICE S VOLUME "data" INSTANCE 0')
    before = sorted((world.local.folder.path / "volumes").iterdir())
    bad = block(initialContents={"fromSnapshot": "N"}).replace("app:1", "app:2")
    assert service.refused(create_service("T", bad))[0] == 397012
    assert sorted((world.local.folder.path / "volumes").iterdir()) == before


def test_the_limit_of_snapshots(world: World, service: Client) -> None:
    create = 'CREATE SNAPSHOT {} FROM SERVICE S VOLUME "data" INSTANCE 0'
    for number in range(100):
        service.run(create.format(f"N{number}"))
    assert service.refused(create.format("ONE_MORE"))[0] == 395033
    service.run("DROP SERVICE S FORCE")
    assert len(snapshots(service)) == 101


def test_the_limit_of_block_volumes(stack: Client, create_service: Create) -> None:
    options = "MIN_INSTANCES = 50 MAX_INSTANCES = 50"
    stack.run(create_service("A", block(), options))
    stack.run(create_service("B", block(), options))
    assert stack.refused(create_service("C", block()))[0] == 395033


class Copying(NoneRuntime):
    """Copies a volume when it is told to, and then cannot where `full`."""

    def __init__(self, volumes: Path, clock: TurnedClock) -> None:
        super().__init__(volumes, clock.now)
        self.begun, self.go_on, self.full = threading.Event(), threading.Event(), False

    def save(self, volume: str, file: Path) -> None:
        self.begun.set()
        assert self.go_on.wait(10)
        if self.full:
            raise VolumeError("the disk is full")
        super().save(volume, file)


@pytest.mark.parametrize(
    ("meanwhile", "refused"),
    [
        (None, None),
        ("DROP SERVICE D.PUBLIC.S FORCE", 2003),
        ("CREATE DATABASE E", None),
        ("full", 300002),
    ],
)
def test_copying_holds_nobody_up_and_what_changes_meanwhile_counts(
    meanwhile: str | None, refused: int | None, tmp_path: Path
) -> None:
    clock = TurnedClock()
    runtime = Copying(tmp_path / "volumes", clock)
    with an_account(tmp_path, clock, runtime) as (account, run), ThreadPoolExecutor(1) as pool:
        run("USE SCHEMA D.PUBLIC")
        run(f"CREATE SERVICE S IN COMPUTE POOL P FROM SPECIFICATION $${block(snapshotOnDelete=False)}$$")
        for _ in range(8):
            clock.advance(0.25)
            account.tick()
        sql = 'CREATE OR REPLACE SNAPSHOT N FROM SERVICE S VOLUME "data" INSTANCE 0'
        answer = pool.submit(run, sql)
        assert runtime.begun.wait(10)
        assert run("SHOW SNAPSHOTS").rows == ()
        runtime.full = meanwhile == "full"
        if meanwhile and not runtime.full:
            run(meanwhile)
        runtime.go_on.set()
        if refused is None:
            assert "successfully created" in str(answer.result(10).rows)
            assert len(run("SHOW SNAPSHOTS IN ACCOUNT").rows) == 1
            assert len(list((tmp_path / "snapshots").iterdir())) == 1
        else:
            with pytest.raises(SqlError) as error:
                answer.result(10)
            assert error.value.errno == refused
            assert run("SHOW SNAPSHOTS IN ACCOUNT").rows == ()
            account.start()
            assert not list((tmp_path / "snapshots").glob("*"))


def test_what_a_killed_account_left_to_copy_holds_up_no_start(tmp_path: Path) -> None:
    clock = TurnedClock()
    runtime = Copying(tmp_path / "volumes", clock)
    runtime.go_on.set()
    with an_account(tmp_path, clock, runtime) as (account, run), ThreadPoolExecutor(1) as pool:
        run("USE SCHEMA D.PUBLIC")
        run(f"CREATE SERVICE S IN COMPUTE POOL P FROM SPECIFICATION $${block()}$$")
        for _ in range(8):
            clock.advance(0.25)
            account.tick()
        runtime.full = True
        run("DROP SERVICE S FORCE")
        runtime.full = False
        runtime.begun.clear()
        runtime.go_on.clear()
        account.start()
        assert runtime.volumes()
        copied = pool.submit(account.collect)
        assert runtime.begun.wait(10)
        assert len(run("SHOW SNAPSHOTS IN ACCOUNT").rows) == 1
        runtime.go_on.set()
        copied.result(10)
        assert len(list((tmp_path / "snapshots").iterdir())) == 1
        assert not runtime.volumes()
