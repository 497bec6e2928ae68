"""The commands that need no account, on some of the changed project files: they end with 0 or 2, what they
print is for people or is JSON, and nothing of it steers a terminal.
"""

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from tests.fuzz import mutations
from tests.fuzz.cases import CASES, limit, random_of
from tests.fuzz.files import VARIABLES, furnish
from typer.testing import CliRunner

from spcs_milvus.cli import app

COMMANDS = (
    ["validate"],
    ["render", "--out", "out"],
    ["graph", "--offline"],
    ["graph", "--offline", "--format", "mermaid"],
)
CHANGES = (mutations.changed_bytes, mutations.changed_nodes, mutations.changed_value)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    furnish(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPCS_MILVUS_HOME", str(tmp_path / "home"))
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    yield tmp_path


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_ends_with_0_or_2(command: list[str], folder: Path) -> None:
    codes = set()
    for number in range(max(1, CASES // 400)):
        random = random_of(" ".join(command), number)
        (folder / "spcs-milvus.yaml").write_bytes(random.choice(CHANGES)(random))
        codes.add(_run(command, random))
    assert codes <= {0, 2}


def _run(command: list[str], random: Random) -> int:
    output = random.choice(("text", "json"))
    with limit():
        result = CliRunner().invoke(app, [*command, "-c", random.choice(("local", "other")), "-o", output])
    assert "Traceback" not in result.stderr
    assert "is a bug" not in result.stderr
    if output == "json":
        assert json.loads(result.stdout)["version"] == 1
    said = result.stdout + result.stderr
    assert not [one for one in said if one != "\n" and unicodedata.category(one) in ("Cc", "Cf", "Zl", "Zp")]
    return result.exit_code
