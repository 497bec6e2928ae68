"""What a test may arrange: latency of every statement, and trouble at the k-th one.

In: the test's wishes. Out: what the wire does around each statement. Touches nothing.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

# Observed: after 45 seconds a real account says that the statement is in progress.
HOLD_SECONDS = 45.0

Trouble = Literal["error before", "error after", "cut before", "cut after"]


@dataclass(frozen=True)
class Event:
    """Trouble at one statement.

    `at` counts the statements from 1 over all sessions; `contains` counts only statements whose text, in
    upper case, holds it. "error" answers 300002, "cut" closes the connection without an answer; "before"
    leaves the statement undone, "after" happens once its effect is stored.
    """

    at: int
    trouble: Trouble
    contains: str = ""


class Script:
    """The arranged latency in milliseconds and events, and for how long a request is held that waits for its
    statement. May be asked from several threads.
    """

    def __init__(
        self, latency_ms: int = 0, events: Sequence[Event] = (), hold_seconds: float = HOLD_SECONDS
    ) -> None:
        self.latency_ms = latency_ms
        self.hold_seconds = hold_seconds
        self._events = tuple(events)
        self._counts = [0] * len(self._events)
        self._lock = threading.Lock()

    def next_trouble(self, text: str) -> Trouble | None:
        """Count one statement and return what is to happen at it, None for nothing."""
        upper = text.upper()
        found: Trouble | None = None
        with self._lock:
            for index, event in enumerate(self._events):
                if event.contains.upper() not in upper:
                    continue
                self._counts[index] += 1
                if self._counts[index] == event.at:
                    found = event.trouble
        return found
