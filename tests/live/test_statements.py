"""Statements whose answers we lean on, one after another; the cases are data."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Observed

CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parent / "statements.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", CASES)
def test_the_account_answers_as_we_assume(observed: Observed, name: str) -> None:
    answers = [(step, observed.run(step["sql"].replace("{P}", observed.prefix))) for step in CASES[name]]
    wrong = [problem for step, answer in answers if (problem := _wrong(step, answer))]
    assert wrong == []


def _wrong(step: dict[str, Any], answer: dict[str, Any]) -> str | None:
    """What is not as the step has it; None when all of it is."""
    if answer["errno"] != step.get("error"):
        return f"{step['sql']}: {answer['errno']} ({answer['message']}) instead of {step.get('error')}"
    if "columns" in step and not _in_order(step["columns"], answer["columns"]):
        return f"{step['sql']}: columns {answer['columns']}"
    if "rows" in step:
        rows, expected = answer["rows"], step["rows"]
        if len(rows) != len(expected) or not all(
            row.items() >= cells.items() for row, cells in zip(rows, expected, strict=True)
        ):
            return f"{step['sql']}: rows {rows}"
    return None


def _in_order(wanted: list[str], found: list[str]) -> bool:
    rest = iter(found)
    return all(name in rest for name in wanted)
