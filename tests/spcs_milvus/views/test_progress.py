"""What is said while a plan runs: plain lines with a heartbeat, or live lines on a terminal."""

import io
import re
import threading

import pytest
from rich.console import Console

from spcs_milvus.errors import Problem
from spcs_milvus.events import Event, Stage
from spcs_milvus.resource import Address
from spcs_milvus.views.progress import progress

POOL = Address("compute_pool", "P")
READY = Address("ready", "DB.PUBLIC.MILVUS")
GRANT = Address("grant", "USAGE on database DB to R")
PATIENCE_SECONDS = 20

EVENTS = [
    Event(POOL, "create", Stage.STARTED, "it is not there"),
    Event(READY, "wait", Stage.STARTED, "it is new or changed"),
    Event(POOL, "create", Stage.DONE, seconds=1.26),
    Event(READY, "wait", Stage.PROGRESS, "milvus: Waiting to start", 2.0),
    Event(READY, "wait", Stage.DONE, seconds=3.0),
    Event(Address("role", "E"), "create", Stage.DONE, "is there already"),
    Event(GRANT, "create", Stage.STARTED),
    Event(GRANT, "create", Stage.DONE, seconds=0.01),
    Event(Address("role", "A"), "delete", Stage.DONE, seconds=0.2),
    Event(
        Address("role", "B"), "update", Stage.FAILED, "error 3001", 0.3, Problem("not allowed", "error 3001")
    ),
    Event(Address("role", "C"), "create", Stage.SKIPPED, "why", problem=Problem("role.C was skipped", "why")),
    Event(Address("role", "D"), "create", Stage.INTERRUPTED, "why", problem=Problem("role.D was skipped")),
]
ENDS = [
    "✓ compute_pool.P created 1.3 s",
    "✓ ready.DB.PUBLIC.MILVUS 3.0 s",
    "✓ role.E is there already",
    "✓ role.A dropped 0.2 s",
    "✗ role.B failed 0.3 s: not allowed",
    "↷ role.C skipped: role.C was skipped",
    "↷ role.D interrupted",
]


def _said(console: Console) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_without_a_terminal_each_end_and_phase_is_one_line() -> None:
    console = Console(file=io.StringIO(), width=40, soft_wrap=True)
    with progress(console) as hear:
        for event in EVENTS:
            hear(event)
    lines = _said(console)
    assert all(re.match(r"\[ *\d+\.\d s\] ", line) for line in lines)
    assert [line.split("] ", 1)[1] for line in lines] == [
        ENDS[0],
        "  ready.DB.PUBLIC.MILVUS: milvus: Waiting to start",
        *ENDS[1:3],
        "✓ grant.USAGE on database DB to R created",
        *ENDS[3:],
    ]


def _terminal(width: int) -> Console:
    """A terminal that can move its lines, whatever the one of this test run can."""
    return Console(
        file=io.StringIO(),
        force_terminal=True,
        width=width,
        soft_wrap=True,
        no_color=True,
        highlight=False,
        _environ={"TERM": "xterm"},
    )


def test_on_a_terminal_grants_that_succeed_go_unseen() -> None:
    console = _terminal(80)
    with progress(console) as hear:
        for event in EVENTS:
            hear(event)
        hear(Event(Address("grant", "G"), "create", Stage.FAILED, problem=Problem("refused")))
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", "\n".join(_said(console)))
    ends = [
        line.strip()
        for line in text.replace("\r", "\n").splitlines()
        if line.strip().startswith(("✓", "✗", "↷"))
    ]
    assert ends == [*ENDS, "✗ grant.G failed: refused"]


@pytest.mark.parametrize("running", [1, 20])
def test_on_a_terminal_what_runs_stands_below(running: int) -> None:
    console = _terminal(60)
    with progress(console) as hear:
        for number in range(running):
            hear(Event(Address("role", f"R{number}"), "create", Stage.PROGRESS, "busy"))
    text = "\n".join(_said(console))
    assert "role.R0" in text
    assert ("and 8 more" in text) == (running == 20)


class _Listening(io.StringIO):
    """A file that tells when a text was written to it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.heard = threading.Event()

    def write(self, text: str) -> int:
        if self.text in text:
            self.heard.set()
        return super().write(text)


def test_a_step_that_nothing_is_said_about_is_named_again() -> None:
    file = _Listening("still at 2: compute_pool.P")
    with progress(Console(file=file, soft_wrap=True), heartbeat_seconds=0.01) as hear:
        hear(EVENTS[0])
        hear(EVENTS[1])
        assert file.heard.wait(PATIENCE_SECONDS)
    assert "it is not there" in file.getvalue()


def test_the_heart_stops_with_the_block() -> None:
    before = threading.active_count()
    with progress(Console(file=io.StringIO())):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_a_failure_inside_the_block_comes_through() -> None:
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError), progress(Console(file=io.StringIO())):
        raise ZeroDivisionError
    assert threading.active_count() == before
