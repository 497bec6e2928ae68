"""A local account in this process whose clock stands still, and the deployer working on it over the wire."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
from snowflake.connector import DictCursor

from spcs_emulator import daemon
from spcs_emulator.clock import TurnedClock
from spcs_emulator.script import Script
from spcs_emulator.server import LocalAccount
from spcs_milvus import deployment, looking, opening
from spcs_milvus.config import load
from spcs_milvus.deployment import Planned
from spcs_milvus.events import Event
from spcs_milvus.image_plans import ANYTHING, Allowed
from spcs_milvus.opening import Connection, Target
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT
from spcs_milvus.plan import Plan
from spcs_milvus.report import Report
from spcs_milvus.resource import Resource
from spcs_milvus.status import StackStatus

from .command_line import CommandLine
from .fake_engine import FakeEngine

QUICKSTART = "project: milvus-demo\nconnection: local\n"
More = Callable[[tuple[Resource, ...]], tuple[Resource, ...]]


class Stack:
    """One project file and one local account; every call is a run of its own, with sessions of its own.

    `options` are laid over the account's own connection. With an `engine` its runtime runs container images.
    """

    def __init__(self, local: LocalAccount[TurnedClock], folder: Path) -> None:
        self.local = local
        self.file = folder / "spcs-milvus.yaml"
        self.events: list[Event] = []
        self.environment = DEFAULT_ENVIRONMENT
        self.variables: dict[str, str] = {}
        self.options: dict[str, Any] = {}
        self.engine: FakeEngine | None = None
        self.write(QUICKSTART)

    def write(self, text: str) -> None:
        """Replaces the project file."""
        self.file.write_text(text, encoding="utf-8")

    def pause(self, seconds: float) -> None:
        """Turns the account's clock instead of sleeping."""
        self.local.clock.advance(seconds)
        self.local.tick()

    @contextmanager
    def target(self, more: More = lambda resources: resources, **options: Any) -> Iterator[Target]:
        image_format = "container" if self.engine else "process"
        connection = Connection("local", {**self.local.connection, **self.options, **options}, image_format)
        loaded = load(self.file, self.variables, self.environment)
        with opening.target(loaded, connection, self.pause, more, self.engine) as on:
            yield on

    def plan(self, images: Allowed = ANYTHING) -> Plan:
        with self.target() as on:
            return deployment.make_plan(on, images=images).plan

    def up(self, more: More = lambda resources: resources, images: Allowed = ANYTHING) -> Report:
        with self.target(more) as on:
            planned: Planned = deployment.make_plan(on, images=images)
            return deployment.up(on, planned, self.events.append, threading.Event())

    def down(self) -> Report:
        with self.target() as on:
            return deployment.down(on, deployment.make_down_plan(on), self.events.append, threading.Event())

    def status(self) -> StackStatus:
        with self.target() as on:
            return looking.look(on)

    @contextmanager
    def session(self, role: str | None = None) -> Iterator["Session"]:
        """A session of the real connector beside the deployer's, secondary roles off."""
        options = {**self.local.connection, "login_timeout": 10, **({"role": role} if role else {})}
        with snowflake.connector.connect(**options) as connection:
            session = Session(connection)
            session.run("USE SECONDARY ROLES NONE")
            yield session


class Session:
    """Runs statements; ``errno`` gives the number a refusal carries, None when it was not refused."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def run(self, sql: str) -> list[dict[str, Any]]:
        with self.connection.cursor(DictCursor) as cursor:
            return [dict(row) for row in cursor.execute(sql).fetchall()]

    def errno(self, sql: str) -> int | None:
        try:
            self.run(sql)
        except snowflake.connector.errors.ProgrammingError as error:
            return error.errno
        return None


@pytest.fixture
def script() -> Script:
    """What a test may arrange at statements of the account."""
    return Script()


@pytest.fixture
def local(tmp_path: Path, script: Script) -> Iterator[LocalAccount[TurnedClock]]:
    with LocalAccount(tmp_path / "account", TurnedClock(), script=script) as account:
        yield account


@pytest.fixture
def stack(local: LocalAccount[TurnedClock], tmp_path: Path) -> Stack:
    return Stack(local, tmp_path)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[CommandLine]:
    """The program in a folder with the quickstart; a local account that it starts is stopped afterwards."""
    line = CommandLine(tmp_path)
    line.write(QUICKSTART)
    yield line
    if (tmp_path / "home").exists():
        daemon.stop(tmp_path / "home")
