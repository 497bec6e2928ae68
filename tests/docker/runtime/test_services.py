"""Services as real containers: start, readiness, environment, limits, crash, end."""

import contextlib
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from tests.docker.runtime.conftest import SERVE, WAIT, Registry, get, printed, status

from spcs_emulator.runtime.api import OOM_KILLED, RETRYING, RUNNING, Mount, Probe
from spcs_emulator.runtime.docker.container import KILLED, EngineChild
from spcs_emulator.runtime.docker.engine import CONTAINER, INSTANCE, Engine
from spcs_emulator.runtime.docker.runtime import DockerRuntime

Make = Callable[..., Any]
# Ends with 3 on the first connection, and says something of its disk at each start.
CRASH = """
test -e /scratch && echo old disk
touch /scratch
echo serving
nc -l -p 8000 > /dev/null
echo bye
exit 3
"""


def running(own: Engine, container: str, key: str = "a1") -> str:
    """The id of the container of that name that runs; "" names the one that holds the network."""
    labels = {INSTANCE: key, CONTAINER: container} if container else {INSTANCE: key}
    [found] = [
        each["Id"]
        for each in own.containers(labels)
        if each["State"] == "running" and each["Labels"].get(CONTAINER, "") == container
    ]
    return str(found)


def poke(port: int) -> bool:
    """Connects to the port. False, so that a wait tries again: nothing may have listened behind it yet."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        pass
    return False


def test_a_service_starts_gets_ready_and_ends(runtime: DockerRuntime, instance: Make, until: Make) -> None:
    [port] = runtime.allocate(1)
    script = f"echo serving $GREETING; {SERVE.format(word='hello', port=8000)}"
    request = instance(
        script, ports={8000: port}, environment={"GREETING": "you {x}"}, readiness=Probe(8000, "/", 5, 3)
    )
    assert runtime.name == "docker"
    assert runtime.refuse(request) is None
    assert runtime.states("a1") == ()
    runtime.start(request)
    runtime.start(request)
    until(lambda: status(runtime) == "READY")
    state = runtime.states("a1")[0]
    assert (state.name, state.message, state.restart_count) == ("web", RUNNING, 0)
    assert state.start_time is not None
    assert get(port) == "hello\n"
    [line] = runtime.logs("a1", "web", False)
    assert line.text == "serving you {x}"
    assert abs((line.time - state.start_time).total_seconds()) < 60
    assert printed(runtime, "other") == []
    runtime.stop("a1")
    assert runtime.states("a1") == ()
    with pytest.raises(OSError):
        get(port)
    runtime.stop("a1")
    runtime.start(request)
    until(lambda: status(runtime) == "READY")


def test_a_crash_shows_with_its_last_words_and_a_new_container_follows(
    runtime: DockerRuntime, instance: Make, until: Make
) -> None:
    [port] = runtime.allocate(1)
    runtime.start(instance(CRASH, ports={8000: port}))
    until(lambda: poke(port) or runtime.states("a1")[0].last_exit_code == 3)
    assert runtime.states("a1")[0].message in (RETRYING, RUNNING)
    until(lambda: runtime.states("a1")[0].restart_count == 1 and status(runtime) == "READY")
    until(lambda: printed(runtime) == ["serving"])
    assert printed(runtime, previous=True) == ["serving", "bye"]
    until(lambda: poke(port) or runtime.states("a1")[0].restart_count == 2)
    until(lambda: printed(runtime) == ["serving"])
    assert printed(runtime, previous=True) == ["serving", "bye"]


def test_containers_of_an_instance_share_localhost_and_nothing_else(
    runtime: DockerRuntime, instance: Make, container: Make, until: Make
) -> None:
    asks = "until wget -qO- http://127.0.0.1:8000/; do sleep 0.1; done; ls /web 2>&1; " + WAIT
    runtime.start(
        instance(container(SERVE.format(word="hello", port=8000), name="web"), container(asks, name="asks"))
    )
    until(lambda: len(printed(runtime, "asks")) == 2)
    assert printed(runtime, "asks")[0] == "hello"
    assert "No such file" in printed(runtime, "asks")[1]
    assert [state.name for state in runtime.states("a1")] == ["web", "asks"]


@pytest.mark.parametrize(("code", "shown"), [(0, "DONE"), (7, "FAILED")])
def test_a_job_runs_to_its_end(
    code: int, shown: str, runtime: DockerRuntime, instance: Make, until: Make
) -> None:
    probe = Probe(8000, "/", 5, 3)
    runtime.start(instance(f"echo worked; exit {code}", once=True, readiness=probe))
    until(lambda: status(runtime) == shown)
    state = runtime.states("a1")[0]
    assert (state.restart_count, state.last_exit_code) == (0, code)
    assert printed(runtime) == ["worked"]
    runtime.stop("a1")
    assert runtime.states("a1") == ()


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (("/no/such/program",), 127, "no such file"),
        (("/bin",), 126, "permission denied"),
        (("sh", "-c", "echo bad luck; exit 1"), 1, "bad luck"),
        (("sh", "-c", "/no/such/program"), 127, "not found"),
    ],
)
def test_a_program_that_does_not_even_start(
    runtime: DockerRuntime, instance: Make, container: Make, until: Make, command: Any, code: int, words: str
) -> None:
    runtime.start(instance(container(command=command)))
    until(lambda: status(runtime) == "FAILED")
    state = runtime.states("a1")[0]
    assert (state.message, state.last_exit_code) == (RETRYING, code)
    assert words in " ".join(printed(runtime))


def test_command_replaces_the_entrypoint_and_args_the_command(
    runtime: DockerRuntime, registry: Registry, instance: Make, container: Make, until: Make
) -> None:
    image = registry.push("words", 'ENTRYPOINT ["echo", "entrypoint"]', 'CMD ["cmd"]', "ENV HOME=/nowhere")
    given = {
        "neither": container(name="neither", image=image, command=()),
        "args": container("args", name="args", image=image, command=()),
        "command": container(name="command", image=image, command=("echo", "command")),
        "both": container("args", name="both", image=image, command=("echo", "command")),
    }
    runtime.start(instance(*given.values(), once=True))
    until(lambda: {state.status for state in runtime.states("a1")} == {"DONE"})
    assert {name: printed(runtime, name) for name in given} == {
        "neither": ["entrypoint cmd"],
        "args": ["entrypoint args"],
        "command": ["command"],
        "both": ["command args"],
    }


def test_secrets_reach_the_container_as_they_are(runtime: DockerRuntime, instance: Make, until: Make) -> None:
    request = instance("echo $TOKEN; env", secret_environment={"TOKEN": "a=b {files} $HOME"})
    runtime.start(replace(request, once=True))
    until(lambda: status(runtime) == "DONE")
    assert printed(runtime)[0] == "a=b {files} $HOME"
    assert "{files}" not in repr(request)


def test_a_container_has_no_privileges(runtime: DockerRuntime, instance: Make, until: Make) -> None:
    script = "grep -E 'NoNewPrivs|CapEff' /proc/self/status; mount -t tmpfs x /mnt 2>&1; id -u"
    runtime.start(instance(script, once=True))
    until(lambda: status(runtime) in ("DONE", "FAILED"))
    lines = printed(runtime)
    capabilities = int(lines[0].split()[1], 16)
    raw_network, device_files, administration = 1 << 13, 1 << 27, 1 << 21
    assert not capabilities & (raw_network | device_files | administration)
    assert lines[1].split() == ["NoNewPrivs:", "1"]
    assert lines[-1] == "0"


def test_limits_bind_a_container(runtime: DockerRuntime, own: Engine, instance: Make, until: Make) -> None:
    mebibytes = 64 * 2**20
    runtime.start(instance(WAIT, cpu_limit=0.5, memory_limit_bytes=mebibytes))
    runtime.start(instance(WAIT, key="a2", cpu_limit=5000))
    until(lambda: status(runtime) == status(runtime, "a2") == "READY")
    host = own.api.inspect_container(running(own, "web"))["HostConfig"]
    assert (host["NanoCpus"], host["Memory"], host["MemorySwap"]) == (500_000_000, mebibytes, mebibytes)
    unlimited = own.api.inspect_container(running(own, "web", "a2"))["HostConfig"]
    assert unlimited["NanoCpus"] == own.api.info()["NCPU"] * 1_000_000_000
    assert unlimited["Memory"] == 0


@pytest.mark.parametrize("once", [False, True])
def test_who_takes_more_memory_than_its_limit_is_killed_and_told_so(
    runtime: DockerRuntime, instance: Make, until: Make, once: bool
) -> None:
    # The shell gives the engine time to hear of it: it misses some that end the container as well, and
    # under load some that do not; what is started again is killed again.
    script = "tail /dev/zero; code=$?; sleep 3; exit $code"
    runtime.start(instance(script, memory_limit_bytes=16 * 2**20, once=once))
    until(lambda: status(runtime) == "FAILED")
    until(lambda: _end(runtime) == (OOM_KILLED, KILLED))


def _end(runtime: DockerRuntime) -> tuple[str, int | None]:
    state = runtime.states("a1")[0]
    return state.message, state.last_exit_code


def test_a_port_that_a_stranger_took_is_named(runtime: DockerRuntime, instance: Make, until: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        runtime.start(instance(SERVE.format(word="x", port=8000), ports={8000: port}))
        until(lambda: status(runtime) == "FAILED")
        assert f"port {port} of this machine" in printed(runtime)[0]
    until(lambda: status(runtime) == "READY")
    assert runtime.states("a1")[0].restart_count > 0


def test_a_probe_may_ask_a_port_that_is_no_endpoint(
    runtime: DockerRuntime, instance: Make, until: Make
) -> None:
    missing = Probe(9091, "/missing.html", 5, 3)
    runtime.start(instance(SERVE.format(word="x", port=9091), key="bad", readiness=missing))
    runtime.start(instance(SERVE.format(word="x", port=9091), key="good", readiness=Probe(9091, "/", 5, 3)))
    until(lambda: status(runtime, "good") == "READY")
    expected = "Readiness probe is failing at path: /missing.html, port: 9091"
    until(lambda: runtime.states("bad")[0].message == expected)
    assert status(runtime, "bad") == "PENDING"


@pytest.mark.parametrize("how", ["kill", "remove"])
def test_a_container_that_somebody_else_ends_is_started_anew(
    runtime: DockerRuntime, own: Engine, instance: Make, until: Make, how: str
) -> None:
    [port] = runtime.allocate(1)
    script = SERVE.format(word="x", port=8000)
    runtime.start(instance(script, ports={8000: port}, readiness=Probe(8000, "/", 5, 3)))
    until(lambda: status(runtime) == "READY")
    network = running(own, "")
    if how == "kill":
        own.api.kill(running(own, "web"))
    else:
        own.api.remove_container(running(own, "web"), force=True)
    until(lambda: status(runtime) == "FAILED")
    assert runtime.states("a1")[0].last_exit_code == KILLED
    until(lambda: status(runtime) == "READY")
    assert runtime.states("a1")[0].restart_count == 1
    assert get(port) == "x\n"
    assert running(own, "") == network
    assert printed(runtime, previous=True) == []


@pytest.mark.parametrize("how", ["kill", "remove"])
def test_a_network_that_somebody_else_takes_away_is_made_anew(
    runtime: DockerRuntime, own: Engine, instance: Make, container: Make, until: Make, how: str
) -> None:
    [port] = runtime.allocate(1)
    web = container(SERVE.format(word="x", port=8000), readiness=Probe(8000, "/", 5, 3))
    runtime.start(instance(web, container(WAIT, name="other"), ports={8000: port}))
    until(lambda: status(runtime) == status(runtime, container=1) == "READY")
    if how == "kill":
        own.api.kill(running(own, ""))
    else:
        own.api.remove_container(running(own, ""), force=True)
    until(lambda: [state.restart_count for state in runtime.states("a1")] == [1, 1])
    until(lambda: status(runtime) == status(runtime, container=1) == "READY")
    assert get(port) == "x\n"


def test_who_is_deaf_to_sigterm_can_be_killed(
    runtime: DockerRuntime, own: Engine, instance: Make, until: Make
) -> None:
    runtime.start(instance(WAIT, key="holds"))
    until(lambda: status(runtime, "holds") == "READY")
    body = {
        "Image": own.api.inspect_container(running(own, "web", "holds"))["Image"],
        "Cmd": ["sleep", "600"],
        "Labels": own.labels(),
    }
    deaf = own.api.create_container_from_config(body)["Id"]
    own.api.start(deaf)
    child = EngineChild(own, deaf, running(own, "", "holds"))
    assert child.exit_code() is None
    child.terminate()
    assert child.exit_code() is None
    child.kill()
    until(lambda: child.exit_code() == KILLED)
    assert not child.lingers()
    assert child.verdict() is None
    child.terminate()
    child.kill()
    own.remove(deaf)
    own.remove(deaf)


def test_closing_ends_every_service(runtime: DockerRuntime, own: Engine, instance: Make, until: Make) -> None:
    for key in ("a1", "a2"):
        runtime.start(instance(WAIT, key=key))
    until(lambda: status(runtime) == status(runtime, "a2") == "READY")
    runtime.close()
    assert own.containers({}) == []
    assert own.api.networks(filters=own.filters({})) == []
    with pytest.raises(RuntimeError):
        runtime.start(instance(WAIT))
    runtime.close()


def test_who_stops_an_instance_that_is_being_stopped_waits_until_nothing_is_left(
    runtime: DockerRuntime, own: Engine, instance: Make, until: Make, caplog: pytest.LogCaptureFixture
) -> None:
    runtime.start(instance(WAIT, mounts=(Mount("/fast", "memory", "7/fast"),)))
    until(lambda: status(runtime) == "READY")

    def stop(_: int) -> tuple[object, object]:
        runtime.stop("a1")
        return own.containers({}), runtime.volumes()

    with ThreadPoolExecutor(4) as together:
        assert list(together.map(stop, range(4))) == [([], frozenset())] * 4
    assert caplog.text == ""
