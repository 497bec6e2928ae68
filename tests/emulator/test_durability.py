"""What survives: restarts, kills, full disks."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import snowflake.connector
from tests.emulator.conftest import Client, World

from spcs_emulator.clock import TurnedClock
from spcs_emulator.server import LocalAccount
from spcs_emulator.store import Document, Store, StoreError

Create = Callable[..., str]


def test_everything_is_there_after_a_kill(
    tmp_path: Path, world: World, stack: Client, create_service: Create
) -> None:
    """A copy of the folder, taken while the account runs, is what a killed one leaves."""
    stack.run("ALTER SESSION SET QUERY_TAG = 'x'")
    stack.run(create_service())
    world.turn(2)
    before = stack.run("SHOW ENDPOINTS IN SERVICE S")
    dump = world.local.dump()
    left = tmp_path / "left"
    shutil.copytree(world.local.folder.path, left)
    clock = TurnedClock(world.local.clock.now())
    with LocalAccount(left, clock) as again:
        assert again.dump() == dump
        second = World(again, None)  # type: ignore[arg-type]
        second.turn(2)
        session = again.account.sessions.of_token(_token(world))
        rows, _ = again.account.execute(session, "SHOW ENDPOINTS IN SERVICE S")
        assert [row[0] for row in rows.rows] == [row["name"] for row in before]
        assert [row[-1] for row in rows.rows] == [row["local_address"] for row in before]
        status, _ = again.account.execute(session, "SHOW SERVICES")
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
    for part in ("stages", "volumes"):
        (tmp_path / part / "orphan").mkdir(parents=True)
    with LocalAccount(tmp_path, TurnedClock()):
        assert not list(tmp_path.glob("*/orphan"))


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
