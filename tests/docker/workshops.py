"""A place to build in: a context with a small base, under names of its own, and nothing left afterwards.

In: a client of the engine and a base. Out: contexts, what the deployer said of its progress. What is made
in the engine carries a label of its own and is removed at the end.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import docker
from tests.docker import leftovers

from spcs_milvus.container_image import ContainerImage
from spcs_milvus.images import Login, container_image
from spcs_milvus.secrets import Secret
from spcs_milvus.transfer import Transfer


@dataclass
class Workshop:
    """`name` is the image's, `folder` its context; `said` is every progress."""

    client: docker.APIClient
    base: str
    folder: Path
    name: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:12]}")
    said: list[Transfer] = field(default_factory=list)

    @property
    def label(self) -> str:
        """What everything built here carries."""
        return f"spcs-milvus-test={self.name}"

    def image(self, *instructions: str, **files: bytes) -> ContainerImage:
        """A context with these instructions after FROM, and these files."""
        lines = [f"FROM {self.base}", f"LABEL {self.label}", *instructions]
        (self.folder / "Dockerfile").write_text("\n".join(lines) + "\n", encoding="utf-8")
        for name, content in files.items():
            (self.folder / name).write_bytes(content)
        return container_image(self.folder)

    def reference(self, host: str, image: ContainerImage) -> str:
        """Where it goes on a registry."""
        return f"{host}/demo/public/repo/{self.name}:{image.tag}"

    def tags(self) -> list[str]:
        """The names under which the engine has what was built here."""
        found = self.client.images(filters={"label": self.label})
        names = [name for one in found for name in (one["RepoTags"] or []) + (one["RepoDigests"] or [])]
        return [name for name in names if "<none>" not in name]

    @property
    def texts(self) -> list[str]:
        """The words of every progress."""
        return [transfer.text for transfer in self.said]


@contextmanager
def workshop(client: docker.APIClient, base: str, folder: Path) -> Iterator[Workshop]:
    """One whose images are gone afterwards."""
    own = Workshop(client, base, folder)
    try:
        yield own
    finally:
        leftovers.remove(client, own.label)


def logins(*passwords: str, user: str) -> tuple[list[str], Callable[[], Login]]:
    """Signs in with one password after the other; the list has those that were asked for."""
    asked: list[str] = []

    def sign_in() -> Login:
        asked.append(passwords[len(asked)])
        return Login(user, Secret(asked[-1]))

    return asked, sign_in
