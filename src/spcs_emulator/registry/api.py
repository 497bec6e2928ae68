"""What the registry and the account need of each other.

In: a credential and a repository's path from the registry; out: what that credential may do there, and the
images pushed so far. Values and protocols; nothing is touched here.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

Access = Literal["none", "read", "write"]


@dataclass(frozen=True)
class Credential:
    """Who speaks to the registry: a user with a password, or a session by its token (user None)."""

    user: str | None
    secret: str = field(repr=False)


@dataclass(frozen=True)
class PushedImage:
    """A manifest that was put. `repository` is "db/schema/repo" in lower case, `name` the rest.

    `tag` is None when it was put by digest. `artifact_type` and `architecture` are None where the manifest or
    its config do not say.
    """

    repository: str
    name: str
    tag: str | None
    digest: str
    media_type: str
    artifact_type: str | None
    architecture: str | None


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
    """What the registry asks of the account. Paths are "db/schema/repo" in lower case."""

    def authenticate(self, credential: Credential) -> str | None:
        """The user the credential stands for; None when it is wrong or has expired."""

    def repository_access(self, credential: Credential, path: str) -> Access | None:
        """What the credential may do in the repository; None when there is no such repository."""

    def repository_key(self, path: str) -> str | None:
        """The never reused key of the repository under which its images are kept; None when there is none."""

    def record_image(self, image: PushedImage) -> None:
        """Takes note of an image that is whole in the store, for SHOW IMAGES IN IMAGE REPOSITORY."""

    def tags(self, path: str, name: str) -> Sequence[str]:
        """Every tag of the image in the repository, sorted; empty when there is no such image."""

    def media_type(self, path: str, name: str, digest: str) -> str | None:
        """The media type under which the manifest was put to the image; None when none was, or is gone."""

    def digest_of_tag(self, path: str, name: str, tag: str) -> str | None:
        """The manifest's digest behind a tag; None when there is no such tag."""
