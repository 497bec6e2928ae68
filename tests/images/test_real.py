"""The images as real processes, started as their process.yaml says, and the notebook run against them."""

import http.client
import json
import os
import signal
import subprocess
import sys
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from nbclient import NotebookClient
from pymilvus import MilvusClient
from tests.images.conftest import IMAGES, START_SECONDS, Launcher, Running, read_notebook

pytestmark = pytest.mark.real

ANSWER = "Alan Turing was the first person to conduct substantial research in AI."
CELL_SECONDS = 60


def execute_headless(milvus: Running, workspace: Path) -> str:
    """Run the notebook as it lies in images/, and give back what it printed."""
    notebook = read_notebook()
    runner = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(IMAGES / "jupyter")}},
    )
    runner.execute(
        env=os.environ
        | {
            "MILVUS_URI": milvus.url(19530),
            "IPYTHONDIR": str(workspace / "ipython"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
    )
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


def test_the_notebook_finds_the_answer_twice_in_a_row(
    launcher: Launcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    milvus = launcher.start("milvus")
    for _ in range(2):
        printed = execute_headless(milvus, tmp_path)
        assert f"Best hit: {ANSWER}" in printed
        assert "Embedder: hash" in printed
        assert "lexical" in printed


def fill(client: MilvusClient) -> None:
    client.create_collection("kept", dimension=4, metric_type="COSINE", consistency_level="Strong")
    rows = [{"id": 1, "vector": [1.0, 0.0, 0.0, 0.0]}, {"id": 2, "vector": [0.0, 1.0, 0.0, 0.0]}]
    client.insert("kept", rows)


def nearest(client: MilvusClient) -> int:
    (hits,) = client.search("kept", data=[[0.1, 0.9, 0.0, 0.0]], limit=1)
    found: int = hits[0]["id"]
    return found


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_milvus_answers_as_before_after_a_restart(launcher: Launcher, ending: signal.Signals) -> None:
    milvus = launcher.start("milvus")
    client = MilvusClient(uri=milvus.url(19530))
    fill(client)
    client.close()
    milvus.process.send_signal(ending)
    code = milvus.process.wait(timeout=15)
    assert code == (0 if ending == signal.SIGTERM else -signal.SIGKILL), milvus.log.read_text()

    again = launcher.start("milvus")
    client = MilvusClient(uri=again.url(19530))
    assert nearest(client) == 2
    client.close()


def test_milvus_listens_on_loopback_only(launcher: Launcher) -> None:
    milvus = launcher.start("milvus")
    listening = [
        # An IPv6 socket may carry the IPv4 address: ::ffff:127.0.0.1 is the same as 127.0.0.1.
        (connection.laddr.ip.removeprefix("::ffff:"), connection.laddr.port)
        for connection in psutil.Process(milvus.process.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == [("127.0.0.1", milvus.ports[19530])]


def test_a_second_milvus_on_one_port_is_refused(launcher: Launcher, tmp_path: Path) -> None:
    milvus = launcher.start("milvus")
    command = [sys.executable, str(IMAGES / "milvus" / "serve.py"), "--data-dir", str(tmp_path / "other")]
    ended = subprocess.run(
        [*command, "--port", str(milvus.ports[19530])],
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert ended.returncode != 0
    assert f"127.0.0.1:{milvus.ports[19530]}" in ended.stderr
    assert milvus.process.poll() is None


class Browser:
    """Speaks HTTP to Jupyter with the headers of a browser, and keeps its cookies."""

    def __init__(self, jupyter: Running) -> None:
        self.port = jupyter.ports[8888]
        self.cookies: SimpleCookie = SimpleCookie()

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: Any = None
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in self.cookies.items())
        connection.request(
            method,
            path,
            body=None if body is None else json.dumps(body),
            headers={"Cookie": cookies} | (headers or {}),
        )
        answer = connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            self.cookies.load(cookie)
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def change(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """A request that changes something, as Jupyter's own page sends it."""
        return self.ask(method, path, {"X-XSRFToken": self.cookies["_xsrf"].value}, body)


@pytest.fixture
def workspace(launcher: Launcher) -> tuple[Running, Running, Browser]:
    """Milvus, Jupyter beside it, and somebody who has opened Jupyter's page."""
    milvus = launcher.start("milvus")
    jupyter = launcher.start("jupyter", MILVUS_URI=milvus.url(19530))
    browser = Browser(jupyter)
    status, page = browser.ask("GET", "/tree")
    assert status == 200
    assert "Jupyter" in page
    return milvus, jupyter, browser


def names(listing: str) -> set[str]:
    return {entry["name"] for entry in json.loads(listing)["content"]}


def test_jupyter_shows_the_notebook_and_keeps_what_is_saved_on_the_stage(
    workspace: tuple[Running, Running, Browser], launcher: Launcher
) -> None:
    _, jupyter, browser = workspace
    assert names(browser.ask("GET", "/api/contents")[1]) >= {"TestMilvus.ipynb", "embedder.py", "files"}
    assert browser.ask("GET", "/notebooks/TestMilvus.ipynb")[0] == 200

    saved = {"type": "file", "format": "text", "content": "kept"}
    assert browser.change("PUT", "/api/contents/files/note.txt", saved)[0] == 201
    assert names(browser.ask("GET", "/api/contents/files")[1]) == {"note.txt"}

    jupyter.process.terminate()
    assert jupyter.process.wait(timeout=15) == 0, jupyter.log.read_text()
    again = launcher.start("jupyter")
    assert names(Browser(again).ask("GET", "/api/contents/files")[1]) == {"note.txt"}


FOREIGN_SOCKET = {
    "Origin": "http://evil.example",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}
FROM_ELSEWHERE: list[tuple[str, str, dict[str, str]]] = [
    ("GET", "/tree", {"Host": "evil.example"}),
    ("GET", "/api/contents", {"Host": "evil.example:8888"}),
    ("POST", "/api/kernels", {}),
    ("PUT", "/api/contents/x.txt", {}),
    ("POST", "/api/terminals", {}),
    ("GET", "/api/kernels/{kernel}/channels", FOREIGN_SOCKET),
]


def test_jupyter_refuses_what_another_site_could_send(workspace: tuple[Running, Running, Browser]) -> None:
    _, _, browser = workspace
    kernel = json.loads(browser.change("POST", "/api/kernels")[1])["id"]
    answers = [
        (method, path, browser.ask(method, path.format(kernel=kernel), headers)[0])
        for method, path, headers in FROM_ELSEWHERE
    ]
    assert answers == [(method, path, 403) for method, path, _ in FROM_ELSEWHERE]


def test_the_notebook_runs_in_jupyters_own_kernel(
    workspace: tuple[Running, Running, Browser],
) -> None:
    _, jupyter, browser = workspace
    status, answer = browser.change("POST", "/api/kernels", {"name": "python3"})
    assert status == 201
    connection = jupyter.files / ".jupyter" / "runtime" / f"kernel-{json.loads(answer)['id']}.json"

    client = BlockingKernelClient(connection_file=str(connection))
    client.load_connection_file()
    client.start_channels()
    printed: list[str] = []

    def keep(message: dict[str, Any]) -> None:
        printed.append(message["content"].get("text", ""))

    for cell in read_notebook().cells:
        if cell.cell_type == "code":
            reply = client.execute_interactive(cell.source, timeout=CELL_SECONDS, output_hook=keep)
            assert reply["content"]["status"] == "ok", reply["content"]
    client.stop_channels()
    assert f"Best hit: {ANSWER}" in "".join(printed)
    assert jupyter.process.poll() is None


def test_verify_ends_well_only_when_milvus_answers(launcher: Launcher, tmp_path: Path) -> None:
    milvus = launcher.start("milvus")
    command = [sys.executable, str(IMAGES / "jupyter" / "serve.py"), str(IMAGES / "jupyter"), "no stage"]
    environment = os.environ | {
        "MODE": "verify",
        "MILVUS_URI": milvus.url(19530),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    ended = []
    for _ in range(2):
        ended.append(
            subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        )
        milvus.process.kill()
        milvus.process.wait(timeout=15)
    well, badly = ended
    assert (well.returncode, badly.returncode) == (0, 1), well.stdout + badly.stdout
    assert well.stdout.rstrip().endswith(f"Best hit: {ANSWER}")
    assert "Best hit" not in badly.stdout
    assert "Fail connecting to server" in badly.stdout.splitlines()[-1]
    assert "\x1b" not in badly.stdout
