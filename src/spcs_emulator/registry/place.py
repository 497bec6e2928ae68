"""Which repository and image a request to the registry means.

In: the path of a request. Out: a `Route`. Pure. Paths are db/schema/repository/image in lower case
(documented: Working with an image registry and repository).
"""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

from spcs_emulator.registry.errors import RegistryError

_ROUTE = re.compile(
    r"/v2/(?P<name>.+?)/"
    r"(?:(?P<tags>tags/list)|(?P<start>blobs/uploads/?)|blobs/uploads/(?P<upload>[^/]+)"
    r"|blobs/(?P<blob>[^/]+)|manifests/(?P<manifest>[^/]+))"
)
_NAME = re.compile(r"[a-z0-9_$.-]+(?:/[a-z0-9_$.-]+)*")

What = Literal["tags", "start", "upload", "blob", "manifest"]


@dataclass(frozen=True)
class Route:
    """What a request means. `repository` is "db/schema/repo", `image` the rest of the name.

    `reference` is an upload's id, a digest or a tag; empty for tags and for the start of an upload.
    """

    repository: str
    image: str
    what: What
    reference: str


@dataclass(frozen=True)
class Place:
    """A route whose repository is there: `key` is the repository's own and never used again."""

    repository: str
    image: str
    key: str

    @property
    def location(self) -> str:
        """The start of every Location header, relative to the host."""
        return f"/v2/{quote(self.repository)}/{quote(self.image)}"


def route(path: str) -> Route:
    """The target of a path below /v2/. RegistryError: NAME_INVALID, or UNSUPPORTED for an unknown one."""
    found = _ROUTE.fullmatch(unquote(path))
    if found is None:
        raise RegistryError(404, "UNSUPPORTED", "the operation is unsupported", path)
    name = found["name"]
    if name != name.lower():
        raise RegistryError(400, "NAME_INVALID", "repository name must be lowercase", name)
    parts = name.split("/", 3)
    if not _NAME.fullmatch(name) or len(parts) < 4:
        raise RegistryError(400, "NAME_INVALID", "the name is not db/schema/repo/image", name)
    repository, image = "/".join(parts[:3]), parts[3]
    if found["start"]:
        return Route(repository, image, "start", "")
    if found["tags"]:
        return Route(repository, image, "tags", "")
    if found["upload"]:
        return Route(repository, image, "upload", found["upload"])
    if found["blob"]:
        return Route(repository, image, "blob", found["blob"])
    return Route(repository, image, "manifest", found["manifest"])
