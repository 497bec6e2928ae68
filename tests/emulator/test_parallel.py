"""Eight sessions at once, fifty statements each: every answer is right, and no session feels another."""

from concurrent.futures import ThreadPoolExecutor

from tests.emulator.conftest import Client, World

SESSIONS = 8
ROUNDS = 10


def work(client: Client, number: int) -> list[str]:
    """Five statements a round; return what the session saw of itself and of what it made."""
    client.run(f"USE SCHEMA D.S{number}")
    seen = []
    for index in range(ROUNDS):
        name = f"T{number}_{index}"
        client.run(f"CREATE STAGE {name} COMMENT = '{number}'")
        seen.append(str(client.value("SELECT CURRENT_SCHEMA()")))
        seen += [row["name"] for row in client.run("SHOW STAGES IN SCHEMA")]
        client.run(f"DROP STAGE {name}")
        assert client.refused(f"DROP STAGE {name}")[0] == 2003
    return seen


def test_sessions_side_by_side(world: World, admin: Client) -> None:
    admin.run("CREATE DATABASE D")
    for number in range(SESSIONS):
        admin.run(f"CREATE SCHEMA D.S{number}")
    before = world.local.dump()
    clients = [world.connect() for _ in range(SESSIONS)]
    with ThreadPoolExecutor(SESSIONS) as pool:
        seen = list(pool.map(work, clients, range(SESSIONS)))
    for number, found in enumerate(seen):
        expected = [name for index in range(ROUNDS) for name in (f"S{number}", f"T{number}_{index}")]
        assert found == expected
    assert world.local.dump() == before


def test_threads_on_one_session(admin: Client) -> None:
    with ThreadPoolExecutor(SESSIONS) as pool:
        found = list(pool.map(lambda number: admin.value(f"SELECT {number} AS A"), range(400)))
    assert found == list(range(400))
