"""Secrets in a service that really runs: what its process gets, sees change, and leaves behind."""

import hashlib
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
import snowflake.connector
from snowflake.connector import DictCursor

from spcs_emulator.clock import RealClock
from spcs_emulator.server import LocalAccount

# No braces: those are placeholders of a process image.
TELL = """
import json, os, pathlib, socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
folder = pathlib.Path(sys.argv[2])
while True:
    connection, _ = server.accept()
    files = dict((file.name, file.read_text()) for file in folder.iterdir())
    found = dict(pid=os.getpid(), token=os.environ["TOKEN"], files=files)
    connection.sendall(json.dumps(found).encode())
    connection.close()
"""
IMAGE = {
    "version": 1,
    "command": ["{python}", "-c", TELL, "{port:9000}", "{mount:/secrets/login}"],
    "ports": [9000],
    "mounts": ["/secrets/login"],
    "readiness": {"tcp": 9000},
}
SPECIFICATION = {
    "spec": {
        "containers": [
            {
                "name": "main",
                "image": "/d/public/r/tell:1",
                "secrets": [
                    {"snowflakeSecret": "token", "envVarName": "TOKEN", "secretKeyRef": "secret_string"},
                    {"snowflakeSecret": "login", "directoryPath": "/secrets/login"},
                ],
            }
        ],
        "endpoints": [{"name": "tell", "port": 9000, "protocol": "TCP"}],
    }
}
STATEMENTS = (
    "CREATE DATABASE D",
    "CREATE IMAGE REPOSITORY R",
    "CREATE COMPUTE POOL P MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS",
    "CREATE SECRET TOKEN TYPE = GENERIC_STRING SECRET_STRING = 'sesame'",
    "CREATE SECRET LOGIN TYPE = PASSWORD USERNAME = 'ali' PASSWORD = 'baba'",
)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalAccount[RealClock]]:
    with LocalAccount(tmp_path / "account", RealClock(), runtime="process") as running:
        yield running


@pytest.fixture
def cursor(local: LocalAccount[RealClock]) -> Iterator[Any]:
    """A cursor of an account in which the service S is being started."""
    with ExitStack() as opened:
        options = {"login_timeout": 10, "enable_server_session_keep_alive_auto_detection": False}
        connection = opened.enter_context(snowflake.connector.connect(**local.connection, **options))
        found = opened.enter_context(connection.cursor(DictCursor))
        for sql in STATEMENTS:
            found.execute(sql)
        push(local.connection)
        specification = json.dumps(SPECIFICATION)
        found.execute(f"CREATE SERVICE S IN COMPUTE POOL P FROM SPECIFICATION $${specification}$$")
        yield found


def push(connection: dict[str, Any]) -> None:
    with requests.Session() as client:
        client.auth = (connection["user"], connection["password"])
        url = f"http://127.0.0.1:{connection['port']}/v2/d/public/r/tell"
        config = json.dumps(IMAGE).encode()
        digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
        uploaded = client.post(f"{url}/blobs/uploads/", params={"digest": digest}, data=config, timeout=5)
        assert uploaded.status_code == 201
        media = "application/vnd.spcs-milvus.process.config.v1+json"
        manifest = {
            "schemaVersion": 2,
            "artifactType": "application/vnd.spcs-milvus.process.v1",
            "config": {"digest": digest, "mediaType": media, "size": len(config)},
            "layers": [],
        }
        kind = {"Content-Type": "application/vnd.oci.image.manifest.v1+json"}
        assert client.put(f"{url}/manifests/1", json.dumps(manifest), headers=kind, timeout=5).ok


def told(cursor: Any) -> dict[str, Any]:
    """What the service's process says of itself, once it is ready."""
    end = time.monotonic() + 20
    while cursor.execute("SHOW SERVICE CONTAINERS IN SERVICE S").fetchall()[0]["status"] != "READY":
        assert time.monotonic() < end, "it did not get ready in time"
    [endpoint] = cursor.execute("SHOW ENDPOINTS IN SERVICE S").fetchall()
    port = int(endpoint["local_address"].partition(":")[2])
    with socket.create_connection(("127.0.0.1", port), 5) as caller:
        found: dict[str, Any] = json.loads(caller.makefile().read())
        return found


def test_a_process_gets_its_secrets_and_sees_files_change(
    local: LocalAccount[RealClock], cursor: Any
) -> None:
    first = told(cursor)
    assert first["token"] == "sesame"
    assert first["files"] == {"username": "ali", "password": "baba"}
    cursor.execute("ALTER SECRET LOGIN SET PASSWORD = 'forty'")
    cursor.execute("ALTER SECRET TOKEN SET SECRET_STRING = 'new'")
    assert told(cursor) == {**first, "files": {"username": "ali", "password": "forty"}}
    cursor.execute("ALTER SERVICE S SUSPEND")
    assert not list((local.folder.path / "secrets").rglob("password"))
    cursor.execute("ALTER SERVICE S RESUME")
    assert told(cursor)["token"] == "new"
    log = (local.folder.path / "processes").rglob("*.log")
    assert all("sesame" not in file.read_text() for file in log)
