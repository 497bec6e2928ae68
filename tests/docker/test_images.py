"""Both images, built from their own Dockerfiles on the tests' bases, work as their specifications run them.

There is no account here, so that a defect is one of the images.
"""

import time
import uuid
from collections.abc import Iterator
from typing import Any

import docker
import pytest
from tests.docker import leftovers
from tests.environments import ROOT
from tests.spcs_milvus.stack import QUICKSTART, by_address, declared

from spcs_milvus.components import jupyter

READY_SECONDS = 60
STOP_SECONDS = 30
ANSWER = "Best hit: Alan Turing was the first person to conduct substantial research in AI."
STACK = by_address(declared(QUICKSTART + "milvus: {version: v2.3.5}\n"))
NOTEBOOK = STACK["service.MILVUS_DEMO.PUBLIC.JUPYTER"]


class Bench:
    """Images and containers on a network of their own, in which the containers find each other by name."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.name = f"bench-{uuid.uuid4().hex[:8]}"
        self.labels = {"spcs-milvus-test": self.name}
        engine.create_network(self.name, labels=self.labels)

    def build(self, name: str, base: str) -> str:
        """The id of an image of `images/`."""
        folder, options = str(ROOT / "images" / name), {"labels": self.labels, "rm": True, "forcerm": True}
        events = list(self.engine.build(path=folder, buildargs={"BASE": base}, decode=True, **options))
        return next(str(event["aux"]["ID"]) for event in reversed(events) if "aux" in event)

    def run(self, name: str, image: str, said: dict[str, Any]) -> str:
        """The id of a container started as a specification says."""
        endpoint = self.engine.create_endpoint_config(aliases=[name])
        container = self.engine.create_container(
            image,
            said.get("args"),
            entrypoint=said.get("command"),
            environment=said["env"],
            labels=self.labels,
            networking_config=self.engine.create_networking_config({self.name: endpoint}),
        )
        self.engine.start(container)
        return str(container["Id"])

    def wait_until_ready(self, container: str, said: dict[str, Any]) -> None:
        """By the specification's probe, asked inside the container."""
        probe = "http://127.0.0.1:{port}{path}".format(**said["readinessProbe"])
        deadline = time.monotonic() + READY_SECONDS
        while (
            self._exec(container, "python3", "-c", f"import urllib.request as u; u.urlopen('{probe}')") != 0
        ):
            assert time.monotonic() < deadline, self.engine.logs(container, tail=20).decode()
            time.sleep(0.2)

    def _exec(self, container: str, *command: str) -> int:
        started = self.engine.exec_create(container, command)
        self.engine.exec_start(started)
        return int(self.engine.exec_inspect(started)["ExitCode"])


@pytest.fixture
def bench(engine: docker.APIClient) -> Iterator[Bench]:
    made = Bench(engine)
    yield made
    leftovers.remove(engine, f"spcs-milvus-test={made.name}")


def test_the_notebook_passes_against_milvus(bench: Bench, milvus_base: str, jupyter_base: str) -> None:
    page = bench.build("jupyter", jupyter_base)
    said = container(STACK["service.MILVUS_DEMO.PUBLIC.MILVUS"])
    milvus = bench.run("milvus", bench.build("milvus", milvus_base), said)
    bench.wait_until_ready(milvus, said)

    verify = bench.run("verify", page, container(jupyter.verification(NOTEBOOK)))
    assert bench.engine.wait(verify)["StatusCode"] == 0, bench.engine.logs(verify).decode()
    assert ANSWER in bench.engine.logs(verify).decode()

    started = time.monotonic()
    bench.engine.stop(milvus, timeout=STOP_SECONDS)
    assert time.monotonic() - started < STOP_SECONDS, "milvus did not heed SIGTERM"


def test_the_notebook_server_runs_as_its_user(bench: Bench, jupyter_base: str) -> None:
    said = container(NOTEBOOK)
    server = bench.run("jupyter", bench.build("jupyter", jupyter_base), said)
    bench.wait_until_ready(server, said)
    top = bench.engine.top(server, "-o pid,uid,gid")
    assert top["Processes"]
    assert {(uid, gid) for _, uid, gid in top["Processes"]} == {("1000", "100")}
    bench.engine.stop(server, timeout=STOP_SECONDS)
    assert bench.engine.inspect_container(server)["State"]["ExitCode"] == 0


def container(service: Any) -> dict[str, Any]:
    """The one container of a service's specification."""
    (said,) = service.detail["specification"]["spec"]["containers"]
    return dict(said)
