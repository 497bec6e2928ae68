"""Trouble that a test arranges, at the k-th statement or at another request, as a client meets it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
from tests.emulator.conftest import Client
from tests.emulator.test_queries import until

from spcs_emulator.clock import TurnedClock
from spcs_emulator.script import INTERRUPTIONS, Event, Script
from spcs_emulator.server import LocalAccount

MADE = [{"status": "Role R successfully created."}]


@contextmanager
def scripted(
    data: Path, script: Script, **options: Any
) -> Iterator[tuple[LocalAccount[TurnedClock], Client]]:
    with LocalAccount(data, TurnedClock(), script=script) as local:
        quiet = {"enable_server_session_keep_alive_auto_detection": False, "login_timeout": 10}
        connection = snowflake.connector.connect(**{**local.connection, **quiet, **options})
        yield local, Client(connection)
        connection.close()


@pytest.mark.parametrize(
    ("trouble", "number", "done"),
    [("error before", 300002, False), ("error after", 300002, True), ("refused", 3001, False)],
)
def test_arranged_errors(tmp_path: Path, trouble: Any, number: int, done: bool) -> None:
    with scripted(tmp_path, Script(events=[Event(1, trouble, "CREATE ROLE")])) as (_, client):
        assert client.refused("CREATE ROLE R")[0] == number
        assert bool(client.run("SHOW ROLES LIKE 'R'")) is done


@pytest.mark.parametrize("trouble", [one for one in INTERRUPTIONS if not one.startswith("hang")])
def test_what_keeps_an_answer_back_is_replayed_and_runs_once(tmp_path: Path, trouble: Any) -> None:
    with scripted(tmp_path, Script(events=[Event(1, trouble, "CREATE ROLE")])) as (_, client):
        assert client.run("CREATE ROLE R") == MADE


@pytest.mark.parametrize(("trouble", "done"), [("hang before", False), ("hang after", True)])
def test_a_client_hangs_up_when_its_patience_ends(tmp_path: Path, trouble: Any, done: bool) -> None:
    """Its patience is counted in whole seconds, and nothing else ends the waiting."""
    script = Script(events=[Event(1, trouble, "CREATE ROLE")])
    with scripted(tmp_path, script, network_timeout=1) as (_, client):
        with pytest.raises(snowflake.connector.errors.Error):
            client.run("CREATE ROLE R")
        assert script.hanging.is_set()
        assert bool(client.run("SHOW ROLES LIKE 'R'")) is done


def test_an_account_that_closes_lets_go_of_who_waits_in_vain(tmp_path: Path) -> None:
    script = Script(events=[Event(1, "hang before", "CREATE ROLE")])
    failed: list[BaseException] = []

    def wait(client: Client) -> None:
        try:
            client.run("CREATE ROLE R")
        except snowflake.connector.errors.Error as error:
            failed.append(error)

    with scripted(tmp_path, script, network_timeout=2) as (local, client):
        waiting = threading.Thread(target=wait, args=(client,))
        waiting.start()
        until(script.hanging.is_set)
        local.close()
        waiting.join()
    assert failed


@pytest.mark.parametrize(
    ("statement", "changes", "seen"),
    [
        ("SHOW ROLES LIKE 'R%'", 1, ["R1"]),
        ("SHOW ROLES LIKE 'R%'", 2, []),
        ("SHOW ROLES LIKE 'R%'", 1000, []),
        ("SHOW GRANTS OF ROLE R1", 1, []),
        ("SELECT 'ROLES'", 2, ["ROLES"]),
    ],
)
def test_what_was_changed_is_not_seen_at_once(
    tmp_path: Path, statement: str, changes: int, seen: list[str]
) -> None:
    script = Script(events=[Event(1, "stale", statement, changes=changes)])
    with scripted(tmp_path, script) as (_, client):
        for name in ("R1", "R2"):
            client.run(f"CREATE ROLE {name}")
        if "GRANTS" in statement:
            client.run("GRANT ROLE R1 TO ROLE R2")
        first = client.run(statement)
        assert [row.get("name", "ROLES") for row in first] == seen
        if "SHOW" in statement:
            assert len(client.run(statement)) == (1 if "GRANTS" in statement else 2)


def test_what_is_dropped_is_seen_a_while(tmp_path: Path) -> None:
    script = Script(events=[Event(1, "stale", "SHOW WAREHOUSES"), Event(1, "stale", "DESCRIBE")])
    with scripted(tmp_path, script) as (local, client):
        before = local.dump()
        client.run("CREATE WAREHOUSE W")
        client.run("DROP WAREHOUSE W")
        assert len(client.run("SHOW WAREHOUSES LIKE 'W'")) == 1
        assert client.run("DESCRIBE WAREHOUSE W")
        assert client.refused("DESCRIBE WAREHOUSE W")[0] == 2003
        assert local.dump() == before


def test_a_session_that_expires_is_renewed_and_the_statement_runs_once(tmp_path: Path) -> None:
    script = Script(events=[Event(1, "session expired", "CREATE ROLE")])
    with scripted(tmp_path, script) as (local, client):
        assert client.run("CREATE ROLE R") == MADE
        assert local.login_attempts == 1


def test_a_session_that_cannot_be_renewed_ends_the_statement(tmp_path: Path) -> None:
    script = Script(events=[Event(1, "master expired", "CREATE ROLE")])
    with scripted(tmp_path, script) as (local, client):
        # each generation of the connector has another number for it
        assert client.refused("CREATE ROLE R")[0] in (250001, 390114)
        assert not [entry for entry in local.dump()["objects"] if entry["name"] == "R"]


@pytest.mark.parametrize("trouble", ["503 before", "503 after", "429 before", "cut before", "cut after"])
def test_other_requests_can_be_struck(tmp_path: Path, trouble: Any) -> None:
    script = Script(events=[Event(1, trouble, request="POST /session/v1/login-request")])
    with scripted(tmp_path, script) as (local, client):
        assert local.login_attempts == (2 if trouble.endswith("after") else 1)
        assert client.value("SELECT 1") == 1


def test_only_an_interruption_can_strike_other_requests() -> None:
    with pytest.raises(ValueError, match="stale cannot strike POST /session"):
        Event(1, "stale", request="POST /session")


def test_events_count_the_statements_that_contain_their_text() -> None:
    script = Script(events=[Event(2, "cut after", "create"), Event(1, "error before", "DROP")])
    found = [script.at_statement(text) for text in ("create a", "select 1", "CREATE b", "drop c", "drop d")]
    assert [event and event.trouble for event in found] == [None, None, "cut after", "error before", None]
