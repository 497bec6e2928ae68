"""A whole local account with a running service: killed with -9, started again, stopped."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
from tests.emulator.conftest import push_process

from spcs_emulator import daemon
from spcs_emulator.runtime import records
from spcs_emulator.runtime.marks import Process, is_alive

# Counts its starts in the volume, so that a test sees whether the volume is the same one.
COUNTER = """
import pathlib, socket, sys
file = pathlib.Path(sys.argv[2]) / "starts"
starts = int(file.read_text() if file.exists() else 0) + 1
file.write_text(str(starts))
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = server.accept()
    connection.sendall(str(starts).encode())
    connection.close()
"""
CONFIG = {
    "version": 1,
    "command": ["{python}", "-c", COUNTER, "{port:9000}", "{mount:/data}"],
    "ports": [9000],
    "mounts": ["/data"],
    "readiness": {"tcp": 9000},
}
SPECIFICATION = {
    "spec": {
        "containers": [
            {
                "name": "counter",
                "image": "/db/s/r/counter:1",
                "volumeMounts": [{"name": "data", "mountPath": "/data"}],
            }
        ],
        "endpoints": [{"name": "counter", "port": 9000, "protocol": "TCP"}],
        "volumes": [{"name": "data", "source": "block", "size": "10Gi"}],
    }
}
STATEMENTS = (
    "CREATE DATABASE DB",
    "CREATE SCHEMA DB.S",
    "CREATE IMAGE REPOSITORY DB.S.R",
    "CREATE COMPUTE POOL P MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS",
)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    yield folder
    daemon.stop(folder)


def session(connection: dict[str, Any]) -> Any:
    return snowflake.connector.connect(**connection, role="ACCOUNTADMIN", login_timeout=10)


def ready(connection: dict[str, Any]) -> tuple[int, int]:
    """Waits until the container is ready; returns its endpoint's local port and how often it has started."""
    with session(connection) as account, account.cursor(snowflake.connector.DictCursor) as cursor:
        end = time.monotonic() + 20
        show = "SHOW SERVICE CONTAINERS IN SERVICE DB.S.COUNTER"
        while cursor.execute(show).fetchall()[0]["status"] != "READY":
            assert time.monotonic() < end, "it did not get ready in time"
        [endpoint] = cursor.execute("SHOW ENDPOINTS IN SERVICE DB.S.COUNTER").fetchall()
    port = int(endpoint["local_address"].partition(":")[2])
    with socket.create_connection(("127.0.0.1", port), 5) as caller:
        return port, int(caller.recv(9))


def up(connection: dict[str, Any]) -> None:
    with session(connection) as account, account.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement)
        push_process(connection, "db/s/r/counter", CONFIG)
        text = json.dumps(SPECIFICATION)
        cursor.execute(f"CREATE SERVICE DB.S.COUNTER IN COMPUTE POOL P FROM SPECIFICATION $${text}$$")


def test_a_killed_account_comes_back_with_its_services_and_their_volumes(data: Path) -> None:
    started = daemon.start(data, runtime="process")
    connection = started.connection
    up(connection)
    port, starts = ready(connection)
    assert starts == 1
    dump = daemon.dump(data)
    first = service(data)
    os.kill(started.pid, signal.SIGKILL)
    assert is_alive(first)
    again = daemon.start(data, runtime="process")
    assert not is_alive(first)
    assert again.connection == connection
    assert ready(connection) == (port, 2)
    assert daemon.dump(data) == dump
    second = service(data)
    assert daemon.stop(data)
    assert not is_alive(second)


def test_a_killed_account_comes_back_without_the_image_of_its_service(data: Path) -> None:
    started = daemon.start(data, runtime="process")
    up(started.connection)
    ready(started.connection)
    with session(started.connection) as account, account.cursor() as cursor:
        cursor.execute("DROP IMAGE REPOSITORY DB.S.R")
    os.kill(started.pid, signal.SIGKILL)
    again = daemon.start(data, runtime="process")
    show = "SHOW SERVICE CONTAINERS IN SERVICE DB.S.COUNTER"
    with session(again.connection) as account, account.cursor(snowflake.connector.DictCursor) as cursor:
        end = time.monotonic() + 20
        while not (row := cursor.execute(show).fetchall()[0])["message"].startswith("Failed to pull image: "):
            assert time.monotonic() < end, "it was not tried in time"
        assert row["status"] == "PENDING"
        cursor.execute("DROP SERVICE DB.S.COUNTER FORCE")


def service(data: Path) -> Process:
    """The process of the one service, as the local account recorded it."""
    [path] = (data / "processes").glob("*/counter.pid")
    record = records.read(path)
    assert record is not None
    return record.leader
