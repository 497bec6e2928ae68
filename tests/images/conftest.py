"""What the tests of the images share: the folders of `images/`, their Dockerfiles as instructions, and a
small runner that starts an image as its process.yaml says.

The runner is the tests' own, not the local account's, so that an image and the runtime cannot be wrong
together.
"""

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest
import yaml

IMAGES = Path(__file__).resolve().parents[2] / "images"
START_SECONDS = 60
STOP_SECONDS = 15


@dataclass(frozen=True)
class Image:
    """One folder of `images/`."""

    folder: Path

    @property
    def process(self) -> dict[str, Any]:
        """process.yaml, as it stands."""
        document: dict[str, Any] = yaml.safe_load((self.folder / "process.yaml").read_text(encoding="utf-8"))
        return document

    @property
    def instructions(self) -> list[tuple[str, str]]:
        """The Dockerfile as (INSTRUCTION, arguments), comments gone and continued lines joined."""
        text = (self.folder / "Dockerfile").read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
        pairs = (line.split(None, 1) for line in joined.splitlines())
        return [(pair[0], pair[1]) for pair in pairs]

    def arguments(self, instruction: str) -> list[str]:
        """The arguments of every such instruction, in order."""
        return [arguments for name, arguments in self.instructions if name == instruction]

    def copied(self) -> set[str]:
        """The names in the context that COPY takes."""
        words = [
            [word for word in arguments.split() if not word.startswith("--")]
            for arguments in self.arguments("COPY")
        ]
        return {source for sources in words for source in sources[:-1]}


@dataclass
class Running:
    """A process that listens: its local ports by declared port, and the folder its files were unpacked to."""

    process: "subprocess.Popen[bytes]"
    ports: dict[int, int]
    files: Path
    started_seconds: float
    log: Path = field(repr=False)

    def url(self, port: int) -> str:
        return f"http://127.0.0.1:{self.ports[port]}"


@contextmanager
def run(image: Image, folder: Path, environment: dict[str, str]) -> Iterator[Running]:
    """Start `image` as its process.yaml says, all it writes under `folder`, and end it on the way out.

    The volumes are folders under `folder`, kept between two calls; the files are unpacked afresh each time,
    as a container's own disk is lost when it restarts. Raises AssertionError with the log when it does not
    become ready.
    """
    process = image.process
    files = folder / "files"
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir(parents=True)
    for name in process["files"]:
        shutil.copy2(image.folder / name, files / name)

    ports = {port: free_port() for port in process["ports"]}
    values = {"{python}": sys.executable, "{files}": str(files)}
    values |= {f"{{port:{declared}}}": str(local) for declared, local in ports.items()}
    for path in process["mounts"]:
        volume = folder / "volumes" / path.strip("/").replace("/", "-")
        volume.mkdir(parents=True, exist_ok=True)
        values[f"{{mount:{path}}}"] = str(volume)

    def fill(text: str) -> str:
        return re.sub(r"\{[a-z]+(?::[^}]*)?\}", lambda match: values[match[0]], text)

    home = folder / "home"
    home.mkdir(exist_ok=True)
    base = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "TMPDIR": str(home)}
    overrides = {name: fill(value) for name, value in process.get("environment", {}).items()}
    log = folder / "log"
    started = time.monotonic()
    with log.open("wb") as output:
        child = subprocess.Popen(
            [fill(word) for word in process["command"]],
            cwd=files,
            env=base | environment | overrides,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until_ready(child, process["readiness"], ports, log)
        yield Running(child, ports, files, time.monotonic() - started, log)
    finally:
        end(child)


def wait_until_ready(
    child: "subprocess.Popen[bytes]", readiness: dict[str, Any], ports: dict[int, int], log: Path
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready(readiness, ports):
        assert time.monotonic() < deadline, f"not ready after {START_SECONDS} s:\n{log.read_text()}"
        try:
            code = child.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"ended with {code}:\n{log.read_text()}")


def ready(readiness: dict[str, Any], ports: dict[int, int]) -> bool:
    """Ask once, as the runtime would."""
    try:
        if "tcp" in readiness:
            socket.create_connection(("127.0.0.1", ports[readiness["tcp"]]), timeout=5).close()
            return True
        address = f"http://127.0.0.1:{ports[readiness['http']]}{readiness['path']}"
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def end(child: "subprocess.Popen[bytes]") -> None:
    """Ask it to stop, then make it, then wait for it; by its own id only."""
    child.terminate()
    try:
        child.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass(frozen=True)
class Launcher:
    """Starts images; what it started ends with the test."""

    stack: ExitStack
    folder: Path

    def start(self, name: str, **environment: str) -> Running:
        """Start image `name` and return when it is ready."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return self.stack.enter_context(run(Image(IMAGES / name), folder, environment))


def read_notebook() -> Any:
    """TestMilvus.ipynb as nbformat's own kind of dictionary, as it stands."""
    path = IMAGES / "jupyter" / "TestMilvus.ipynb"
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]


@pytest.fixture(params=["milvus", "jupyter"])
def image(request: pytest.FixtureRequest) -> Image:
    """Each image in turn."""
    return Image(IMAGES / request.param)


@pytest.fixture
def jupyter_image() -> Image:
    return Image(IMAGES / "jupyter")


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[Launcher]:
    with ExitStack() as stack:
        # A home may have a space in its name, so every command and setting has to stand that.
        yield Launcher(stack, tmp_path / "a folder")


@pytest.fixture(scope="session")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """images/jupyter/embedder.py, which is in no package: in the image it lies beside the notebook.

    A copy of it, so that Python's cache does not become part of the image's folder.
    """
    copy = shutil.copy2(IMAGES / "jupyter" / "embedder.py", tmp_path_factory.mktemp("embedder"))
    specification = importlib.util.spec_from_file_location("embedder", copy)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    # A dataclass looks its own module up by name.
    sys.modules["embedder"] = module
    specification.loader.exec_module(module)
    return module
