"""What a secret holds is shown by nothing, and its file is its owner's alone."""

import json
import stat
from pathlib import Path

from tests.emulator.conftest import Client, World


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


def test_the_store_is_the_owners_alone(world: World, admin: Client, tmp_path: Path) -> None:
    admin.run("CREATE DATABASE D")
    assert world.local.account.dump()["objects"]
    kept = [path for path in (tmp_path / "account").iterdir() if path.name.startswith("catalogue")]
    assert kept
    for path in kept:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
