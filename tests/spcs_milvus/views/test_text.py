"""What a person reads, character by character, on a wide and on a narrow terminal, without colour.

The expected texts are files in ``golden``, ``<what>.<width>.txt``.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text
from tests.spcs_milvus.views import samples

from spcs_milvus.differences import Difference
from spcs_milvus.errors import Problem
from spcs_milvus.logs import Log
from spcs_milvus.views import console
from spcs_milvus.views.graph import show_mermaid, show_tree
from spcs_milvus.views.images import show_images
from spcs_milvus.views.logs import show_log
from spcs_milvus.views.plan import show_plan
from spcs_milvus.views.problems import show_problems, show_warnings
from spcs_milvus.views.report import show_generated, show_report
from spcs_milvus.views.status import show_addresses, show_status

GOLDEN = Path(__file__).parent / "golden"

SHOWN: dict[str, Callable[[Console], None]] = {
    "problems": lambda out: show_problems(out, [samples.PROBLEM, samples.BARE]),
    "problems-alike": lambda out: show_problems(out, samples.ALIKE, "stays"),
    "warnings": lambda out: show_warnings(out, [samples.PROBLEM]),
    "plan": lambda out: show_plan(out, samples.PLAN),
    "plan-of-the-outside": lambda out: show_plan(out, samples.OUTSIDE),
    "plan-of-images": lambda out: show_plan(out, samples.IMAGE_PLAN),
    "images": lambda out: show_images(out, samples.IMAGES),
    "images-unknown": lambda out: show_images(out, samples.BLIND),
    "report-of-images": lambda out: show_report(out, samples.MADE),
    "plan-of-an-upgrade": lambda out: show_plan(out, samples.TARGETED),
    "plan-of-nothing": lambda out: show_plan(out, samples.NOTHING),
    "plan-refused": lambda out: show_plan(out, samples.REFUSED),
    "graph": lambda out: show_tree(out, samples.GRAPH),
    "diagram": lambda out: show_mermaid(out, samples.GRAPH),
    "report-done": lambda out: show_report(out, samples.DONE),
    "report-failed": lambda out: show_report(out, samples.FAILED),
    "report-interrupted": lambda out: show_report(out, samples.INTERRUPTED),
    "generated": lambda out: show_generated(out, samples.GENERATED),
    "report-of-nothing": lambda out: show_report(out, samples.EMPTY),
    "status": lambda out: show_status(out, samples.STATUS),
    "report-of-down": lambda out: show_report(out, samples.GONE),
    "status-paused": lambda out: show_status(out, samples.PAUSED),
    "status-kept": lambda out: show_status(out, samples.ASLEEP),
    "status-of-nothing": lambda out: show_status(out, samples.NOWHERE),
    "plan-of-a-pause": lambda out: show_plan(out, samples.RESTED.plan),
    "report-paused": lambda out: show_report(out, samples.RESTED),
    "addresses": lambda out: show_addresses(out, samples.STATUS),
}


@pytest.fixture(params=[80, 40])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param)


@pytest.mark.parametrize("what", SHOWN)
def test_text(what: str, width: int, capsys: pytest.CaptureFixture[str]) -> None:
    SHOWN[what](console.out())
    printed = capsys.readouterr()
    assert printed.out == (GOLDEN / f"{what}.{width}.txt").read_text(encoding="utf-8")
    assert printed.err == ""


def test_every_expected_text_is_of_something() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {
        f"{what}.{width}.txt" for what in SHOWN for width in (80, 40)
    }


@pytest.mark.parametrize("what", SHOWN)
def test_no_color_holds_on_a_terminal_too(
    what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    SHOWN[what](console.out())
    colours = [f"\x1b[{code}" for code in (*range(30, 38), *range(90, 98))]
    assert not any(colour in capsys.readouterr().out for colour in colours)


@pytest.mark.parametrize("what", SHOWN)
def test_a_narrow_terminal_loses_no_word(
    what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = []
    for columns in ("200", "40"):
        monkeypatch.setenv("COLUMNS", columns)
        SHOWN[what](console.out())
        words.append(sorted(capsys.readouterr().out.split()))
    assert words[0] == words[1]


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("", ""),
        ("one\n\n\ttwo  \n", "one\n\n\ttwo  \n"),
        ("the last line is cut", "the last line is cut\n"),
        ("[bold]ä ✓ :smile:\n" + "long " * 40 + "\n", "[bold]ä ✓ :smile:\n" + "long " * 40 + "\n"),
        ("\x1b]0;mine\x07 \x1b[2J\x9b31m\x08\x7f\n", "\\x1b]0;mine\\x07 \\x1b[2J\\x9b31m\\x08\\x7f\n"),
        ("windows\r\nover\rwritten\n", "windows\nover\\x0dwritten\n"),
    ],
)
def test_a_log_is_printed_as_it_is_and_steers_no_terminal(
    text: str, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show_log(Log("MILVUS", "0", "milvus", text))
    assert capsys.readouterr() == (printed, "")


def test_a_log_in_an_error_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show_problems(
        console.out(), [Problem("it died", "last lines it wrote:\n\x1b[2J\x1b]0;mine\x07 bye\r\nend")]
    )
    assert capsys.readouterr().out == (
        "error: it died\n  last lines it wrote:\n  \\x1b[2J\\x1b]0;mine\\x07 bye\n  end\n"
    )


def test_nothing_that_is_printed_steers_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Names and comments of others can hold anything, and so can a specification of the user's own."""
    console.out().print(Text("a\x1b[2J", "bold"), "b\x9b31m\r")
    console.talk().print("c\u202ed")
    assert capsys.readouterr() == ("a\\x1b[2J b\\x9b31m\\x0d\n", "c\\u202ed\n")


@pytest.mark.parametrize(
    ("unreadable", "line"),
    [(False, "query_warehouse: – → W"), (True, "query_warehouse: unreadable → W")],
)
def test_what_is_not_set_is_not_called_unreadable(
    unreadable: bool, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    difference = Difference("query_warehouse", "W", None, unreadable)
    show_plan(
        console.out(), replace(samples.PLAN, changes=(replace(samples.UPDATE, differences=(difference,)),))
    )
    assert line in capsys.readouterr().out


def test_talk_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    console.talk().print("said along the way")
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "said along the way\n")


@pytest.mark.parametrize("text", ["/tmp/a[b]c.yaml", "[bold]", "at :100: :smile:", "[/]", "[link=x]y"])
def test_text_is_printed_as_it_is(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Paths and names may hold what Rich would take for markup or for an emoji."""
    console.out().print(text)
    console.talk().print(text)
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == (f"{text}\n", f"{text}\n")
