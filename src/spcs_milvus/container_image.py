"""What a container image is built from, as a value.

Its tag is known before the plan, since it is a hash of what goes in. ``images.container_image`` makes one
out of a folder; this file imports no docker.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PLATFORM = "linux/amd64"
"""What Snowflake's instances run (documented: Snowpark Container Services, "Build an image")."""


@dataclass(frozen=True)
class ContainerImage:
    """A build context and how it is built.

    ``dockerfile`` is relative to ``folder`` (which it may leave) with ``/`` between its parts. ``digest``
    is ``sha256:<hex>`` over everything that goes in: the files' names, kinds, executable bits and
    content, the Dockerfile, the arguments, the platform; never times or owners. ``files`` is how many
    those are, ``size_bytes`` how much is in them.
    """

    folder: Path
    dockerfile: str
    arguments: Mapping[str, str] = field(hash=False)
    digest: str
    platform: str = PLATFORM
    files: int = 0
    size_bytes: int = 0

    @property
    def tag(self) -> str:
        """``ctx-`` and the first twelve digits of the digest."""
        return "ctx-" + self.digest.removeprefix("sha256:")[:12]
