"""Mutated statements: the answer is a result or a proper refusal, and a refusal changes nothing."""

import contextlib
import json
import string
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.emulator.conftest import SPECIFICATION, World, changed, container, execute
from tests.emulator.test_parse import REFUSED, UNDERSTOOD
from tests.emulator.test_specification import FULL
from tests.emulator.test_statements import CASES
from tests.emulator.test_wire import Raw

from spcs_emulator.account.entries import Session
from spcs_emulator.account.pending import Pending
from spcs_emulator.account.results import Result, Transfer, pattern_matches
from spcs_emulator.clock import TurnedClock
from spcs_emulator.faults import SqlError
from spcs_emulator.server import LocalAccount
from spcs_emulator.specification import from_document, parse_specification
from spcs_emulator.wire.rowset import result_data

SECRET = {"snowflakeSecret": "x", "envVarName": "X", "secretKeyRef": "secret_string"}
WITH_SECRET = changed(containers=[container(secrets=[SECRET])])
GOLDEN = Path(__file__).parents[1] / "spcs_milvus" / "cases" / "kinds"
VERBS = tuple("ALTER CALL CREATE DESCRIBE DROP EXECUTE GRANT PUT REVOKE SELECT SHOW USE".split())


class _Loose(yaml.SafeLoader):
    """Reads the texts of a document and passes over what has a tag of its own."""


_Loose.add_multi_constructor("!", lambda *_: None)


def texts(document: Any) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict | list):
        for inner in document.values() if isinstance(document, dict) else document:
            yield from texts(inner)


def golden() -> Iterator[str]:
    """The statements that the deployer's own templates give."""
    for file in sorted(GOLDEN.glob("*.yaml")):
        document = yaml.load(file.read_text(encoding="utf-8"), _Loose)
        yield from (text for text in texts(document) if text.startswith(VERBS))


SEEDS = sorted(
    {
        *UNDERSTOOD,
        *(case[0] for case in REFUSED),
        *(step["sql"] for steps in CASES.values() for step in steps if "sql" in step),
        *golden(),
        "CREATE SERVICE D.PUBLIC.T IN COMPUTE POOL P FROM SPECIFICATION $$" + SPECIFICATION + "$$",
        "ALTER SERVICE D.PUBLIC.S FROM SPECIFICATION $$" + SPECIFICATION + "$$",
        "ALTER SERVICE D.PUBLIC.S FROM SPECIFICATION $$" + WITH_SECRET + "$$",
        "ALTER SERVICE D.PUBLIC.S SET MIN_INSTANCES = 2 MAX_INSTANCES = 3",
        "ALTER SERVICE D.PUBLIC.S SET EXTERNAL_ACCESS_INTEGRATIONS = (E)",
        "GRANT SERVICE ROLE D.PUBLIC.S!ALL_ENDPOINTS_USAGE TO ROLE SYSADMIN",
        "DROP SERVICE D.PUBLIC.S FORCE",
        "DROP DATABASE D",
    }
)
WORDS = sorted({word for seed in SEEDS for word in seed.split() if len(word) < 30})


ARRANGED = (
    "USE ROLE ACCOUNTADMIN",
    "CREATE DATABASE IF NOT EXISTS D",
    "CREATE SCHEMA IF NOT EXISTS D.PUBLIC",
    "USE SCHEMA D.PUBLIC",
    "CREATE IMAGE REPOSITORY IF NOT EXISTS R",
    "CREATE STAGE IF NOT EXISTS S",
    "CREATE SECRET IF NOT EXISTS X TYPE = GENERIC_STRING SECRET_STRING = 'x'",
    "CREATE NETWORK RULE N TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('a.b')",
    "CREATE EXTERNAL ACCESS INTEGRATION E ALLOWED_NETWORK_RULES = (N)",
    "CREATE COMPUTE POOL IF NOT EXISTS P MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_S",
)
MUTATIONS = 10_000
# As many of them go over HTTP, and after as many the whole account is compared, not only its version.
OVER_HTTP = 500
WHOLE = 250
# A hang, not a slow machine.
SECONDS = 30.0
ALPHABET = string.printable + "é🙂\0"


def mutated(random: Random) -> str:
    """A statement with a few words taken out, doubled, swapped for others, or characters put in."""
    words = random.choice(SEEDS).split(" ")
    for _ in range(random.randint(0, 3)):
        place = random.randint(0, max(len(words) - 1, 0))
        match random.choice(("cut", "double", "swap", "text", "character")):
            case "cut":
                del words[place : place + 1]
            case "double":
                words[place:place] = words[place : place + 1]
            case "swap":
                words[place : place + 1] = [random.choice(WORDS)]
            case "text":
                words.insert(place, "".join(random.choices(ALPHABET, k=random.randint(0, 5))))
            case "character" if words:
                place = min(place, len(words) - 1)
                at = random.randint(0, len(words[place]))
                words[place] = words[place][:at] + random.choice(ALPHABET) + words[place][at + 1 :]
    return " ".join(words)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Session]]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    with ExitStack() as opened:
        local = opened.enter_context(LocalAccount(folder / "account", TurnedClock()))
        world = World(local, opened)
        client = world.connect()
        for sql in ARRANGED:
            client.run(sql)
        world.push()
        client.run("CREATE SERVICE D.PUBLIC.S IN COMPUTE POOL P FROM SPECIFICATION $$" + SPECIFICATION + "$$")
        world.turn(2)
        with local.account._catalogue.transaction():
            (session,) = local.account._catalogue.sessions.values()
        yield world, session


@pytest.mark.parametrize("part", range(10))
def test_statements(account: tuple[World, Session], part: int) -> None:
    world, session = account
    catalogue = world.local.account._catalogue
    random = Random(part)
    before = world.local.dump()
    for number in range(MUTATIONS // 10):
        sql = mutated(random)
        version, began = catalogue.version, time.perf_counter()
        try:
            outcome = execute(world.local.account, session, sql)
        except SqlError as error:
            assert error.errno != 300002, sql
            assert catalogue.version == version or error.errno == 3011, sql
        else:
            _check(outcome, sql)
        assert time.perf_counter() - began < SECONDS, sql
        if catalogue.version != version:
            _restore(world, session)
            before = world.local.dump()
        elif not number % WHOLE:
            assert world.local.dump() == before, sql


def test_whatever_a_dump_shows_moves_the_version(account: tuple[World, Session]) -> None:
    world, session = account
    catalogue = world.local.account._catalogue
    _restore(world, session)
    for sql in (
        "CREATE ROLE OF_A_VERSION",
        "GRANT READ ON FUTURE STAGES IN SCHEMA D.PUBLIC TO ROLE OF_A_VERSION",
        "DROP ROLE OF_A_VERSION",
    ):
        version, before = catalogue.version, world.local.dump()
        execute(world.local.account, session, sql)
        assert world.local.dump() != before
        assert catalogue.version > version, sql


def _restore(world: World, session: Session) -> None:
    """Have again what the seeds speak of, and nothing that grows and grows."""
    for sql in ARRANGED:
        with contextlib.suppress(SqlError):
            execute(world.local.account, session, sql)


def _check(outcome: Any, sql: str) -> None:
    if not isinstance(outcome, Result):
        assert isinstance(outcome, Pending | Transfer), sql
        return
    data = result_data(outcome)
    assert data["rowtype"], sql
    assert all(cell is None or isinstance(cell, str) for row in data["rowset"] for cell in row), sql
    assert all(len(row) == len(data["rowtype"]) for row in data["rowset"]), sql


def test_statements_over_http(account: tuple[World, Session], caplog: pytest.LogCaptureFixture) -> None:
    world, _ = account
    raw = Raw(world)
    raw.login()
    random = Random("http")
    for _ in range(OVER_HTTP):
        sql = mutated(random)
        if "WAIT" in sql.upper():
            continue
        count = random.choice((0, 1, 1, 2))
        answer = raw.query(sql, parameters={"MULTI_STATEMENT_COUNT": count})
        assert answer["success"] or answer["code"] != "300002", sql
    assert "Traceback" not in caplog.text


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_specifications(data: st.DataObject) -> None:
    text = yaml.safe_dump(FULL)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 12)))
    changed = text[:start] + data.draw(st.text(max_size=6)) + text[end:]
    try:
        found = parse_specification(changed)
    except SqlError as error:
        assert error.errno == 395018
    else:
        text = json.dumps(found.document, sort_keys=True)
        assert from_document(json.loads(text)) == found


@settings(max_examples=200, deadline=None)
@given(name=st.text("AB_%\\", max_size=8))
def test_a_name_matches_itself_escaped_and_every_wildcard(name: str) -> None:
    escaped = "".join(f"\\{letter}" if letter in "_%\\" else letter for letter in name)
    assert pattern_matches(escaped, name)
    assert pattern_matches("_" * len(name), name)
    assert pattern_matches("%%", name)
    assert pattern_matches("%" + escaped.lower() + "%", name)
    assert not pattern_matches("_" * (len(name) + 1), name)
