"""An account that is killed and started again: clients go on with the sessions that they have."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import snowflake.connector
from tests.emulator.conftest import Client

from spcs_emulator import daemon


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """The folder of an account in the background, stopped afterwards."""
    daemon.start(tmp_path / "home", runtime="none")
    yield tmp_path / "home"
    daemon.stop(tmp_path / "home")


def options(home: Path) -> dict[str, Any]:
    quiet = {"login_timeout": 10, "enable_server_session_keep_alive_auto_detection": False}
    return {**daemon.start(home, runtime="none").connection, **quiet}


def kill(home: Path) -> None:
    """End the account as kill -9 does, and start it again where it was."""
    running = daemon.start(home, runtime="none")
    process = psutil.Process(running.pid)
    process.kill()
    process.wait(10)
    assert daemon.start(home, runtime="none").connection == running.connection


def test_sessions_tokens_and_files_are_there_again(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    with snowflake.connector.connect(**options(home)) as opened:
        client = Client(opened)
        for sql in ("CREATE DATABASE D", "CREATE STAGE S", "USE ROLE SYSADMIN"):
            client.run(sql)
        client.run("USE ROLE ACCOUNTADMIN")
        client.run(f"PUT file://{tmp_path}/a.txt @S AUTO_COMPRESS=FALSE")
        with opened.cursor() as cursor:
            before = cursor.execute("SELECT 1").sfqid
        kill(home)
        place = "SELECT CURRENT_ROLE() R, CURRENT_DATABASE() D, CURRENT_SCHEMA() S"
        assert client.run(place) == [{"R": "ACCOUNTADMIN", "D": "D", "S": "PUBLIC"}]
        assert [row["name"] for row in client.run("LIST @S")] == ["s/a.txt"]
        # What came of statements is in memory only: it is gone, and said to be.
        assert client.refused(f"SELECT * FROM TABLE(RESULT_SCAN('{before}'))")[0] == 709
        kill(home)
        assert client.value("SELECT CURRENT_ROLE()") == "ACCOUNTADMIN"


def test_a_statement_that_was_waiting_is_not_waited_for_for_ever(home: Path) -> None:
    with snowflake.connector.connect(**options(home)) as opened:
        with opened.cursor() as cursor:
            cursor.execute_async("CALL SYSTEM$WAIT(600)")
            query_id = str(cursor.sfqid)
        kill(home)
        status = opened.get_query_status(query_id)
        assert status.name == "NO_DATA"
