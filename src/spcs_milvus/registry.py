"""A small OCI registry client: signs in with a Snowflake session token and pushes a process image.

Comes in: the repository's URL as SHOW IMAGE REPOSITORIES gives it, a token, an image. Goes out: nothing, or
DeployError. The one file that speaks to a registry by itself (OCI distribution specification, "Pushing";
documented: Snowflake image registry login).
"""

import json
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from spcs_milvus.errors import ConnectError, DeployError
from spcs_milvus.process_image import Blob, ProcessImage
from spcs_milvus.secrets import Secret

TIMEOUT_SECONDS = 60
# documented by the official CLI: the user name that goes with a session token
TOKEN_USER = "0sessiontoken"  # noqa: S105 - a user name, not a secret
# Each of these requests may be sent again: what is pushed has its digest for a name.
_AGAIN = Retry(
    total=4,
    backoff_factor=0.5,
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods=None,
    raise_on_status=False,
)


def session_login(token: str, seconds: int) -> tuple[str, Secret]:
    """The user's name and the password that a session token of so many seconds signs in with (documented: the
    official CLI, ``spcs image-registry login``).
    """
    return TOKEN_USER, Secret(json.dumps({"token": token, "expires_in": seconds}))


class Registry:
    """One repository of a registry, signed in to. ``url`` is ``host/database/schema/repository`` without a
    scheme.
    """

    def __init__(self, url: str, token: str, seconds: int) -> None:
        host, _, self._path = url.partition("/")
        scheme = "http" if host.partition(":")[0] in ("127.0.0.1", "localhost") else "https"
        self._root = f"{scheme}://{host}"
        self._http = requests.Session()
        self._http.mount(self._root, HTTPAdapter(max_retries=_AGAIN))
        # whatever a proxy or netrc of this machine says is not meant for a registry on loopback
        self._http.trust_env = scheme == "https"
        self._sign_in(token, seconds)

    def push(self, name: str, image: ProcessImage) -> None:
        """Pushes what the registry does not have yet, then the manifest under the image's tag; checks the
        digest it answers.
        """
        for blob in image.blobs:
            self._blob(name, blob)
        answer = self._ask(
            "PUT",
            f"/v2/{self._path}/{name}/manifests/{image.tag}",
            {"Content-Type": image.manifest.media_type},
            image.manifest.data,
        )
        digest = answer.headers.get("Docker-Content-Digest")
        if digest != image.digest:
            raise DeployError(
                "the registry stored another image than was sent", detail=f"{digest} is not {image.digest}"
            )

    def close(self) -> None:
        """Closes the connection."""
        self._http.close()

    def _sign_in(self, token: str, seconds: int) -> None:
        user, password = session_login(token, seconds)
        answer = self._ask("GET", "/login", {}, None, (user, password.reveal()))
        self._http.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def _blob(self, name: str, blob: Blob) -> None:
        base = f"/v2/{self._path}/{name}/blobs"
        if self._ask("HEAD", f"{base}/{blob.digest}", {}, None, may_be_missing=True).status_code == 200:
            return
        location = self._ask("POST", f"{base}/uploads/", {}, None).headers["Location"]
        separator = "&" if "?" in location else "?"
        target = f"{urljoin(self._root + '/', location)}{separator}digest={blob.digest}"
        sent = {"Content-Type": "application/octet-stream"}
        # sent again after a lost answer, it finds its upload over: what counts is whether the blob is there
        if self._ask("PUT", target, sent, blob.data, may_be_missing=True).status_code == 404:
            self._ask("HEAD", f"{base}/{blob.digest}", {}, None)

    def _ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes | None,
        sign_in: tuple[str, str] | None = None,
        *,
        may_be_missing: bool = False,
    ) -> requests.Response:
        url = path if path.startswith("http") else self._root + path
        try:
            answer = self._http.request(
                method,
                url,
                headers=headers,
                data=body,
                auth=sign_in,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise ConnectError(
                "the image registry cannot be reached",
                detail=f"{self._root}: {type(error).__name__}",
                hint="run the command again",
            ) from error
        if answer.status_code < 300 or (may_be_missing and answer.status_code == 404):
            return answer
        raise DeployError(
            "the image registry refused",
            detail=f"{method} {path.split('?', maxsplit=1)[0]}: {answer.status_code} {_reason(answer)}",
            hint="the owner role needs WRITE on the image repository"
            if answer.status_code in (401, 403)
            else "run the command again; it goes on from here",
        )


def _reason(answer: requests.Response) -> str:
    """The first error of an OCI error body, else the HTTP reason."""
    try:
        first = answer.json()["errors"][0]
        return f"{first['code']}: {first.get('message', '')}"
    except (ValueError, KeyError, IndexError, TypeError):
        return answer.reason or ""
