"""The engine: what it has, builds and pushes.

Comes in: a `ContainerImage`, where it goes, how to sign in there. Goes out: the image's id in the engine,
its digest in the registry. Touches the engine's images under ``spcs-milvus/``; signs in per push and
writes nothing to disk.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from spcs_milvus.container_image import ContainerImage
from spcs_milvus.secrets import Secret
from spcs_milvus.transfer import Transfer


@dataclass(frozen=True)
class Login:
    """How to sign in to a registry."""

    user: str
    password: Secret


class Engine:
    """The Docker engine that the docker command of this machine speaks to. Connects at its first use;
    raises ConnectError with a hint when none answers. Threads may share one.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the connection."""

    def find(self, name: str, image: ContainerImage) -> str | None:
        """The id of the image that was built from exactly this content; None when the engine has none."""
        raise NotImplementedError

    def build(self, name: str, image: ContainerImage, progress: Callable[[Transfer], object]) -> str:
        """Builds it for its platform and tags it ``spcs-milvus/<name>:ctx-…``. Its id."""
        raise NotImplementedError

    def push(
        self,
        name: str,
        image: ContainerImage,
        reference: str,
        sign_in: Callable[[], Login],
        progress: Callable[[Transfer], object],
    ) -> str:
        """Pushes what was built as ``host/db/schema/repo/name:tag``. The manifest's digest in the
        registry.
        """
        raise NotImplementedError
