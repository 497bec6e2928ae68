"""An account that is killed and started again: clients go on with the sessions that they have."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
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


def test_an_upload_goes_on_where_it_was_and_what_was_pushed_is_there(home: Path) -> None:
    contents = [bytes([number]) * 3_000_000 for number in (1, 2)]
    digests = [f"sha256:{hashlib.sha256(content).hexdigest()}" for content in contents]
    with snowflake.connector.connect(**options(home)) as opened, requests.Session() as http:
        for sql in ("CREATE DATABASE D", "CREATE IMAGE REPOSITORY D.PUBLIC.R"):
            Client(opened).run(sql)
        connection = options(home)
        http.auth = (connection["user"], connection["password"])
        root = f"http://127.0.0.1:{connection['port']}"
        uploads = f"{root}/v2/d/public/r/app/blobs/uploads/"
        whole = http.post(uploads, params={"digest": digests[0]}, data=contents[0], timeout=10)
        assert whole.status_code == 201
        begun = http.post(uploads, timeout=10).headers["Location"]

        def cut_off() -> Iterator[bytes]:
            yield contents[1][:2_000_000]
            kill(home)
            yield contents[1][2_000_000:]

        with pytest.raises(requests.ConnectionError):
            http.patch(root + begun, data=cut_off(), timeout=10)
        assert http.head(f"{root}/v2/d/public/r/app/blobs/{digests[0]}", timeout=10).status_code == 200
        said = http.get(root + begun, timeout=10)
        there = int(said.headers["Range"].removeprefix("0-")) + 1
        assert said.status_code == 204
        assert there <= 2_000_000
        rest = contents[1][there:] if there > 1 else contents[1]
        done = http.put(root + begun, params={"digest": digests[1]}, data=rest, timeout=10)
        assert done.status_code == 201
        got = http.get(f"{root}/v2/d/public/r/app/blobs/{digests[1]}", timeout=10)
        assert got.content == contents[1]
