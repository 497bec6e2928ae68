"""Statements that are answered later: what a handler gives back instead of a result.

In: a statement's handler that cannot answer yet (EXECUTE JOB SERVICE without ASYNC waits for its job, CREATE
SNAPSHOT for its copy).
Out: the wire waits, tells clients that the statement is running, and cancels it when they ask for that.
Touches nothing itself.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")


def _nothing() -> None:
    """There is nothing to do."""


@dataclass(frozen=True)
class Pending(Generic[T]):
    """Returned by a handler in place of its `Result` (T): what it changed is stored, the result comes later.

    `work` is done first and once, outside of every transaction, so that it holds nobody else up. VolumeError
    ends the statement.

    `until` is asked then, and after every move of the account (a tick of the clock, another
    statement), each time inside a transaction of its own: it returns the result, or None while there is none,
    or raises the SqlError with which the statement ends. It looks things up anew each time, by key: what the
    handler saw may have changed or be gone. What it changes before it raises is undone.

    `cancel` is called inside a transaction, once, when the statement is cancelled while it waits, or has
    waited for longer than `seconds`, which the account sets; what it changes is stored, and the client gets
    000604 or 000630.
    """

    until: Callable[[], T | None]
    cancel: Callable[[], None] = _nothing
    work: Callable[[], None] = _nothing
    since: datetime | None = None
    seconds: int = 0

    def late(self, now: datetime) -> bool:
        """Whether it has waited for too long."""
        return self.since is not None and now >= self.since + timedelta(seconds=self.seconds)


class Moves:
    """Counts the account's moves, so that whoever waits looks again after each."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self.count = 0

    def made(self) -> None:
        """Count one and wake everybody who waits."""
        with self._condition:
            self.count += 1
            self._condition.notify_all()

    def wait_past(self, count: int) -> None:
        """Return when the count is no longer `count`."""
        with self._condition:
            self._condition.wait_for(lambda: self.count != count)
