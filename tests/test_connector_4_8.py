"""The same tests with the connector of the generation before, in an environment of its own."""

import subprocess
from pathlib import Path

import pytest
from tests.environments import ROOT, programs

# What speaks with an account through the connector; the real stack needs what that environment does without.
TESTS = (
    "tests/spcs_milvus/flow",
    "tests/emulator/test_arranged.py",
    "tests/canaries/test_commands.py",
    "tests/emulator/test_wire.py",
    "tests/emulator/test_queries.py",
    "tests/emulator/test_stage_files.py",
    "tests/emulator/test_statements.py",
    "tests/emulator/test_killed_account.py",
)
# These cannot even be imported there; single tests are marked.
REAL = (
    "tests/spcs_milvus/flow/test_real_stack.py",
    "tests/spcs_milvus/flow/test_real_pause.py",
    "tests/spcs_milvus/flow/test_guide.py",
)


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of the environment."""
    return programs("connector-4.8") / "python"


def run(python: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, *words], check=False, cwd=ROOT, capture_output=True, text=True, timeout=1800
    )


def test_it_is_the_other_generation(python: Path) -> None:
    said = run(python, "-c", "from snowflake import connector; print(connector.__version__)")
    assert said.stdout.startswith("4.8."), said.stderr


def test_the_flows_and_the_wire(python: Path) -> None:
    without = [f"--ignore={file}" for file in REAL]
    said = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not real", *TESTS, *without)
    assert said.returncode == 0, said.stdout[-5000:]
    assert " passed" in said.stdout
