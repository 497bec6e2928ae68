"""Uploads of blobs: at once, in one piece, or in chunks.

In: requests to /v2/<name>/blobs/uploads/. Out: answers as the OCI Distribution Specification says (Pushing
Blobs). Writes through the blob store.
"""

import re

from spcs_emulator.registry.arrivals import OutOfOrderError
from spcs_emulator.registry.blobs import BlobStore, DigestError
from spcs_emulator.registry.errors import RegistryError
from spcs_emulator.registry.place import Place
from spcs_emulator.wire.messages import Request, Response

_CHUNK = re.compile(r"(?:bytes[ =])?(\d{1,18})-(\d{1,18})(?:/.*)?")


def start(request: Request, place: Place, blobs: BlobStore, from_key: str | None) -> Response:
    """POST: mounts a blob, takes a whole one when `digest` is given, or opens an upload.

    `from_key` is the repository to mount from; None when none was asked for or it may not be read.
    """
    mount = request.first("mount")
    if mount is not None and from_key is not None and blobs.share(from_key, place.key, mount):
        return _created(place, mount)
    upload = blobs.uploads.begin(place.key)
    digest = request.first("digest")
    if digest is None:
        return Response(202, _state(place, upload, 0))
    try:
        _append(request, place, blobs, upload)
        return _finish(place, blobs, upload, digest)
    except (RegistryError, OSError):
        blobs.uploads.cancel(place.key, upload)
        raise


def go_on(request: Request, place: Place, blobs: BlobStore, upload: str) -> Response:
    """GET, HEAD, PATCH, PUT and DELETE of one upload."""
    try:
        size = blobs.uploads.size(place.key, upload)
        match request.method:
            case "GET" | "HEAD":
                return Response(204, _state(place, upload, size))
            case "PATCH":
                return Response(202, _state(place, upload, _append(request, place, blobs, upload)))
            case "PUT":
                _append(request, place, blobs, upload)
                return _finish(place, blobs, upload, request.first("digest") or "")
            case "DELETE":
                blobs.uploads.cancel(place.key, upload)
                return Response(204)
    except KeyError as error:
        raise RegistryError(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", upload) from error
    raise RegistryError(405, "UNSUPPORTED", "the operation is unsupported", request.method)


def _append(request: Request, place: Place, blobs: BlobStore, upload: str) -> int:
    try:
        return blobs.uploads.append(place.key, upload, request.body, _first_byte(request))
    except OutOfOrderError as error:
        detail = {"have": error.size, "sent": request.header("content-range")}
        refusal = RegistryError(416, "BLOB_UPLOAD_INVALID", "the chunk is out of order", detail)
        refusal.headers = _state(place, upload, error.size)
        raise refusal from error
    except (EOFError, ValueError) as error:
        raise RegistryError(400, "SIZE_INVALID", "the content broke off", str(error)) from error


def _first_byte(request: Request) -> int | None:
    """Where the request's Content-Range begins; None when it has none."""
    sent = request.header("content-range")
    if sent is None:
        return None
    found = _CHUNK.fullmatch(sent)
    if found is None:
        raise RegistryError(416, "BLOB_UPLOAD_INVALID", "the chunk's range cannot be read", sent)
    first, last = int(found[1]), int(found[2])
    length = request.header("content-length")
    if length is not None and length != str(last - first + 1):
        raise RegistryError(400, "SIZE_INVALID", "the chunk's length is not its range's", sent)
    return first


def _finish(place: Place, blobs: BlobStore, upload: str, digest: str) -> Response:
    try:
        blobs.finish(place.key, upload, digest)
    except DigestError as error:
        raise RegistryError(
            400, "DIGEST_INVALID", "provided digest did not match uploaded content", digest
        ) from error
    return _created(place, digest)


def _created(place: Place, digest: str) -> Response:
    location = f"{place.location}/blobs/{digest}"
    return Response(201, {"Location": location, "Docker-Content-Digest": digest})


def _state(place: Place, upload: str, size: int) -> dict[str, str]:
    # The specification's range is inclusive, and 0-0 stands for nothing as well as for one byte.
    return {
        "Location": f"{place.location}/blobs/uploads/{upload}",
        "Docker-Upload-UUID": upload,
        "Range": f"0-{max(0, size - 1)}",
    }
