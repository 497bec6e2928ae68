"""Putting a manifest: an image or an index becomes known once it is whole.

In: PUT of a manifest. Out: an answer as the OCI Distribution Specification says (Pushing Manifests). Writes
the manifest into the blob store, then tells the account, which stores it before it returns.
"""

import hashlib
import re

from spcs_emulator.registry import manifests
from spcs_emulator.registry.api import PushedImage, Repositories
from spcs_emulator.registry.blobs import BlobStore
from spcs_emulator.registry.errors import RegistryError
from spcs_emulator.registry.manifests import Manifest
from spcs_emulator.registry.place import Place
from spcs_emulator.wire.messages import Request, Response

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


def put(
    request: Request, place: Place, reference: str, repositories: Repositories, blobs: BlobStore
) -> Response:
    """Stores the manifest under the tag or digest `reference`."""
    content = _all(request)
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    tag = _tag(reference, digest)
    manifest = manifests.read(content, (request.header("content-type") or "").partition(";")[0].strip())
    missing = [blob for blob in manifest.blobs if not blobs.holds(place.key, blob)]
    parts = {one.digest: repositories.image(place.key, place.image, one.digest) for one in manifest.parts}
    missing += [part for part, known in parts.items() if known is None]
    if missing:
        raise RegistryError(404, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", missing)
    image = PushedImage(
        repository=place.key,
        name=place.image,
        tag=tag,
        digest=digest,
        media_type=manifest.media_type,
        artifact_type=manifest.artifact_type,
        platforms=_platforms(manifest, parts, blobs),
    )
    blobs.put(place.key, content)
    try:
        repositories.record_image(image)
    except KeyError as error:
        raise RegistryError(
            404, "NAME_UNKNOWN", "repository name not known to registry", place.repository
        ) from error
    location = f"{place.location}/manifests/{digest}"
    return Response(201, {"Location": location, "Docker-Content-Digest": digest})


def _platforms(manifest: Manifest, parts: dict[str, PushedImage | None], blobs: BlobStore) -> tuple[str, ...]:
    """What the manifest can run on. An index need not say it of its parts: then they do themselves."""
    if manifest.config is not None:
        if manifest.artifact_type is not None:
            return ()
        with blobs.blob(manifest.config).open("rb") as config:
            platform = manifests.platform_of(config.read(manifests.LONGEST_BYTES))
        return (platform,) if platform else ()
    found: set[str] = set()
    for part in manifest.parts:
        known = parts[part.digest]
        found.update({part.platform} if part.platform else known.platforms if known else ())
    return tuple(sorted(found))


def _tag(reference: str, digest: str) -> str | None:
    if ":" in reference:
        if reference != digest:
            raise RegistryError(
                400, "DIGEST_INVALID", "provided digest did not match uploaded content", reference
            )
        return None
    if not _TAG.fullmatch(reference):
        raise RegistryError(400, "MANIFEST_INVALID", "manifest invalid", f"bad tag {reference!r}")
    return reference


def _all(request: Request) -> bytes:
    content = b""
    try:
        while chunk := request.body.read(manifests.LONGEST_BYTES):
            content += chunk
            if len(content) > manifests.LONGEST_BYTES:
                raise RegistryError(413, "SIZE_INVALID", "the manifest is longer than 4 MiB")
    except (EOFError, ValueError) as error:
        raise RegistryError(400, "SIZE_INVALID", "the content cannot be read", str(error)) from error
    return content
