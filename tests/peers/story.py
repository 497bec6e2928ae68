"""A story: commands of the official CLI one after another on a local account of its own, and what they show.

In: steps, as `cases/snow.yaml` has them. Out: for each step what was wrong with it, or None. Starts a local
account with real processes in this process.
"""

import json
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import snowflake.connector
from snowflake.connector import DictCursor
from tests.peers.snow import Snow

from spcs_emulator.clock import RealClock
from spcs_emulator.server import LocalAccount
from spcs_milvus.process_image import process_image
from spcs_milvus.registry import Registry

HERE = Path(__file__).parent
LONGEST_WAIT_SECONDS = 120

Step = dict[str, Any]
Row = dict[str, Any]

# What every story starts with: a database, a repository with two images, and a pool.
BEGINNING = (
    "CREATE DATABASE D",
    "CREATE IMAGE REPOSITORY D.PUBLIC.R",
    "CREATE COMPUTE POOL P MIN_NODES = 1 MAX_NODES = 2 INSTANCE_FAMILY = CPU_X64_S",
)
IMAGES = ("web", "job")


class Story:
    """One account and the CLI on it. `told` runs the steps."""

    def __init__(self, snow: Snow, local: LocalAccount[RealClock], connection: Any) -> None:
        self._snow = snow
        self._local = local
        self._connection = connection
        self._names: dict[str, str] = {}

    def told(self, steps: list[Step]) -> list[Exception | None]:
        """Runs every step, also after one that was wrong."""
        return [self._wrong(step) for step in steps]

    def prepare(self) -> None:
        """Makes the account's beginnings, and the files and the connection that the program uses."""
        for sql in BEGINNING:
            self.query(sql)
        self._names["<registry>"] = f"127.0.0.1:{self._local.port}"
        self._names |= {f"<{image}>": self._push(image) for image in IMAGES}
        shutil.copytree(HERE / "files" / "snow", self._snow.work)
        for file in self._snow.work.rglob("*.*"):
            file.write_text(self._named(file.read_text(encoding="utf-8")), encoding="utf-8")
        self._snow.connect({**self._local.connection, "database": "D", "schema": "PUBLIC"})

    def query(self, sql: str) -> list[Row]:
        """Arranges or asks something by a session of our own."""
        with self._connection.cursor(DictCursor) as cursor:
            return [dict(row) for row in cursor.execute(sql).fetchall()]

    def _wrong(self, step: Step) -> Exception | None:
        try:
            self._do(step)
        except Exception as error:  # raised again by the step's own test
            return error
        return None

    def _do(self, step: Step) -> None:
        match step:
            case {"sql": sql}:
                self.query(sql)
            case {"until": sql, "holds": holds}:
                self._until(sql, holds)
            case {"snow": words}:
                self._check(step, self._snow.run(*shlex.split(words)))
            case _:
                raise ValueError(f"no such step: {step}")

    def _check(self, step: Step, result: subprocess.CompletedProcess[str]) -> None:
        said = f"{step['snow']}\n{result.stdout}{result.stderr}"
        assert result.returncode == step.get("exit", 0), said
        assert self._named(step.get("says", "")) in said.split("\n", 1)[1], said
        if "rows" in step:
            rows = _rows(result.stdout)
            wanted = [self._expected(row) for row in step["rows"]]
            assert len(rows) == len(wanted), said
            assert all(row.items() >= want.items() for row, want in zip(rows, wanted, strict=True)), said
        for row in step.get("holds", []):
            wants = self._expected(row)
            assert any(found.items() >= wants.items() for found in _rows(result.stdout)), said

    def _until(self, sql: str, holds: list[Row]) -> None:
        end = time.monotonic() + LONGEST_WAIT_SECONDS
        never = threading.Event()
        while not all(any(row.items() >= want.items() for row in self.query(sql)) for want in holds):
            assert time.monotonic() < end, f"{sql}: {self.query(sql)}"
            never.wait(0.05)

    def _expected(self, row: Row) -> Row:
        return {key: self._named(value) if isinstance(value, str) else value for key, value in row.items()}

    def _named(self, text: str) -> str:
        for name, value in self._names.items():
            text = text.replace(name, value)
        return text

    def _push(self, name: str) -> str:
        """Puts an image into the repository R; gives its tag."""
        image = process_image(HERE / "images" / name)
        rest = getattr(self._connection, "rest", None) or self._connection._rest  # connector 5, and 4
        given = rest._token_request("ISSUE")["data"]
        registry = Registry(f"127.0.0.1:{self._local.port}/d/public/r", given["sessionToken"], 3600)
        try:
            registry.push(name, image)
        finally:
            registry.close()
        return image.tag


@contextmanager
def story(program: Path, folder: Path) -> Iterator[Story]:
    """A story's account, prepared."""
    folder.mkdir()
    with (
        LocalAccount(folder / "account", RealClock(), runtime="process") as local,
        snowflake.connector.connect(**local.connection, login_timeout=10) as connection,
    ):
        made = Story(Snow(program, folder / "home", folder / "work"), local, connection)
        made.prepare()
        yield made


def _rows(text: str) -> list[Row]:
    """What the program printed: one row, rows, or the rows of several statements."""
    value = json.loads(text)
    rows = value if isinstance(value, list) else [value]
    return [row for part in rows for row in (part if isinstance(part, list) else [part])]
