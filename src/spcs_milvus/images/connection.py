"""The way to the Docker engine, found as the docker command finds it, and what may go wrong on that way.

``DOCKER_HOST``, then ``DOCKER_CONTEXT``, then the context chosen by ``docker context use``, then the
usual socket. Reads the docker command's configuration; writes nothing.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
import urllib3
from docker.api.client import APIClient
from docker.constants import DEFAULT_UNIX_SOCKET
from docker.context import ContextAPI
from docker.context.config import get_current_context_name
from docker.credentials.errors import StoreError
from docker.errors import APIError, DockerException, InvalidVersion, StreamParseError
from docker.utils import kwargs_from_env, version_lt
from docker.utils.config import find_config_file

from spcs_milvus.errors import ConnectError, DeployError

# the API of engine 20.10 (2020), the oldest that this was tried with
OLDEST_API = "1.41"
ANSWER_SECONDS = 60
# a RUN, or a registry that checks what it got, says nothing for long; an engine that ends hangs up
SILENCE_SECONDS = 3600
STARTING = "start Docker (Docker Desktop or: sudo systemctl start docker), or set DOCKER_HOST"


def connect() -> APIClient:
    """A client of the engine. Raises ConnectError with a hint when none answers, it may not be used, or
    it is too old.
    """
    place = os.environ.get("DOCKER_HOST")
    settings = {} if place else _of_context()
    place = place or settings.get("base_url", DEFAULT_UNIX_SOCKET)
    try:
        settings |= kwargs_from_env()
        api = APIClient(timeout=ANSWER_SECONDS, use_ssh_client=True, **settings)
    except InvalidVersion as error:
        raise _too_old(str(error), place) from error
    except (DockerException, OSError, ValueError) as error:
        raise _unreachable(error, place) from error
    except (AttributeError, TypeError) as error:
        # what the docker library says of a file that is JSON, and yet no settings
        raise ConnectError(
            "the docker command's settings cannot be used",
            detail=str(error),
            place=str(find_config_file()),
            hint="mend that file, or move it away: docker login writes it anew",
        ) from error
    if version_lt(api.api_version, OLDEST_API):
        api.close()
        raise _too_old(f"it speaks version {api.api_version} of its API; {OLDEST_API} is needed", place)
    api.timeout = SILENCE_SECONDS
    return api


@contextmanager
def asking(to: str) -> Iterator[None]:
    """Whatever the engine refuses meanwhile becomes a DeployError, and when it goes away a ConnectError.
    ``to`` is what it was asked to do.
    """
    try:
        yield
    except APIError as error:
        raise DeployError(f"the Docker engine refused to {to}", detail=explanation(error)) from error
    except (DockerException, StoreError) as error:
        # a build may need them for its bases, so the docker library asks every helper that is configured
        raise DeployError(
            "the docker command's credentials cannot be read",
            detail=str(_root(error)),
            hint="remove from credsStore and credHelpers in ~/.docker/config.json what is not installed",
        ) from error
    except (StreamParseError, requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise gone(to, str(_root(error))) from error


def gone(to: str, detail: str | None = None) -> ConnectError:
    """The engine ended while it was asked to do something."""
    return ConnectError(
        f"the Docker engine stopped while it was to {to}",
        detail=detail,
        hint="see whether it runs (docker info), then run the command again: what is done is not done twice",
    )


def explanation(error: APIError) -> str:
    """The engine's own words."""
    return str(error.explanation or error)


def _of_context() -> dict[str, Any]:
    """How to reach the engine of the context that is in use."""
    name = os.environ.get("DOCKER_CONTEXT") or get_current_context_name()
    try:
        if ContextAPI.get_context(name) is None:
            raise DockerException(f"there is no context {name}")
        return dict(ContextAPI.kwargs_from_context(name))
    except Exception as error:  # the docker library raises the bare class for a file that it cannot read
        raise ConnectError(
            "the context of the docker command cannot be used",
            detail=str(error),
            place=str(name),
            hint="docker context ls shows those there are; choose one with: docker context use NAME",
        ) from error


def _too_old(detail: str, place: str) -> ConnectError:
    return ConnectError(
        "the Docker engine is too old", detail=detail, place=place, hint="install Docker 20.10 or later"
    )


def _unreachable(error: Exception, place: str) -> ConnectError:
    root = _root(error)
    if isinstance(root, PermissionError):
        return ConnectError(
            "this user may not use the Docker engine",
            detail=root.strerror,
            place=place,
            hint="sudo usermod -aG docker $USER, then log in to this machine again",
        )
    # of what is no failure of the system itself, the docker library has the better words
    detail = str(root if isinstance(root, OSError) else error)
    return ConnectError("no Docker engine answers", detail=detail, place=place, hint=STARTING)


def _root(error: BaseException) -> BaseException:
    """What all began with: the docker library wraps what the socket said."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    return error
