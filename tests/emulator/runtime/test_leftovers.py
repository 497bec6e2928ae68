"""What a killed local account left running is ended by the next one; strangers are not touched."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from spcs_emulator.registry.blobs import BlobStore
from spcs_emulator.runtime import records
from spcs_emulator.runtime.marks import (
    TAG,
    Process,
    descendants,
    identify,
    is_alive,
    mark_of,
    send,
    send_to_group,
)
from spcs_emulator.runtime.ports import PortPool
from spcs_emulator.runtime.process import ProcessRuntime

Make = Callable[..., Any]
# The same packages as here, wherever pytest found them.
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
SLEEP = "import time; time.sleep(600)"
FAMILY = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {SLEEP!r}], start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def spawn() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """spawn(script, *arguments, **environment): a Python process of the test's own."""
    started: list[subprocess.Popen[str]] = []

    def do(script: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", script, *arguments],
                stdout=subprocess.PIPE,
                start_new_session=True,
                text=True,
                env=ENVIRONMENT | environment,
            )
        )
        return started[-1]

    yield do
    for process in started:
        process.kill()
        process.communicate()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def record(folder: Path, leader: Process, others: list[Process], tag: str = "") -> Path:
    path = folder / "a1" / "web.pid"
    path.parent.mkdir(exist_ok=True)
    records.write(path, records.Record(leader, frozenset(others), tag))
    return path


def test_a_mark_is_one_process_only(spawn: Make) -> None:
    process = spawn(SLEEP)
    found = identify(process.pid)
    assert found is not None
    assert is_alive(found)
    assert not is_alive(Process(process.pid, found.mark + "0"))
    process.kill()
    process.wait()
    assert identify(process.pid) is None
    assert not is_alive(found)


def test_a_zombie_is_not_alive(spawn: Make, until: Make) -> None:
    process = spawn("pass")
    until(lambda: mark_of(process.pid) is None)
    assert process.poll() == 0


def test_marks_without_a_linux_process_table(spawn: Make, tmp_path: Path, until: Make) -> None:
    process = spawn(SLEEP)
    mark = mark_of(process.pid, tmp_path)
    assert mark is not None
    assert mark == mark_of(process.pid, tmp_path)
    process.kill()
    until(lambda: mark_of(process.pid, tmp_path) is None)


def test_leftovers_and_what_they_started_are_ended(spawn: Make, tmp_path: Path) -> None:
    leader = spawn(FAMILY)
    child = identify(int(first_line(leader)))
    found = identify(leader.pid)
    assert child is not None
    assert found is not None
    assert child in descendants(leader.pid)
    record(tmp_path, found, [])
    assert records.end_leftovers(tmp_path) == 1
    assert not is_alive(found)
    assert not is_alive(child)


def test_recorded_children_are_ended_when_their_parent_is_gone(spawn: Make, tmp_path: Path) -> None:
    leader = spawn(FAMILY)
    child = identify(int(first_line(leader)))
    found = identify(leader.pid)
    assert child is not None
    assert found is not None
    record(tmp_path, found, [child])
    os.kill(leader.pid, signal.SIGKILL)
    leader.wait()
    assert is_alive(child)
    assert records.end_leftovers(tmp_path) == 0
    assert not is_alive(child)


def test_who_does_not_hear_sigterm_is_killed(spawn: Make, tmp_path: Path) -> None:
    deaf = spawn(f"import signal; signal.signal(15, signal.SIG_IGN); print(1, flush=True); {SLEEP}")
    first_line(deaf)
    found = identify(deaf.pid)
    assert found is not None
    record(tmp_path, found, [])
    assert records.end_leftovers(tmp_path, 0.2) == 1
    assert deaf.wait() == -signal.SIGKILL


def test_who_bears_the_record_s_tag_is_ended_and_nobody_else(spawn: Make, tmp_path: Path) -> None:
    orphan = spawn(SLEEP, **{TAG: "tag-of-a1"})
    other = spawn(SLEEP, **{TAG: "tag-of-a10"})
    stranger = spawn(SLEEP, f"{TAG}=tag-of-a1")
    record(tmp_path, Process(orphan.pid, "another boot:1"), [], "tag-of-a1")
    assert records.end_leftovers(tmp_path) == 0
    assert orphan.wait() == -signal.SIGKILL
    assert other.poll() is None
    assert stranger.poll() is None


def test_a_record_without_a_tag_names_nobody_else(spawn: Make, tmp_path: Path) -> None:
    stranger = spawn(SLEEP)
    record(tmp_path, Process(stranger.pid, "another boot:1"), [])
    assert records.end_leftovers(tmp_path) == 0
    assert stranger.poll() is None


def test_a_stranger_that_got_the_process_id_is_not_touched(spawn: Make, tmp_path: Path) -> None:
    stranger = spawn(SLEEP)
    wrong = Process(stranger.pid, "another boot:1")
    record(tmp_path, wrong, [wrong])
    assert records.end_leftovers(tmp_path) == 0
    send(wrong, signal.SIGKILL)
    send_to_group(wrong, signal.SIGKILL)
    assert stranger.poll() is None


BROKEN = ["", "[]", "{}", '{"leader": {"pid": "1", "mark": "x"}, "others": []}', "\x00"]


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_record_names_nobody(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a1" / "web.pid"
    path.parent.mkdir()
    path.write_text(text)
    assert records.read(path) is None
    assert records.end_leftovers(tmp_path) == 0


HOST = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from spcs_emulator.registry.blobs import BlobStore
from spcs_emulator.runtime.api import ContainerRequest, Image, InstanceRequest
from spcs_emulator.runtime.process import ProcessRuntime
folder, digest, port = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
home = folder / "processes", folder / "volumes", BlobStore(folder / "registry")
runtime = ProcessRuntime(*home, lambda: datetime.now(UTC))
container = ContainerRequest("web", Image("db/s/r/web:1", digest, "", None), (), (), {}, (), None)
runtime.start(InstanceRequest("a1", "DB.S.WEB", 0, (container,), {8000: port}, {}, frozenset(), "", ""))
while runtime.states("a1")[0].status != "READY":
    time.sleep(0.02)
print("ready", flush=True)
time.sleep(600)
"""


def test_after_kill_9_the_next_runtime_ends_the_services_and_can_start_them_again(
    tmp_path: Path, web: Make, instance: Make, blobs: BlobStore, spawn: Make, until: Make
) -> None:
    image = web()
    [port] = PortPool().take(1)
    host = spawn(HOST, str(tmp_path), image.digest, str(port))
    assert first_line(host) == "ready\n"
    recorded = records.read(tmp_path / "processes" / "a1" / "web.pid")
    assert recorded is not None
    service = recorded.leader
    os.kill(host.pid, signal.SIGKILL)
    host.wait()
    assert is_alive(service)
    runtime = ProcessRuntime(tmp_path / "processes", tmp_path / "volumes", blobs, lambda: datetime.now(UTC))
    try:
        assert not is_alive(service)
        runtime.start(instance(image, ports={8000: port}))
        until(lambda: runtime.states("a1")[0].status == "READY")
    finally:
        runtime.close()
