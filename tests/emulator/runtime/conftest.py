"""Process images in a real blob store, and instances that ask for them."""

import io
import json
import tarfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from spcs_emulator.registry.blobs import BlobStore
from spcs_emulator.runtime.api import ContainerRequest, Image, InstanceRequest, Mount, Probe
from spcs_emulator.runtime.process import ProcessRuntime
from spcs_emulator.runtime.process_image import ARTIFACT_TYPE, CONFIG_TYPE, LAYER_TYPE

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
REPOSITORY = "repository"

# A web server that answers /ready, tells its environment, and ends at once when asked for /crash.
SERVER = """
import http.server, json, os, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/crash":
            print("about to crash", flush=True)
            os._exit(3)
        body = json.dumps({"env": dict(os.environ), "cwd": os.getcwd(), "argv": sys.argv[1:]}).encode()
        self.send_response(200 if self.path in ("/ready", "/env") else 404)
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
print("serving", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
"""


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "registry")


@pytest.fixture
def push(blobs: BlobStore) -> Callable[..., Image]:
    """push(config, files={}) -> Image: makes a process image."""

    def do(config: Mapping[str, Any], files: Mapping[str, str] | None = None) -> Image:
        layers = []
        if files:
            layers.append({"mediaType": LAYER_TYPE, "size": 0, "digest": blobs.put(REPOSITORY, _tar(files))})
        parts = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": ARTIFACT_TYPE,
            "config": {
                "mediaType": CONFIG_TYPE,
                "size": 0,
                "digest": blobs.put(REPOSITORY, json.dumps(dict(config)).encode()),
            },
            "layers": layers,
        }
        digest = blobs.put(REPOSITORY, json.dumps(parts).encode())
        return Image("db/s/r/thing:proc-1", digest, MANIFEST_TYPE, ARTIFACT_TYPE)

    return do


def _tar(files: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, text in files.items():
            content = text.encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


@pytest.fixture
def web(push: Callable[..., Image]) -> Callable[..., Image]:
    """web(**changes) -> Image: the web server above, listening on port 8000."""

    def do(**changes: Any) -> Image:
        config: dict[str, Any] = {
            "version": 1,
            "command": ["{python}", "{files}/server.py", "{port:8000}"],
            "files": ["server.py"],
            "ports": [8000],
            "readiness": {"http": 8000, "path": "/ready"},
        }
        return push(config | changes, {"server.py": SERVER})

    return do


@pytest.fixture
def instance() -> Callable[..., InstanceRequest]:
    """instance(image, …) -> InstanceRequest with one container, `web`."""

    def do(
        image: Image,
        *,
        key: str = "a1",
        environment: Mapping[str, str] | None = None,
        mounts: tuple[Mount, ...] = (),
        ports: Mapping[int, int] | None = None,
        peers: Mapping[str, int | None] | None = None,
        hosts: frozenset[str] = frozenset(),
        readiness: Probe | None = None,
        name: str = "web",
    ) -> InstanceRequest:
        container = ContainerRequest(name, image, ("run",), (), environment or {}, mounts, readiness)
        return InstanceRequest(
            key,
            "DB.S.WEB",
            0,
            (container,),
            ports or {},
            peers or {},
            hosts,
            "web.abcdef.svc.spcs.internal",
            "abcdef.svc.spcs.internal",
        )

    return do


@pytest.fixture
def runtime(tmp_path: Path, blobs: BlobStore) -> Iterator[ProcessRuntime]:
    made = ProcessRuntime(tmp_path / "processes", tmp_path / "volumes", blobs, lambda: datetime.now(UTC))
    yield made
    made.close()


@pytest.fixture
def until() -> Callable[..., None]:
    """until(condition, seconds=15): waits for something that a real process does."""

    def do(condition: Callable[[], object], seconds: float = 15.0) -> None:
        end = time.monotonic() + seconds
        never = threading.Event()
        while not condition():
            assert time.monotonic() < end, "it did not happen in time"
            never.wait(0.02)

    return do
