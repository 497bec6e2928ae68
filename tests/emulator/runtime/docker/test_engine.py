"""Which engines are taken, and what is done without one; none is needed here."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from docker import APIClient

from spcs_emulator import daemon
from spcs_emulator.clock import TurnedClock
from spcs_emulator.errors import NoEngineError
from spcs_emulator.runtime.docker.container import KILLED, EngineChild
from spcs_emulator.runtime.docker.engine import Engine, connect
from spcs_emulator.server import LocalAccount


@pytest.fixture
def nobody(tmp_path: Path) -> Engine:
    """An engine that does not answer."""
    return Engine(APIClient(base_url=f"unix://{tmp_path}/docker.sock", version="1.41"), "test")


def test_no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    with pytest.raises(NoEngineError, match="needs a Docker engine on this machine") as caught:
        connect("test")
    assert "--runtime process" in caught.value.hint


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of an account that was last run with an engine, which is gone."""
    data = tmp_path / "account"
    LocalAccount(data, TurnedClock()).close()
    path = data / "account.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "runtime": "docker"}))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    return data


def test_without_an_engine_nothing_is_started_and_nothing_reset(account: Path) -> None:
    before = {path: path.read_bytes() for path in account.rglob("*.json")}
    assert before
    with pytest.raises(NoEngineError):
        LocalAccount(account, TurnedClock(), runtime=None)
    with pytest.raises(NoEngineError):
        daemon.reset(account)
    assert {path: path.read_bytes() for path in account.rglob("*.json")} == before


def test_without_an_engine_a_killed_account_can_be_stopped_all_the_same(account: Path) -> None:
    assert not daemon.stop(account)


class _Version(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"ApiVersion": "1.41"}')

    def log_message(self, *words: object) -> None:
        pass


def test_an_engine_that_is_reached_over_a_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(("127.0.0.1", 0), _Version) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.server_port}")
        try:
            with pytest.raises(NoEngineError, match="another machine"):
                connect("test")
        finally:
            server.shutdown()
            thread.join()


def test_a_container_lives_while_nobody_knows_better(nobody: Engine) -> None:
    child = EngineChild(nobody, "c1", "p1")
    assert child.exit_code() is None
    child.look()
    child.terminate()
    assert child.exit_code() is None
    child.kill()
    assert child.exit_code() == KILLED
    assert not child.lingers()
