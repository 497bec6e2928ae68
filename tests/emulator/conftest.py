"""A local account in this process on a clock that stands still, and clients of it by the real connector."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
import requests
import snowflake.connector
import yaml
from snowflake.connector import DictCursor

from spcs_emulator.account.account import Account, Outcome
from spcs_emulator.account.entries import Session
from spcs_emulator.account.history import Query
from spcs_emulator.clock import TurnedClock
from spcs_emulator.folder import OURS
from spcs_emulator.registry.api import PushedImage
from spcs_emulator.runtime.api import InstanceRequest
from spcs_emulator.server import LocalAccount
from spcs_emulator.statement.parse import read

Local = LocalAccount[TurnedClock]
MANIFEST = "application/vnd.oci.image.manifest.v1+json"

SPECIFICATION = """
spec:
  containers:
  - name: main
    image: /d/public/r/app:1
    resources: {requests: {cpu: 1, memory: 2Gi}}
  endpoints:
  - {name: api, port: 8080, protocol: TCP}
  - {name: page, port: 8888, public: true}
"""


class Client:
    """One session. `run` gives rows as dicts by column name; `refused` gives (errno, sqlstate, message)."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def run(self, sql: str) -> list[dict[str, Any]]:
        with self.connection.cursor(DictCursor) as cursor:
            return [dict(row) for row in cursor.execute(sql).fetchall()]

    def columns(self, sql: str) -> list[str]:
        with self.connection.cursor() as cursor:
            return [column.name for column in cursor.execute(sql).description]

    def refused(self, sql: str) -> tuple[int, str, str]:
        with pytest.raises(snowflake.connector.errors.DatabaseError) as caught:
            self.run(sql)
        error = caught.value
        return int(error.errno or 0), str(error.sqlstate), str(error.raw_msg)

    def registry_password(self) -> str:
        """A session token, issued over the wire, as the official CLI gives it to docker."""
        rest = getattr(self.connection, "rest", None) or self.connection._rest  # connector 5, and 4
        given = rest._token_request("ISSUE")["data"]
        return json.dumps({"token": given["sessionToken"], "expires_in": given["validityInSecondsST"]})

    def value(self, sql: str) -> Any:
        (row,) = self.run(sql)
        (value,) = row.values()
        return value


class World:
    """A local account, its clients, and the things every test needs."""

    def __init__(self, local: Local, opened: ExitStack) -> None:
        self.local = local
        self._opened = opened

    def connect(self, **options: Any) -> Client:
        """Return a new session; secondary roles off unless asked for."""
        quiet = {"login_timeout": 10, "enable_server_session_keep_alive_auto_detection": False}
        options = {**self.local.connection, **quiet, **options}
        secondary = options.pop("secondary", "NONE")
        connection = snowflake.connector.connect(**options)
        self._opened.callback(connection.close)
        client = Client(connection)
        if secondary == "NONE":
            client.run("USE SECONDARY ROLES NONE")
        return client

    def push(
        self,
        name: str = "app",
        tag: str = "1",
        digest: str = "a",
        repository: str = "d/public/r",
        platforms: tuple[str, ...] = ("linux/amd64",),
    ) -> None:
        """Let the registry tell of a pushed image."""
        self.local.account.record_image(
            PushedImage(
                self.local.account.repository_key(repository) or "",
                name,
                tag,
                f"sha256:{digest * 64}",
                MANIFEST,
                None,
                platforms,
            )
        )

    def answer(self, sql: str) -> list[dict[str, Any]]:
        """Run a statement that waits as OWNER, and turn the clock until it is answered."""
        client = self.connect()
        client.run("USE ROLE OWNER")
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(client.run, sql)
            for _ in range(400):
                with contextlib.suppress(TimeoutError):
                    return answer.result(0.02)
                self.turn(0.25)
            raise AssertionError(f"no answer: {sql}")

    def put(self, stage: str, name: str, text: str) -> None:
        """Lay a file on the stage of that name."""
        path = self.local.account._world.stage_folder(self.key(stage)) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def key(self, name: str) -> str:
        """The key of the one object with that name."""
        objects = self.local.account._catalogue.objects.values()
        (key,) = [entry.key for entry in objects if entry.name == name]
        return key

    def turn(self, seconds: float) -> None:
        """Turn the clock in steps short enough for every state to be passed through."""
        for _ in range(round(seconds / 0.25)):
            self.local.clock.advance(0.25)
            self.local.tick()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as opened:
        local = opened.enter_context(LocalAccount(tmp_path / "account", TurnedClock()))
        yield World(local, opened)
    # what reset does not know it leaves, and then the folder is no account's any more
    assert {file.name for file in (tmp_path / "account").iterdir()} <= OURS


@pytest.fixture
def admin(world: World) -> Client:
    return world.connect()


@pytest.fixture
def stack(world: World, admin: Client) -> Client:
    """A session of OWNER, which has a database D, a pool P, and a repository R with the image app:1."""
    for sql in (
        "CREATE ROLE OWNER",
        "GRANT ROLE OWNER TO ROLE SYSADMIN",
        "GRANT CREATE DATABASE, CREATE WAREHOUSE, CREATE COMPUTE POOL ON ACCOUNT TO ROLE OWNER",
        "GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE OWNER",
        "USE ROLE OWNER",
        "CREATE DATABASE D",
        "CREATE IMAGE REPOSITORY D.PUBLIC.R",
        "CREATE COMPUTE POOL P MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_S",
    ):
        admin.run(sql)
    world.push()
    return admin


@pytest.fixture
def create_service() -> Callable[..., str]:
    """Make the statement that creates a service."""

    def statement(name: str = "S", specification: str = SPECIFICATION, options: str = "") -> str:
        head = f"CREATE SERVICE D.PUBLIC.{name} IN COMPUTE POOL P"
        return f"{head} FROM SPECIFICATION $${specification}$$ {options}"

    return statement


def push_process(connection: dict[str, Any], path: str, config: dict[str, Any], tag: str = "1") -> None:
    """Push a process image without files to "db/schema/repository/name" over the wire."""
    with requests.Session() as client:
        client.auth = (connection["user"], connection["password"])
        url = f"http://127.0.0.1:{connection['port']}/v2/{path}"
        body = json.dumps(config).encode()
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        where = {"digest": digest}
        assert client.post(f"{url}/blobs/uploads/", params=where, data=body, timeout=5).status_code == 201
        kind = "application/vnd.spcs-milvus.process.config.v1+json"
        manifest = {
            "schemaVersion": 2,
            "artifactType": "application/vnd.spcs-milvus.process.v1",
            "config": {"digest": digest, "mediaType": kind, "size": len(body)},
            "layers": [],
        }
        headers = {"Content-Type": MANIFEST}
        answer = client.put(f"{url}/manifests/{tag}", json.dumps(manifest), headers=headers, timeout=5)
        assert answer.status_code == 201


def changed(**parts: Any) -> str:
    """The specification with parts of its `spec` replaced."""
    document = yaml.safe_load(SPECIFICATION)
    document["spec"].update(parts)
    return yaml.safe_dump(document)


def container(**parts: Any) -> dict[str, Any]:
    document = yaml.safe_load(SPECIFICATION)
    return {**document["spec"]["containers"][0], **parts}


def with_volume(volume: dict[str, Any]) -> str:
    mount = [{"name": "data", "mountPath": "/data"}]
    return changed(volumes=[{"name": "data", **volume}], containers=[container(volumeMounts=mount)])


class HasAccount(Protocol):
    @property
    def local(self) -> LocalAccount[Any]: ...


def request_of(world: HasAccount, name: str, number: int = 0) -> InstanceRequest:
    """What the runtime is asked to run for the service."""
    with world.local.account._catalogue.transaction():
        catalogue = world.local.account._catalogue
        (service,) = [entry for entry in catalogue.objects.values() if entry.name == name]
        return world.local.account._world.requests.build(service, number)


def execute(account: Account, session: Session, sql: str) -> Outcome:
    """Run one statement without the wire."""
    (written,) = read(sql)
    return account.execute(session, Query(session, "", sql, account._world.clock.now()), written)
