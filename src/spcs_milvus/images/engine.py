"""The engine: what it has, builds and pushes.

Comes in: a `ContainerImage`, where it goes, how to sign in there. Goes out: the image's id in the engine,
its digest in the registry. Touches the engine's images under ``spcs-milvus/``.
"""

from collections.abc import Callable
from threading import Lock
from typing import Self

from docker.api.client import APIClient

from spcs_milvus.container_image import ContainerImage
from spcs_milvus.images import build, push
from spcs_milvus.images.connection import connect
from spcs_milvus.transfer import Transfer


class Engine:
    """The Docker engine that the docker command of this machine speaks to. Connects at its first use;
    every method raises ConnectError with a hint when none answers. Threads may share one.
    """

    def __init__(self) -> None:
        self._connecting = Lock()
        self._api: APIClient | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the connection."""
        if self._api:
            self._api.close()

    def find(self, name: str, image: ContainerImage) -> str | None:
        """The id of the image that was built from exactly this content; None when the engine has none."""
        return build.find(self._connected(), name, image)

    def build(self, name: str, image: ContainerImage, progress: Callable[[Transfer], object]) -> str:
        """Builds it for its platform and tags it ``spcs-milvus/<name>:ctx-…``. Its id; raises as
        `build.build`.
        """
        return build.build(name, image, progress)

    def push(
        self,
        name: str,
        image: ContainerImage,
        reference: str,
        sign_in: Callable[[], push.Login],
        progress: Callable[[Transfer], object],
    ) -> str:
        """Pushes what was built as ``host/db/schema/repo/name:tag``. The manifest's digest in the
        registry.

        ``sign_in`` is asked once, and again when the registry no longer takes the login though the push
        came further with it. Raises as `push.push`.
        """
        return push.push(self._connected(), name, image, reference, sign_in, progress)

    def _connected(self) -> APIClient:
        with self._connecting:
            if self._api is None:
                self._api = connect()
            return self._api
