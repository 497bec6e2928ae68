"""Virtual environments for clients that must not share ours: each pins a connector, or a typer, of its own.

In: the name of a file in `constraints/`. Out: the folder of its programs. Makes `.venv-<name>` in the
project's root when it is missing or was made from other constraints; touches the network only then.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]
CONSTRAINTS = Path(__file__).parent / "constraints"
LONGEST_INSTALL_SECONDS = 900

# What is installed; the versions, its own among them, are in the constraints.
DISTRIBUTIONS = {"snow": "snowflake-cli", "snowcap": "snowcap"}


@cache
def install(name: str) -> str | None:
    """Why there is no environment; None when it stands. Tried once."""
    folder = _folder(name)
    wanted = (CONSTRAINTS / f"{name}.txt").read_text(encoding="utf-8")
    made_of = folder / "made-of.txt"
    with FileLock(f"{folder}.lock"):
        if made_of.exists() and made_of.read_text(encoding="utf-8") == wanted:
            return None
        install = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        options = ["--disable-pip-version-check", "--constraint", str(CONSTRAINTS / f"{name}.txt")]
        failed = _run(sys.executable, "-m", "venv", "--clear", str(folder)) or _run(
            *install, *options, DISTRIBUTIONS[name]
        )
        if failed is None:
            made_of.write_text(wanted, encoding="utf-8")
        return failed


def programs(
    name: str,
    install: Callable[[str], str | None] = install,
    environment: Mapping[str, str] = os.environ,
) -> Path:
    """The folder of an environment's programs; without it the test is skipped, and fails where CI=true."""
    missing = install(name)
    if missing:
        reason = f"the environment of {name} could not be made: {missing}"
        (pytest.fail if environment.get("CI") == "true" else pytest.skip)(reason)
    return _folder(name) / "bin"


def _folder(name: str) -> Path:
    return ROOT / f".venv-{name}"


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
