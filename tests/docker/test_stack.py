"""All real but Snowflake: images built, pushed, pulled and run as containers, vectors in a real Milvus."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import psutil
import pytest
from tests.docker.stack import JUPYTER, PROJECT, WITHOUT_JUPYTER, WITHOUT_VOLUME, Stack, wait_until
from tests.spcs_milvus.flow.machine import Machine
from tests.spcs_milvus.flow.notebook import Jupyter

ANSWER = "Best hit: Alan Turing was the first person to conduct substantial research in AI."
IN_ORDER = [2, 1, 0]


@pytest.fixture(scope="module")
def stack(
    engine: docker.APIClient, milvus_base: str, jupyter_base: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Milvus and Jupyter after their first `up`, whose report is `first`. Tests leave it running."""
    folder = tmp_path_factory.mktemp("project")
    made = Stack(engine, folder, PROJECT + JUPYTER, milvus=milvus_base, jupyter=jupyter_base)
    try:
        made.start()
        made.first = made.up()
        yield made
        made.machine.on_stack("down")
        assert made.in_engine().keys() <= {"network"}
    finally:
        made.end()


# --- images: built, pushed, run -------------------------------------------------------------------------


def test_up_builds_pushes_and_runs_both(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    spent = stack.first["spent"]
    assert all(spent[part] > 0 for part in ("build", "push", "start")), spent
    parts = ", ".join(f"{part} {seconds:.1f} s" for part, seconds in spent.items())
    with capsys.disabled():
        sys.stdout.write(f"\nup with a Docker engine: {stack.first['seconds']:.1f} s ({parts})\n")
    assert stack.is_ready()
    for service in ("MILVUS", "JUPYTER"):
        (row,) = stack.sql(f"SHOW SERVICE CONTAINERS IN SERVICE {stack.schema}.{service}")
        image = stack.engine.inspect_image(stack.container(service)["Image"])
        assert any(digest.endswith(row["image_digest"]) for digest in image["RepoDigests"])
    stack.remember("answers")
    assert stack.recall("answers") == IN_ORDER


def test_verify_passes_as_a_job(stack: Stack) -> None:
    before = stack.in_engine()
    assert stack.machine.on_stack("verify")["answer"] == ANSWER
    assert stack.in_engine() == before


def test_what_the_notebook_saves_lies_on_the_stage(stack: Stack) -> None:
    Jupyter(stack.machine.url("jupyter")).write("files/note.txt", "kept on the stage")
    assert "note.txt" in json.dumps(stack.machine.document("local", "dump")["stage_files"])


def test_a_second_up_does_nothing_and_asks_no_engine(stack: Stack) -> None:
    blind = Machine(stack.machine.home, stack.machine.project, DOCKER_HOST="unix:///nowhere/docker.sock")
    again = blind.on_stack("up")
    assert (again["changes"], again["statements"]["write"]) == ([], 0)


def test_a_changed_file_changes_its_image_and_alters_its_service_alone(stack: Stack) -> None:
    source = stack.folder / "images" / "jupyter" / "verify.py"
    os.utime(source, (0, 0))
    assert stack.machine.on_stack("plan")["changes"] == []

    services, milvus, jupyter = services_of(stack), stack.container("MILVUS"), stack.container("JUPYTER")
    stack.change("jupyter/verify.py")
    changes = {change["address"]: change["action"] for change in stack.up()["changes"]}

    (image,) = (address for address in changes if address.startswith("image."))
    assert "/jupyter:ctx-" in image
    service = f"{stack.schema}.JUPYTER"
    assert changes == {image: "create", f"service.{service}": "update", f"ready.{service}": "wait"}
    # a service that is replaced is created anew and gets another address
    assert services_of(stack) == services
    assert stack.container("MILVUS")["Id"] == milvus["Id"]
    assert stack.container("JUPYTER")["Image"] != jupyter["Image"]


def services_of(stack: Stack) -> dict[str, Any]:
    """When each service was created, and where it answers."""
    urls = {
        endpoint["name"]: endpoint["url"]
        for service in stack.machine.on_stack("status")["services"]
        for endpoint in service["endpoints"]
    }
    rows = stack.sql(f"SHOW SERVICES IN SCHEMA {stack.schema}")
    return {row["name"]: row["created_on"] for row in rows} | urls


# --- vectors --------------------------------------------------------------------------------------------


def suspend_and_resume(stack: Stack) -> None:
    stack.sql(f"ALTER SERVICE {stack.schema}.MILVUS SUSPEND", "MILVUS")
    stack.sql(f"ALTER SERVICE {stack.schema}.MILVUS RESUME", "MILVUS")


def upgrade(stack: Stack) -> None:
    stack.change("milvus/user.yaml")
    assert {change["action"] for change in stack.up()["changes"]} == {"create", "update", "wait"}


def kill_the_container(stack: Stack) -> None:
    killed = stack.container("MILVUS")["Id"]
    stack.engine.kill(killed, signal.SIGKILL)
    service = f"SHOW SERVICE CONTAINERS IN SERVICE {stack.schema}.MILVUS"
    wait_until(lambda: stack.sql(service)[0]["restart_count"] == 1)


def kill_the_account(stack: Stack) -> None:
    psutil.Process(stack.machine.document("local", "status")["pid"]).kill()
    stack.start()


@pytest.mark.parametrize(
    "happens",
    [suspend_and_resume, upgrade, kill_the_container, kill_the_account],
    ids=lambda one: one.__name__,
)
def test_vectors_on_the_volume_survive(stack: Stack, happens: Callable[[Stack], None]) -> None:
    stack.remember(happens.__name__)
    happens(stack)
    wait_until(stack.is_ready)
    assert stack.recall(happens.__name__) == IN_ORDER
    assert stack.machine.on_stack("plan")["changes"] == []


def test_vectors_without_a_volume_are_lost(
    engine: docker.APIClient, milvus_base: str, tmp_path: Path
) -> None:
    with alone(engine, tmp_path, milvus_base, PROJECT + WITHOUT_VOLUME) as stack:
        stack.remember("lost")
        assert stack.recall("lost") == IN_ORDER
        suspend_and_resume(stack)
        wait_until(stack.is_ready)
        assert stack.recall("lost") is None


# --- what is left -----------------------------------------------------------------------------------------


def test_a_stopped_account_leaves_its_volume_and_one_that_is_reset_nothing(
    engine: docker.APIClient, milvus_base: str, tmp_path: Path
) -> None:
    with alone(engine, tmp_path, milvus_base, PROJECT) as stack:
        assert stack.in_engine().keys() == {"container", "network", "volume"}
        stack.machine.run("local", "stop")
        # the block volume is the account's state, as its catalogue is
        assert stack.in_engine() == {"volume": 1}
        stack.machine.run("local", "reset", "--yes")
        assert stack.in_engine() == {}


@contextmanager
def alone(engine: docker.APIClient, folder: Path, milvus: str, project: str) -> Iterator[Stack]:
    """Milvus without Jupyter, up and running on an account of its own."""
    stack = Stack(engine, folder, project + WITHOUT_JUPYTER, milvus=milvus)
    try:
        stack.start()
        stack.up()
        yield stack
    finally:
        stack.end()
