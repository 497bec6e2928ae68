"""What a client that pulls asks for: blobs and their parts, manifests, tags, the images of a repository.

In: GET and HEAD. Out: answers as the OCI Distribution Specification says (Pulling, Content Discovery).
Touches nothing; blobs are streamed from their files.
"""

import re

from spcs_emulator.registry.api import Repositories
from spcs_emulator.registry.blobs import BlobStore
from spcs_emulator.registry.errors import RegistryError
from spcs_emulator.registry.pages import page
from spcs_emulator.registry.place import Place
from spcs_emulator.wire.messages import FilePart, Request, Response

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def blob(request: Request, place: Place, digest: str, blobs: BlobStore) -> Response:
    """A blob of the repository, or the part of it that the request's Range asks for."""
    if not blobs.holds(place.key, digest):
        raise RegistryError(404, "BLOB_UNKNOWN", "blob unknown to registry", digest)
    path = blobs.blob(digest)
    headers = {
        "Content-Type": "application/octet-stream",
        "Docker-Content-Digest": digest,
        "Accept-Ranges": "bytes",
    }
    size = path.stat().st_size
    asked = _span(request.header("range") or "", size)
    if asked is None or request.method == "HEAD":
        return Response(200, headers, path)
    first, end = asked
    if first >= end:
        return Response(416, {"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    return Response(206, headers, FilePart(path, first, end - first))


def _span(asked: str, size: int) -> tuple[int, int] | None:
    """The first byte and the one behind the last; None when the whole is to be sent: nothing is asked for,
    or what a server may ignore (several ranges, another unit).
    """
    found = _RANGE.fullmatch(asked)
    if found is None or found[0] == "bytes=-":
        return None
    if not found[1]:
        return size - min(int(found[2]), size), size
    return int(found[1]), min(int(found[2]) + 1, size) if found[2] else size


def manifest(place: Place, reference: str, repositories: Repositories, blobs: BlobStore) -> Response:
    """The image's manifest by tag or by digest."""
    image = repositories.image(place.key, place.image, reference)
    if image is None or not blobs.holds(place.key, image.digest):
        raise RegistryError(404, "MANIFEST_UNKNOWN", "manifest unknown to registry", reference)
    headers = {"Content-Type": image.media_type, "Docker-Content-Digest": image.digest}
    return Response(200, headers, blobs.manifest(image.digest))


def tags(request: Request, place: Place, repositories: Repositories) -> Response:
    """The image's tags, a page of them when the request asks for one."""
    if place.image not in repositories.image_names(place.key):
        raise RegistryError(404, "NAME_UNKNOWN", "repository name not known to registry", place.image)
    every = repositories.tags(place.key, place.image)
    return page(request, "tags", every, name=f"{place.repository}/{place.image}")


def catalog(request: Request, place: Place, repositories: Repositories) -> Response:
    """The images of one repository.

    Observed: the official CLI before it asked by SQL read `/v2/db/schema/repo/_catalog`, where every name
    stood behind "baserepo/". Assumed: there is none for the whole account.
    """
    names = [f"baserepo/{name}" for name in repositories.image_names(place.key)]
    return page(request, "repositories", names)
