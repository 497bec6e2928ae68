"""What a statement came to that did not simply end well: its answer was lost, or somebody was faster.

Comes in: the statement and functions to send it, to look at its resource and to pause. Goes out: what was
found in its place, or StatementError. The one place that decides whether a statement is sent again. It never
reads SQL: the statement's ``effect`` says what a look must show. Touches nothing itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from spcs_milvus.errors import DeployError, StatementError
from spcs_milvus.hints import ALREADY_EXISTS, FORBIDDEN, MISSING, answer_lost
from spcs_milvus.kinds.base import ASLEEP
from spcs_milvus.ownership import Ownership, ownership
from spcs_milvus.resource import Actual, Presence, Resource, read_mark
from spcs_milvus.states import state_of
from spcs_milvus.steps import Effect, Statement

PAUSES_SECONDS = (1.0, 2.0, 4.0)
"""How long to wait before a statement whose answer was lost is sent again, and before a look is believed that
does not show yet what another statement did.
"""
RETRY_PAUSE_SECONDS = 2.0

Seen = TypeVar("Seen")

ANSWER_LOST = "its answer was lost; the account shows what it did"
BY_ANOTHER_RUN = "is there already, made by another run"
GONE = "is gone already"


@dataclass(frozen=True)
class Tools:
    """What settling works with: ``send`` runs the statement, ``look`` shows its resource as it is now."""

    send: Callable[[], None]
    look: Callable[[], Actual]
    pause: Callable[[float], None]
    progress: Callable[[str], object]


def settled(resource: Resource, step: Statement, tools: Tools) -> str | None:
    """Sends the statement until it is known what came of it. Returns what was found in its place; None when
    it was simply done.

    Raises StatementError when it was refused, or when it stays unknown whether it was done.
    """
    patience, again, lost = float(step.patience_seconds), iter(PAUSES_SECONDS), 0
    while True:
        try:
            tools.send()
        except StatementError as error:
            lost += answer_lost(error.errno)
            if found := _found(resource, step, tools, error, lost):
                return found
            if answer_lost(error.errno):
                pause = next(again, None)
                if pause is None:
                    why = f"its answer was lost {lost} times, the last time with: {error.problem.summary}"
                    raise _unknown(error, why) from error
                tools.progress("its answer was lost; it is sent again")
            elif patience <= 0 or error.errno in MISSING | FORBIDDEN:
                raise
            else:
                tools.progress(f"not yet: {error.problem.summary}")
                pause = RETRY_PAUSE_SECONDS
                patience -= pause
        else:
            return None
        tools.pause(pause)


def shown(resource: Resource, effect: Effect, actual: Actual) -> bool:
    """Whether a look shows the effect. What is set is not shown by itself, as it may have been so before."""
    match effect:
        case Effect.OURS:
            return actual.presence is Presence.PRESENT and ownership(resource, actual) is Ownership.OURS
        case Effect.GONE:
            return _is_gone(resource, actual)
        case Effect.ASLEEP:
            return state_of(actual) in ASLEEP
        case Effect.AWAKE:
            return state_of(actual) not in (*ASLEEP, "ABSENT", "UNKNOWN")
        case Effect.SET:
            return False


def shows_in_time(resource: Resource, effect: Effect, tools: Tools) -> bool:
    """Whether a look shows the effect, which the answer to a statement has told of: one that does not yet is
    not believed at once.
    """
    return bool(in_time(lambda: shown(resource, effect, tools.look()), tools.pause))


def in_time(look: Callable[[], Seen], pause: Callable[[float], object]) -> Seen:
    """What a look sees. One that sees nothing is not believed at once: what a statement has just done may not
    be shown yet.
    """
    for seconds in PAUSES_SECONDS:
        if seen := look():
            return seen
        pause(seconds)
    return look()


def _found(resource: Resource, step: Statement, tools: Tools, error: StatementError, lost: int) -> str | None:
    """What there is in place of a statement that ended with that error; None when nothing that would do."""
    if error.errno in step.enough:
        return f"is there already (error {error.errno:06d})"
    if error.errno in ALREADY_EXISTS and shows_in_time(resource, Effect.OURS, tools):
        return ANSWER_LOST if lost else BY_ANOTHER_RUN
    if error.errno in MISSING and step.effect is Effect.GONE and shows_in_time(resource, Effect.GONE, tools):
        return ANSWER_LOST if lost else GONE
    return _looked_at(resource, step, tools, error) if lost else None


def _looked_at(resource: Resource, step: Statement, tools: Tools, error: StatementError) -> str | None:
    """After a lost answer: whether there is its effect. Raises StatementError where that cannot be seen, or
    it must not be sent again, because what has that name is not ours any more.
    """
    try:
        actual = tools.look()
    except DeployError as unseen:
        raise _unknown(error, f"its answer was lost, and {unseen.problem.summary}") from unseen
    if shown(resource, step.effect, actual):
        return ANSWER_LOST
    if not _may_be_sent_again(resource, step, actual):
        raise _unknown(error, f"its answer was lost, and {resource.address} cannot be seen to be ours")
    return None


def _may_be_sent_again(resource: Resource, step: Statement, actual: Actual) -> bool:
    """What makes it ours is refused where there is one, or does the same again, but must not take another's
    mark off; what sets or drops is refused where there is none; otherwise it must be ours.
    """
    if actual.presence is Presence.ABSENT:
        return True
    if step.effect is Effect.OURS and read_mark(actual.comment) is None:
        return True
    return ownership(resource, actual) is Ownership.OURS


def _is_gone(resource: Resource, actual: Actual) -> bool:
    """What was ours is gone where somebody else's stands in its place, too."""
    if actual.presence is Presence.PRESENT:
        return ownership(resource, actual) is Ownership.NOT_OURS
    return actual.presence is Presence.ABSENT


def _unknown(error: StatementError, why: str) -> StatementError:
    return StatementError(
        f"whether it was done cannot be told: {why}",
        errno=error.errno,
        sqlstate=error.sqlstate,
        query_id=error.query_id,
        hint="run the command again; it looks first, and goes on from there",
    )
