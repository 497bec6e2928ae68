"""What is said while a plan runs: plain lines with a heartbeat, or live lines on a terminal."""

import io
import re
import threading

import pytest
from rich.console import Console

from spcs_milvus.errors import Problem
from spcs_milvus.events import Event, Stage
from spcs_milvus.resource import Address
from spcs_milvus.transfer import Layer, Transfer
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


def _plain(console: Console) -> str:
    """What a terminal was sent, without what moves it."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", "\n".join(_said(console)))
    return text.replace("\r", "\n")


def test_on_a_terminal_grants_that_succeed_go_unseen() -> None:
    console = _terminal(80)
    with progress(console) as hear:
        for event in EVENTS:
            hear(event)
        hear(Event(Address("grant", "G"), "create", Stage.FAILED, problem=Problem("refused")))
    ends = [line.strip() for line in _plain(console).splitlines() if line.strip().startswith(("✓", "✗", "↷"))]
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


@pytest.mark.parametrize("width", [80, 60])
def test_a_long_name_gives_way_to_how_long_it_takes(width: int) -> None:
    image = Address("image", "MILVUS_DEMO.PUBLIC.MILVUS_REPO/milvus:ctx-950bb1a34d64")
    console = _terminal(width)
    with progress(console) as hear:
        hear(Event(image, "create", Stage.PROGRESS, "2 of 4 layers pushed"))
    (shown,) = {line.strip() for line in _plain(console).splitlines() if "image." in line}
    assert re.fullmatch(r". image\.MILVUS_DEMO\.\S+… 0 s 2 of 4 layers pushed", shown)


IMAGE = Address("image", "DB.PUBLIC.REPO/milvus:ctx-1")
LAYERS = (
    Layer("there", "Layer already exists", 0, 0),
    Layer("done", "Pushed", 1_000_000, 1_000_000),
    Layer("moving", "Pushing", 500_000, 3_000_000),
    Layer("waiting", "Waiting", 0, 4_000_000),
)


def _moment(seconds: float, transfer: Transfer) -> Event:
    return Event(IMAGE, "create", Stage.PROGRESS, transfer.text, seconds, transfer=transfer)


def test_without_a_terminal_a_transfer_is_told_at_intervals() -> None:
    console = Console(file=io.StringIO(), width=40, soft_wrap=True)
    with progress(console, transfer_seconds=5.0) as hear:
        for tenth in range(0, 121, 5):
            hear(_moment(tenth / 10, Transfer(f"at {tenth / 10} s", LAYERS)))
        hear(Event(IMAGE, "create", Stage.PROGRESS, "asking for the repository's address", 12.1))
        hear(_moment(12.2, Transfer("0 of 4 layers pushed")))
        hear(Event(IMAGE, "create", Stage.DONE, seconds=13.0))
    assert [line.split("] ", 1)[1] for line in _said(console)] == [
        *(f"  {IMAGE}: at {seconds} s, 1.5 MB of 8.0 MB" for seconds in ("0.0", "5.0", "10.0")),
        f"  {IMAGE}: asking for the repository's address",
        f"  {IMAGE}: 0 of 4 layers pushed",
        f"✓ {IMAGE} created 13.0 s",
    ]


def test_on_a_terminal_a_transfer_has_a_bar_and_so_has_each_layer_on_its_way() -> None:
    console = _terminal(100)
    with progress(console) as hear:
        hear(_moment(1.0, Transfer("2 of 4 layers pushed", LAYERS)))
        hear(Event(POOL, "create", Stage.PROGRESS, "busy"))
    lines = _plain(console).splitlines()
    bars = {line.split()[0]: line for line in lines if "━" in line}
    assert bars.keys() == {"milvus:ctx-1", "moving"}
    assert bars["milvus:ctx-1"].rstrip().endswith("1.5 MB of 8.0 MB")
    assert bars["moving"].rstrip().endswith("500.0 kB of 3.0 MB")
    assert any("2 of 4 layers pushed" in line for line in lines)


def test_what_a_build_prints_steers_no_terminal() -> None:
    for console in (_terminal(100), Console(file=io.StringIO(), soft_wrap=True)):
        with progress(console) as hear:
            hear(_moment(0.0, Transfer("Step 2/3 : RUN \x1b]0;mine\x07")))
        assert "\x1b]0;" not in "\n".join(_said(console))
        assert "\\x1b]0;mine\\x07" in "\n".join(_said(console))


@pytest.mark.parametrize("total", [None, 0])
def test_a_transfer_of_unknown_length_tells_what_is_done(total: int | None) -> None:
    transfer = Transfer("pulling", (Layer("a", "Downloading", 0, total), Layer("b", "Downloading", 7, None)))
    console = _terminal(100)
    with progress(console) as hear:
        hear(_moment(0.0, transfer))
    assert "7 bytes" in _plain(console)


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
