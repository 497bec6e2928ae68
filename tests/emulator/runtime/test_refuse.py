"""What the process runtime refuses before anything happens, and in which words."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.emulator.runtime.conftest import MANIFEST_TYPE, REPOSITORY

from spcs_emulator.registry.blobs import BlobStore
from spcs_emulator.runtime.api import Image, InstanceRequest, Mount
from spcs_emulator.runtime.process import ProcessRuntime

Make = Callable[..., Any]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"command": ["{port:9}"]}, "{port:9}"),
        ({"command": ["{mount:/data}"]}, "{mount:/data}"),
        ({"environment": {"A": "{nothing}"}}, "environment variable A"),
        ({"version": 3}, "version 3"),
    ],
)
def test_an_image_that_does_not_fit(
    runtime: ProcessRuntime, web: Make, instance: Make, changes: dict[str, Any], words: str
) -> None:
    text = runtime.refuse(instance(web(**changes)))
    assert text is not None
    assert words in text
    assert "container web" in text


def test_a_bare_host_name(runtime: ProcessRuntime, web: Make, instance: Make) -> None:
    request: InstanceRequest = instance(
        web(), environment={"MILVUS_HOST": "milvus"}, hosts=frozenset({"milvus"})
    )
    text = runtime.refuse(request)
    assert text is not None
    assert "MILVUS_HOST" in text
    assert "http://host:port" in text


def test_a_bare_host_name_that_the_image_replaces_is_fine(
    runtime: ProcessRuntime, web: Make, instance: Make
) -> None:
    image = web(environment={"MILVUS_HOST": None})
    hosts = frozenset({"milvus"})
    assert runtime.refuse(instance(image, environment={"MILVUS_HOST": "milvus"}, hosts=hosts)) is None


def test_a_volume_at_a_path_the_image_does_not_know(
    runtime: ProcessRuntime, web: Make, instance: Make
) -> None:
    mount = Mount("/elsewhere", "block", "a/data")
    text = runtime.refuse(instance(web(mounts=["/data"]), mounts=(mount,)))
    assert text is not None
    assert "/elsewhere" in text
    assert "/data" in text


def test_a_container_image(runtime: ProcessRuntime, blobs: BlobStore, instance: Make) -> None:
    manifest = {"schemaVersion": 2, "config": {"mediaType": "x"}, "layers": []}
    digest = blobs.put(REPOSITORY, json.dumps(manifest).encode())
    text = runtime.refuse(instance(Image("db/s/r/web:1", digest, MANIFEST_TYPE, None)))
    assert text is not None
    assert "db/s/r/web:1: it is a container image, which the runtime `docker` runs" in text
    assert "spcs-milvus local start --runtime docker" in text


def test_an_image_that_is_not_whole(runtime: ProcessRuntime, web: Make, instance: Make) -> None:
    image: Image = web()
    text = runtime.refuse(instance(replace(image, digest="sha256:" + "0" * 64)))
    assert text is not None
    assert "not whole in the registry" in text


def test_two_containers_on_one_port(runtime: ProcessRuntime, web: Make, instance: Make) -> None:
    request: InstanceRequest = instance(web())
    twin = replace(request.containers[0], name="twin")
    text = runtime.refuse(replace(request, containers=(*request.containers, twin)))
    assert text is not None
    assert "two containers of DB.S.WEB listen on port 8000" in text


def test_a_name_that_cannot_be_a_file(runtime: ProcessRuntime, web: Make, instance: Make) -> None:
    assert "../x" in (runtime.refuse(instance(web(), name="../x")) or "")


def test_refusing_changes_nothing(runtime: ProcessRuntime, web: Make, instance: Make, tmp_path: Path) -> None:
    assert runtime.refuse(instance(web())) is None
    assert runtime.states("a1") == ()
    assert list((tmp_path / "processes").iterdir()) == []
