"""The whole thing as a person has it: the command line, with Milvus and Jupyter really running."""

import contextlib
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import snowflake.connector
from pymilvus import MilvusClient

from spcs_emulator import daemon
from spcs_emulator.clock import RealClock
from spcs_emulator.server import LocalAccount
from spcs_milvus import deployment, opening
from spcs_milvus.config import load
from spcs_milvus.opening import Connection
from spcs_milvus.resource import Address, Resource

from .machine import QUICKSTART, Machine
from .notebook import Jupyter

pytestmark = pytest.mark.real

ANSWER = "Alan Turing was the first person to conduct substantial research in AI."


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine on which the quickstart is up."""
    machine = Machine(tmp_path_factory.mktemp("a home") / "local account")
    machine.run("local", "start")
    try:
        machine.on_stack("up")
        yield machine
    finally:
        daemon.stop(machine.home)


def remember(url: str, collection: str) -> None:
    """Stores three vectors."""
    client = MilvusClient(url)
    client.create_collection(collection, dimension=4, consistency_level="Strong")
    client.insert(collection, [{"id": number, "vector": [number, 1.0, 0.0, 0.0]} for number in range(3)])
    client.close()


def recall(url: str, collection: str) -> list[int]:
    """The ids of the stored vectors, closest to the last one first."""
    client = MilvusClient(url)
    (hits,) = client.search(collection, [[2.0, 1.0, 0.0, 0.0]], limit=3)
    client.close()
    return [hit["id"] for hit in hits]


def test_status_is_what_scripts_rely_on(machine: Machine) -> None:
    shown = machine.on_stack("status")
    assert (shown["version"], shown["project"], shown["ready"]) == (1, "milvus-demo", True)
    assert {pool["state"] for pool in shown["compute_pools"]} == {"ACTIVE"}
    for service, endpoint, port, protocol, public in (
        ("JUPYTER", "jupyter", 8888, "HTTP", True),
        ("MILVUS", "milvus", 19530, "TCP", False),
    ):
        (found,) = (one for one in shown["services"] if one["name"] == service)
        assert (found["status"], found["ready"]) == ("RUNNING", True)
        assert [(c["name"], c["status"], c["restarts"]) for c in found["containers"]] == [
            (endpoint, "READY", 0)
        ]
        (address,) = found["endpoints"]
        assert address.pop("url").startswith("http://127.0.0.1:")
        assert address == {"name": endpoint, "port": port, "protocol": protocol, "public": public}


def test_milvus_answers(machine: Machine) -> None:
    remember(machine.url("milvus"), "answers")
    assert recall(machine.url("milvus"), "answers") == [2, 1, 0]


def test_the_notebook_page_loads(machine: Machine) -> None:
    jupyter = Jupyter(machine.url("jupyter"))
    page = jupyter.page("/notebooks/TestMilvus.ipynb")
    assert page.status_code == 200
    scripts = re.findall(r'src="(/static/[^"]+[.]js[^"]*)"', page.text)
    assert scripts
    assert {jupyter.page(script).status_code for script in scripts} == {200}
    assert jupyter.page("/api/contents/TestMilvus.ipynb").json()["name"] == "TestMilvus.ipynb"


def test_the_notebook_finds_the_answer_twice_in_a_row(machine: Machine) -> None:
    jupyter = Jupyter(machine.url("jupyter"))
    with jupyter.kernel() as kernel:
        for _ in range(2):
            printed = "".join(kernel.run(cell) for cell in jupyter.cells("TestMilvus.ipynb"))
            assert f"Best hit: {ANSWER}" in printed


def test_verify_proves_that_the_stack_answers_and_leaves_nothing(machine: Machine) -> None:
    before = machine.on_stack("status")
    proof = machine.on_stack("verify")
    assert list(proof) == ["version", "job", "answer", "seconds"]
    assert (proof["version"], proof["answer"]) == (1, f"Best hit: {ANSWER}")
    assert machine.on_stack("status") == before
    assert machine.on_stack("plan")["changes"] == []


@pytest.mark.parametrize(
    ("service", "says"), [("milvus", "Milvus Lite serves"), ("JUPYTER", "is running at")]
)
def test_logs_show_what_a_service_has_written(machine: Machine, service: str, says: str) -> None:
    printed = machine.run("logs", service, "-f", str(QUICKSTART)).stdout
    assert says in printed
    last = machine.run("logs", service, "-f", str(QUICKSTART), "--lines", "1", "--timestamps").stdout
    assert len(last.splitlines()) == 1
    assert re.match(r"\d{4}-\d\d-\d\dT[0-9:.]+Z ", last)


def test_a_second_up_sends_no_write(machine: Machine) -> None:
    again = machine.on_stack("up")
    assert again["changes"] == []
    assert again["statements"]["write"] == 0


def test_a_killed_milvus_is_started_again_with_its_vectors(machine: Machine) -> None:
    url = machine.url("milvus")
    remember(url, "killed")
    (milvus,) = (process for process in machine.processes() if "milvus" in " ".join(process.cmdline()) and
                 "--data-dir" in process.cmdline())  # fmt: skip
    milvus.kill()

    restarted = wait_for(lambda: _restarts(machine) == 1 and machine.on_stack("status")["ready"])

    assert restarted
    assert recall(machine.url("milvus"), "killed") == [2, 1, 0]


def test_verify_tells_why_a_stack_does_not_answer(machine: Machine) -> None:
    options = machine.document("local", "status")["connection"]
    with snowflake.connector.connect(**options) as connection, connection.cursor() as cursor:
        cursor.execute("USE ROLE MILVUS_DEMO_MILVUS")
        cursor.execute("ALTER SERVICE MILVUS_DEMO.PUBLIC.MILVUS SUSPEND")
        try:
            failed = machine.run("verify", "-f", str(QUICKSTART), exit_code=1)
        finally:
            cursor.execute("ALTER SERVICE MILVUS_DEMO.PUBLIC.MILVUS RESUME")
    assert "the stack did not answer\n  the job ended as FAILED\n  last lines it wrote:\n" in failed.stderr
    assert "Fail connecting to server" in failed.stderr
    assert "\\x1b" not in failed.stderr
    assert wait_for(lambda: machine.on_stack("status")["ready"])
    assert machine.on_stack("plan")["changes"] == []


def _restarts(machine: Machine) -> int:
    (milvus,) = (service for service in machine.on_stack("status")["services"] if service["name"] == "MILVUS")
    return int(milvus["containers"][0]["restarts"])


def test_a_killed_local_account_loses_nothing(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "home")
    machine.run("local", "start")
    try:
        before = machine.document("local", "dump")
        machine.on_stack("up")
        remember(machine.url("milvus"), "kept")
        up = machine.document("local", "dump")
        psutil.Process(machine.document("local", "status")["pid"]).kill()

        machine.run("local", "start")

        assert machine.document("local", "dump") == up
        assert wait_for(lambda: machine.on_stack("status")["ready"])
        assert recall(machine.url("milvus"), "kept") == [2, 1, 0]
        assert machine.on_stack("up")["statements"]["write"] == 0

        machine.on_stack("down")
        assert machine.document("local", "dump") == before
        served = machine.document("local", "status")["pid"]
        assert [process.pid for process in machine.processes()] == [served]
        machine.run("local", "stop")
        assert machine.processes() == []
    finally:
        daemon.stop(machine.home)


# --- grants that only the real notebook can prove -----------------------------------------------------


@pytest.mark.parametrize(
    ("left_out", "works"),
    [
        (None, {"milvus", "files"}),
        ("endpoints of service MILVUS_DEMO.PUBLIC.MILVUS to MILVUS_DEMO_JUPYTER", {"files"}),
        ("WRITE on stage MILVUS_DEMO.PUBLIC.FILES to MILVUS_DEMO_JUPYTER", {"milvus"}),
    ],
)
def test_what_the_notebook_can_do_without_a_grant(
    tmp_path: Path, left_out: str | None, works: set[str]
) -> None:
    gone = Address("grant", left_out or "")

    def without(resources: tuple[Resource, ...]) -> tuple[Resource, ...]:
        kept = (resource for resource in resources if resource.address != gone)
        return tuple(replace(resource, needs=resource.needs - {gone}) for resource in kept)

    with LocalAccount(tmp_path / "account", RealClock(), runtime="process") as local:
        connection = Connection("local", local.connection, "process")
        with opening.target(load(QUICKSTART, {}), connection, more=without) as on:
            report = deployment.up(on, deployment.make_plan(on), lambda event: None, threading.Event())
            assert report.exit_code == 0
        assert report.status
        (address,) = (
            found for service in report.status.services for found in service["endpoints"] if found["public"]
        )
        jupyter = Jupyter(address["url"])
        assert _can(jupyter, local) == works


def _can(jupyter: Jupyter, local: LocalAccount[RealClock]) -> set[str]:
    able = set()
    with jupyter.kernel() as kernel:
        uri = kernel.run("import os; print(os.environ['MILVUS_URI'], end='')")
        reach = f"from pymilvus import MilvusClient; MilvusClient({uri!r}, timeout=30).list_collections()"
        try:
            kernel.run(reach)
            able.add("milvus")
        except AssertionError:
            pass
    with contextlib.suppress(OSError):
        jupyter.write("files/note.txt", "kept on the stage")
    if any("note.txt" in json.dumps(files) for files in local.dump()["stage_files"]):
        able.add("files")
    return able


def wait_for(condition: Any, seconds: float = 60.0) -> bool:
    """Whether it became true in time; each question is a run of the program, so nothing spins."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
    return False
