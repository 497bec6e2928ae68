"""What a test may arrange: latency of every statement, and trouble at the k-th one.

In: the test's wishes. Out: what the wire does around each statement, and around other requests. Touches
nothing.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

# Observed: after 45 seconds a real account says that the statement is in progress.
HOLD_SECONDS = 45.0

# What may strike a request, whatever it asks for.
Interruption = Literal[
    "cut before",
    "cut after",
    "hang before",
    "hang after",
    "429 before",
    "429 after",
    "500 before",
    "500 after",
    "503 before",
    "503 after",
]
INTERRUPTIONS: tuple[Interruption, ...] = get_args(Interruption)
Trouble = (
    Interruption
    | Literal["error before", "error after", "refused", "stale", "session expired", "master expired"]
)


@dataclass(frozen=True)
class Event:
    """Trouble at one statement, or at one request of another sort.

    `at` counts the statements from 1 over all sessions; `contains` counts only statements whose text, in
    upper case, holds it. With `request` no statements are counted but the other requests whose method and
    path ("POST /session/token-request") begin with it; only an interruption can strike these.

    "error" answers 300002; "refused" answers 003001, as where a privilege is missing; "cut" closes the
    connection without an answer; "hang" says nothing, however often the request comes again, until the
    client hangs up; a number is the HTTP status in place of the answer. "before" leaves the statement undone,
    "after" happens once its effect is stored.

    "stale": a SHOW or DESCRIBE sees the account as it stood before the last `changes` of it. Assumed: no page
    of Snowflake's promises that either shows at once what a statement changed, nor says that it may not.
    "session expired": the session's tokens end at this statement, so that the client has to renew them;
    "master expired": what they are renewed with has ended, too.
    """

    at: int
    trouble: Trouble
    contains: str = ""
    request: str = ""
    changes: int = 1

    def __post_init__(self) -> None:
        """ValueError for what cannot strike a request that carries no statement."""
        if self.request and self.trouble not in INTERRUPTIONS:
            raise ValueError(f"{self.trouble} cannot strike {self.request}")


class Script:
    """The arranged latency in milliseconds and events, and for how long a request is held that waits for its
    statement. May be asked from several threads. `hanging` is set once a client waits in vain.
    """

    def __init__(
        self, latency_ms: int = 0, events: Sequence[Event] = (), hold_seconds: float = HOLD_SECONDS
    ) -> None:
        self.latency_ms = latency_ms
        self.hold_seconds = hold_seconds
        self.hanging = threading.Event()
        self._events = tuple(events)
        self._counts = [0] * len(self._events)
        self._lock = threading.Lock()

    def at_statement(self, text: str) -> Event | None:
        """Count one statement and return what is to happen at it, None for nothing."""
        upper = text.upper()
        return self._next(lambda event: not event.request and event.contains.upper() in upper)

    def at_request(self, line: str) -> Event | None:
        """Count one request that carries no statement, "POST /path", and return what is to happen at it."""
        return self._next(lambda event: bool(event.request) and line.startswith(event.request))

    def _next(self, counted: Callable[[Event], bool]) -> Event | None:
        found: Event | None = None
        with self._lock:
            for index, event in enumerate(self._events):
                if not counted(event):
                    continue
                self._counts[index] += 1
                if self._counts[index] == event.at:
                    found = event
        return found
