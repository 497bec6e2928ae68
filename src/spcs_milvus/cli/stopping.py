"""Ctrl-C while the account is worked on: the first one stops what is new, the second one ends the program.

Python's own way, an exception wherever the program happens to be, would lose what others threads have done,
and libraries swallow it. Here a signal only sets an event, which whoever waits looks at.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from spcs_milvus.cli.boundary import INTERRUPTED
from spcs_milvus.cli.options import Output
from spcs_milvus.errors import Problem
from spcs_milvus.views import console, documents
from spcs_milvus.views.problems import show_problems


@contextmanager
def stopping(output: Output) -> Iterator[threading.Event]:
    """The event that the first Ctrl-C sets; the second one ends the program with 130 at once."""
    stop = threading.Event()

    def heard(_signal: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            _end_now(output)
        stop.set()
        # straight to the terminal: whoever prints just now may hold the console
        os.write(2, b"\nstopping: what runs is let finish; Ctrl-C again ends the program at once\n")

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


def _end_now(output: Output) -> None:
    """Says so and goes, whatever is under way; what the account was asked to do, it goes on doing."""
    problem = Problem(
        "stopped at once", "what was under way may or may not be done", None, "run the command again"
    )
    if output is Output.JSON:
        documents.write(documents.error_document([problem], INTERRUPTED))
    show_problems(console.talk(), [problem])
    os._exit(INTERRUPTED)
