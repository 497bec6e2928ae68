"""Mutated statements: the answer is a result or a proper refusal, and a refusal changes nothing."""

import json
import string
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.emulator.conftest import SPECIFICATION, World, changed, container, execute
from tests.emulator.test_parse import REFUSED, UNDERSTOOD
from tests.emulator.test_specification import FULL
from tests.emulator.test_statements import CASES

from spcs_emulator.account.entries import Session
from spcs_emulator.account.results import Result, pattern_matches
from spcs_emulator.clock import TurnedClock
from spcs_emulator.faults import SqlError
from spcs_emulator.server import LocalAccount
from spcs_emulator.specification import from_document, parse_specification
from spcs_emulator.wire.rowset import result_data

SECRET = {"snowflakeSecret": "x", "envVarName": "X", "secretKeyRef": "secret_string"}
WITH_SECRET = changed(containers=[container(secrets=[SECRET])])
SEEDS = sorted(
    {
        *UNDERSTOOD,
        *(case[0] for case in REFUSED),
        *(step["sql"] for steps in CASES.values() for step in steps if "sql" in step),
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


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A statement with a few words taken out, doubled, swapped for others, or characters put in."""
    words = draw(st.sampled_from(SEEDS)).split(" ")
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, max(len(words) - 1, 0)))
        match draw(st.sampled_from(["cut", "double", "swap", "text"])):
            case "cut":
                del words[place : place + 1]
            case "double":
                words[place:place] = words[place : place + 1]
            case "swap":
                words[place : place + 1] = [draw(st.sampled_from(WORDS))]
            case "text":
                alphabet = string.printable + "é🙂\0"
                words.insert(place, draw(st.text(alphabet, max_size=5)))
    return " ".join(words)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Session]]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    with ExitStack() as opened:
        local = opened.enter_context(LocalAccount(folder / "account", TurnedClock()))
        world = World(local, opened)
        client = world.connect()
        for sql in (
            "CREATE DATABASE D",
            "CREATE IMAGE REPOSITORY R",
            "CREATE SECRET X TYPE = GENERIC_STRING SECRET_STRING = 'x'",
            "CREATE NETWORK RULE N TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('a.b')",
            "CREATE EXTERNAL ACCESS INTEGRATION E ALLOWED_NETWORK_RULES = (N)",
            "CREATE COMPUTE POOL P MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_S",
        ):
            client.run(sql)
        world.push()
        client.run("CREATE SERVICE D.PUBLIC.S IN COMPUTE POOL P FROM SPECIFICATION $$" + SPECIFICATION + "$$")
        world.turn(2)
        with local.account._catalogue.transaction():
            (session,) = local.account._catalogue.sessions.values()
        yield world, session


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sql=mutated())
def test_statements(account: tuple[World, Session], sql: str) -> None:
    world, session = account
    before = world.local.dump()
    try:
        result = execute(world.local.account, session, sql)
    except SqlError as error:
        assert error.errno != 300002
        if error.errno != 3011:
            assert world.local.dump() == before
    else:
        if not isinstance(result, Result):  # a file transfer, or an answer that comes later
            return
        data = result_data(result)
        assert data["rowtype"]
        assert all(cell is None or isinstance(cell, str) for row in data["rowset"] for cell in row)
        assert all(len(row) == len(data["rowtype"]) for row in data["rowset"])


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
