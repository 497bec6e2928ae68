"""What a process image may say, and its placeholders."""

import json
from typing import Any

import pytest

from spcs_emulator.runtime.placeholders import Meanings, UnknownPlaceholderError, fill
from spcs_emulator.runtime.process_image import (
    ARTIFACT_TYPE,
    NotAProcessImageError,
    Parts,
    Readiness,
    parse,
    parts_of,
)

WHOLE: dict[str, Any] = {
    "version": 1,
    "command": ["{python}", "x"],
    "environment": {"A": "1", "B": None},
    "files": ["x"],
    "ports": [80],
    "mounts": ["/data"],
    "readiness": {"tcp": 80},
}


def test_a_whole_config() -> None:
    image = parse(json.dumps(WHOLE).encode())
    assert image.command == ("{python}", "x")
    assert image.environment == {"A": "1", "B": None}
    assert (image.ports, image.mounts, image.readiness) == ((80,), ("/data",), Readiness(80, None))


def test_no_readiness() -> None:
    image = parse(json.dumps({key: value for key, value in WHOLE.items() if key != "readiness"}).encode())
    assert image.readiness is None


def test_http_readiness() -> None:
    image = parse(json.dumps(WHOLE | {"readiness": {"http": 80, "path": "/api"}}).encode())
    assert image.readiness == Readiness(80, "/api")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"version": 2}, "version 2"),
        ({"comand": []}, "unknown key: comand"),
        ({"command": []}, "no command"),
        ({"command": "python"}, "command is not a list of strings"),
        ({"environment": {"A": 1}}, "environment"),
        ({"environment": []}, "environment"),
        ({"ports": ["80"]}, "ports"),
        ({"ports": [True]}, "ports"),
        ({"ports": [0]}, "ports"),
        ({"ports": []}, "readiness asks port 80"),
        ({"mounts": ["data"]}, "absolute"),
        ({"mounts": ["/a/../b"]}, "absolute"),
        ({"mounts": ["/"]}, "absolute"),
        ({"files": [1]}, "files"),
        ({"readiness": None}, "readiness"),
        ({"readiness": {"tcp": 80, "path": "/"}}, "readiness"),
        ({"readiness": {"http": 80}}, "readiness"),
        ({"readiness": {"http": 80, "path": "api"}}, "readiness"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(NotAProcessImageError, match=text):
        parse(json.dumps(WHOLE | changes).encode())


@pytest.mark.parametrize("config", [b"", b"[]", b"{", b"\xff"])
def test_no_config_at_all(config: bytes) -> None:
    with pytest.raises(NotAProcessImageError):
        parse(config)


def test_the_parts_of_a_manifest() -> None:
    manifest: dict[str, Any] = {"artifactType": ARTIFACT_TYPE, "config": {"digest": "c"}, "layers": []}
    assert parts_of(json.dumps(manifest).encode()) == Parts("c", None)
    manifest["layers"] = [{"digest": "l"}]
    assert parts_of(json.dumps(manifest).encode()) == Parts("c", "l")


@pytest.mark.parametrize(
    ("manifest", "text"),
    [
        ({"config": {"digest": "c"}, "layers": []}, "container image"),
        ({"artifactType": ARTIFACT_TYPE, "layers": []}, "no config"),
        ({"artifactType": ARTIFACT_TYPE, "config": {}, "layers": []}, "one config"),
        ({"artifactType": ARTIFACT_TYPE, "config": {"digest": "c"}, "layers": [{}]}, "at most one layer"),
        (
            {"artifactType": ARTIFACT_TYPE, "config": {"digest": "c"}, "layers": [{"digest": "l"}] * 2},
            "at most one layer",
        ),
    ],
)
def test_manifests_of_other_things(manifest: dict[str, Any], text: str) -> None:
    with pytest.raises(NotAProcessImageError, match=text):
        parts_of(json.dumps(manifest).encode())


MEANINGS = Meanings("/bin/python", "/files", {80: 20001}, {"/data": "/volume"})


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{python}", "/bin/python"),
        ("--port={port:80}", "--port=20001"),
        ("{mount:/data}/x:{files}", "/volume/x:/files"),
        ('{{"a": {port:80}}}', '{"a": 20001}'),
        ("plain", "plain"),
    ],
)
def test_placeholders(template: str, expected: str) -> None:
    assert fill(template, MEANINGS) == expected


@pytest.mark.parametrize(
    "template",
    ["{port:81}", "{port:x}", "{port:}", "{mount:/other}", "{home}", "{}", "{", "a}", "{python:3}"],
)
def test_a_placeholder_that_stands_for_nothing(template: str) -> None:
    with pytest.raises(UnknownPlaceholderError):
        fill(template, MEANINGS)
