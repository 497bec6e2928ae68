"""An installed wheel works from any folder: templates, specifications and images travel inside it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from spcs_emulator import daemon

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what the wheel installs, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run([sys.executable, "-m", "pip", *build], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def _run(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed), "SPCS_MILVUS_HOME": str(folder / "home")}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_program_comes_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    code = "from spcs_milvus.assets import *; print(templates(), specs(), images(), sep='\\n')"
    shown = _run(installed, tmp_path, "-c", code).stdout.splitlines()
    assert shown == [
        str(installed / "spcs_milvus" / "assets" / name) for name in ("templates", "specs", "images")
    ]


def test_a_stack_from_a_folder_with_nothing_but_what_init_writes(installed: Path, tmp_path: Path) -> None:
    program = ("-m", "spcs_milvus")
    try:
        for words in (
            ("init", "milvus-demo"),
            ("local", "start", "--runtime", "none"),
            ("up", "--yes"),
            ("plan", "--check"),
            ("down", "--yes"),
        ):
            result = _run(installed, tmp_path, *program, *words)
            assert result.returncode == 0, result.stderr
    finally:
        daemon.stop(tmp_path / "home")


def test_the_wheel_holds_all_of_it_and_nothing_else(installed: Path) -> None:
    for name in ("templates", "specs", "images"):
        folder = installed / "spcs_milvus" / "assets" / name
        packed = {path.relative_to(folder) for path in _files(folder)}
        tracked = subprocess.run(
            ["git", "ls-files", name], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert packed == {Path(line).relative_to(name) for line in tracked.stdout.splitlines()}
    assert {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")} == {
        "spcs_milvus",
        "spcs_emulator",
    }


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
