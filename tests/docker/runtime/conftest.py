"""The docker runtime on a real engine, with tiny images in the registry of a real local account."""

import io
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docker
import pytest
import snowflake.connector
from tests.docker import leftovers

from spcs_emulator.clock import TurnedClock
from spcs_emulator.registry.api import Source
from spcs_emulator.registry.blobs import BlobStore
from spcs_emulator.runtime.api import ContainerRequest, Image, InstanceRequest, Mount, Probe
from spcs_emulator.runtime.docker import volumes
from spcs_emulator.runtime.docker.engine import ACCOUNT, Engine
from spcs_emulator.runtime.docker.runtime import DockerRuntime
from spcs_emulator.server import LocalAccount

DOMAIN = "abcdef.svc.spcs.internal"
# A web server that ends when it is told to: a first process that says nothing of SIGTERM is deaf to it.
SERVE = "trap 'exit 0' TERM; mkdir -p /web; echo {word} > /web/index.html; httpd -f -p {port} -h /web & wait"
WAIT = "trap 'exit 0' TERM; sleep 600 & wait"


def status(runtime: DockerRuntime, key: str = "a1", container: int = 0) -> str:
    """The status of one container."""
    return runtime.states(key)[container].status


def printed(
    runtime: DockerRuntime, container: str = "web", previous: bool = False, key: str = "a1"
) -> list[str]:
    """The texts of a container's log."""
    return [line.text for line in runtime.logs(key, container, previous)]


def get(port: int, page: str = "") -> str:
    """A page that is served on a local port."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=5) as answer:
        return str(answer.read().decode())


class Registry:
    """The registry of a local account in this process, which runs nothing."""

    def __init__(self, folder: Path, engine: docker.APIClient, tiny: str) -> None:
        self.local = LocalAccount(folder, TurnedClock())
        self.host = f"127.0.0.1:{self.local.port}"
        self._engine = engine
        self._tiny = tiny
        with snowflake.connector.connect(**self.local.connection) as connection, connection.cursor() as asks:
            for sql in ("CREATE DATABASE d", "CREATE IMAGE REPOSITORY d.public.r"):
                asks.execute(sql)

    def source(self) -> Source:
        return Source(self.host, self.local.account.platform_credential())

    @property
    def store(self) -> BlobStore:
        return BlobStore(self.local.folder.registry)

    def push(self, name: str, *lines: str) -> Image:
        """Builds an image on the tiny one with these lines of a Dockerfile, and pushes it; nothing stays."""
        path = f"d/public/r/{name}:1"
        return Image(
            path, build_and_push(self._engine, self.local.connection, self._tiny, path, *lines), "", None
        )


def build_and_push(
    engine: docker.APIClient, connection: Mapping[str, Any], base: str, path: str, *lines: str
) -> str:
    """The digest of an image like no other, of `base` and these lines of a Dockerfile, in the registry of the
    account that is connected to; `path` is "db/schema/repo/name:tag". The engine has no name for it.
    """
    text = "\n".join([f"FROM {base}", f"LABEL once={uuid.uuid4().hex}", *lines])
    reference = f"127.0.0.1:{connection['port']}/{path}"
    for event in engine.build(fileobj=io.BytesIO(text.encode()), tag=reference, rm=True, decode=True):
        assert "error" not in event, event
    login = {"username": connection["user"], "password": connection["password"]}
    try:
        events = list(engine.push(reference, stream=True, decode=True, auth_config=login))
    finally:
        engine.remove_image(reference)
    assert not [event for event in events if "error" in event], events
    [digest] = [event["aux"]["Digest"] for event in events if "aux" in event]
    return str(digest)


@pytest.fixture(scope="session")
def registry(
    engine: docker.APIClient, tiny_base: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Registry]:
    made = Registry(tmp_path_factory.mktemp("registry") / "account", engine, tiny_base)
    yield made
    made.local.close()


@pytest.fixture(scope="session")
def image(registry: Registry) -> Image:
    """The tiny image, pushed."""
    return registry.push("tiny")


@pytest.fixture
def own(engine: docker.APIClient) -> Iterator[Engine]:
    """The engine as an account of the test's own uses it. What of it is left at the end fails the test."""
    used = Engine(engine, f"test-{uuid.uuid4().hex[:12]}")
    yield used
    label = f"{ACCOUNT}={used.account}"
    left = leftovers.labelled(engine, label)
    leftovers.remove(engine, label)
    assert not left, f"left behind: {left}"


@pytest.fixture
def make_runtime(own: Engine, registry: Registry) -> Iterator[Callable[[], DockerRuntime]]:
    """make_runtime() -> a runtime of the account `own`; closed at the end, and its volumes discarded."""
    made: list[DockerRuntime] = []

    def do() -> DockerRuntime:
        client = docker.APIClient(timeout=120)
        made.append(
            DockerRuntime(
                Engine(client, own.account), registry.store, registry.source, lambda: datetime.now(UTC)
            )
        )
        return made[-1]

    yield do
    for runtime in made:
        runtime.close()
    volumes.discard(own, volumes.keys(own))


@pytest.fixture
def runtime(make_runtime: Callable[[], DockerRuntime]) -> DockerRuntime:
    return make_runtime()


@pytest.fixture
def container(image: Image) -> Callable[..., ContainerRequest]:
    """container(script, …) -> a container that runs a shell script."""
    base = image

    def do(
        script: str | None = None,
        *,
        name: str = "web",
        image: Image | None = None,
        command: tuple[str, ...] = ("sh", "-c"),
        environment: Mapping[str, str] | None = None,
        mounts: tuple[Mount, ...] = (),
        readiness: Probe | None = None,
        **more: Any,
    ) -> ContainerRequest:
        words = () if script is None else (script,)
        return ContainerRequest(
            name, image or base, command, words, environment or {}, mounts, readiness, **more
        )

    return do


@pytest.fixture
def instance(container: Callable[..., ContainerRequest]) -> Callable[..., InstanceRequest]:
    """instance(script or containers, …) -> an instance of one container `web`, or of these."""

    def do(
        *containers: str | ContainerRequest,
        key: str = "a1",
        ports: Mapping[int, int] | None = None,
        name: str = "web",
        search: str = DOMAIN,
        unreachable: frozenset[str] = frozenset(),
        once: bool = False,
        **more: Any,
    ) -> InstanceRequest:
        made = [container(one, **more) if isinstance(one, str) else one for one in containers]
        return InstanceRequest(
            key,
            "D.PUBLIC.WEB",
            0,
            tuple(made),
            ports or {},
            {},
            frozenset(),
            f"{name}.{search}",
            search,
            unreachable,
            once,
        )

    return do


@pytest.fixture
def until() -> Callable[..., None]:
    """until(condition, seconds=60): waits for something that an engine does on a busy machine."""

    def do(condition: Callable[[], object], seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        never = threading.Event()
        while not condition():
            assert time.monotonic() < end, "it did not happen in time"
            never.wait(0.05)

    return do
