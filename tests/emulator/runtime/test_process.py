"""Services as real processes: start, readiness, environment, disk, mounts, crash, end."""

import json
import os
import signal
import socket
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from spcs_emulator.runtime.api import RETRYING, RUNNING, Image, InstanceRequest, Mount, Probe
from spcs_emulator.runtime.process import ProcessRuntime

Make = Callable[..., Any]


def status(runtime: ProcessRuntime, key: str = "a1") -> str:
    return runtime.states(key)[0].status


def printed(runtime: ProcessRuntime, key: str, container: str, lines: int, previous: bool) -> str:
    return "".join(f"{line.text}\n" for line in runtime.logs(key, container, previous)[-lines:])


def get(port: int, path: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        value: dict[str, Any] = json.load(answer)
        return value


def crash(port: int) -> None:
    with pytest.raises(OSError):
        get(port, "/crash")


def listens(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def test_a_service_starts_gets_ready_and_ends(
    runtime: ProcessRuntime, web: Make, instance: Make, until: Make, tmp_path: Path
) -> None:
    [port] = runtime.allocate(1)
    request: InstanceRequest = instance(web(), ports={8000: port}, environment={"GREETING": "hello {x}"})
    assert runtime.refuse(request) is None
    runtime.start(request)
    runtime.start(request)
    until(lambda: status(runtime) == "READY")
    state = runtime.states("a1")[0]
    assert (state.name, state.message, state.restart_count) == ("web", RUNNING, 0)
    assert state.start_time is not None
    page = get(port, "/env")
    disk = tmp_path / "processes" / "a1" / "web"
    assert page["cwd"] == str(disk / "files")
    assert page["env"]["GREETING"] == "hello {x}"
    assert page["env"]["HOME"] == str(disk / "home")
    assert not [name for name in page["env"] if name.startswith("PYTHON")]
    assert printed(runtime, "a1", "web", 10, False) == "serving\n"
    assert printed(runtime, "a1", "other", 10, False) == ""
    runtime.stop("a1")
    assert runtime.states("a1") == ()
    assert not listens(port)
    assert not (tmp_path / "processes" / "a1").exists()
    runtime.stop("a1")
    runtime.start(request)
    until(lambda: status(runtime) == "READY")


def test_the_image_overrides_the_environment(
    runtime: ProcessRuntime, web: Make, instance: Make, until: Make
) -> None:
    [port] = runtime.allocate(1)
    image: Image = web(environment={"KEEP": "mine at {port:8000}", "DROP": None}, mounts=["/data"])
    given = {"KEEP": "theirs", "DROP": "x", "URI": "http://milvus:19530", "CLOSED": "hidden:80"}
    runtime.start(
        instance(
            image, ports={8000: port}, environment=given, peers={"milvus:19530": 20001, "hidden:80": None}
        )
    )
    until(lambda: status(runtime) == "READY")
    environment = get(port, "/env")["env"]
    assert environment["KEEP"] == f"mine at {port}"
    assert "DROP" not in environment
    assert environment["URI"] == "http://127.0.0.1:20001"
    assert environment["CLOSED"] == "127.0.0.1:1"
    assert "hidden:80 cannot be reached" in printed(runtime, "a1", "web", 10, False)


def test_volumes_last_and_the_container_disk_does_not(
    runtime: ProcessRuntime, push: Make, instance: Make, until: Make, tmp_path: Path
) -> None:
    stage = tmp_path / "stage"
    (stage / "deep").mkdir(parents=True)
    (stage / "deep" / "file").write_text("from the stage")
    script = """
import os, pathlib, socket, sys
for place in sys.argv[2:]:
    folder = pathlib.Path(place)
    for path in sorted(folder.rglob("*")):
        print("found", path.name, oct(path.stat().st_mode & 0o222), flush=True)
    if folder.stat().st_mode & 0o200:
        (folder / "written").write_text("x")
pathlib.Path("scratch").write_text("x")
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = server.accept()
    if connection.recv(5) == b"crash":
        os._exit(3)
"""
    image = push(
        {
            "version": 1,
            "command": ["{python}", "run.py", "{port:1}", "{mount:/v}", "{mount:/s/x}", "{mount:/none}"],
            "ports": [1],
            "mounts": ["/v", "/s/x", "/none"],
            "readiness": {"tcp": 1},
        },
        {"run.py": script},
    )
    [port] = runtime.allocate(1)
    mounts = (Mount("/v/", "block", "a/v"), Mount("/s/x", "stage", folder=stage, read_only=True))
    runtime.start(instance(image, ports={1: port}, mounts=mounts))
    until(lambda: status(runtime) == "READY")
    assert printed(runtime, "a1", "web", 10, False).splitlines() == ["found deep 0o0", "found file 0o0"]
    with socket.create_connection(("127.0.0.1", port)) as caller:
        caller.sendall(b"crash")
    until(lambda: status(runtime) == "READY" and runtime.states("a1")[0].restart_count == 1)
    lines = printed(runtime, "a1", "web", 10, False).splitlines()
    assert lines == ["found written 0o200", "found deep 0o0", "found file 0o0"]
    runtime.stop("a1")
    assert (tmp_path / "volumes/a/v/written").exists()
    assert (stage / "deep" / "file").read_text() == "from the stage"


def test_a_crash_shows_with_its_last_words_and_is_restarted(
    runtime: ProcessRuntime, web: Make, instance: Make, until: Make
) -> None:
    [port] = runtime.allocate(1)
    runtime.start(instance(web(), ports={8000: port}))
    until(lambda: status(runtime) == "READY")
    crash(port)
    until(lambda: status(runtime) == "FAILED")
    state = runtime.states("a1")[0]
    assert (state.message, state.last_exit_code) == (RETRYING, 3)
    assert printed(runtime, "a1", "web", 1, False) == "about to crash\n"
    until(lambda: status(runtime) == "READY")
    assert runtime.states("a1")[0].restart_count == 1
    assert printed(runtime, "a1", "web", 10, True) == "serving\nabout to crash\n"
    assert printed(runtime, "a1", "web", 10, False) == "serving\n"


@pytest.mark.parametrize(("code", "shown"), [(0, "DONE"), (7, "FAILED")])
def test_a_job_runs_to_its_end(
    code: int, shown: str, runtime: ProcessRuntime, push: Make, instance: Make, until: Make
) -> None:
    command = ["{python}", "-c", f"print('worked'); raise SystemExit({code})"]
    runtime.start(replace(instance(push({"version": 1, "command": command})), once=True))
    until(lambda: status(runtime) == shown)
    state = runtime.states("a1")[0]
    assert (state.restart_count, state.last_exit_code) == (0, code)
    assert printed(runtime, "a1", "web", 10, False) == "worked\n"
    runtime.stop("a1")
    assert runtime.states("a1") == ()


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (["/no/such/program"], 127, "No such file"),
        (["{python}", "-c", "raise SystemExit('bad luck')"], 1, "bad luck"),
        (["{python}", "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"], 137, ""),
    ],
)
def test_a_program_that_does_not_even_start(
    runtime: ProcessRuntime, web: Make, instance: Make, until: Make, command: list[str], code: int, words: str
) -> None:
    runtime.start(instance(web(command=command)))
    until(lambda: status(runtime) == "FAILED")
    state = runtime.states("a1")[0]
    assert (state.message, state.last_exit_code) == (RETRYING, code)
    assert words in printed(runtime, "a1", "web", 10, False)


def test_a_port_that_a_stranger_took_is_named(
    runtime: ProcessRuntime, web: Make, instance: Make, until: Make
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        runtime.start(instance(web(), ports={8000: port}))
        until(lambda: status(runtime) == "FAILED")
        assert f"port {port} of this machine" in printed(runtime, "a1", "web", 10, False)
    until(lambda: status(runtime) == "READY")


def test_until_it_is_ready_the_specifications_probe_is_named(
    runtime: ProcessRuntime, web: Make, instance: Make, until: Make
) -> None:
    image = web(command=["{python}", "-c", "import time; time.sleep(60)"])
    runtime.start(instance(image, readiness=Probe(8000, "/healthz", 5, 3)))
    expected = "Readiness probe is failing at path: /healthz, port: 8000"
    until(lambda: runtime.states("a1")[0].message == expected)
    assert status(runtime) == "PENDING"


def test_the_specifications_probe_decides_where_the_image_listens_on_its_port(
    runtime: ProcessRuntime, web: Make, instance: Make, until: Make
) -> None:
    image = web(readiness={"tcp": 8000})
    [bad, good] = runtime.allocate(2)
    runtime.start(instance(image, key="bad", ports={8000: bad}, readiness=Probe(8000, "/nobody", 5, 3)))
    runtime.start(instance(image, key="good", ports={8000: good}, readiness=Probe(8000, "/env", 5, 3)))
    until(lambda: status(runtime, "good") == "READY")
    until(lambda: listens(bad))
    assert get(bad, "/env")["env"]
    [state] = runtime.states("bad")
    expected = "Readiness probe is failing at path: /nobody, port: 8000"
    assert (state.status, state.message) == ("PENDING", expected)


@pytest.mark.parametrize(
    ("readiness", "message", "note"),
    [
        (
            {"tcp": 8000},
            "Waiting until port 8000 accepts connections",
            "it is ready when its port 8000 accepts connections",
        ),
        (
            {"http": 8000, "path": "/ready"},
            "Readiness probe is failing at path: /ready, port: 8000",
            "it is ready when its port 8000 answers /ready",
        ),
    ],
)
def test_a_probe_of_a_port_that_the_image_does_not_have_is_not_blamed(
    runtime: ProcessRuntime, web: Make, instance: Make, until: Make, readiness: Any, message: str, note: str
) -> None:
    probe = Probe(9091, "/healthz", 5, 3)
    image = web(command=["{python}", "-c", "import time; time.sleep(60)"], readiness=readiness)
    runtime.start(instance(image, readiness=probe))
    until(lambda: runtime.states("a1")[0].message == message)
    log = printed(runtime, "a1", "web", 5, False)
    assert "readiness probe (port 9091, path /healthz) is not asked" in log
    assert note in log
    runtime.start(instance(web(readiness=readiness), key="a2", readiness=probe))
    until(lambda: status(runtime, "a2") == "READY")


FAMILY = """
import socket, subprocess, sys
sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
children = [subprocess.Popen(sleep), subprocess.Popen(sleep, start_new_session=True)]
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print(*[child.pid for child in children], flush=True)
while True: server.accept()
"""


def family(runtime: ProcessRuntime) -> list[psutil.Process]:
    log = printed(runtime, "a1", "web", 5, False) or printed(runtime, "a1", "web", 5, True)
    return [psutil.Process(int(pid)) for pid in log.splitlines()[0].split()]


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_the_end_takes_everything_it_started_with_it(
    runtime: ProcessRuntime, web: Make, instance: Make, until: Make
) -> None:
    image = web(command=["{python}", "-c", FAMILY, "{port:8000}"], readiness={"tcp": 8000})
    runtime.start(instance(image))
    until(lambda: status(runtime) == "READY")
    children = family(runtime)
    assert len(children) == 2
    runtime.stop("a1")
    assert all(gone(child) for child in children)


def test_a_killed_process_takes_its_group_with_it(
    runtime: ProcessRuntime, web: Make, instance: Make, until: Make
) -> None:
    image = web(command=["{python}", "-c", FAMILY, "{port:8000}"], readiness={"tcp": 8000})
    runtime.start(instance(image))
    until(lambda: status(runtime) == "READY")
    grouped, other_session = family(runtime)
    parent = grouped.ppid()
    os.kill(parent, signal.SIGKILL)
    until(lambda: status(runtime) == "FAILED")
    assert runtime.states("a1")[0].last_exit_code == 137
    assert gone(grouped)
    assert gone(other_session)


# A daemon as daemons are made: its own session, and no parent that would know of it. It tells its process id.
DAEMON = """
import os, socket, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        {environment}
        time.sleep(600)
    os._exit(0)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    server.accept()
    os._exit(3)
"""
SLEEP_WITHOUT_ENVIRONMENT = (
    "os.execve(sys.executable, [sys.executable, '-c', 'import time; time.sleep(600)'], {})"
)


@pytest.mark.parametrize("how", ["stop", "crash"])
def test_a_daemon_that_it_started_does_not_outlive_it(
    runtime: ProcessRuntime, web: Make, instance: Make, until: Make, how: str
) -> None:
    command = ["{python}", "-c", DAEMON.replace("{environment}", ""), "{port:8000}"]
    runtime.start(instance(web(command=command, readiness={"tcp": 8000})))
    until(lambda: printed(runtime, "a1", "web", 5, False) or printed(runtime, "a1", "web", 5, True))
    [daemon] = family(runtime)
    if how == "stop":
        runtime.stop("a1")
        assert gone(daemon)
    # Else the first connection, a readiness probe's, makes it crash: before anybody has looked at its family.
    until(lambda: gone(daemon))


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux hands orphans to the container's first process"
)
def test_not_even_a_daemon_without_environment_outlives_it(
    runtime: ProcessRuntime, web: Make, instance: Make, until: Make
) -> None:
    script = DAEMON.replace("{environment}", SLEEP_WITHOUT_ENVIRONMENT).replace("os._exit(3)", "pass")
    command = ["{python}", "-c", script.replace("{", "{{").replace("}", "}}"), "{port:8000}"]
    runtime.start(instance(web(command=command, readiness={"tcp": 8000})))
    until(lambda: status(runtime) == "READY")
    [daemon] = family(runtime)
    runtime.stop("a1")
    assert gone(daemon)


def test_closing_ends_every_service(
    runtime: ProcessRuntime, web: Make, instance: Make, until: Make, tmp_path: Path
) -> None:
    for key in ("a1", "a2"):
        command = ["{python}", "-c", FAMILY, "{port:8000}"]
        runtime.start(instance(web(command=command, readiness={"tcp": 8000}), key=key))
    until(lambda: status(runtime) == "READY" and status(runtime, "a2") == "READY")
    children = family(runtime)
    runtime.close()
    assert all(gone(child) for child in children)
    assert list((tmp_path / "processes").iterdir()) == []
    with pytest.raises(RuntimeError):
        runtime.start(instance(web()))


def test_secrets_reach_the_process_as_they_are(
    runtime: ProcessRuntime, web: Make, instance: Make, until: Make, tmp_path: Path
) -> None:
    """In a variable, which no placeholder and no peer changes, and in files that change while it runs."""
    folder = tmp_path / "secret"
    folder.mkdir()
    mount = Mount("/secrets/login", "secret", folder=folder, secrets={"password": "x"})
    image = web(mounts=["/secrets/login"], environment={"LOGIN": "{mount:/secrets/login}"})
    [port] = runtime.allocate(1)
    request = instance(image, ports={8000: port}, mounts=(mount,), peers={"db:1": 5}, hosts=frozenset({"db"}))
    secret = {"TOKEN": "{files}", "HOST": "db", "ADDRESS": "db:1"}
    container = replace(request.containers[0], secret_environment=secret)
    request = replace(request, containers=(container,))
    assert runtime.refuse(request) is None
    runtime.start(request)
    until(lambda: status(runtime) == "READY")
    environment = get(port, "/env")["env"]
    assert {name: environment[name] for name in secret} == secret
    assert environment["LOGIN"] == str(folder)
    assert "TOKEN" not in repr(request)


def test_a_folder_for_secrets_that_the_image_does_not_know_is_refused(
    runtime: ProcessRuntime, web: Make, instance: Make, tmp_path: Path
) -> None:
    mount = Mount("/secrets/login", "secret", folder=tmp_path, secrets={"password": "x"})
    assert "/secrets/login cannot be mounted" in (runtime.refuse(instance(web(), mounts=(mount,))) or "")
