"""Uploads of blobs: at once, in one piece, or in chunks.

In: requests to /v2/<name>/blobs/uploads/. Out: answers as the OCI Distribution Specification says (Pushing
Blobs). Writes through the blob store.
"""

import re

from spcs_emulator.registry.blobs import BlobStore, DigestError
from spcs_emulator.registry.errors import RegistryError
from spcs_emulator.registry.place import Place
from spcs_emulator.wire.messages import Request, Response


def start(request: Request, place: Place, blobs: BlobStore, from_key: str | None) -> Response:
    """POST: mounts a blob, takes a whole one when `digest` is given, or opens an upload.

    `from_key` is the repository to mount from; None when none was asked for or it may not be read.
    """
    mount = request.first("mount")
    if mount is not None and from_key is not None and blobs.share(from_key, place.key, mount):
        return _created(place, mount)
    upload = blobs.begin(place.key)
    digest = request.first("digest")
    if digest is None:
        return _accepted(place, upload, 0, 202)
    try:
        _append(request, place, blobs, upload)
        return _finish(place, blobs, upload, digest)
    except (RegistryError, OSError):
        blobs.cancel(place.key, upload)
        raise


def go_on(request: Request, place: Place, blobs: BlobStore, upload: str) -> Response:
    """GET, PATCH, PUT and DELETE of one upload."""
    try:
        size = blobs.size(place.key, upload)
    except KeyError as error:
        raise RegistryError(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", upload) from error
    match request.method:
        case "GET":
            return _accepted(place, upload, size, 204)
        case "PATCH":
            _check_order(request, size)
            return _accepted(place, upload, _append(request, place, blobs, upload), 202)
        case "PUT":
            _check_order(request, size)
            _append(request, place, blobs, upload)
            return _finish(place, blobs, upload, request.first("digest") or "")
        case "DELETE":
            blobs.cancel(place.key, upload)
            return Response(204)
    raise RegistryError(405, "UNSUPPORTED", "the operation is unsupported", request.method)


def _append(request: Request, place: Place, blobs: BlobStore, upload: str) -> int:
    text = request.header("content-length")
    length = int(text) if text and text.isdecimal() else None
    try:
        return blobs.append(place.key, upload, request.body, length)
    except (EOFError, ValueError) as error:
        raise RegistryError(400, "SIZE_INVALID", "the content broke off", str(error)) from error


def _check_order(request: Request, size: int) -> None:
    sent = request.header("content-range")
    if sent is None:
        return
    found = re.fullmatch(r"(?:bytes[ =])?(\d+)-(\d+)(?:/.*)?", sent)
    if found is None or int(found.group(1)) != size:
        raise RegistryError(
            416, "BLOB_UPLOAD_INVALID", "the chunk is out of order", {"have": size, "sent": sent}
        )


def _finish(place: Place, blobs: BlobStore, upload: str, digest: str) -> Response:
    try:
        return _created(place, blobs.finish(place.key, upload, digest))
    except DigestError as error:
        raise RegistryError(
            400, "DIGEST_INVALID", "provided digest did not match uploaded content", digest
        ) from error


def _created(place: Place, digest: str) -> Response:
    location = f"{place.location}/blobs/{digest}"
    return Response(201, {"Location": location, "Docker-Content-Digest": digest})


def _accepted(place: Place, upload: str, size: int, status: int) -> Response:
    # The specification's range is inclusive, and 0-0 stands for nothing as well as for one byte.
    headers = {
        "Location": f"{place.location}/blobs/uploads/{upload}",
        "Docker-Upload-UUID": upload,
        "Range": f"0-{max(0, size - 1)}",
    }
    return Response(status, headers)
