"""What survives: restarts, kills, full disks."""

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
import snowflake.connector
from tests.emulator.accounts import an_account
from tests.emulator.conftest import Client, World, execute, request_of, with_volume
from tests.spcs_milvus.images.users import as_nobody

from spcs_emulator.account.results import Result
from spcs_emulator.clock import TurnedClock
from spcs_emulator.errors import DamagedAccountError
from spcs_emulator.folder import DataFolder
from spcs_emulator.runtime.none import NoneRuntime
from spcs_emulator.server import LocalAccount, read_dump
from spcs_emulator.statement.values import ObjectKind
from spcs_emulator.store import Document, Store, StoreError

Create = Callable[..., str]


def copy_of(world: World, tmp_path: Path) -> Path:
    """A copy of the folder, taken while the account runs: what a killed one leaves."""
    left = tmp_path / "left"
    shutil.copytree(world.local.folder.path, left)
    return left


def test_a_copy_of_the_running_account_s_folder_holds_everything(
    tmp_path: Path, world: World, stack: Client, create_service: Create
) -> None:
    stack.run("ALTER SESSION SET QUERY_TAG = 'x'")
    stack.run(create_service())
    world.turn(2)
    before = stack.run("SHOW ENDPOINTS IN SERVICE S")
    dump = world.local.dump()
    clock = TurnedClock(world.local.clock.now())
    with ExitStack() as opened:
        again = opened.enter_context(LocalAccount(copy_of(world, tmp_path), clock))
        assert again.dump() == dump
        World(again, opened).turn(2)
        session = again.account.sessions.of_token(_token(world))
        rows = execute(again.account, session, "SHOW ENDPOINTS IN SERVICE S")
        assert isinstance(rows, Result)
        assert [row[0] for row in rows.rows] == [row["name"] for row in before]
        assert [row[-1] for row in rows.rows] == [row["local_address"] for row in before]
        status = execute(again.account, session, "SHOW SERVICES")
        assert isinstance(status, Result)
        assert status.rows[0][1] == "RUNNING"


def _token(world: World) -> str:
    with world.local.account._catalogue.transaction():
        (session,) = world.local.account._catalogue.sessions.values()
        return next(iter(session.tokens))


def test_sessions_outlive_the_local_account(tmp_path: Path) -> None:
    with LocalAccount(tmp_path, TurnedClock()) as first:
        options = {"enable_server_session_keep_alive_auto_detection": False, "login_timeout": 10}
        connection = snowflake.connector.connect(**first.connection, **options)
        client = Client(connection)
        client.run("CREATE DATABASE D")
        client.run("USE ROLE SYSADMIN")
    with LocalAccount(tmp_path, TurnedClock(), port=first.port):
        assert client.run("SELECT CURRENT_ROLE() R, CURRENT_DATABASE() D") == [{"R": "SYSADMIN", "D": "D"}]
        connection.close()


@pytest.mark.parametrize("pragma", ["query_only=ON", "max_page_count=1"])
def test_what_cannot_be_stored_has_not_happened(pragma: str, world: World, stack: Client) -> None:
    before = world.local.dump()
    session = stack.value("SELECT CURRENT_SESSION()")
    database = world.local.account._catalogue._store._database
    database.execute(f"PRAGMA {pragma}")
    big = "x" * 100_000
    for sql in (
        f"ALTER COMPUTE POOL P SET COMMENT = '{big}'",
        f"CREATE STAGE F COMMENT = '{big}'",
        f"CREATE DATABASE E COMMENT = '{big}'",
    ):
        errno, _, message = stack.refused(sql)
        assert errno == 300002
        assert "cannot write the catalogue" in message
    assert world.local.dump() == before
    assert stack.value("SELECT CURRENT_DATABASE()") == "D"
    assert stack.value("SELECT CURRENT_SESSION()") == session
    database.execute("PRAGMA query_only=OFF")
    database.execute("PRAGMA max_page_count=100000")
    stack.run(f"CREATE STAGE F COMMENT = '{big}'")


def test_what_belongs_to_nothing_is_removed_at_start(tmp_path: Path) -> None:
    for part in ("stages/orphan", "volumes/orphan/data", "registry/repositories/orphan"):
        (tmp_path / part).mkdir(parents=True)
    with LocalAccount(tmp_path, TurnedClock()):
        assert not list(tmp_path.rglob("orphan"))


def test_what_a_container_wrote_as_root_and_cannot_be_removed_keeps_no_account_from_starting() -> None:
    clock = TurnedClock()
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        data.chmod(0o755)  # not in pytest's own folder, which nobody else may enter
        with an_account(data, clock, NoneRuntime(data / "volumes", clock.now)) as (account, run):
            (data / "stages" / "orphan" / "deep").mkdir(parents=True)
            with as_nobody():
                account.start()
                assert run("SHOW STAGES IN ACCOUNT").rows == ()
            account.start()
            assert not (data / "stages" / "orphan").exists()


def test_what_two_dropped_stages_stood_for_stays_apart(
    world: World, stack: Client, create_service: Create
) -> None:
    folders = []
    for name in ("S", "T"):
        stack.run(f"CREATE STAGE F{name} ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')")
        volume = {"source": "stage", "stageConfig": {"name": f"@D.PUBLIC.F{name}"}}
        stack.run(create_service(name, with_volume(volume)))
        before = request_of(world, name).containers[0].mounts[0]
        stack.run(f"DROP STAGE F{name}")
        [mount] = request_of(world, name).containers[0].mounts
        assert mount.folder == before.folder
        assert mount.read_only
        folders.append(mount.folder)
    assert folders[0] != folders[1]


def test_the_dump_is_the_same_after_up_and_down(world: World, stack: Client, create_service: Create) -> None:
    stack.run("DROP DATABASE D")
    stack.run("DROP COMPUTE POOL P")
    before = world.local.dump()
    for sql in (
        "CREATE DATABASE D",
        "CREATE IMAGE REPOSITORY R",
        "CREATE STAGE F",
        "CREATE WAREHOUSE W",
        "CREATE COMPUTE POOL P MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_S",
        "GRANT USAGE ON DATABASE D TO ROLE PUBLIC",
    ):
        stack.run(sql)
    world.push()
    stack.run(create_service())
    world.turn(2)
    there = world.local.dump()
    assert there != before
    assert {entry["kind"] for entry in there["objects"]} >= {
        "SERVICE",
        "SERVICE ROLE",
        "COMPUTE POOL",
        "STAGE",
    }
    world.turn(10)
    assert world.local.dump() == there
    assert world.local.connection["password"] not in str(there)
    for sql in ("DROP SERVICE S", "DROP COMPUTE POOL P", "DROP WAREHOUSE W", "DROP DATABASE D"):
        stack.run(sql)
    assert world.local.dump() == before


DAMAGES = {
    "no JSON": "UPDATE documents SET body = '{' WHERE id = 'SYSADMIN-KEY'",
    "a list": "UPDATE documents SET body = '[]' WHERE id = 'SYSADMIN-KEY'",
    "an unknown key": "UPDATE documents SET body = json_set(body, '$.x', 1) WHERE id = 'SYSADMIN-KEY'",
    "a missing key": "UPDATE documents SET body = json_remove(body, '$.kind') WHERE id = 'SYSADMIN-KEY'",
    "an unknown kind": "UPDATE documents SET body = json_set(body, '$.kind', 'X') WHERE id = 'SYSADMIN-KEY'",
    "a time that is none": (
        "UPDATE documents SET body = json_set(body, '$.created_on', 5) WHERE id = 'SYSADMIN-KEY'"
    ),
    "an unknown table": "UPDATE documents SET \"table\" = 'spell' WHERE id = 'SYSADMIN-KEY'",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_entry_is_named(tmp_path: Path, damage: str) -> None:
    with LocalAccount(tmp_path, TurnedClock()) as local, local.account._catalogue.transaction():
        role = local.account._catalogue.find(ObjectKind.ROLE, "SYSADMIN")
        assert role is not None
    with contextlib.closing(sqlite3.connect(tmp_path / "catalogue.sqlite")) as database, database:
        assert database.execute(damage.replace("SYSADMIN-KEY", role.key)).rowcount == 1
    for open_again in (
        lambda: LocalAccount(tmp_path, TurnedClock()),
        lambda: read_dump(DataFolder(tmp_path), TurnedClock()),
    ):
        with pytest.raises(DamagedAccountError, match=role.key) as error:
            open_again()
        assert "reset" in error.value.hint


@pytest.mark.parametrize("content", [None, b""])
def test_a_lost_catalogue_is_not_taken_for_a_new_account(tmp_path: Path, content: bytes | None) -> None:
    with LocalAccount(tmp_path, TurnedClock()):
        pass
    for name in ("catalogue.sqlite", "catalogue.sqlite-wal", "catalogue.sqlite-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    if content is not None:
        (tmp_path / "catalogue.sqlite").write_bytes(content)
    for _ in range(2):
        with pytest.raises(DamagedAccountError, match="empty"):
            LocalAccount(tmp_path, TurnedClock())


def test_the_store_takes_all_or_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "file.sqlite")
    store.save([Document("a", "1", {"x": 1}), Document("a", "2", {})], [])
    store.save([Document("a", "1", {"x": 2})], [("a", "2")])
    assert store.load() == [Document("a", "1", {"x": 2})]
    store.close()
    with pytest.raises(StoreError):
        store.load()
    with pytest.raises(StoreError):
        Store(tmp_path / "file.sqlite" / "below")


def containers(client: Client) -> list[tuple[str, str]]:
    rows = client.run("SHOW SERVICE CONTAINERS IN SERVICE D.PUBLIC.S")
    return [(row["status"], row["message"]) for row in rows]


def test_a_service_whose_image_cannot_be_had_takes_nothing_else_with_it(
    tmp_path: Path, world: World, stack: Client, create_service: Create
) -> None:
    """The folder of a killed account, opened by a runtime that can start none of its services."""
    stack.run(create_service())
    stack.run(create_service("T"))
    world.turn(2)
    left = copy_of(world, tmp_path)
    with ExitStack() as opened:
        clock = TurnedClock(world.local.clock.now())
        again = World(opened.enter_context(LocalAccount(left, clock, runtime="process")), opened)
        client = again.connect(role="OWNER")
        again.turn(2)
        for _ in range(2):
            [(status, message)] = containers(client)
            assert status == "PENDING"
            assert message.startswith("Failed to pull image: ")
            assert [row["status"] for row in client.run("SHOW SERVICES IN ACCOUNT")] == ["PENDING"] * 2
            client.run("ALTER SERVICE D.PUBLIC.S SUSPEND")
            client.run("ALTER SERVICE D.PUBLIC.S RESUME")
            again.turn(2)
        client.run("DROP SERVICE D.PUBLIC.S")


def test_a_clock_set_back_starts_nothing_anew_and_stops_nothing(
    world: World, stack: Client, create_service: Create
) -> None:
    stack.run(create_service())
    world.turn(3)
    world.local.clock.advance(-7200)
    world.turn(1)
    assert stack.run("SHOW COMPUTE POOLS")[0]["state"] == "ACTIVE"
    assert containers(stack) == [("READY", "Running")]
    assert "provisioning" not in str(stack.run("SHOW ENDPOINTS IN SERVICE S"))
    stack.run("ALTER SERVICE S SUSPEND")
    stack.run("ALTER SERVICE S RESUME")
    world.turn(2)
    assert containers(stack) == [("READY", "Running")]
    stack.run("ALTER SERVICE S SUSPEND")
    world.local.clock.advance(-7200)
    world.local.tick()
    assert stack.run("SHOW SERVICES")[0]["status"] == "SUSPENDED"
    world.local.clock.advance(3601)
    world.local.tick()
    assert stack.run("SHOW COMPUTE POOLS")[0]["state"] == "SUSPENDED"
