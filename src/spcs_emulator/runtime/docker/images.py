"""Images of the account's own registry in the engine: pulled when an instance needs them, gone afterwards.

In: images as the account knows them. Out: names by which the engine knows them. Pulls by digest, so nothing
is tagged; signs in for each pull, so nothing is written down. What had its name in the engine before is not
ours and stays, and so does every image that somebody else has tagged: only the name by digest is taken away.
"""

import logging
import threading
from collections.abc import Callable, Collection

from docker import APIClient
from docker.errors import APIError, ImageNotFound

from spcs_emulator.registry.api import Source
from spcs_emulator.runtime.api import Image, ImageUnusableError
from spcs_emulator.runtime.docker.engine import ERRORS, text_of

PLATFORM = "linux/amd64"
_log = logging.getLogger(__name__)


class StoppedError(Exception):
    """The instance ends; its image is needed no more."""


class Images:
    """See the module. `source` is asked at each pull, as it is not known from the start."""

    def __init__(self, api: APIClient, source: Callable[[], Source]) -> None:
        self._api = api
        self._source = source
        self._lock = threading.Lock()
        self._holders: dict[str, set[str]] = {}
        self._ours: set[str] = set()

    def reference(self, image: Image) -> str:
        """The engine's name for the image: host/db/schema/repo/name@sha256:…"""
        folder, _, name = image.path.rpartition("/")
        return f"{self._source().host}/{folder}/{name.partition(':')[0]}@{image.digest}"

    def claim(self, key: str, references: Collection[str]) -> frozenset[str]:
        """Keeps the images for the instance until `release`; returns those that are to be removed in the end,
        because the engine did not have them before this account.
        """
        with self._lock:
            for reference in references:
                if reference not in self._holders and not self._is_there(reference):
                    self._ours.add(reference)
                self._holders.setdefault(reference, set()).add(key)
            return frozenset(self._ours.intersection(references))

    def pull(self, container: str, image: Image, stopped: Callable[[], bool]) -> None:
        """Pulls the image of the container so named, unless the engine has it.

        ImageUnusableError when it cannot be pulled. StoppedError once `stopped` says so.
        """
        if self._is_there(self.reference(image)):
            return
        source = self._source()
        login = {"username": source.credential.user, "password": source.credential.secret}
        try:
            events = self._api.pull(
                self.reference(image), stream=True, decode=True, auth_config=login, platform=PLATFORM
            )
            for event in events:
                if stopped():
                    raise StoppedError(f"image {image.path} is needed no more")
                if "error" in event:
                    raise _unusable(container, image, str(event["error"]))
        except APIError as error:
            raise _unusable(container, image, text_of(error)) from error

    def release(self, key: str) -> None:
        """Lets go of the instance's images; removes those that no other instance holds, if they are ours."""
        with self._lock:
            for reference, holders in list(self._holders.items()):
                holders.discard(key)
                if not holders:
                    del self._holders[reference]
                    if reference in self._ours:
                        self._ours.discard(reference)
                        remove(self._api, reference)

    def _is_there(self, reference: str) -> bool:
        try:
            self._api.inspect_image(reference)
        except ImageNotFound:
            return False
        return True


def remove(api: APIClient, reference: str) -> None:
    """Takes the name by digest away, and the image with its last name. One that is still used stays."""
    try:
        api.remove_image(reference)
    except ImageNotFound:
        return
    except ERRORS as error:
        _log.warning("image %s stays in the engine: %s", reference, text_of(error))


def _unusable(container: str, image: Image, why: str) -> ImageUnusableError:
    return ImageUnusableError(f"container {container}: image {image.path} cannot be pulled: {why}")
