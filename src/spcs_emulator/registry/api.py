"""What the registry and the account need of each other.

In: a credential and a repository's path from the registry; out: what that credential may do there, and the
images pushed so far. Values and protocols; nothing is touched here.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

Access = Literal["none", "read", "write"]


@dataclass(frozen=True)
class Credential:
    """Who speaks to the registry: a user with a password, or a session by its token (user None)."""

    user: str | None
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Source:
    """Where a runtime pulls images from: the registry's host and port, and who pulls."""

    host: str
    credential: Credential


@dataclass(frozen=True)
class Visitor:
    """Who a credential stands for, and until when it does; None when no end is known."""

    user: str
    until: datetime | None = None


@dataclass(frozen=True)
class PushedImage:
    """A manifest that was put. `repository` is the repository's key, `name` the image's name in it.

    `tag` is None when it was put by digest, `artifact_type` where the manifest says none. `platforms`, as
    "linux/amd64", are those it can run on: one of an image, each of an index; empty where nothing says so.
    """

    repository: str
    name: str
    tag: str | None
    digest: str
    media_type: str
    artifact_type: str | None
    platforms: tuple[str, ...]


class ImageStore(Protocol):
    """The registry's content as the account and the runtimes see it."""

    def manifest(self, digest: str) -> bytes:
        """The manifest's exact bytes. KeyError when there is none with this digest."""

    def blob(self, digest: str) -> Path:
        """The file that holds the blob. KeyError when there is none with this digest."""

    def forget(self, repository_key: str) -> None:
        """Removes every image of a dropped repository, and the blobs nothing else needs."""

    def keep_only(self, repository_keys: Set[str]) -> None:
        """Forgets every repository but these, and removes the blobs that none of them needs."""


class Repositories(Protocol):
    """What the registry asks of the account.

    A path is "db/schema/repo" in lower case; a key is a repository's own and never used again, and the same
    name may belong to another repository a moment later.
    """

    def authenticate(self, credential: Credential) -> Visitor | None:
        """Who the credential stands for; None when it is wrong or has expired."""

    def repository_access(self, credential: Credential, path: str) -> Access | None:
        """What the credential may do in the repository; None when there is no such repository."""

    def repository_key(self, path: str) -> str | None:
        """The key of the repository; None when there is none."""

    def record_image(self, image: PushedImage) -> None:
        """Takes note of an image that is whole in the store, for SHOW IMAGES IN IMAGE REPOSITORY. KeyError
        when its repository is gone.
        """

    def image_names(self, key: str) -> Sequence[str]:
        """The names of the images in the repository, sorted."""

    def tags(self, key: str, name: str) -> Sequence[str]:
        """Every tag of the image in the repository, sorted."""

    def image(self, key: str, name: str, reference: str) -> PushedImage | None:
        """The image's manifest with that digest or tag, without its tags; None when there is none."""
