"""Snowcap, unmodified and in an environment of its own, on a local account: `cases/snowcap.yaml`.

Without a service: Snowcap 1.0.33 ends with its own KeyError ('owner') on one before it sends a statement.
"""

import copy
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.environments import programs

from spcs_emulator.clock import TurnedClock
from spcs_emulator.server import LocalAccount

HERE = Path(__file__).parent
PROJECT: dict[str, Any] = yaml.safe_load((HERE / "cases" / "snowcap.yaml").read_text(encoding="utf-8"))
KINDS = {
    "compute_pool",
    "database",
    "external_access_integration",
    "grant",
    "image_repository",
    "network_rule",
    "role",
    "role_grant",
    "schema",
    "secret",
    "stage",
    "user",
    "warehouse",
}


@dataclass
class Snowcap:
    """Snowcap on one account; every call is a run of its own."""

    python: Path
    connection: dict[str, Any]

    def plan(self, project: dict[str, Any]) -> list[dict[str, Any]]:
        """The changes it would make."""
        changes: list[dict[str, Any]] = json.loads(self._run("plan", project))
        return changes

    def apply(self, project: dict[str, Any]) -> None:
        """Makes the changes."""
        self._run("apply", project)

    def _run(self, word: str, project: dict[str, Any]) -> str:
        result = subprocess.run(
            [str(self.python), str(HERE / "run_snowcap.py"), word],
            input=json.dumps({"connection": self.connection, "project": project}),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout


@pytest.fixture(scope="module")
def snowcap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snowcap]:
    python = programs("snowcap") / "python"
    with LocalAccount(tmp_path_factory.mktemp("snowcap") / "account", TurnedClock()) as local:
        yield Snowcap(python, local.connection)


@pytest.fixture(scope="module")
def first(snowcap: Snowcap) -> list[dict[str, Any]]:
    """The plan on an empty account, which was then applied."""
    changes = snowcap.plan(PROJECT)
    snowcap.apply(PROJECT)
    return changes


def test_an_empty_account_gets_everything(first: list[dict[str, Any]]) -> None:
    assert {change["action"] for change in first} == {"CREATE"}
    assert {change["urn"].split(":")[-1].partition("/")[0] for change in first} == KINDS
    assert len(first) == sum(len(listed) for listed in PROJECT.values())


def test_a_second_plan_is_empty(snowcap: Snowcap, first: list[dict[str, Any]]) -> None:
    assert snowcap.plan(PROJECT) == []


def test_a_change_is_seen_and_made(snowcap: Snowcap, first: list[dict[str, Any]]) -> None:
    project = copy.deepcopy(PROJECT)
    project["warehouses"][0]["auto_suspend"] = 60
    project["compute_pools"][0]["max_nodes"] = 2
    project["network_rules"][0]["value_list"] = ["hub.test:443"]
    changes = snowcap.plan(project)
    assert sorted((change["action"], change["resource_cls"]) for change in changes) == [
        ("UPDATE", "ComputePool"),
        ("UPDATE", "NetworkRule"),
        ("UPDATE", "Warehouse"),
    ]
    snowcap.apply(project)
    assert snowcap.plan(project) == []
    snowcap.apply(PROJECT)
