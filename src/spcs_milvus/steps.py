"""One thing to look at or to do, as a value: built by kinds, shown by the plan, performed by the doors.

Nothing here runs anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from spcs_milvus.container_image import ContainerImage
from spcs_milvus.names import Name
from spcs_milvus.process_image import ProcessImage
from spcs_milvus.resource import Address
from spcs_milvus.secrets import Generated, Secret

Row = Mapping[str, Any]
"""One row of SHOW or DESCRIBE, by lower-case column name; columns we do not know are there too."""


@dataclass(frozen=True)
class Look:
    """A statement that reads, run as ``role``. Equal looks are asked once. ``newer`` is one that not every
    account knows; what it does not know it has none of. ``also`` is another role that is shown all of it, for
    whoever may not take the first.
    """

    sql: str
    role: str
    newer: bool = False
    also: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Answer:
    """What a look gave: its rows, or ``missing`` (what it asked about is not there), or ``refused`` (why we
    cannot tell). ``partial`` says why there may be more rows than these; None when there are not.
    """

    rows: tuple[Row, ...] = ()
    missing: bool = False
    refused: str | None = None
    partial: str | None = None


class Effect(StrEnum):
    """What a look at the resource shows once a statement has had its effect, for when its answer was lost."""

    SET = "what it sets, which it may set again"
    OURS = "it is there, and ours"
    GONE = "it is not there"
    ASLEEP = "it is suspended, or will be"
    AWAKE = "it runs, or will"


@dataclass(frozen=True)
class Statement:
    """A statement that changes the account, run as ``role``.

    * ``sql`` may be shown: a secret stands as ``'***'`` there.
    * ``patience_seconds`` is for statements that Snowflake refuses until something else has finished in the
      background: a refusal is tried again for so long.
    * ``secret`` is the text to run where it holds secrets; None where it is ``sql``.
    * ``generated`` is a secret that nobody knows yet and that is lost unless it is kept; None mostly.
    * ``enough`` are the numbers of refusals that say that what it makes is there already, and serves.
    * ``effect`` is what it does to its resource.
    """

    sql: str
    role: str
    patience_seconds: int = 0
    secret: Secret | None = None
    generated: Generated | None = None
    enough: frozenset[int] = frozenset()
    effect: Effect = Effect.SET

    @property
    def text(self) -> str:
        """The text to run, never to be shown."""
        return self.secret.reveal() if self.secret else self.sql


@dataclass(frozen=True)
class Upload:
    """A file put on a stage: ``sql`` is the PUT, ``content`` what it puts in place of a local file."""

    sql: str
    content: bytes = field(repr=False)
    role: str


@dataclass(frozen=True)
class Build:
    """A container image to be built, unless the engine has it."""

    name: str
    image: ContainerImage


@dataclass(frozen=True)
class Push:
    """An image to be pushed to ``repository`` as ``name:tag``, with a session of ``role``."""

    repository: Name
    name: str
    image: ProcessImage | ContainerImage
    role: str


@dataclass(frozen=True)
class Wait:
    """A service to be waited for until every container is ready and every public endpoint has its address."""

    service: Address
    looks: Mapping[str, Look] = field(hash=False)


@dataclass(frozen=True)
class Rest:
    """A service or compute pool to be waited for until it shows itself suspended."""

    address: Address


Step = Statement | Upload | Build | Push | Wait | Rest
