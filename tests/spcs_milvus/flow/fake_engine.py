"""In place of a Docker engine: builds nothing but a name, and pushes an image without layers for linux/amd64,
with the login it is given, as an engine does.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

from spcs_milvus.container_image import ContainerImage
from spcs_milvus.errors import DeployError
from spcs_milvus.images import Engine, Login
from spcs_milvus.transfer import Layer, Transfer

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"


@dataclass
class FakeEngine(Engine):
    """``asked`` is what was asked of it, in order; ``built`` are the images it has; ``logins`` are those it
    pushed with, ``signs_in`` how often it asks for one in a push. What is in ``fails`` raises when it is
    built or pushed; ``at_work`` is called in the middle of a build and of a push.
    """

    asked: list[str] = field(default_factory=list)
    built: dict[str, str] = field(default_factory=dict)
    logins: list[Login] = field(default_factory=list)
    signs_in: int = 1
    fails: dict[str, DeployError] = field(default_factory=dict)
    at_work: Callable[[str], object] = lambda _what: None

    def __post_init__(self) -> None:
        super().__init__()

    def find(self, name: str, image: ContainerImage) -> str | None:
        self._ask("find", name)
        return self.built.get(f"{name}:{image.tag}")

    def build(self, name: str, image: ContainerImage, progress: Callable[[Transfer], object]) -> str:
        self._ask("build", name)
        progress(Transfer("Step 1/1 : FROM scratch"))
        self.at_work(f"build {name}")
        progress(Transfer("Successfully built"))
        self.built[f"{name}:{image.tag}"] = image.digest
        return image.digest

    def push(
        self,
        name: str,
        image: ContainerImage,
        reference: str,
        sign_in: Callable[[], Login],
        progress: Callable[[Transfer], object],
    ) -> str:
        self._ask("push", name)
        progress(Transfer("0 of 1 layers pushed", (Layer("a", "Pushing", 1, 2),)))
        self.at_work(f"push {name}")
        self.logins += [sign_in() for _ in range(self.signs_in)]
        progress(Transfer("1 of 1 layers pushed", (Layer("a", "Pushed", 2, 2),)))
        return pushed(reference, self.logins[-1], image.tag)

    def _ask(self, what: str, name: str) -> None:
        self.asked.append(f"{what} {name}")
        if error := self.fails.get(f"{what} {name}") or self.fails.get(what):
            raise error


def pushed(reference: str, login: Login, content: str) -> str:
    """Pushes an image that differs by ``content`` only; its digest."""
    address, _, tag = reference.rpartition(":")
    host, _, path = address.partition("/")
    with requests.Session() as client:
        client.trust_env = False
        basic = (login.user, login.password.reveal())
        token = client.get(f"http://{host}/login", auth=basic, timeout=10)
        assert token.status_code == 200, token.text
        client.headers["Authorization"] = f"Bearer {token.json()['token']}"
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Labels": {"content": content}},
            "rootfs": {"type": "layers", "diff_ids": []},
        }
        data = json.dumps(config).encode()
        blob = f"sha256:{hashlib.sha256(data).hexdigest()}"
        base = f"http://{host}/v2/{path}"
        stored = client.post(f"{base}/blobs/uploads/", params={"digest": blob}, data=data, timeout=10)
        assert stored.status_code == 201, stored.text
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {"mediaType": _CONFIG, "digest": blob, "size": len(data)},
            "layers": [],
        }
        answer = client.put(
            f"{base}/manifests/{tag}", json.dumps(manifest), headers={"Content-Type": _MANIFEST}, timeout=10
        )
        assert answer.status_code == 201, answer.text
        return str(answer.headers["Docker-Content-Digest"])
