"""Start-up is quick because what is not needed is not loaded, above all the connector."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SLOW = ("snowflake", "docker", "pymilvus", "milvus_lite", "requests", "spcs_emulator")

# runs the program as its command does, then prints the packages that were loaded
_RUN = """
import sys
from spcs_milvus.cli import main
try:
    main()
except SystemExit as ended:
    code = ended.code
print("loaded", code or 0, *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""

# what the local account runs it says itself
ALLOWED = {"render": {"spcs_emulator"}}
COMMANDS = [
    ("--help",),
    ("--version",),
    ("init", "demo"),
    ("validate",),
    ("validate", "--output", "json"),
    ("render", "--out", "sql"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_that_needs_no_account_loads_nothing_slow(words: tuple[str, ...], tmp_path: Path) -> None:
    if words[0] in ("validate", "render"):
        (tmp_path / "spcs-milvus.yaml").write_text("project: demo\nconnection: local\n", encoding="utf-8")
    source = Path(__file__).parents[1] / "src"
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(source), "SPCS_MILVUS_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    _, code, *loaded = done.stderr.splitlines()[-1].split()
    assert code == "0", done.stderr
    assert "spcs_milvus" in loaded
    assert set(SLOW) & set(loaded) == ALLOWED.get(words[0], set())
