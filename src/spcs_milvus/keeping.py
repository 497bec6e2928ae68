"""What ``down --keep-data`` leaves asleep, and ``up`` wakes up again.

Comes in: a service or compute pool that is ours, and what there is of it. Goes out: the steps. Touches
nothing.

Its comment says that it is kept, in front of the mark: so a stack of which only the data is left can be told
from one that somebody paused, which nobody wakes up unasked.
"""

from spcs_milvus.kinds import kind_of
from spcs_milvus.kinds.base import ASLEEP, comment_step
from spcs_milvus.resource import Actual, Resource, read_mark
from spcs_milvus.steps import Rest, Step

KEPT = "kept by `spcs-milvus down --keep-data`"


def is_kept(actual: Actual) -> bool:
    """Whether the comment says so."""
    return actual.comment is not None and actual.comment.startswith(KEPT)


def kept_asleep(resource: Resource, actual: Actual, state: str) -> tuple[Step, ...]:
    """The steps that say so and suspend it, as far as they are still to be done; ``state`` is Snowflake's
    word for how it is now.

    The comment comes first: what is cut short between the two is begun again, never taken for a pause.
    """
    comment = () if is_kept(actual) else (comment_step(resource, f"{KEPT} {read_mark(actual.comment)}"),)
    if state == "SUSPENDED":
        return comment
    suspend = () if state in ASLEEP else kind_of(resource.address.kind).suspend(resource)
    return (*comment, *suspend, Rest(resource.address))


def awake(resource: Resource, actual: Actual, state: str) -> tuple[Step, ...]:
    """The steps that wake it up, where somebody has not, and take the word back; none for what is not kept.

    The word goes last: what is cut short between the two is begun again.
    """
    if not is_kept(actual):
        return ()
    resume = kind_of(resource.address.kind).resume(resource) if state in ASLEEP else ()
    return (*resume, comment_step(resource, str(resource.mark)))
