"""Pushes an image from the engine to a registry.

The login goes with each request and is written nowhere. What the registry has already is not sent again,
so a push that was cut off goes on where it was when it is done again. Observed: the engine's words, with
engine 20.10 and docker-registry 2.8.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from docker.api.client import APIClient
from docker.errors import APIError, DockerException

from spcs_milvus.container_image import ContainerImage
from spcs_milvus.errors import ConnectError, DeployError
from spcs_milvus.images.build import find, local_name
from spcs_milvus.images.connection import asking, explanation, gone
from spcs_milvus.images.layers import Layers
from spcs_milvus.secrets import Secret
from spcs_milvus.transfer import Transfer

_TO = "push the image"
_UNAUTHORIZED = (
    "unauthorized",
    "authentication required",
    "no basic auth credentials",
    # assumed, from a field report: Snowflake's registry says this when the session has ended
    "failed to perform repository operation",
)
_AGAIN = "run the command again: layers that have arrived are not sent again"


@dataclass(frozen=True)
class Login:
    """How to sign in to a registry."""

    user: str
    password: Secret


class _UnauthorizedError(Exception):
    """The registry did not take the login, or no longer."""


def push(
    api: APIClient,
    name: str,
    image: ContainerImage,
    reference: str,
    sign_in: Callable[[], Login],
    progress: Callable[[Transfer], object],
) -> str:
    """Pushes what was built as ``reference``. The manifest's digest, as the registry tells it.

    Raises DeployError when the engine does not have the image or the registry refuses it, ConnectError
    when the registry refuses the login or cannot be reached, or the engine ends.
    """
    if find(api, name, image) is None:
        raise DeployError(
            "the Docker engine does not have the image",
            detail=f"{local_name(name)}:{image.tag}",
            hint=f"build it: spcs-milvus images build {name}",
        )
    repository, _, tag = reference.rpartition(":")
    with asking(_TO):
        api.tag(f"{local_name(name)}:{image.tag}", repository, tag)
    try:
        return _pushed(api, repository, tag, sign_in, Layers(progress, "pushed"))
    finally:
        with suppress(DockerException, OSError):
            api.remove_image(reference, noprune=True)


def _pushed(api: APIClient, repository: str, tag: str, sign_in: Callable[[], Login], layers: Layers) -> str:
    """Signs in anew when a token ended on the way, as long as that brings the push further: a login that
    is refused is not tried twice.
    """
    reached = 0
    while True:
        try:
            return _once(api, repository, tag, sign_in(), layers)
        except _UnauthorizedError as error:
            further = layers.settled + layers.moved
            if further <= reached:
                raise ConnectError(
                    "the image registry refused the sign-in",
                    detail=str(error),
                    place=repository,
                    hint="sign in to the account anew; a user with a second factor cannot use a password",
                    refused=True,
                ) from error
            reached = further


def _once(api: APIClient, repository: str, tag: str, login: Login, layers: Layers) -> str:
    """One push with one login, and what the registry has then."""
    auth = {"username": login.user, "password": login.password.reveal()}
    digest = None
    with asking(_TO):
        for event in api.push(repository, tag=tag, stream=True, decode=True, auth_config=auth):
            if "error" in event:
                raise _failure(repository, event["error"])
            layers.add(event)
            digest = event.get("aux", {}).get("Digest", digest)
        if digest is None:
            raise gone(_TO)
        stored = _stored(api, f"{repository}:{tag}", auth)
    if stored != digest:
        raise DeployError(
            "the registry has another image under the tag than was pushed",
            detail=f"{stored} is not {digest}",
            place=f"{repository}:{tag}",
            hint="somebody pushed at the same time; run the command again",
        )
    return str(digest)


def _stored(api: APIClient, reference: str, auth: dict[str, Any]) -> str:
    """The digest under the tag in the registry."""
    try:
        return str(api.inspect_distribution(reference, auth_config=auth)["Descriptor"]["digest"])
    except APIError as error:
        raise _failure(reference, explanation(error)) from error


def _failure(reference: str, message: str) -> Exception:
    """What the registry or the way to it said, as an error."""
    said = message.lower()
    if any(word in said for word in _UNAUTHORIZED):
        return _UnauthorizedError(message)
    for words, summary, hint in _CAUSES:
        if any(word in said for word in words):
            host, *path = reference.split("/")
            tip = hint.format(host=host, repository=".".join(path[:3]))
            return DeployError(summary, detail=message, place=reference, hint=tip)
    return DeployError("the image registry refused the push", detail=message, place=reference, hint=_AGAIN)


# the engine's words → what happened, what to try
_CAUSES = (
    (("denied", "forbidden", "insufficient_scope"),
     "the image registry does not let this role push",
     "GRANT READ, WRITE ON IMAGE REPOSITORY {repository} TO ROLE …"),
    (("unexpected http status: 5", "no space left"),
     "the image registry failed",
     _AGAIN + "; if it stays so, see the registry's log: its disk may be full"),
    (("http response to https client",),
     "the image registry speaks http, and the Docker engine asks for https",
     'allow it in /etc/docker/daemon.json: {{"insecure-registries": ["{host}"]}}'),
    (("x509", "certificate"),
     "the Docker engine does not trust the certificate of the image registry",
     "put the authority's certificate into /etc/docker/certs.d/{host}/ca.crt"),
    (("no such host", "connection refused", "connection reset", "timeout", "eof", "broken pipe"),
     "the Docker engine cannot reach the image registry",
     _AGAIN),
)  # fmt: skip
