"""The way to the engine: found as the docker command finds it, and what is said when none can be used."""

import hashlib
import json
import socketserver
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread

import pytest
from tests.spcs_milvus.images.users import as_nobody

from spcs_milvus.errors import ConnectError, Problem
from spcs_milvus.images.connection import connect


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The docker command's folder, empty, and nothing said by the environment."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    return tmp_path


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose name is short enough for a socket, open to everybody."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


class Answer(BaseHTTPRequestHandler):
    """Tells its version, as every engine does."""

    version: str

    def do_GET(self) -> None:
        content = json.dumps({"ApiVersion": self.version}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def address_string(self) -> str:
        return "local"

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def answering(folder: Path, version: str = "1.41") -> Iterator[str]:
    """The address of something that answers as an engine of that version does."""
    handler = type("Engine", (Answer,), {"version": version})
    with socketserver.ThreadingUnixStreamServer(str(folder / "docker.sock"), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"unix://{folder}/docker.sock"
        finally:
            server.shutdown()
            thread.join()


def context(settings: Path, name: str, host: str) -> None:
    """What `docker context create` writes."""
    folder = settings / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    folder.mkdir(parents=True)
    meta = {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": False}}}
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")


def problem() -> Problem:
    with pytest.raises(ConnectError) as raised:
        connect()
    return raised.value.problem


def test_docker_host_comes_first(folder: Path, settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context(settings, "chosen", "unix:///nowhere/docker.sock")
    monkeypatch.setenv("DOCKER_CONTEXT", "chosen")
    with answering(folder) as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        with connect() as api:
            assert api.api_version == "1.41"


@pytest.mark.parametrize("how", ["environment", "settings"])
def test_then_the_context(folder: Path, settings: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    if how == "environment":
        monkeypatch.setenv("DOCKER_CONTEXT", "chosen")
    else:
        (settings / "config.json").write_text('{"currentContext": "chosen"}', encoding="utf-8")
    with answering(folder) as host:
        context(settings, "chosen", host)
        connect().close()
    found = problem()
    assert (found.summary, found.place) == ("no Docker engine answers", host)


def test_a_context_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "gone")
    found = problem()
    assert found.summary == "the context of the docker command cannot be used"
    assert found.detail == "there is no context gone"
    assert found.hint == "docker context ls shows those there are; choose one with: docker context use NAME"


def test_a_context_whose_file_is_broken(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context(settings, "chosen", "unix:///nowhere/docker.sock")
    (file,) = settings.rglob("meta.json")
    file.write_text("{", encoding="utf-8")
    monkeypatch.setenv("DOCKER_CONTEXT", "chosen")
    found = problem()
    assert found.summary == "the context of the docker command cannot be used"
    assert found.place == "chosen"


def test_a_context_whose_name_is_no_text(settings: Path) -> None:
    (settings / "config.json").write_text('{"currentContext": 5}', encoding="utf-8")
    assert problem().place == "5"


@pytest.mark.parametrize("written", ["[]", '{"auths": 5}', '{"proxies": 5}'])
def test_settings_that_are_none(
    folder: Path, settings: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    (settings / "config.json").write_text(written, encoding="utf-8")
    with answering(folder) as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        found = problem()
    assert found.summary == "the docker command's settings cannot be used"
    assert found.place == str(settings / "config.json")
    assert found.hint == "mend that file, or move it away: docker login writes it anew"


@pytest.mark.parametrize(
    ("host", "detail"),
    [
        ("unix:///nowhere/docker.sock", "No such file or directory"),
        ("tcp://127.0.0.1:9", "Connection refused"),
        ("nonsense", "nonsense"),
        ("ssh://nobody@127.0.0.1", "Install paramiko package to enable ssh:// support"),
    ],
)
def test_no_engine(monkeypatch: pytest.MonkeyPatch, host: str, detail: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    found = problem()
    assert found.summary == "no Docker engine answers"
    assert detail in (found.detail or "")
    assert found.place == host
    assert found.hint == "start Docker (Docker Desktop or: sudo systemctl start docker), or set DOCKER_HOST"


def test_an_engine_that_this_user_may_not_use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(folder) as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        (folder / "docker.sock").chmod(0)
        with as_nobody():
            found = problem()
    assert found.summary == "this user may not use the Docker engine"
    assert found.detail == "Permission denied"
    assert found.place == host
    assert found.hint == "sudo usermod -aG docker $USER, then log in to this machine again"


def test_an_engine_that_is_too_old(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(folder, "1.40") as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        found = problem()
    assert found.summary == "the Docker engine is too old"
    assert found.detail == "it speaks version 1.40 of its API; 1.41 is needed"
    assert found.hint == "install Docker 20.10 or later"


def test_an_engine_that_is_older_than_its_library_knows(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(folder, "1.12") as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        assert problem().summary == "the Docker engine is too old"
