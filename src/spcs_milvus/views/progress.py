"""What is going on: on a terminal one live line a running step, elsewhere plain lines with a heartbeat.

Comes in: events of apply, from many threads. Goes out: text on stderr. A step that nothing was said about for
a while is named again, so that a log shows that the program is alive. Builds and pushes say more than anybody
reads: on a terminal they have bars, elsewhere a line at intervals.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from spcs_milvus.events import Event, Stage
from spcs_milvus.resource import Address
from spcs_milvus.views.console import harmless
from spcs_milvus.views.transfer import bars, in_words

HEARTBEAT_SECONDS = 10.0
TRANSFER_SECONDS = 5.0
SHOWN_SECONDS = 0.05
_SHOWN_RUNNING = 12

_PAST = {
    "create": "created",
    "update": "updated",
    "delete": "dropped",
    "pause": "paused",
    "resume": "resumed",
    "adopt": "adopted",
}
_DOING = {"create": "creating", "update": "updating", "delete": "dropping", "wait": "waiting"} | {
    "pause": "suspending",
    "resume": "resuming",
    "adopt": "marking",
}
_ENDS = {
    Stage.DONE: ("✓", "green"),
    Stage.FAILED: ("✗", "red"),
    Stage.SKIPPED: ("↷", "yellow"),
    Stage.INTERRUPTED: ("↷", "yellow"),
}


@contextmanager
def progress(
    console: Console,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
    transfer_seconds: float = TRANSFER_SECONDS,
) -> Iterator[Callable[[Event], None]]:
    """A function that takes events and shows them until the block ends."""
    if console.is_terminal and not console.is_dumb_terminal:
        live = _Live(console)
        with Live(live, console=console, refresh_per_second=8, transient=True):
            yield live.hear
        return
    plain = _Plain(console, heartbeat_seconds, transfer_seconds)
    heart = threading.Thread(target=plain.beat, daemon=True)
    heart.start()
    try:
        yield plain.hear
    finally:
        plain.ended.set()
        heart.join()


class _Live:
    """Finished steps scroll by, grants unseen unless they fail; running ones stand below, a line each."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._running: dict[Address, tuple[Event, float]] = {}
        self._spinner = Spinner("dots")

    def hear(self, event: Event) -> None:
        if event.stage in _ENDS:
            self._running.pop(event.address, None)
            if event.stage is not Stage.DONE or event.address.kind != "grant":
                self._console.print(_line(event))
            return
        _, began = self._running.get(event.address, (event, time.monotonic()))
        self._running[event.address] = (event, began)

    def __rich__(self) -> Group:
        table = Table.grid(padding=(0, 1))
        # where there is little room, the columns that may wrap give way; their cells are cut all the same
        for may_wrap in (False, True, False, True):
            table.add_column(no_wrap=not may_wrap)
        running = list(self._running.values())
        for event, began in running[:_SHOWN_RUNNING]:
            elapsed = f"{time.monotonic() - began:.0f} s"
            doing = harmless(event.text) if event.stage is Stage.PROGRESS else _DOING.get(event.action, "")
            table.add_row(
                self._spinner, _cut(str(event.address), ""), Text(elapsed, "cyan"), _cut(doing, "dim")
            )
        more = len(running) - _SHOWN_RUNNING
        rest = [Text(f"and {more} more", "dim")] if more > 0 else []
        transfers = {
            event.address.name.rpartition("/")[2]: event.transfer for event, _ in running if event.transfer
        }
        return Group(table, *rest, bars(transfers))


def _cut(text: str, style: str) -> Text:
    return Text(text, style, no_wrap=True, overflow="ellipsis")


class _Plain:
    """One line when a step ends or changes its phase, one at intervals of ``transfer_seconds`` for a build or
    a push, and a heartbeat while nothing else is said.
    """

    def __init__(self, console: Console, heartbeat_seconds: float, transfer_seconds: float) -> None:
        self._console = console
        self._heartbeat_seconds = heartbeat_seconds
        self._transfer_seconds = transfer_seconds
        self._told: dict[Address, float] = {}
        self._began = time.monotonic()
        self._running: dict[Address, str] = {}
        self._said = time.monotonic()
        self._lock = threading.Lock()
        self.ended = threading.Event()

    def hear(self, event: Event) -> None:
        with self._lock:
            if event.stage in _ENDS:
                self._running.pop(event.address, None)
                self._say(_line(event))
                return
            self._running[event.address] = _text(event)
            if event.stage is Stage.PROGRESS and self._is_due(event):
                self._say(Text(f"  {event.address}: {_text(event)}"))

    def _is_due(self, event: Event) -> bool:
        """Whether it is time for a line; always, unless it is about how far something is."""
        if event.transfer is None:
            self._told.pop(event.address, None)
            return True
        due = event.seconds - self._told.get(event.address, -self._transfer_seconds) >= self._transfer_seconds
        if due:
            self._told[event.address] = event.seconds
        return due

    def beat(self) -> None:
        """Runs until ``ended`` is set."""
        while not self.ended.wait(self._heartbeat_seconds / 10):
            with self._lock:
                if self._running and time.monotonic() - self._said >= self._heartbeat_seconds:
                    address, text = next(iter(self._running.items()))
                    self._say(Text(f"  still at {len(self._running)}: {address}: {text}"))

    def _say(self, text: Text) -> None:
        self._said = time.monotonic()
        self._console.print(Text(f"[{self._said - self._began:6.1f} s] ").append_text(text))


def _text(event: Event) -> str:
    return in_words(event.transfer) if event.transfer else event.text


def _line(event: Event) -> Text:
    sign, style = _ENDS[event.stage]
    past = event.text or _PAST.get(event.action, "")
    word = past if event.stage is Stage.DONE else event.stage.value
    line = Text.assemble((f"{sign} ", style), f"{event.address} {word}".rstrip())
    if event.seconds >= SHOWN_SECONDS:
        line.append(f" {event.seconds:.1f} s", "dim")
    if event.stage in (Stage.FAILED, Stage.SKIPPED) and event.problem:
        line.append(f": {event.problem.summary}", style)
    return line
