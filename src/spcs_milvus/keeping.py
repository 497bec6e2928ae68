"""What is asleep because we left it so, and how it wakes up: ``down --keep-data`` leaves services and compute
pools asleep until ``up`` wants them again, ``up --rotate`` a service it was cut short with.

Comes in: a service or compute pool that is ours, and what there is of it. Goes out: the steps. Touches
nothing.

A note in front of the mark says so: written before the rest is begun and taken back when it is done, so what
is cut short anywhere is gone on with, and told from what somebody paused, which nobody wakes up unasked.
"""

from dataclasses import replace

from spcs_milvus.kinds import kind_of
from spcs_milvus.kinds.base import ASLEEP, comment_step
from spcs_milvus.resource import KEPT, RESTARTING, Actual, Resource, read_mark
from spcs_milvus.steps import Rest, Step

REASONS = {
    KEPT: "its data was kept, and is wanted again",
    RESTARTING: "a rotation was cut short before it had started again",
}
"""Why ``up`` touches what has such a note."""


def note_of(actual: Actual) -> str | None:
    """The note of ours that its comment begins with; None when there is none."""
    mark = read_mark(actual.comment)
    return mark.note if mark and mark.note in REASONS else None


def noted(resource: Resource, note: str | None) -> Resource:
    """The resource with that note, for statements that set the comment before all is done."""
    return replace(resource, mark=replace(resource.mark, note=note)) if resource.mark and note else resource


def kept_asleep(resource: Resource, actual: Actual, state: str) -> tuple[Step, ...]:
    """The steps that note it as kept and suspend it, as far as they are still to be done; ``state`` is
    Snowflake's word for how it is now.
    """
    mark = read_mark(actual.comment)
    assert mark is not None
    comment = () if mark.note == KEPT else (comment_step(resource, str(replace(mark, note=KEPT))),)
    if state == "SUSPENDED":
        return comment
    suspend = () if state in ASLEEP else kind_of(resource.address.kind).suspend(resource)
    return (*comment, *suspend, Rest(resource.address))


def awake(resource: Resource, actual: Actual, state: str) -> tuple[Step, ...]:
    """The steps that wake it up, where somebody has not, and take the note back; none where there is none.

    One that was to start again and runs may not have done so yet, so it does.
    """
    note, kind = note_of(actual), kind_of(resource.address.kind)
    if note is None:
        return ()
    resume = kind.resume(resource) if state in ASLEEP or note == RESTARTING else ()
    suspend = kind.suspend(resource) if state not in ASLEEP and note == RESTARTING else ()
    return (*suspend, *resume, comment_step(resource, str(resource.mark)))


def unnoted(resource: Resource, actual: Actual) -> tuple[Step, ...]:
    """The statement that leaves nothing but the mark that is there in the comment; none where no note of ours
    stands before it.
    """
    mark = read_mark(actual.comment)
    if mark is None or note_of(actual) is None:
        return ()
    return (comment_step(resource, str(replace(mark, note=""))),)
