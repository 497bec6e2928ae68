"""Time as the local account sees it: the real clock, and one that tests turn by hand.

In: nothing. Out: aware UTC datetimes. Touches the machine's clock only.
"""

import threading
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the local account needs of time."""

    def now(self) -> datetime:
        """Return the present as an aware UTC datetime."""
        ...


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present as an aware UTC datetime."""
        return datetime.now(UTC)


class TurnedClock:
    """A clock that stands still until `advance` turns it."""

    def __init__(self, start: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the present as an aware UTC datetime."""
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> None:
        """Turn the clock on by `seconds`; back when negative."""
        with self._lock:
            self._now += timedelta(seconds=seconds)
