"""Virtual environments for clients that must not share ours: each pins a connector, or a typer, of its own.
And wheels for images, which are installed where there is no network.

In: the name of a file in `constraints/`. Out: the folder of its programs. Makes `.venv-<name>` in the
project's root when it is missing or was made from something else; touches the network only then.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[1]
CONSTRAINTS = Path(__file__).parent / "constraints"
LONGEST_INSTALL_SECONDS = 900

# What is installed; the versions, its own among them, are in the constraints.
INSTALLED = {
    "snow": ("snowflake-cli",),
    "snowcap": ("snowcap",),
    "connector-4.8": ("--editable", str(ROOT), "pytest", "hypothesis"),
}
# What is downloaded only: every distribution in the constraints, for the Python of Debian bookworm on amd64.
DOWNLOADED = frozenset(("milvus-base", "jupyter-base"))
DOWNLOADED_FOR = (
    "--python-version=3.11.2",
    "--platform=manylinux2014_x86_64",
    "--platform=manylinux_2_28_x86_64",
)

# The ones that hold our own program: our constraints hold too, but for what theirs say otherwise.
OURS = frozenset(("connector-4.8",))


def constraints(name: str) -> str:
    """The versions of everything in an environment, a line each."""
    own = _text(CONSTRAINTS / f"{name}.txt")
    if name not in OURS:
        return own
    said = {_distribution(line) for line in own.splitlines()}
    ours = _text(ROOT / "constraints.txt").splitlines(keepends=True)
    return own + "".join(line for line in ours if _distribution(line) not in said)


@cache
def install(name: str) -> str | None:
    """Why there is no environment; None when it stands. Tried once."""
    folder = _folder(name)
    wanted = constraints(name) + (_text(ROOT / "pyproject.toml") if name in OURS else "")
    made_of, pinned = folder / "made-of.txt", folder / "constraints.txt"
    with FileLock(f"{folder}.lock"):
        if made_of.exists() and _text(made_of) == wanted:
            return None
        failed = _run(sys.executable, "-m", "venv", "--clear", str(folder))
        if failed is None:
            pinned.write_text(constraints(name), encoding="utf-8")
            install = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
            options = ["--disable-pip-version-check", "--constraint", str(pinned)]
            failed = _run(*install, *options, *INSTALLED[name])
        if failed is None:
            made_of.write_text(wanted, encoding="utf-8")
        return failed


def download(name: str, folder: Path) -> str | None:
    """Why not all wheels of `constraints/<name>.txt` are in the folder; None when they are."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    chosen = ["--only-binary=:all:", *DOWNLOADED_FOR, "--requirement", str(CONSTRAINTS / f"{name}.txt")]
    return _run(*command, *chosen, "--dest", str(folder))


def programs(
    name: str,
    install: Callable[[str], str | None] = install,
    environment: Mapping[str, str] = os.environ,
) -> Path:
    """The folder of an environment's programs; without it the test is skipped, and fails where CI=true."""
    missing = install(name)
    if missing:
        do_without(f"the environment of {name} could not be made: {missing}", environment)
    return _folder(name) / "bin"


def do_without(reason: str, environment: Mapping[str, str] = os.environ) -> NoReturn:
    """Skips the test that asks, by name and with the reason; where CI=true it fails."""
    (pytest.fail if environment.get("CI") == "true" else pytest.skip)(reason)


def _folder(name: str) -> Path:
    return ROOT / f".venv-{name}"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _distribution(line: str) -> str:
    return line.partition("==")[0].strip().lower()


def _run(*command: str) -> str | None:
    """The last line of what a failed command said; None when it went well."""
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=LONGEST_INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"it took more than {LONGEST_INSTALL_SECONDS} s"
    if result.returncode == 0:
        return None
    return (result.stderr.strip().splitlines() or ["it said nothing"])[-1]
