"""What the tests with a Docker engine share: the engine, small images, registries, daemons to be killed.

Without an engine, or a program that a fixture runs, the test is skipped by name; where CI=true it fails.
"""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from tests.docker import bases, engines, leftovers, registries, tiny
from tests.environments import do_without


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.APIClient]:
    """A client of the engine of this machine. It is shared: what a test makes there carries its `label`."""
    client = engines.connect()
    if isinstance(client, str):
        do_without(client)
    with client:
        yield client


@pytest.fixture
def label(engine: docker.APIClient) -> Iterator[str]:
    """`key=value`, this test's own. What carries it at the end is removed, and the test fails for it."""
    own = f"spcs-milvus-test={uuid.uuid4().hex}"
    yield own
    left = leftovers.labelled(engine, own)
    leftovers.remove(engine, own)
    assert not left, f"left behind: {left}"


@pytest.fixture(scope="session")
def tiny_base(engine: docker.APIClient) -> str:
    """The reference of an image with `sh` and busybox. It stays in the engine, as everybody's."""
    _need(tiny.why_no_busybox())
    return tiny.load_tiny(engine)


@pytest.fixture(scope="session")
def tiny_arm64_base(engine: docker.APIClient) -> str:
    """The same, but it says that it is for linux/arm64."""
    _need(tiny.why_no_busybox())
    return tiny.load_tiny(engine, "arm64")


@pytest.fixture(scope="session")
def debian_base(engine: docker.APIClient) -> str:
    """The reference of a minimal Debian. It stays in the engine, as the two that follow."""
    return bases.debian(engine)


@pytest.fixture(scope="session")
def milvus_base(engine: docker.APIClient, debian_base: str) -> str:
    """What images/milvus is built on here: the real server, of version 2.3.5."""
    return bases.milvus(engine, debian_base)


@pytest.fixture(scope="session")
def jupyter_base(engine: docker.APIClient, debian_base: str) -> str:
    """What images/jupyter is built on here."""
    return bases.jupyter(engine, debian_base)


@pytest.fixture
def docker_registry(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., registries.DockerRegistry]]:
    """Starts a registry: `docker_registry()`, or `docker_registry(storage)` with a folder that is there."""
    _need(registries.why_no_registry())
    started: list[registries.DockerRegistry] = []

    def start(storage: Path | None = None) -> registries.DockerRegistry:
        kept = storage or tmp_path_factory.mktemp("registry-storage")
        settings = tmp_path_factory.mktemp("registry")
        registry = registries.DockerRegistry(kept, settings, registries.free_port())
        started.append(registry)
        registry.start()
        return registry

    yield start
    for registry in started:
        registry.kill()


@pytest.fixture
def own_dockerd() -> Iterator[engines.Daemon]:
    """A daemon of the test's own, to be killed and started again; empty, without a network. Needs root."""
    _need(engines.why_no_daemon())
    with engines.daemon() as daemon:
        yield daemon


def _need(missing: str | None) -> None:
    if missing:
        do_without(missing)
