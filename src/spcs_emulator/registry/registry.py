"""The registry's door: the OCI distribution API under /v2/ and Snowflake's login under /login.

In: requests. Out: answers. Asks the account who may do what, keeps bytes in the blob store, and tells the
account of every image that is whole.
"""

import hashlib
import logging
import re
from collections.abc import Callable
from datetime import datetime

from spcs_emulator.registry import manifests, uploads
from spcs_emulator.registry.api import Access, Credential, PushedImage, Repositories
from spcs_emulator.registry.blobs import BlobStore
from spcs_emulator.registry.credentials import VALID, Bearers, basic
from spcs_emulator.registry.errors import RegistryError, from_disk
from spcs_emulator.registry.place import Place, Route, route
from spcs_emulator.wire.messages import Request, Response, json_response

_log = logging.getLogger(__name__)

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")
_COUNT = re.compile(r"\d{1,9}")
# A longer range is answered with the whole blob, which HTTP allows, so that no blob is ever held in memory.
_LONGEST_RANGE_BYTES = 16 * 1024 * 1024
_WRITES = {"POST", "PUT", "PATCH", "DELETE"}


class Registry:
    """See the module. `now` gives the account's time."""

    def __init__(self, repositories: Repositories, blobs: BlobStore, now: Callable[[], datetime]) -> None:
        self._repositories = repositories
        self._blobs = blobs
        self._bearers = Bearers(now)

    def respond(self, request: Request) -> Response:
        """Answers one request; every error is an OCI error body, and a full disk is 507."""
        try:
            return self._respond(request)
        except RegistryError as error:
            return error.response()
        except OSError as error:
            return from_disk(error).response()
        except Exception:
            _log.exception("%s %s", request.method, request.path)
            return RegistryError(500, "UNKNOWN", "the registry failed; its log says how").response()

    def _respond(self, request: Request) -> Response:
        credential = self._credential(request)
        if credential is None:
            return _challenge(request)
        if request.path == "/login":
            token = self._bearers.give(credential)
            return json_response(
                {"token": token, "access_token": token, "expires_in": int(VALID.total_seconds())}
            )
        if request.path in ("/v2", "/v2/"):
            return Response(200, {"Docker-Distribution-Api-Version": "registry/2.0"}, b"{}")
        return self._serve(request, route(request.path), credential)

    def _serve(self, request: Request, target: Route, credential: Credential) -> Response:
        place = self._place(target, credential, request.method)
        match target.what:
            case "start":
                return self._start(request, place, credential)
            case "upload":
                return uploads.go_on(request, place, self._blobs, target.reference)
            case "blob":
                return self._blob(request, place, target.reference)
            case "manifest" if request.method == "PUT":
                return self._put_manifest(request, place, target.reference)
            case "manifest":
                return self._manifest(request, place, target.reference)
            case "tags":
                return self._tags(request, place)

    def _credential(self, request: Request) -> Credential | None:
        header = request.header("authorization") or ""
        found = basic(header)
        if found is None and request.path != "/login":
            found = self._bearers.credential(header)
        if found is None or self._repositories.authenticate(found) is None:
            return None
        return found

    def _place(self, target: Route, credential: Credential, method: str) -> Place:
        access = self._repositories.repository_access(credential, target.repository)
        key = self._repositories.repository_key(target.repository)
        if access in (None, "none") or key is None:
            raise RegistryError(
                404, "NAME_UNKNOWN", "repository name not known to registry", target.repository
            )
        needed: Access = "write" if method in _WRITES else "read"
        if needed == "write" and access != "write":
            raise RegistryError(
                403,
                "DENIED",
                "requested access to the resource is denied",
                f"{needed.upper()} on image repository {target.repository}",
            )
        return Place(target.repository, target.image, key)

    def _start(self, request: Request, place: Place, credential: Credential) -> Response:
        _only(request, "POST")
        source = "/".join((request.first("from") or "").split("/")[:3])
        access = self._repositories.repository_access(credential, source) if source else None
        readable = access in ("read", "write")
        from_key = self._repositories.repository_key(source) if readable else None
        return uploads.start(request, place, self._blobs, from_key)

    def _blob(self, request: Request, place: Place, digest: str) -> Response:
        _only(request, "GET", "HEAD")
        if not self._blobs.holds(place.key, digest):
            raise RegistryError(404, "BLOB_UNKNOWN", "blob unknown to registry", digest)
        path = self._blobs.blob(digest)
        headers = {
            "Content-Type": "application/octet-stream",
            "Docker-Content-Digest": digest,
            "Accept-Ranges": "bytes",
        }
        asked = _RANGE.fullmatch(request.header("range") or "")
        if asked is None or request.method == "HEAD":
            return Response(200, headers, path)
        size = path.stat().st_size
        first, last = int(asked[1]), min(int(asked[2] or size - 1), size - 1)
        if first > last:
            headers = {"Content-Range": f"bytes */{size}"}
            return Response(416, headers)
        if last - first >= _LONGEST_RANGE_BYTES:
            return Response(200, headers, path)
        with path.open("rb") as file:
            file.seek(first)
            part = file.read(last - first + 1)
        return Response(206, headers | {"Content-Range": f"bytes {first}-{last}/{size}"}, part)

    def _manifest(self, request: Request, place: Place, reference: str) -> Response:
        _only(request, "GET", "HEAD", "PUT")
        digest: str | None = reference
        if ":" not in reference:
            digest = self._repositories.digest_of_tag(place.repository, place.image, reference)
        if digest is None or not self._blobs.holds(place.key, digest):
            raise RegistryError(404, "MANIFEST_UNKNOWN", "manifest unknown to registry", reference)
        media_type = self._repositories.media_type(place.repository, place.image, digest)
        if media_type is None:
            raise RegistryError(404, "MANIFEST_UNKNOWN", "manifest unknown to registry", reference)
        headers = {"Content-Type": media_type, "Docker-Content-Digest": digest}
        return Response(200, headers, self._blobs.manifest(digest))

    def _put_manifest(self, request: Request, place: Place, reference: str) -> Response:
        content = _all(request)
        tag = _tag(reference, f"sha256:{hashlib.sha256(content).hexdigest()}")
        manifest = manifests.read(content, (request.header("content-type") or "").partition(";")[0].strip())
        missing = [digest for digest in manifest.needs if not self._blobs.holds(place.key, digest)]
        if missing:
            raise RegistryError(404, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", missing)
        digest = self._blobs.put(place.key, content)
        try:
            self._repositories.record_image(self._pushed(place, tag, digest, manifest))
        except KeyError as error:
            raise RegistryError(
                404, "NAME_UNKNOWN", "repository name not known to registry", place.repository
            ) from error
        return Response(
            201, {"Location": f"{place.location}/manifests/{digest}", "Docker-Content-Digest": digest}
        )

    def _pushed(
        self, place: Place, tag: str | None, digest: str, manifest: manifests.Manifest
    ) -> PushedImage:
        architecture = None
        if manifest.config_digest is not None:
            with self._blobs.blob(manifest.config_digest).open("rb") as config:
                architecture = manifests.architecture_of(config.read(manifests.LONGEST_BYTES))
        return PushedImage(
            repository=place.repository,
            name=place.image,
            tag=tag,
            digest=digest,
            media_type=manifest.media_type,
            artifact_type=manifest.artifact_type,
            architecture=architecture,
        )

    def _tags(self, request: Request, place: Place) -> Response:
        _only(request, "GET")
        tags = list(self._repositories.tags(place.repository, place.image))
        if not tags:
            raise RegistryError(404, "NAME_UNKNOWN", "repository name not known to registry", place.image)
        last, count = request.first("last"), request.first("n")
        page = [tag for tag in tags if last is None or tag > last]
        page = page[: int(count)] if count and _COUNT.fullmatch(count) else page
        return json_response({"name": f"{place.repository}/{place.image}", "tags": page})


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
    except ValueError as error:
        raise RegistryError(400, "SIZE_INVALID", "the content cannot be read", str(error)) from error
    return content


def _only(request: Request, *methods: str) -> None:
    if request.method not in methods:
        raise RegistryError(405, "UNSUPPORTED", "the operation is unsupported", request.method)


def _challenge(request: Request) -> Response:
    """What clients need to log in: docker reads the realm, others the scheme. (Assumed; not documented.)"""
    host = request.header("host") or "localhost"
    answer = RegistryError(401, "UNAUTHORIZED", "authentication required").response()
    challenge = f'Bearer realm="http://{host}/login",service="{host}"'
    if request.path == "/login":
        challenge = f'Basic realm="{host}"'
    return Response(401, {**answer.headers, "WWW-Authenticate": challenge}, answer.body)
