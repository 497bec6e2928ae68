"""A secret of a connection that has a wrong form, or stands in the wrong option: told without its text."""

from pathlib import Path
from typing import Any

import pytest
from tests.canaries.commands import Program
from tests.canaries.observers import Seen, leaks
from tests.canaries.places import OPEN_OPTIONS, SECRET_OPTIONS, Place

from spcs_milvus.connections import ALIASES, FROM_ENVIRONMENT, Written, options
from spcs_milvus.errors import ConfigError
from spcs_milvus.session import connect

SLIP = Place("a slip in a connection", "Canary901Of5318008")
ADDRESS: dict[str, Any] = {"account": "a", "user": "u", "host": "127.0.0.1", "port": 1, "protocol": "http"}
KEY = f"-----BEGIN PRIVATE KEY-----\n{SLIP.core}\n-----END PRIVATE KEY-----"
KEYS: dict[str, dict[str, Any]] = {
    "the key in place of its file": {"private_key_file": KEY},
    "no key": {"private_key_raw": SLIP.text},
    "half a key": {"private_key_raw": KEY},
    "a key in a list": {"private_key_raw": [SLIP.text]},
    "a passphrase for no key": {"private_key_raw": KEY, "private_key_file_pwd": SLIP.text},
}
# connections.toml, or the variable that stands for it
TOMLS = (
    f"[ci]\npassword = {SLIP.core}\n",
    f'[ci]\npassword = "{SLIP.core}\n',
    SLIP.core,
)


def shown(error: ConfigError) -> Seen:
    """What is printed of it."""
    return Seen("error", "problem", repr(error.problem).encode())


def test_every_option_is_known_as_secret_or_not() -> None:
    """A new option has to be put with the ones or the others."""
    known = {ALIASES.get(name, name) for name in (*SECRET_OPTIONS, *OPEN_OPTIONS)}
    assert {ALIASES.get(name, name) for name in FROM_ENVIRONMENT} | set(ALIASES.values()) <= known
    assert not set(SECRET_OPTIONS) & set(OPEN_OPTIONS)


@pytest.mark.parametrize("slip", KEYS)
def test_a_key_that_is_none(slip: str) -> None:
    with pytest.raises(ConfigError) as raised:
        connect({**ADDRESS, **KEYS[slip]}, None)
    assert not leaks([shown(raised.value)], [SLIP])


@pytest.mark.parametrize("option", SECRET_OPTIONS)
def test_what_is_no_text(option: str) -> None:
    with pytest.raises(ConfigError) as raised:
        options("ci", Written("ci", {"ci": {**ADDRESS, option: f"{SLIP.core}\udcff"}}), {})
    assert f"the connection's {option} is not UTF-8 text" in raised.value.problem.summary
    assert not leaks([shown(raised.value)], [SLIP])


@pytest.mark.parametrize("how", ["file", "variable"])
@pytest.mark.parametrize("text", TOMLS)
def test_connections_that_cannot_be_read(tmp_path: Path, how: str, text: str) -> None:
    program = Program(tmp_path / "here")
    (program.project / "spcs-milvus.yaml").write_text("project: milvus-demo\n", encoding="utf-8")
    if how == "file":
        file = program.folder / "snowflake" / "connections.toml"
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
    else:
        program.environment["SNOWFLAKE_CONNECTIONS"] = text
    code, seen = program.run("plan", "-c", "ci")
    assert code == 2, seen[1]
    found = leaks(seen, [SLIP])
    assert not found, "\n".join(map(str, found))
