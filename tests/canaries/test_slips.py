"""A secret that is typed where it does not belong, or so that the file cannot be read: the error says where,
and never what.
"""

from pathlib import Path

import pytest
from tests.canaries.observers import leaks, texts
from tests.canaries.places import SLIP, SLIPS
from tests.spcs_milvus.stack import QUICKSTART
from typer.testing import CliRunner

from spcs_milvus.cli import app


@pytest.mark.parametrize("slip", SLIPS)
@pytest.mark.parametrize("words", ["", "-o json", "-e prod"], ids=["text", "json", "environment"])
def test_a_slip_is_told_without_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slip: str, words: str
) -> None:
    file = tmp_path / "spcs-milvus.yaml"
    file.write_text(QUICKSTART + SLIPS[slip].replace("CANARY", SLIP.core), encoding="utf-8")
    monkeypatch.setenv(f"{SLIP.core}_VARIABLE", SLIP.text)
    result = CliRunner().invoke(app, ["validate", "-f", str(file), *words.split()])
    assert result.exit_code == 2, result.output
    found = leaks(texts("validate", stdout=result.stdout, stderr=result.stderr), [SLIP])
    assert not found, "\n".join(map(str, found))
