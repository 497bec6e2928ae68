"""Time as the local account sees it: the real clock, and one that tests turn by hand.

In: nothing. Out: aware UTC datetimes, and a wait that ends early. Touches the machine's clock only.
"""

import threading
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the local account needs of time."""

    def now(self) -> datetime:
        """Return the present as an aware UTC datetime."""
        ...

    def wait(self, seconds: float, wake: threading.Event) -> bool:
        """Return True as soon as `wake` is set, False once `seconds` have passed."""
        ...


class RealClock:
    """The machine's clock. Waits go by the monotonic clock, so a changed date does not stretch them."""

    def now(self) -> datetime:
        """Return the present as an aware UTC datetime."""
        return datetime.now(UTC)

    def wait(self, seconds: float, wake: threading.Event) -> bool:
        """Return True as soon as `wake` is set, False once `seconds` have passed."""
        return wake.wait(seconds)


class TurnedClock:
    """A clock that stands still until `advance` turns it."""

    def __init__(self, start: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)) -> None:
        self._now = start
        self._turned = threading.Condition()

    def now(self) -> datetime:
        """Return the present as an aware UTC datetime."""
        with self._turned:
            return self._now

    def advance(self, seconds: float) -> None:
        """Turn the clock on by `seconds` and wake every wait that this ends."""
        with self._turned:
            self._now += timedelta(seconds=seconds)
            self._turned.notify_all()

    def wait(self, seconds: float, wake: threading.Event) -> bool:
        """Return True as soon as `wake` is set, False once `seconds` were turned.

        `wake` is looked at every 10 ms of real time, because an event cannot notify this clock's condition.
        """
        with self._turned:
            end = self._now + timedelta(seconds=seconds)
            while self._now < end and not wake.is_set():
                self._turned.wait(0.01)
        return wake.is_set()
