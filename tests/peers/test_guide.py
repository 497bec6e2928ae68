"""The guide by hand on a local account, statement by statement through the connector: `cases/guide.yaml`."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.emulator.conftest import Client, World

from spcs_emulator.clock import TurnedClock
from spcs_emulator.facts import SOURCE
from spcs_emulator.server import LocalAccount

HERE = Path(__file__).parent
ROWS: list[dict[str, Any]] = yaml.safe_load((HERE / "cases" / "guide.yaml").read_text(encoding="utf-8"))
STATEMENTS = [statement for row in ROWS for statement in row.get("statements", [])]
REPOSITORY = "milvus_demo/public/milvus_repo"


class Guide:
    """A person at work: one session, in which secondary roles lend nothing."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._client: Client = world.connect()
        self._names = {"<registry>": f"127.0.0.1:{world.local.port}", "<files>": str(folder)}
        for file in (HERE / "files" / "guide").iterdir():
            (folder / file.name).write_text(self._named(file.read_text(encoding="utf-8")), encoding="utf-8")

    def follow(self, row: dict[str, Any]) -> list[str]:
        """Does one row; gives what went otherwise than it says, a text a statement."""
        for image in row.get("pushed", []):
            self._world.push(image, "latest", repository=REPOSITORY)
        return [wrong for statement in row.get("statements", []) if (wrong := self._wrong(statement))]

    def _wrong(self, statement: dict[str, Any]) -> str:
        try:
            self._send(statement)
        except (Exception, pytest.fail.Exception) as error:
            return f"{statement['sql']}: {error}"
        return ""

    def _send(self, statement: dict[str, Any]) -> None:
        self._world.turn(statement.get("turn", 0))
        sql = self._named(statement["sql"])
        if "error" in statement:
            errno, _, message = self._client.refused(sql)
            assert errno == statement["error"], message
            for other in statement.get("instead", []):
                self._client.run(other)
            return
        rows = self._client.run(sql)
        if "rows" in statement:
            wanted = [{key: self._named(value) for key, value in row.items()} for row in statement["rows"]]
            assert len(rows) == len(wanted), rows
            assert all(row.items() >= want.items() for row, want in zip(rows, wanted, strict=True)), rows

    def _named(self, value: Any) -> Any:
        for name, text in self._names.items():
            value = value.replace(name, text) if isinstance(value, str) else value
        return value


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, list[str]]]:
    """What went wrong in each row when the whole guide was followed in its order."""
    folder = tmp_path_factory.mktemp("guide")
    with ExitStack() as opened:
        local = opened.enter_context(LocalAccount(folder / "account", TurnedClock()))
        guide = Guide(World(local, opened), folder)
        yield {row["row"]: guide.follow(row) for row in ROWS}


@pytest.mark.parametrize("number", range(1, 27))
def test_row(followed: dict[int, list[str]], number: int) -> None:
    assert followed[number] == []


def test_every_row_has_statements_or_says_what_is_done_there() -> None:
    assert [row["row"] for row in ROWS] == list(range(1, 27))
    assert all(("statements" in row) != ("told" in row) for row in ROWS)


def test_every_refusal_has_its_source() -> None:
    refused = [statement for statement in STATEMENTS if "error" in statement]
    assert all(SOURCE.fullmatch(each["source"]) for each in refused)
    assert all("source" not in statement for statement in STATEMENTS if "error" not in statement)
