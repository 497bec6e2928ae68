"""process.yaml: how an image runs as a plain process. Its keys, its placeholders, and what it must not do."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.images.conftest import Image

KEYS = {"version", "command", "environment", "files", "ports", "mounts", "readiness"}
PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def texts(process: dict[str, Any]) -> list[str]:
    """Everything in which a placeholder may stand."""
    return [*process["command"], *process.get("environment", {}).values()]


def test_it_has_the_known_keys_and_survives_json(image: Image) -> None:
    process = image.process
    assert set(process) <= KEYS
    assert set(process) >= KEYS - {"environment"}
    assert process["version"] == 1
    assert json.loads(json.dumps(process)) == process


def test_the_command_is_words_that_start_this_interpreter(image: Image) -> None:
    command = image.process["command"]
    assert all(isinstance(word, str) and word for word in command)
    assert command[0] == "{python}"


def test_environment_values_are_text_or_null(image: Image) -> None:
    for name, value in image.process.get("environment", {}).items():
        assert re.fullmatch(r"[A-Z][A-Z0-9_]*", name)
        assert value is None or isinstance(value, str)


def test_every_placeholder_is_known_and_every_port_and_mount_is_used(image: Image) -> None:
    process = image.process
    used = {placeholder for text in texts(process) for placeholder in PLACEHOLDER.findall(text)}
    ports = {f"{{port:{port}}}" for port in process["ports"]}
    mounts = {f"{{mount:{path}}}" for path in process["mounts"]}
    assert used - {"{python}", "{files}"} == ports | mounts


def test_the_files_are_there_and_lie_in_the_folder_itself(image: Image) -> None:
    for name in image.process["files"]:
        assert Path(name).name == name
        assert (image.folder / name).is_file()


def test_mounts_are_absolute_container_paths(image: Image) -> None:
    assert all(re.fullmatch(r"(/[a-z]+)+", path) for path in image.process["mounts"])


def test_readiness_asks_one_of_its_own_ports(image: Image) -> None:
    readiness = image.process["readiness"]
    assert set(readiness) in ({"tcp"}, {"http", "path"})
    assert (readiness.get("tcp") or readiness.get("http")) in image.process["ports"]


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "*"])
def test_it_listens_on_loopback_only(image: Image, address: str) -> None:
    program = (image.folder / "serve.py").read_text(encoding="utf-8")
    words = image.process["command"]
    assert not any(address == word.rpartition("=")[2] for word in words)
    assert "--ServerApp.ip=127.0.0.1" in words or '"127.0.0.1:' in program


def test_the_ports_are_those_the_dockerfile_exposes(image: Image) -> None:
    exposed = {int(port) for arguments in image.arguments("EXPOSE") for port in arguments.split()}
    assert set(image.process["ports"]) <= exposed


def test_jupyter_writes_into_its_own_folder_only(jupyter_image: Image) -> None:
    environment = jupyter_image.process["environment"]
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        assert environment[name].startswith("{files}/.")
