"""The Docker engine as one local account uses it: how it is found, and what in it is the account's.

In: a name for the account, unique among those that share the engine. Out: an `Engine`. Everything that is
made bears the account's label, and nothing is removed that does not.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from docker import APIClient
from docker.errors import APIError, DockerException, NotFound
from docker.utils import kwargs_from_env
from requests.exceptions import ConnectionError, RequestException, Timeout

from spcs_emulator.errors import NoEngineError

# Long, because a busy machine may take its time for one request; pulls and archives answer all the while.
TIMEOUT_SECONDS = 120
# What docker-py makes of a socket and of a named pipe of this machine.
LOCAL = ("http+docker://localhost", "http+docker://localnpipe")

ACCOUNT = "spcs-emulator.account"
INSTANCE = "spcs-emulator.instance"
SERVICE = "spcs-emulator.service"
CONTAINER = "spcs-emulator.container"
IMAGES = "spcs-emulator.images"
VOLUME = "spcs-emulator.volume"
SOURCE = "spcs-emulator.source"

# Whatever a request to the engine may end with. Of these the second means that no engine has answered.
ERRORS = (DockerException, RequestException)
AWAY = (ConnectionError, Timeout)


@dataclass(frozen=True)
class Engine:
    """The engine, and the local account that uses it."""

    api: APIClient
    account: str

    def labels(self, **more: str) -> dict[str, str]:
        """The label of everything that is the account's, and more."""
        return {ACCOUNT: self.account, **more}

    def filters(self, labels: Mapping[str, str]) -> dict[str, list[str]]:
        """What lists the account's own things that bear all of `labels`, and nothing else."""
        wanted = {ACCOUNT: self.account, **labels}
        return {"label": [f"{name}={value}" for name, value in wanted.items()]}

    def containers(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """The account's containers with these labels, those that have ended too."""
        found: list[dict[str, Any]] = self.api.containers(all=True, filters=self.filters(labels))
        return found

    def remove(self, container: str) -> None:
        """Ends and removes a container with its unnamed volumes; one that is gone is nothing to do."""
        with contextlib.suppress(NotFound):
            self.api.remove_container(container, v=True, force=True)

    def runs(self, container: str) -> bool:
        """True while the container runs; False when it has ended or is gone."""
        with contextlib.suppress(NotFound):
            return bool(self.api.inspect_container(container)["State"]["Running"])
        return False


def connect(account: str) -> Engine:
    """The engine that DOCKER_HOST names, or this machine's own. NoEngineError when none answers.

    One on another machine is refused: it could not pull from the local account's registry, which listens on
    127.0.0.1, nor see its stages, and its services would not be reachable here.
    """
    with answering():
        api = APIClient(**kwargs_from_env(), timeout=TIMEOUT_SECONDS)
    if api.base_url not in LOCAL:
        raise NoEngineError(f"the one in DOCKER_HOST is on another machine ({api.base_url})")
    return Engine(api, account)


@contextlib.contextmanager
def answering() -> Iterator[None]:
    """Turns an engine's error into a NoEngineError that says what it was."""
    try:
        yield
    except ERRORS as error:
        raise NoEngineError(text_of(error)) from error


def text_of(error: Exception) -> str:
    """What the engine said, in one line."""
    text = error.explanation if isinstance(error, APIError) and error.explanation else error
    return " ".join(str(text).split())
