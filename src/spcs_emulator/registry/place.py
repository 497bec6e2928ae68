"""Which repository and image a request to the registry means.

In: the path of a request. Out: a `Route`. Pure. Paths are db/schema/repository/image in lower case
(documented: Working with an image registry and repository). Assumed: an image's name follows the OCI
Distribution Specification, and the whole is at most 255 characters long.
"""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

from spcs_emulator.registry.errors import RegistryError

_LONGEST_NAME = 255
_ROUTE = re.compile(
    r"/v2/(?P<name>.+?)/"
    r"(?:(?P<tags>tags/list)|(?P<start>blobs/uploads/?)|blobs/uploads/(?P<upload>[^/]+)"
    r"|blobs/(?P<blob>[^/]+)|manifests/(?P<manifest>[^/]+))"
)
_CATALOG = re.compile(r"/v2/(?P<name>.+)/_catalog")
_REPOSITORY = re.compile(r"[a-z_][a-z0-9_$]*(?:/[a-z_][a-z0-9_$]*){2}")
_WORD = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(rf"{_WORD}(?:/{_WORD})*")

What = Literal["catalog", "tags", "start", "upload", "blob", "manifest"]
_WHATS: tuple[What, ...] = ("tags", "start", "upload", "blob", "manifest")


@dataclass(frozen=True)
class Route:
    """What a request means. `repository` is "db/schema/repo", `image` the rest of the name.

    `reference` is an upload's id, a digest or a tag; of no meaning for tags and for the start of an upload.
    The catalogue of a repository has no `image`.
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
    path = unquote(path)
    if catalog := _CATALOG.fullmatch(path):
        return Route(_checked(catalog["name"], _REPOSITORY), "", "catalog", "")
    found = _ROUTE.fullmatch(path)
    if found is None:
        raise RegistryError(404, "UNSUPPORTED", "the operation is unsupported", path)
    parts = found["name"].split("/", 3)
    repository = _checked("/".join(parts[:3]), _REPOSITORY)
    image = _checked("/".join(parts[3:]), _IMAGE)
    if len(found["name"]) > _LONGEST_NAME:
        raise RegistryError(400, "NAME_INVALID", f"the name is longer than {_LONGEST_NAME} characters")
    what = next(what for what in _WHATS if found[what])
    return Route(repository, image, what, found[what])


def _checked(name: str, form: re.Pattern[str]) -> str:
    if name != name.lower():
        raise RegistryError(400, "NAME_INVALID", "repository name must be lowercase", name)
    if not form.fullmatch(name):
        raise RegistryError(400, "NAME_INVALID", "the name is not db/schema/repo/image", name)
    return name
