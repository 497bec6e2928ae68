"""What happens while a plan is applied, as values; apply makes them, views show them."""

from dataclasses import dataclass
from enum import StrEnum

from spcs_milvus.errors import Problem
from spcs_milvus.resource import Address
from spcs_milvus.transfer import Transfer


class Stage(StrEnum):
    """Where one change is in its life."""

    STARTED = "started"
    PROGRESS = "progress"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Event:
    """One moment of one change. ``text`` is what to say (a phase, an amount); ``seconds`` is how long it has
    taken so far; ``transfer`` is how far a build or a push is, None for everything else.
    """

    address: Address
    action: str
    stage: Stage
    text: str = ""
    seconds: float = 0.0
    problem: Problem | None = None
    transfer: Transfer | None = None
