"""Which options a connection has: the official CLI's precedence, rule by rule."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from spcs_milvus.connections import Written, options
from spcs_milvus.errors import ConfigError

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "connections.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_precedence(case: dict[str, Any]) -> None:
    known = Written("default", case["files"])
    environment = case.get("environment", {})
    if "error" in case:
        with pytest.raises(ConfigError) as raised:
            options(case["name"], known, environment)
        problem = raised.value.problem
        assert case["error"] in f"{problem.summary} {problem.hint}"
    else:
        assert options(case["name"], known, environment) == case["options"]


def test_what_is_written_down_does_not_show_its_secrets() -> None:
    assert "canary" not in repr(Written("prod", {"prod": {"password": "canary"}}))
