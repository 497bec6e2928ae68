"""Ctrl-C while the account is worked on: the first one stops what is new, the second one ends the program.

Python's own way, an exception wherever the program happens to be, would lose what others threads have done,
and libraries swallow it. Here the first signal only sets an event, which whoever waits looks at. The second
one is left to the system, since the program may be inside a library that does not come back.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_TOLD = "\nstopping: what runs is let finish; Ctrl-C again ends the program at once\n"


@contextmanager
def stopping(told: str = _TOLD) -> Iterator[threading.Event]:
    """The event that the first Ctrl-C sets, which is ``told``; the second one ends the program at once (130
    in a shell).
    """
    stop = threading.Event()

    def heard(_signal: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        # straight to the terminal: whoever prints just now may hold the console
        os.write(2, told.encode())

    before = signal.signal(signal.SIGINT, heard)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def asking() -> Iterator[None]:
    """While a person is asked, Ctrl-C is an answer: KeyboardInterrupt, as usual."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
