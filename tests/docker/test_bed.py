"""The fixtures of this folder do what they say: also the tests of a test bed must be able to fail."""

import io
import os
from collections.abc import Callable

import docker
import psutil
import pytest
import requests
from tests.docker import engines, leftovers, tiny
from tests.docker.registries import DockerRegistry, why_no_registry
from tests.environments import do_without


def test_no_engine_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    assert str(engines.connect()).startswith("no Docker engine answers: ")


def test_what_is_not_installed_is_told_by_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert why_no_registry() == "not installed here (names of Debian): apache2-utils, docker-registry"
    assert "docker.io" in str(engines.why_no_daemon())


def test_leftovers_are_found_and_removed(engine: docker.APIClient, tiny_base: str) -> None:
    label = f"spcs-milvus-test-leftovers={os.getpid()}"
    labels = dict([label.split("=")])
    container = engine.create_container(tiny_base, "true", labels=labels)
    network = engine.create_network(f"leftovers-{os.getpid()}", labels=labels)
    volume = engine.create_volume(labels=labels)
    _build(engine, f"FROM {tiny_base}\nLABEL {label}\n")
    try:
        found = leftovers.labelled(engine, label)
        assert found[:3] == [
            f"container {container['Id']}",
            f"network leftovers-{os.getpid()}",
            f"volume {volume['Name']}",
        ]
        assert [word.split()[0] for word in found[3:]] == ["image"], network
    finally:
        leftovers.remove(engine, label)
    assert leftovers.labelled(engine, label) == []


def test_the_tiny_bases(engine: docker.APIClient, tiny_base: str, tiny_arm64_base: str, label: str) -> None:
    assert engine.inspect_image(tiny_base)["Architecture"] == "amd64"
    assert engine.inspect_image(tiny_arm64_base)["Architecture"] == "arm64"
    container = engine.create_container(
        tiny_base, ["sh", "-c", "echo hello"], labels=dict([label.split("=")])
    )
    engine.start(container)
    assert engine.wait(container)["StatusCode"] == 0
    assert engine.logs(container) == b"hello\n"
    engine.remove_container(container)


def test_a_registry_is_killed_and_comes_again(docker_registry: Callable[..., DockerRegistry]) -> None:
    registry = docker_registry()
    address, login = f"http://{registry.host}/v2/_catalog", (registry.user, registry.password)
    assert requests.get(address, auth=(registry.user, "wrong"), timeout=5).status_code == 401
    assert requests.get(address, auth=login, timeout=5).json() == {"repositories": []}
    registry.kill()
    with pytest.raises(requests.ConnectionError):
        requests.get(address, auth=login, timeout=5)
    registry.start()
    assert requests.get(address, auth=login, timeout=5).status_code == 200
    registry.set_password("another")
    assert requests.get(address, auth=login, timeout=5).status_code == 401


def test_a_daemon_of_ones_own_is_killed_and_comes_again(own_dockerd: engines.Daemon) -> None:
    with own_dockerd.client() as client:
        client.create_volume("kept")
    own_dockerd.kill()
    with pytest.raises(docker.errors.DockerException):
        own_dockerd.client()
    own_dockerd.start()
    with own_dockerd.client() as client:
        assert [volume["Name"] for volume in client.volumes()["Volumes"]] == ["kept"]


def test_a_daemon_of_ones_own_leaves_the_shared_one_its_network(
    engine: docker.APIClient, own_dockerd: engines.Daemon, tiny_base: str, label: str
) -> None:
    container = engine.create_container(tiny_base, ["true"], labels=dict([label.split("=")]))
    engine.start(container)
    engine.remove_container(container, force=True)


def test_nothing_is_left_of_a_daemon_killed_while_a_container_ran() -> None:
    missing = engines.why_no_daemon() or tiny.why_no_busybox()
    if missing:
        do_without(missing)
    with engines.daemon() as daemon, daemon.client() as client:
        command = ["sleep", "98765"]
        container = client.create_container(tiny.load_tiny(client), command)
        client.start(container)
        process = psutil.Process(client.inspect_container(container)["State"]["Pid"])
        daemon.kill()
        assert process.is_running()
    psutil.wait_procs([process], timeout=10)
    assert not process.is_running()
    assert not daemon.folder.exists()


def _build(engine: docker.APIClient, dockerfile: str) -> None:
    events = list(engine.build(fileobj=io.BytesIO(dockerfile.encode()), decode=True, rm=True))
    assert not any("error" in event for event in events), events
