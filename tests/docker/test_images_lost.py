"""An engine that ends while it builds or pushes: said as what it is, and done again it goes on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.docker import tiny
from tests.docker.engines import Daemon
from tests.docker.registries import DockerRegistry
from tests.docker.workshops import Workshop, logins, workshop

from spcs_milvus.errors import ConnectError
from spcs_milvus.images import Engine
from spcs_milvus.transfer import Transfer


@pytest.fixture
def shop(own_dockerd: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    """In a daemon of its own, which DOCKER_HOST names."""
    monkeypatch.setenv("DOCKER_HOST", own_dockerd.url)
    with own_dockerd.client() as client, workshop(client, tiny.load_tiny(client), tmp_path) as own:
        yield own


def assert_stopped(error: ConnectError, to: str) -> None:
    found = error.problem
    assert found.summary == f"the Docker engine stopped while it was to {to}"
    assert found.hint == (
        "see whether it runs (docker info), then run the command again: what is done is not done twice"
    )


def test_an_engine_that_ends_while_it_builds(shop: Workshop, own_dockerd: Daemon) -> None:
    image = shop.image("RUN echo begun", "RUN test -e /proc/1 && echo at work && sleep 1000")

    def end(transfer: Transfer) -> None:
        if transfer.text == "at work":
            own_dockerd.kill()

    with Engine() as engine, pytest.raises(ConnectError) as raised:
        engine.build(shop.name, image, end)
    assert_stopped(raised.value, "build the image")
    own_dockerd.start()
    with Engine() as engine:
        assert engine.find(shop.name, image) is None
        engine.build(shop.name, shop.image("RUN echo begun"), shop.said.append)


def test_an_engine_that_ends_while_it_pushes(
    shop: Workshop, own_dockerd: Daemon, docker_registry: Callable[..., DockerRegistry]
) -> None:
    image = shop.image("COPY one /", one=b"1" * 100_000)
    registry = docker_registry()
    with Engine() as engine:
        engine.build(shop.name, image, shop.said.append)
    sign_in = logins(registry.password, registry.password, user=registry.user)[1]
    reference = shop.reference(registry.host, image)

    def end(transfer: Transfer) -> None:
        if any(layer.status == "Pushing" for layer in transfer.layers):
            own_dockerd.kill()

    with Engine() as engine, pytest.raises(ConnectError) as raised:
        engine.push(shop.name, image, reference, sign_in, end)
    assert_stopped(raised.value, "push the image")
    own_dockerd.start()
    with Engine() as engine:
        digest = engine.push(shop.name, image, reference, sign_in, shop.said.append)
    assert digest.startswith("sha256:")
    assert shop.tags() == [f"spcs-milvus/{shop.name}:{image.tag}"]


def test_an_engine_that_has_ended(shop: Workshop, own_dockerd: Daemon) -> None:
    image = shop.image()
    own_dockerd.stop()
    with Engine() as engine, pytest.raises(ConnectError) as raised:
        engine.find(shop.name, image)
    assert raised.value.problem.summary == "no Docker engine answers"
    assert raised.value.problem.place == own_dockerd.url
    own_dockerd.start()
