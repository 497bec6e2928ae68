"""A project as a person has it on a local account that runs containers, and what the engine shows of it.

In: a folder, the bases of the images. Out: what the command line said, what the engine shows, vectors. The
images are built from copies of `images/` that are this stack's own, so that none of them is there already.
"""

import shutil
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import snowflake.connector
from pymilvus import MilvusClient, MilvusException
from snowflake.connector import DictCursor
from tests.docker import leftovers
from tests.environments import ROOT
from tests.spcs_milvus.flow.machine import Machine

from spcs_emulator import daemon
from spcs_emulator.errors import NotALocalAccountError

PATIENCE_SECONDS = 120
ACCOUNT, SERVICE = "spcs-emulator.account", "spcs-emulator.service"
PROJECT = """\
project: {project}
connection: local
milvus:
  version: v2.3.5
  image: {{context: images/milvus, arguments: {{BASE: "{milvus}"}}}}
"""
JUPYTER = """\
jupyter:
  image: {{context: images/jupyter, arguments: {{BASE: "{jupyter}"}}}}
"""
WITHOUT_JUPYTER = "jupyter: null\n"
WITHOUT_VOLUME = "  volume: null\n  volatile: true\n"


class Stack:
    """One project and one local account of its own; `first` is the report of its first `up`."""

    def __init__(self, engine: Any, folder: Path, text: str, **bases: str) -> None:
        self.engine = engine
        self.folder = folder
        self.name = f"bed-{uuid.uuid4().hex[:8]}"
        shutil.copytree(ROOT / "images", folder / "images")
        for changed in ("milvus/user.yaml", "jupyter/embedder.py"):
            self.change(changed)
        project = folder / "spcs-milvus.yaml"
        project.write_text(text.format(project=self.name, **bases), encoding="utf-8")
        self.machine = Machine(folder / "home", project)
        self.account = ""
        self.first: dict[str, Any] = {}
        self._tags: set[str] = set()

    @property
    def schema(self) -> str:
        return f"{self.name.upper().replace('-', '_')}.PUBLIC"

    def change(self, file: str) -> None:
        """Adds a comment to a file of `images/`."""
        with (self.folder / "images" / file).open("a", encoding="utf-8") as opened:
            opened.write(f"\n# {uuid.uuid4().hex}\n")

    def start(self) -> None:
        """Starts the account, with the runtime docker the first time and always."""
        self.machine.run("local", "start", "--runtime", "docker")

    def up(self) -> dict[str, Any]:
        """The report of a run of `up`, after which both services run."""
        report = self.machine.on_stack("up")
        addresses = [change["address"] for change in report["changes"]]
        images = [address.rpartition("/")[2] for address in addresses if address.startswith("image.")]
        self._tags.update(f"spcs-milvus/{image}" for image in images)
        self.account = self.account or self.container("MILVUS")["Config"]["Labels"][ACCOUNT]
        return report

    def sql(self, statement: str, role: str = "OWNER") -> list[dict[str, Any]]:
        """The rows of a statement, as one of the project's roles."""
        options = self.machine.document("local", "status")["connection"]
        with snowflake.connector.connect(**options) as connection, connection.cursor(DictCursor) as cursor:
            cursor.execute(f"USE ROLE {self.schema.partition('.')[0]}_{role}")
            return [dict(row) for row in cursor.execute(statement).fetchall()]

    def container(self, service: str) -> dict[str, Any]:
        """The running container of a service, as the engine shows it."""
        labels = [f"{SERVICE}={self.schema}.{service}", f"spcs-emulator.container={service.lower()}"]
        (found,) = self.engine.containers(filters={"label": labels})
        shown: dict[str, Any] = self.engine.inspect_container(found["Id"])
        return shown

    def in_engine(self) -> dict[str, int]:
        """How many containers, networks and volumes the account has in the engine."""
        kinds = [word.split()[0] for word in leftovers.labelled(self.engine, f"{ACCOUNT}={self.account}")]
        return {kind: kinds.count(kind) for kind in sorted(set(kinds))}

    def is_ready(self) -> bool:
        return bool(self.machine.on_stack("status")["ready"])

    def end(self) -> None:
        """Removes the account and everything of it, whatever state it is in."""
        with suppress(NotALocalAccountError):
            daemon.reset(self.machine.home)
        leftovers.remove(self.engine, f"{ACCOUNT}={self.account}")
        for image in self.engine.images(filters={"reference": "spcs-milvus/*"}):
            if self._tags.intersection(image["RepoTags"]):
                self.engine.remove_image(image["Id"], force=True)

    # --- vectors ------------------------------------------------------------------------------------------

    def remember(self, collection: str) -> None:
        """Stores three vectors."""
        client = MilvusClient(self.machine.url("milvus"))
        client.create_collection(collection, dimension=4, consistency_level="Strong")
        client.insert(collection, [{"id": number, "vector": [number, 1.0, 0.0, 0.0]} for number in range(3)])
        client.close()

    def recall(self, collection: str) -> list[int] | None:
        """The ids of the stored vectors, closest to the last one first; None without such a collection.

        Waits for a Milvus that has just started.
        """

        def ask() -> list[int] | None:
            client = MilvusClient(self.machine.url("milvus"), timeout=10)
            try:
                if not client.has_collection(collection):
                    return None
                (hits,) = client.search(collection, [[2.0, 1.0, 0.0, 0.0]], limit=3)
                return [hit["id"] for hit in hits]
            finally:
                client.close()

        return answered(ask)


def answered(ask: Callable[[], list[int] | None]) -> list[int] | None:
    """What Milvus answers as soon as it does; raises what it said last when it takes too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return ask()
        except MilvusException:
            if time.monotonic() > deadline:
                raise


def wait_until(condition: Callable[[], bool]) -> None:
    """Each question is a run of the program, so nothing spins."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not become true in time"
