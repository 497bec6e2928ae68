"""The local account in the background: start, status, stop, reset, dump; by real processes."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import requests

from spcs_emulator import daemon
from spcs_emulator.errors import (
    NotALocalAccountError,
    NotStartedError,
    OtherSettingsError,
    PortTakenError,
    UnusableFolderError,
)
from spcs_emulator.runtime import records
from spcs_emulator.runtime.marks import identify, is_alive

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "the data, ä"
    yield folder
    daemon.stop(folder)


def test_the_default_folder() -> None:
    assert daemon.default_data({"SPCS_MILVUS_HOME": "/some/where"}) == Path("/some/where")
    assert daemon.default_data({"SPCS_MILVUS_HOME": "~/x"}) == Path.home() / "x"
    assert daemon.default_data({}) == daemon.default_data({"SPCS_MILVUS_HOME": ""})
    assert daemon.default_data({}).is_absolute()


def test_start_status_stop(data: Path) -> None:
    assert daemon.status(data) is None
    started = daemon.start(data, runtime="none")
    assert daemon.status(data) == started
    assert daemon.start(data, runtime="none", latency_ms=0, port=started.connection["port"]) == started
    value = started.as_json()
    assert set(value) == {"connection", "data", "runtime", "pid"}
    assert set(value["connection"]) == {"host", "port", "protocol", "account", "user", "password"}
    assert (value["data"], value["runtime"]) == (str(data), "none")
    process = identify(started.pid)
    assert process is not None
    assert os.getsid(started.pid) == started.pid
    assert daemon.stop(data)
    assert not is_alive(process)
    assert daemon.status(data) is None
    assert not daemon.stop(data)


def test_many_starts_at_once_start_one(data: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: daemon.start(data, runtime="none"), range(4)))
    assert len({answer.pid for answer in answers}) == 1


def test_the_next_start_is_the_same_account_on_the_same_port(data: Path) -> None:
    first = daemon.start(data, runtime="none")
    dump = daemon.dump(data)
    daemon.stop(data)
    assert daemon.dump(data) == dump
    again = daemon.start(data, runtime="none")
    assert again.connection == first.connection
    assert daemon.dump(data) == dump


def test_other_settings_are_refused_with_the_way_out(data: Path) -> None:
    started = daemon.start(data, runtime="none", latency_ms=1)
    assert daemon.start(data) == started
    for setting, ask in (
        ("runtime", {"runtime": "process"}),
        ("latency_ms", {"latency_ms": 2}),
        ("port", {"port": 1}),
    ):
        with pytest.raises(OtherSettingsError, match=setting) as error:
            daemon.start(data, **ask)
        assert "local stop" in error.value.hint
    assert daemon.status(data) == started


def test_the_password_is_in_no_log_and_files_are_for_the_owner_only(data: Path) -> None:
    started = daemon.start(data, runtime="none")
    host, port = started.connection["host"], started.connection["port"]
    assert requests.get(f"http://{host}:{port}/v2/", timeout=5).status_code == 401
    daemon.stop(data)
    assert started.connection["password"] not in (data / "server.log").read_text()
    assert [path for path in data.rglob("*") if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


def test_it_keeps_no_variables_of_whoever_started_it(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNOWFLAKE_PASSWORD", "a canary")
    monkeypatch.setenv("BOB", "another canary")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    found = psutil.Process(daemon.start(data, runtime="none").pid).environ()
    assert "canary" not in str(found)
    assert found["DOCKER_HOST"] == "unix:///nowhere"


def test_after_kill_9_it_starts_again_and_ends_what_was_left(data: Path) -> None:
    started = daemon.start(data, runtime="process")
    dump = daemon.dump(data)
    with sleeper() as leftover, sleeper() as stranger:
        folder = data / "processes" / "a1"
        folder.mkdir()
        found = identify(leftover.pid)
        assert found is not None
        records.write(folder / "web.pid", records.Record(found, frozenset(), ""))
        os.kill(started.pid, signal.SIGKILL)
        again = daemon.start(data, runtime="process")
        assert again.pid != started.pid
        assert again.connection == started.connection
        assert daemon.dump(data) == dump
        assert leftover.wait(5) == -signal.SIGTERM
        assert stranger.poll() is None


def test_stop_after_kill_9_ends_what_was_left(data: Path) -> None:
    started = daemon.start(data, runtime="none")
    with sleeper() as leftover:
        folder = data / "processes" / "a1"
        folder.mkdir(parents=True)
        found = identify(leftover.pid)
        assert found is not None
        records.write(folder / "web.pid", records.Record(found, frozenset(), ""))
        os.kill(started.pid, signal.SIGKILL)
        daemon.stop(data)
        assert leftover.wait(5) == -signal.SIGTERM
    assert not (data / "server.json").exists()


def test_a_stranger_with_the_servers_process_id_is_not_touched(data: Path) -> None:
    started = daemon.start(data, runtime="none")
    with sleeper() as stranger:
        os.kill(started.pid, signal.SIGKILL)
        path = data / "server.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"pid": stranger.pid}))
        assert daemon.status(data) is None
        assert not daemon.stop(data)
        assert stranger.poll() is None


def test_a_port_that_is_taken(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger, pytest.raises(PortTakenError):
        daemon.start(data, port=stranger.getsockname()[1], runtime="none")
    assert daemon.status(data) is None


def test_what_keeps_it_from_starting_is_told(data: Path) -> None:
    daemon.start(data, runtime="none")
    daemon.stop(data)
    (data / "catalogue.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(NotStartedError, match="catalogue") as error:
        daemon.start(data, runtime="none")
    assert "Traceback" not in error.value.summary
    assert error.value.summary.startswith("the data folder ")
    assert error.value.hint.startswith("It must be a folder that you may write")
    (data / "catalogue.sqlite").unlink()


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UnusableFolderError):
        daemon.start(tmp_path / "file" / "data")
    assert daemon.status(tmp_path / "file" / "data") is None
    assert not daemon.stop(tmp_path / "none")


def test_reset_removes_what_the_account_made_and_nothing_else(data: Path) -> None:
    started = daemon.start(data, runtime="none")
    (data / "holiday.jpg").write_text("mine")
    daemon.reset(data)
    assert [path.name for path in data.iterdir()] == ["holiday.jpg"]
    assert identify(started.pid) is None
    with pytest.raises(NotALocalAccountError):
        daemon.reset(data)
    assert not daemon.stop(data)
    assert (data / "holiday.jpg").read_text() == "mine"


def test_reset_removes_the_folder_when_nothing_else_is_in_it(data: Path) -> None:
    daemon.start(data, runtime="none")
    daemon.reset(data)
    assert not data.exists()


def test_nothing_to_dump(tmp_path: Path) -> None:
    with pytest.raises(NotALocalAccountError):
        daemon.dump(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_alone_in_the_foreground(data: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "spcs_emulator", "--data", str(data), "--runtime", "none"]
    with subprocess.Popen([*command, "--output", "json"], stdout=subprocess.PIPE, env=ENVIRONMENT) as server:
        assert server.stdout is not None
        value = json.loads(server.stdout.readline())
        status = daemon.status(data)
        assert status is not None
        assert value == status.as_json()
        second = subprocess.run(command, capture_output=True, env=ENVIRONMENT, text=True, check=False)
        assert second.returncode == 1
        assert second.stderr.startswith("error: a local account already serves")
        assert "hint: " in second.stderr
        server.send_signal(number)
        assert server.wait(20) == 0
    assert not (data / "server.json").exists()


def sleeper() -> subprocess.Popen[bytes]:
    """A process that ends itself when its `with` block does: its standard input is closed then."""
    return subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE, start_new_session=True
    )
