"""The size of an image does not show in our memory: contexts are streamed, and the engine pushes."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from tests.docker.registries import DockerRegistry
from tests.docker.workshops import Workshop, workshop
from tests.environments import ROOT

MEGABYTE = 1024 * 1024


@pytest.fixture
def shop(engine: docker.APIClient, tiny_base: str, tmp_path: Path) -> Iterator[Workshop]:
    with workshop(engine, tiny_base, tmp_path) as own:
        yield own


def peak(shop: Workshop, registry: DockerRegistry, size: int) -> int:
    """The most memory of a process that builds and pushes an image with a file of that size."""
    image = shop.image("COPY large /")
    with (shop.folder / "large").open("wb") as file:
        file.truncate(size)
    command = [sys.executable, "-m", "benchmarks.image_memory", str(shop.folder)]
    command += [shop.reference(registry.host, image), registry.user]
    ran = subprocess.run(
        command, input=registry.password, capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return int(json.loads(ran.stdout)["peak_bytes"])


def test_a_gigabyte_takes_no_more_memory_than_a_megabyte(
    shop: Workshop, docker_registry: Callable[..., DockerRegistry]
) -> None:
    registry = docker_registry()
    small, large = peak(shop, registry, MEGABYTE), peak(shop, registry, 1024 * MEGABYTE)
    assert large < small + 16 * MEGABYTE
    assert large < 128 * MEGABYTE
