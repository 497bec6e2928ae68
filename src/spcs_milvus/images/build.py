"""Builds a context in the engine, and finds what was built before.

The classic builder first, since every engine has it; BuildKit where the engine refuses the classic one,
over the same request with ``version=2`` (observed: engine 20.10 needs no session for it). An image is
tagged only after its architecture was looked at: the engine takes whatever base it has under the name,
for whichever processor.
"""

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import closing
from string import Template
from typing import IO, Any, cast

from docker.api.client import APIClient
from docker.errors import APIError, NotFound

from spcs_milvus.container_image import ContainerImage
from spcs_milvus.docker_commands import trial
from spcs_milvus.errors import DeployError
from spcs_milvus.images.connection import asking, connect, explanation, gone
from spcs_milvus.images.console import Console
from spcs_milvus.images.context import Context, archive, context
from spcs_milvus.transfer import Transfer

LABEL = "spcs-milvus.content"
"""The label that says what an image was built from: the content's digest."""

_CLASSIC: dict[str, str] = {}
_BUILDKIT = {"version": "2"}
_TO = "build the image"
_ARGUMENT = re.compile(r"^\s*ARG\s+(\w+)=(\S+)", re.IGNORECASE | re.MULTILINE)
_BASE = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)", re.IGNORECASE | re.MULTILINE)

# the engine's words → what to try
_HINTS = (
    (("exec format error",), "the base is for another processor: {pull}"),
    (("returned a non-zero code", "executor failed running", "did not complete successfully"),
     "repair that step; try it alone with: {trial}"),
    (("not found in build context", "failed to compute cache key", "excluded by .dockerignore"),
     "check the name in COPY or ADD, and that .dockerignore does not name it"),
    (("no such host", "pull access denied", "manifest unknown", "connection refused", "i/o timeout"),
     "check the name after FROM and try: {pull}"),
    (("unknown instruction", "parse error", "unknown flag"),
     "check the Dockerfile; syntax that is newer than this engine needs a newer Docker"),
    (("no space left",), "make room on the engine's disk: docker system df, docker builder prune"),
)  # fmt: skip


class _RefusedError(Exception):
    """This builder of the engine does not take the Dockerfile."""


def local_name(name: str) -> str:
    """The repository under which the engine keeps what is built for that name."""
    return f"spcs-milvus/{name}"


def find(api: APIClient, name: str, image: ContainerImage) -> str | None:
    """The id of the image that was built from exactly this content; None when the engine has none. The
    tag alone does not prove it: anybody may move it.
    """
    with asking("look for the image"):
        try:
            found = api.inspect_image(f"{local_name(name)}:{image.tag}")
        except NotFound:
            return None
    labels = found["Config"].get("Labels") or {}
    return str(found["Id"]) if labels.get(LABEL) == image.digest else None


def build(name: str, image: ContainerImage, progress: Callable[[Transfer], object]) -> str:
    """Builds, verifies and tags. The id.

    Raises DeployError with the last lines of the step that failed, for an image of another architecture,
    and when the context is no longer what ``image`` says; ConnectError when the engine ends.
    """
    found = context(image.folder, image.dockerfile)
    try:
        return _built(name, image, found, Console(progress), _CLASSIC)
    except _RefusedError:
        console = Console(progress)
    try:
        return _built(name, image, found, console, _BUILDKIT)
    except _RefusedError as refused:
        raise _failure(image, str(refused), console) from refused


def _built(
    name: str, image: ContainerImage, found: Context, console: Console, builder: dict[str, str]
) -> str:
    # a client of its own, since what it adds to every request is the choice of the builder
    with asking(_TO), closing(connect()) as api:
        api.params = builder
        identity = None
        for event in _events(api, image, found):
            if "error" in event:
                raise _failure(image, event["error"], console)
            console.add(event)
            # every stage tells its image; the last is the one
            identity = _identity(event) or identity
        if identity is None:
            raise gone(_TO)
        _verify(api, identity, image)
        api.tag(identity, local_name(name), image.tag)
        return identity


def _identity(event: dict[str, Any]) -> str | None:
    """The id of an image that is finished."""
    aux = event.get("aux")
    return aux.get("ID") if isinstance(aux, dict) else None


def _events(api: APIClient, image: ContainerImage, found: Context) -> Iterator[dict[str, Any]]:
    """What the engine says. Raises _RefusedError when it is another builder that is needed."""
    try:
        for event in api.build(
            # whatever can be iterated is sent piece by piece, whatever the annotation says
            fileobj=cast("IO[bytes]", archive(image, found)),
            custom_context=True,
            dockerfile=found.dockerfile,
            buildargs=dict(image.arguments),
            labels={LABEL: image.digest},
            platform=image.platform,
            rm=True,
            forcerm=True,
            timeout=api.timeout,
            decode=True,
        ):
            if "requires BuildKit" in event.get("error", ""):
                raise _RefusedError(event["error"])
            yield event
    except APIError as error:
        if error.is_client_error():
            raise _RefusedError(explanation(error)) from error
        raise


def _verify(api: APIClient, identity: str, image: ContainerImage) -> None:
    found = api.inspect_image(identity)
    platform = f"{found['Os']}/{found['Architecture']}"
    if platform != image.platform:
        raise DeployError(
            f"the image is for {platform}, and Snowflake runs {image.platform} only",
            detail="a base image of the Dockerfile is for that processor",
            place=str(image.folder / image.dockerfile),
            hint=f"{_pull(image)}, then run the command again",
        )


def _pull(image: ContainerImage) -> str:
    """How the base is pulled: by its name where there is one and it can be worked out, else in general."""
    text = (image.folder / image.dockerfile).read_text(encoding="utf-8", errors="replace")
    known = {**dict(_ARGUMENT.findall(text)), **image.arguments}
    bases = {Template(base).safe_substitute(known) for base in _BASE.findall(text)}
    named = [base for base in bases if "$" not in base]
    base = shlex.quote(named[0]) if len(named) == len(bases) == 1 else "BASE for each FROM"
    return f"docker pull --platform {image.platform} {base}"


def _failure(image: ContainerImage, message: str, console: Console) -> DeployError:
    dockerfile = str(image.folder / image.dockerfile)
    words = {"pull": _pull(image), "trial": trial(image)}
    said = "\n".join([*console.last_lines(), message]).lower()
    hints = (hint.format(**words) for causes, hint in _HINTS if any(cause in said for cause in causes))
    return DeployError(
        "the image could not be built",
        detail="\n".join([message, *console.last_lines()]),
        place=dockerfile,
        hint=next(hints, None),
    )
