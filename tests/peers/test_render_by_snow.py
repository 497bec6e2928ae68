"""The rendered files in the hands of a person with the official CLI: `snow sql -f`, file after file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.environments import programs
from tests.peers.snow import Snow
from tests.spcs_milvus.flow.command_line import CommandLine

from spcs_emulator import daemon

PROJECT = "project: milvus-demo\nconnection: local\n"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[CommandLine]:
    """Our program beside a local account, its project rendered into `sql`."""
    line = CommandLine(tmp_path)
    line.write(PROJECT)
    yield line
    if (tmp_path / "home").exists():
        daemon.stop(tmp_path / "home")


def test_by_hand_up_to_the_services_and_back(here: CommandLine) -> None:
    program = programs("snow") / "snow"
    connection = _document(here, "local", "start", "--runtime", "none")["connection"]
    snow = Snow(program, here.folder / "snow-home", here.folder / "sql")
    snow.connect(connection)
    before = daemon.dump(here.folder / "home")
    files = [file for file in _document(here, "render", "--out", "sql")["files"] if file["role"]]
    undoing = [file["path"] for file in files if file["path"].startswith("undo/")]
    making = [file["path"] for file in files if not file["services"] and file["path"] not in undoing]

    _run(snow, making)

    made = {change["address"].split(".")[0] for change in _document(here, "up", "--yes")["changes"]}
    assert made == {"image", "service", "ready", "grant"}
    assert here.run("plan", "--check").returncode == 0

    _run(snow, undoing)

    assert daemon.dump(here.folder / "home") == before


def _document(here: CommandLine, *words: str) -> dict[str, Any]:
    result = here.run(*words, "--output", "json")
    assert result.returncode == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def _run(snow: Snow, paths: list[str]) -> None:
    assert paths
    for path in paths:
        result = snow.run("sql", "-f", path)
        assert result.returncode == 0, f"{path}\n{result.stdout}{result.stderr}"
