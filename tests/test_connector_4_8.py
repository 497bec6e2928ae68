"""What the connector does for us, done by the generation before, in an environment of its own: sign-in,
statements, lost answers, files, many commands in turn. What is made of its answers is the same with both.
"""

import subprocess
from pathlib import Path

import pytest
from tests.environments import ROOT, programs

FLOW = "tests/spcs_milvus/flow"
TESTS = (
    f"{FLOW}/test_sign_in.py",
    f"{FLOW}/test_up_down.py",
    f"{FLOW}/test_spec_delivery.py",
    f"{FLOW}/test_lost_answers.py",
    f"{FLOW}/test_two_at_once.py",
    f"{FLOW}/test_users.py",
    f"{FLOW}/test_looking.py",
    f"{FLOW}/test_refusals.py",
    "tests/canaries/test_commands.py",
    "tests/emulator/test_arranged.py",
    "tests/emulator/test_wire.py",
    "tests/emulator/test_queries.py",
    "tests/emulator/test_stage_files.py",
    "tests/emulator/test_statements.py",
    "tests/emulator/test_killed_account.py",
)


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of the environment."""
    return programs("connector-4.8") / "python"


def run(python: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, *words], check=False, cwd=ROOT, capture_output=True, text=True, timeout=1200
    )


def test_it_is_the_other_generation(python: Path) -> None:
    said = run(python, "-c", "from snowflake import connector; print(connector.__version__)")
    assert said.stdout.startswith("4.8."), said.stderr


def test_the_flows_and_the_wire(python: Path) -> None:
    said = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not real", *TESTS)
    assert said.returncode == 0, said.stdout[-5000:]
    assert " passed" in said.stdout
