"""A registry over a small account of its own: one user, one session, some repositories."""

import base64
import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from spcs_emulator.clock import TurnedClock
from spcs_emulator.registry.api import Access, Credential, PushedImage, Visitor
from spcs_emulator.registry.blobs import BlobStore
from spcs_emulator.registry.registry import Registry
from spcs_emulator.wire.messages import Request, Response

OCI = "application/vnd.oci.image.manifest.v1+json"
PASSWORD = "right"
SESSION = "session-1"


class Shelf:
    """What an account offers to the registry. `access` is changed by tests as grants would change it."""

    def __init__(self) -> None:
        self.access: dict[str, Access] = {"db/s/r": "write", "db/s/other": "read", "db/s/shut": "none"}
        self.sessions: dict[str, datetime | None] = {SESSION: None}
        self.images: list[PushedImage] = []

    def authenticate(self, credential: Credential) -> Visitor | None:
        if credential.user is None:
            known = credential.secret in self.sessions
            return Visitor("ADMIN", self.sessions[credential.secret]) if known else None
        return Visitor("ADMIN") if credential == Credential("admin", PASSWORD) else None

    def repository_access(self, credential: Credential, path: str) -> Access | None:
        return self.access.get(path)

    def repository_key(self, path: str) -> str | None:
        return path.replace("/", "_") if path in self.access else None

    def record_image(self, image: PushedImage) -> None:
        if image.repository not in {self.repository_key(path) for path in self.access}:
            raise KeyError(image.repository)
        self.images.append(image)

    def image_names(self, key: str) -> Sequence[str]:
        return sorted({image.name for image in self.images if image.repository == key})

    def tags(self, key: str, name: str) -> Sequence[str]:
        return sorted({image.tag for image in self._mine(key, name) if image.tag})

    def image(self, key: str, name: str, reference: str) -> PushedImage | None:
        found = [image for image in self._mine(key, name) if reference in (image.tag, image.digest)]
        return found[-1] if found else None

    def _mine(self, key: str, name: str) -> list[PushedImage]:
        return [image for image in self.images if (image.repository, image.name) == (key, name)]


def basic(user: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class World:
    """The registry, the account behind it, and a client that calls it directly."""

    folder: Path
    shelf: Shelf = field(default_factory=Shelf)
    clock: TurnedClock = field(default_factory=TurnedClock)
    authorization: str | None = basic("admin", PASSWORD)

    def __post_init__(self) -> None:
        self.blobs = BlobStore(self.folder)
        self.registry = Registry(self.shelf, self.blobs, self.clock.now)

    def call(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        **query: str,
    ) -> Response:
        return self.registry.respond(self.request(method, path, io.BytesIO(body), headers, **query))

    def request(
        self,
        method: str,
        path: str,
        body: io.BytesIO,
        headers: Mapping[str, str] | None = None,
        **query: str,
    ) -> Request:
        length = len(body.getbuffer())
        sent = {"host": "127.0.0.1:5000", "content-length": str(length), "content-type": OCI} | dict(
            headers or {}
        )
        if self.authorization is not None:
            sent["authorization"] = self.authorization
        values = {name.rstrip("_"): (value,) for name, value in query.items()}
        return Request(method, path, values, sent, body)

    def codes(self, response: Response) -> list[str]:
        assert isinstance(response.body, bytes)
        return [error["code"] for error in json.loads(response.body)["errors"]]

    def upload(self, content: bytes, name: str = "db/s/r/thing") -> str:
        digest = digest_of(content)
        answer = self.call("POST", f"/v2/{name}/blobs/uploads/", content, digest=digest)
        assert answer.status == 201, answer
        return digest

    def manifest(self, **changes: Any) -> bytes:
        config = self.upload(json.dumps({"architecture": "amd64", "os": "linux"}).encode())
        layer = self.upload(b"layer")
        value = {
            "schemaVersion": 2,
            "mediaType": OCI,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 1},
            "layers": [{"digest": layer, "size": 5}],
        }
        return json.dumps(value | changes).encode()

    def put(self, content: bytes, reference: str = "v1", media_type: str = OCI) -> Response:
        path = f"/v2/db/s/r/thing/manifests/{reference}"
        return self.call("PUT", path, content, {"content-type": media_type})


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "registry")


@pytest.fixture
def digest() -> Callable[[bytes], str]:
    return digest_of


@pytest.fixture
def as_basic() -> Callable[[str, str], str]:
    return basic
