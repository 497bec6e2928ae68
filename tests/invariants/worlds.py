"""An account in which others live, too, with a generated project in it: every command, watched.

Comes in: the data of project files. Goes out: reports and plans. After each command, whatever came of it, the
world holds: what is not ours is byte for byte as it was, only allowed statements arrived, and a refusal has
written nothing. Each world has an account of its own in a folder of its own.
"""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pytest
import yaml
from tests.spcs_milvus.flow.conftest import Stack

from spcs_emulator.clock import TurnedClock
from spcs_emulator.server import LocalAccount
from spcs_milvus import deployment, image_deployment, looking
from spcs_milvus.errors import DeployError, RefusedError
from spcs_milvus.opening import Target
from spcs_milvus.plan import Plan
from spcs_milvus.process_image import process_image
from spcs_milvus.registry import Registry
from spcs_milvus.report import Report
from spcs_milvus.resource import Resource

from .bystanders import others, theirs
from .projects import REFERENCE, VARIABLES, before, write_beside
from .sections import Data
from .statements import Recorder, changed, forbidden, writes

T = TypeVar("T")


@dataclass(repr=False)
class Tally:
    """What ran: projects, statements at their accounts, commands, and what was done to which kind."""

    projects: int = 0
    statements: int = 0
    writes: int = 0
    commands: Counter[str] = field(default_factory=Counter)
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: int = 0


class World(Stack):
    """One account and one project file at a time; ``sent`` are the statements of the last command."""

    def __init__(
        self, local: LocalAccount[TurnedClock], folder: Path, recorder: Recorder, tally: Tally
    ) -> None:
        super().__init__(local, folder)
        self._recorder = recorder
        self._tally = tally
        self.sent: list[str] = []
        self.data: Data = {}
        self.variables.update(VARIABLES)

    # --- arranging --------------------------------------------------------------------------------------

    def declare(self, data: Data) -> None:
        """Makes it the project file."""
        self.data = data
        self.write(yaml.safe_dump(data, sort_keys=False))

    def run(self, role: str, *statements: str) -> None:
        """What somebody else does."""
        with self.session(role) as session:
            for statement in statements:
                session.run(statement)
        self.pause(1)

    def push(self, role: str, repository: str) -> None:
        """What somebody else does: puts the image of :data:`REFERENCE` into a repository."""
        with self.session(role) as session:
            database, schema, _ = repository.split(".")
            (row,) = session.run(f"SHOW IMAGE REPOSITORIES IN SCHEMA {database}.{schema}")
        name, tag = REFERENCE.rsplit("/", 1)[1].split(":")
        image = process_image(self.file.parent / "images" / "page")
        assert image.tag == tag, "the image is another one: write its tag into REFERENCE"
        with (
            self.target() as on,
            on.account.registry_token(role) as token,
            closing(Registry(row["repository_url"], *token)) as registry,
        ):
            registry.push(name, image)

    @property
    def writes(self) -> list[str]:
        """The statements of the last command that changed something."""
        return writes(self.sent)

    @property
    def mark(self) -> str:
        """How the marks of this project and environment begin."""
        return f"spcs-milvus:{self.data['project']}/{self.environment}#"

    def comment(self, resource: Resource) -> str:
        """What its comment is now; empty when it is not there."""
        kind = resource.address.kind
        kept_as = "INTEGRATION" if kind.endswith("_integration") else kind.upper().replace("_", " ")
        there = (one for one in self.local.dump()["objects"] if one["kind"] == kept_as)
        return next(
            (one["comment"] or "" for one in there if one["name"] == ".".join(resource.name.parts)), ""
        )

    # --- the commands -----------------------------------------------------------------------------------

    def plan_of(self, targets: Collection[str] = ()) -> Plan:
        """What ``plan`` shows."""
        return self._watched("plan", lambda on: deployment.make_plan(on, (), targets, True).plan)

    def resources(self) -> tuple[Resource, ...]:
        """What is declared."""
        with self.target() as on:
            return on.resources

    def do_up(self, targets: Collection[str] = ()) -> Report:
        """``up --allow-deletions``."""

        def command(on: Target) -> Report:
            planned = deployment.make_plan(on, (), targets, True)
            self._note(planned.plan)
            return deployment.up(on, planned, self.events.append, threading.Event())

        return self._watched("up", command)

    def do_down(self, targets: Collection[str] = (), *, keep_data: bool = False) -> Report:
        """``down``."""
        return self._planned(
            "down",
            lambda on: deployment.make_down_plan(on, (), targets, keep_data=keep_data),
            deployment.down,
        )

    def do_pause(self) -> Report:
        """``pause``, agreeing to what is lost."""

        def plan(on: Target) -> Plan:
            services = [str(one.address) for one in on.resources if one.address.kind == "service"]
            return deployment.make_pause_plan(on, services)

        return self._planned("pause", plan, deployment.rest)

    def do_resume(self) -> Report:
        """``resume``."""
        return self._planned("resume", deployment.make_resume_plan, deployment.rest)

    def do_adopt(self, address: str) -> Report:
        """``adopt ADDRESS``."""
        return self._planned(
            "adopt", lambda on: deployment.make_adoption(on, address), deployment.adopt, address
        )

    def do_push(self) -> Report:
        """``images push``."""

        def command(on: Target) -> Report:
            planned = image_deployment.make_push_plan(on, ())
            self._note(planned.plan)
            return image_deployment.push(on, planned, self.events.append, threading.Event())

        return self._watched("images", command)

    def do_verify(self) -> None:
        """``verify``; nothing runs in this account, so the notebook ends without a word."""
        with pytest.raises(DeployError, match="did not answer"):
            self._watched("verify", lambda on: looking.verify(on, lambda _text: None, threading.Event()))

    def _planned(
        self,
        name: str,
        make: Callable[[Target], Plan],
        do: Callable[..., Report],
        adopted: str | None = None,
    ) -> Report:
        def command(on: Target) -> Report:
            plan = make(on)
            self._note(plan)
            return do(on, plan, self.events.append, threading.Event())

        return self._watched(name, command, adopted)

    def _note(self, plan: Plan) -> None:
        for change in plan.changes:
            self._tally.changes[change.address.kind, str(change.action)] += 1

    def _watched(self, name: str, command: Callable[[Target], T], adopted: str | None = None) -> T:
        was = self.local.dump()
        try:
            with self._recorder.listens() as self.sent, self.target() as on:
                return command(on)
        except RefusedError:
            self._tally.refused += 1
            assert self.writes == [], "it was refused, and wrote all the same"
            assert self.local.dump() == was
            raise
        finally:
            self._tally.commands[name] += 1
            self._tally.statements += len(self.sent)
            self._tally.writes += len(self.writes)
            self._holds(was, adopted)

    def _holds(self, was: Data, adopted: str | None) -> None:
        """What holds after every command, but for an object that is ``adopted``."""
        mine = others(was, self.mark, adopted)
        left = others(self.local.dump(), self.mark, adopted)
        assert [one for part in mine for one in mine[part] if one not in left[part]] == []
        assert [one for part in mine for one in left[part] if one not in mine[part]] == []
        assert forbidden(self.sent) == []
        strange = {(one["kind"], one["name"]) for one in mine["objects"]}
        assert {one for one in changed(self.sent) if one in strange} == set()


@contextmanager
def world(tally: Tally, data: Data, *later: Data) -> Iterator[World]:
    """An account in which others live, with all that the project file and ``later`` ones say was there."""
    recorder = Recorder()
    with TemporaryDirectory() as text:
        folder = Path(text)
        write_beside(folder)
        with LocalAccount(folder / "account", TurnedClock(), script=recorder) as local:
            made = World(local, folder, recorder, tally)
            made.declare(data)
            tally.projects += 1
            there = dict.fromkeys(one for file in (data, *later) for one in before(file))
            for role, *statements in (*theirs(data), *there):
                made.run(role, *statements)
            repository = "SHARED.PLACE.MILVUS_REPO"
            if f"image_repository.{repository}" in data.get("existing", []):
                made.push(_owner(data), repository)
            yield made


def _owner(data: Data) -> str:
    owner = data.get("roles", {}).get("owner")
    return str(owner) if f"role.{owner}" in data["existing"] else "SYSADMIN"
