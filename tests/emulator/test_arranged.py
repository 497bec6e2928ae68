"""Trouble that a test arranges: errors and cut connections at the k-th statement."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
from tests.emulator.conftest import Client

from spcs_emulator.clock import TurnedClock
from spcs_emulator.script import Event, Script
from spcs_emulator.server import LocalAccount


@contextmanager
def scripted(data: Path, *events: Event) -> Iterator[tuple[LocalAccount[TurnedClock], Client]]:
    with LocalAccount(data, TurnedClock(), script=Script(events=events)) as local:
        options = {"enable_server_session_keep_alive_auto_detection": False, "login_timeout": 10}
        connection = snowflake.connector.connect(**local.connection, **options)
        yield local, Client(connection)
        connection.close()


@pytest.mark.parametrize(("trouble", "done"), [("error before", False), ("error after", True)])
def test_arranged_errors(tmp_path: Path, trouble: Any, done: bool) -> None:
    with scripted(tmp_path, Event(1, trouble, "CREATE ROLE")) as (_, client):
        assert client.refused("CREATE ROLE R")[0] == 300002
        assert bool(client.run("SHOW ROLES LIKE 'R'")) is done


@pytest.mark.parametrize("trouble", ["cut before", "cut after"])
def test_a_cut_connection_is_replayed_and_runs_once(tmp_path: Path, trouble: Any) -> None:
    with scripted(tmp_path, Event(1, trouble, "CREATE ROLE")) as (_, client):
        assert client.run("CREATE ROLE R") == [{"status": "Role R successfully created."}]


def test_events_count_the_statements_that_contain_their_text() -> None:
    script = Script(events=[Event(2, "cut after", "create"), Event(1, "error before", "DROP")])
    found = [script.next_trouble(text) for text in ("create a", "select 1", "CREATE b", "drop c", "drop d")]
    assert found == [None, None, "cut after", "error before", None]
