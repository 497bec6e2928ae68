"""What a secret holds is shown by nothing, and its file is its owner's alone."""

import json
import stat
from pathlib import Path

import pytest
from tests.emulator.conftest import Client, World
from tests.emulator.test_wire import Raw


def test_no_statement_and_no_dump_shows_a_value(world: World, admin: Client) -> None:
    admin.run("CREATE DATABASE D")
    admin.run("CREATE SECRET S TYPE = GENERIC_STRING SECRET_STRING = 'sesame'")
    admin.run("CREATE SECRET P TYPE = PASSWORD USERNAME = 'me' PASSWORD = 'sesame'")
    admin.run("ALTER SECRET S SET SECRET_STRING = 'sesame again'")
    shown = [
        admin.run(sql)
        for sql in ("SHOW SECRETS", "DESCRIBE SECRET S", "DESCRIBE SECRET P", "SHOW GRANTS ON SECRET P")
    ]
    assert "sesame" not in repr(shown)
    text = json.dumps(world.local.account.dump())
    assert "D.PUBLIC.P" in text
    assert "sesame" not in text


def test_a_refusal_does_not_repeat_a_value(admin: Client) -> None:
    admin.run("CREATE DATABASE D")
    admin.run("CREATE SECRET P TYPE = PASSWORD USERNAME = 'me' PASSWORD = 'x'")
    _, _, message = admin.refused("ALTER SECRET P SET SECRET_STRING = 'sesame'")
    assert "sesame" not in message


@pytest.mark.parametrize(
    ("sql", "kept"),
    [
        ("CREATE USER U PASSWORD = 'Sesame12'", "CREATE USER U PASSWORD ***"),
        ("ALTER USER U SET password /* = */ = $$Sesame12$$", "ALTER USER U SET password ***"),
        (
            "CREATE SECRET S TYPE = GENERIC_STRING SECRET_STRING='Sesame12'",
            "CREATE SECRET S TYPE = GENERIC_STRING SECRET_STRING ***",
        ),
        ("SELECT 'Sesame12", "SELECT 'Sesame12"),
        ("CREATE USER U PASSWORD = 'Sesame12' NONSENSE", "CREATE USER U PASSWORD = 'Sesame12' NONSENSE"),
    ],
)
def test_the_history_keeps_no_value_but_of_a_statement_of_wrong_syntax(
    world: World, sql: str, kept: str
) -> None:
    raw = Raw(world)
    raw.login()
    query_id = raw.query(sql)["data"]["queryId"]
    (query,) = raw.get(f"/monitoring/queries/{query_id}")[1]["data"]["queries"]
    assert query["sqlText"] == kept


def test_the_store_is_the_owners_alone(world: World, admin: Client, tmp_path: Path) -> None:
    admin.run("CREATE DATABASE D")
    assert world.local.account.dump()["objects"]
    kept = [path for path in (tmp_path / "account").iterdir() if path.name.startswith("catalogue")]
    assert kept
    for path in kept:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
