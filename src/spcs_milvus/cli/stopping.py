"""Ctrl-C while the account is worked on: the first one stops what is new, the second one ends the program.

Python's own way, an exception wherever the program happens to be, would lose what others threads have done,
and libraries swallow it. Here a signal only sets an event, which whoever waits looks at.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from spcs_milvus.cli.boundary import INTERRUPTED
from spcs_milvus.cli.options import Output
from spcs_milvus.errors import Problem
from spcs_milvus.views import console, documents
from spcs_milvus.views.problems import show_problems


@contextmanager
def stopping(output: Output) -> Iterator[threading.Event]:
    """The event that the first Ctrl-C sets; the second one ends the program with 130 at once.

    A thread of its own listens, since the main one may be inside a library that does not come back.
    """
    stop = threading.Event()
    heard, told = os.pipe()
    os.set_blocking(told, False)
    before = signal.signal(signal.SIGINT, lambda _signal, _frame: None)
    woken = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    listener = threading.Thread(target=_listen, args=(heard, stop, output), daemon=True)
    listener.start()
    try:
        yield stop
    finally:
        signal.set_wakeup_fd(woken)
        signal.signal(signal.SIGINT, before)
        os.close(told)
        listener.join()
        os.close(heard)


def _listen(heard: int, stop: threading.Event, output: Output) -> None:
    while number := os.read(heard, 1):
        if number[0] != signal.SIGINT:
            continue
        if stop.is_set():
            _end_now(output)
        stop.set()
        # straight to the terminal: whoever prints just now may hold the console
        os.write(2, b"\nstopping: what runs is let finish; Ctrl-C again ends the program at once\n")


@contextmanager
def asking() -> Iterator[None]:
    """While a person is asked, Ctrl-C is an answer: KeyboardInterrupt, as usual."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    woken = signal.set_wakeup_fd(-1)
    try:
        yield
    finally:
        signal.set_wakeup_fd(woken)
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
