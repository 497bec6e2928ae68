"""The registry's door: the OCI distribution API under /v2/ and Snowflake's login under /login.

In: requests. Out: answers. Asks the account who may do what, keeps bytes in the blob store, and tells the
account of every image that is whole. Assumed: nothing can be deleted through it (Snowflake documents no
way); the referrers API is not there, as in every registry older than it.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from spcs_emulator.registry import images, pulls, uploads
from spcs_emulator.registry.api import Access, Credential, Repositories, Visitor
from spcs_emulator.registry.blobs import BlobStore
from spcs_emulator.registry.credentials import Bearers, basic
from spcs_emulator.registry.errors import RegistryError, from_disk
from spcs_emulator.registry.place import Place, Route, route
from spcs_emulator.wire.messages import Request, Response, json_response

_log = logging.getLogger(__name__)

VERSION = {"Docker-Distribution-Api-Version": "registry/2.0"}
_READS = ("GET", "HEAD")
_METHODS = {
    "catalog": ("GET",),
    "tags": ("GET",),
    "start": ("POST",),
    "upload": ("GET", "HEAD", "PATCH", "PUT", "DELETE"),
    "blob": _READS,
    "manifest": (*_READS, "PUT"),
}


class Registry:
    """See the module. `now` gives the account's time."""

    def __init__(self, repositories: Repositories, blobs: BlobStore, now: Callable[[], datetime]) -> None:
        self._repositories = repositories
        self._blobs = blobs
        self._bearers = Bearers(now)

    def respond(self, request: Request) -> Response:
        """Answers one request; every error is an OCI error body, and a full disk is 507."""
        answer = self._answer(request)
        return Response(answer.status, {**VERSION, **answer.headers}, answer.body)

    def _answer(self, request: Request) -> Response:
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
        visitor = self._repositories.authenticate(credential) if credential else None
        if credential is None or visitor is None:
            raise _challenge(request)
        if request.path == "/login":
            return self._login(request, credential, visitor)
        if request.path in ("/v2", "/v2/"):
            _only(request, *_READS)
            return Response(200, {"Content-Type": "application/json"}, b"{}")
        target = route(request.path)
        _only(request, *_METHODS[target.what])
        return self._serve(request, target, credential)

    def _credential(self, request: Request) -> Credential | None:
        header = request.header("authorization") or ""
        found = basic(header)
        if found is None and request.path != "/login":
            found = self._bearers.credential(header)
        return found

    def _login(self, request: Request, credential: Credential, visitor: Visitor) -> Response:
        _only(request, *_READS)
        token, seconds = self._bearers.give(credential, visitor.until)
        return json_response({"token": token, "access_token": token, "expires_in": seconds})

    def _serve(self, request: Request, target: Route, credential: Credential) -> Response:
        place = self._place(target, credential, request.method)
        match target.what:
            case "start":
                return uploads.start(request, place, self._blobs, self._source(request, credential))
            case "upload":
                return uploads.go_on(request, place, self._blobs, target.reference)
            case "blob":
                return pulls.blob(request, place, target.reference, self._blobs)
            case "manifest":
                return self._manifest(request, place, target.reference)
            case "tags":
                return pulls.tags(request, place, self._repositories)
            case "catalog":
                return pulls.catalog(request, place, self._repositories)

    def _manifest(self, request: Request, place: Place, reference: str) -> Response:
        if request.method == "PUT":
            return images.put(request, place, reference, self._repositories, self._blobs)
        return pulls.manifest(place, reference, self._repositories, self._blobs)

    def _place(self, target: Route, credential: Credential, method: str) -> Place:
        access = self._repositories.repository_access(credential, target.repository)
        key = self._repositories.repository_key(target.repository)
        if access in (None, "none") or key is None:
            raise RegistryError(
                404, "NAME_UNKNOWN", "repository name not known to registry", target.repository
            )
        needed: Access = "read" if method in _READS else "write"
        if needed == "write" and access != "write":
            raise RegistryError(
                403,
                "DENIED",
                "requested access to the resource is denied",
                f"{needed.upper()} on image repository {target.repository}",
            )
        return Place(target.repository, target.image, key)

    def _source(self, request: Request, credential: Credential) -> str | None:
        """The key of the repository to mount a blob from; None when none is named, or it may not be read."""
        source = "/".join((request.first("from") or "").split("/")[:3])
        access = self._repositories.repository_access(credential, source) if source else None
        return self._repositories.repository_key(source) if access in ("read", "write") else None


def _only(request: Request, *methods: str) -> None:
    if request.method not in methods:
        raise RegistryError(405, "UNSUPPORTED", "the operation is unsupported", request.method)


def _challenge(request: Request) -> RegistryError:
    """What clients need to log in: docker reads the realm, others the scheme.

    Observed: who sends a wrong credential reads "Authentication Failure". Assumed: the header's form, and
    that a credential that has ended is a wrong one (docker's engine gives up at once, where it would ask
    again five times over 50 s if it read the text that the specification has for this code).
    """
    sent = request.header("authorization")
    message = "Authentication Failure" if sent else "authentication required"
    refusal = RegistryError(401, "UNAUTHORIZED", message)
    host = request.header("host") or "localhost"
    challenge = f'Bearer realm="http://{host}/login",service="{host}"'
    if request.path == "/login":
        challenge = f'Basic realm="{host}"'
    refusal.headers = {"WWW-Authenticate": challenge}
    return refusal
