"""Two runs on one project at once: both end well, or one stops with a clear word; nothing is doubled or lost.

CREATE arbitrates between them, and looking again settles the rest; there is no lock. The second run starts
when the first one's statement of a certain number has arrived, and is over before that one is carried out:
whatever the first run knew by then is old.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from spcs_emulator.script import Event, Script
from spcs_milvus.apply import BUG
from spcs_milvus.report import Report, failures

from .conftest import QUICKSTART, Stack
from .test_up_down import done
from .test_users import kept_password, signed_in_as


class Meeting(Script):
    """Lets ``second`` run when the statement of that number has arrived, of those whose text holds
    ``containing``. Events count the statements of the second run before the one that waits for it.
    """

    def __init__(self, events: Sequence[Event] = ()) -> None:
        super().__init__(events=events)
        self._left, self._containing = 0, ""
        self._second: Callable[[], Report] | None = None
        self._counting = threading.Lock()
        self.reports: list[Report] = []

    def arrange(self, number: int, second: Callable[[], Report], containing: str = "") -> None:
        self._left, self._second, self._containing = number, second, containing

    def at_statement(self, text: str) -> Event | None:
        with self._counting:
            counted = self._containing in text.upper()
            self._left -= counted
            second = self._second if counted and self._left == 0 else None
        if second:
            self.reports.append(second())
        return super().at_statement(text)


@pytest.fixture
def script() -> Meeting:
    return Meeting()


def meet(
    stack: Stack, script: Meeting, number: int, first: str, second: str, containing: str = ""
) -> tuple[Report, Report]:
    """The reports of both."""
    runs = {"up": stack.up, "down": stack.down}
    script.arrange(number, runs[second], containing)
    report = runs[first]()
    (other,) = script.reports
    return report, other


def clear(report: Report) -> None:
    """It is done, or says what is not."""
    assert report.exit_code in (0, 4)
    assert all(outcome.problem and outcome.exit_code != BUG for outcome in failures(report.outcomes))


# the first look, the first writes, then every part of the run
NUMBERS = [1, 14, 26, 38, 50, 62, 74, 86]


@pytest.mark.parametrize("number", NUMBERS)
def test_two_ups(stack: Stack, script: Meeting, number: int) -> None:
    before = stack.local.dump()
    for report in meet(stack, script, number, "up", "up"):
        assert done(report).leftovers == ()
    assert stack.plan().changes == ()
    assert done(stack.down()).leftovers == ()
    assert stack.local.dump() == before


@pytest.mark.parametrize("number", NUMBERS[:-1])
def test_two_downs(stack: Stack, script: Meeting, number: int) -> None:
    before = stack.local.dump()
    done(stack.up())
    for report in meet(stack, script, number, "down", "down"):
        assert done(report).leftovers == ()
    assert stack.local.dump() == before


@pytest.mark.parametrize("number", NUMBERS)
def test_down_beside_up(stack: Stack, script: Meeting, number: int) -> None:
    before = stack.local.dump()
    for report in meet(stack, script, number, "up", "down"):
        clear(report)
    done(stack.up())
    assert stack.plan().changes == ()
    assert done(stack.down()).leftovers == ()
    assert stack.local.dump() == before


@pytest.mark.parametrize("number", NUMBERS[:-1])
def test_up_beside_down(stack: Stack, script: Meeting, number: int) -> None:
    before = stack.local.dump()
    done(stack.up())
    for report in meet(stack, script, number, "down", "up"):
        clear(report)
    # the first one's last drops may have taken roles from under what the second one made
    clear(stack.up())
    done(stack.up())
    assert done(stack.down()).leftovers == ()
    assert stack.local.dump() == before


def test_what_lost_the_role_that_owned_it_is_dropped_by_its_owner(stack: Stack) -> None:
    """DROP ROLE gives what the role owns to whoever drops it."""
    before = stack.local.dump()
    done(stack.up())
    with stack.session("USERADMIN") as session:
        session.run("DROP ROLE MILVUS_DEMO_OWNER")
    clear(stack.up())
    done(stack.up())
    assert done(stack.down()).leftovers == ()
    assert stack.local.dump() == before


@pytest.mark.parametrize("command", ["up", "down"])
def test_two_that_start_together(stack: Stack, command: str) -> None:
    if command == "down":
        done(stack.up())
    run = {"up": stack.up, "down": stack.down}[command]
    with ThreadPoolExecutor(2) as both:
        reports = [one.result() for one in [both.submit(run), both.submit(run)]]
    assert [done(report).leftovers for report in reports] == [(), ()]
    assert bool(stack.plan().changes) == (command == "down")


# --- a password that is made up -----------------------------------------------------------------------


MADE = "CREATE USER ALICE"


@pytest.fixture
def person(stack: Stack) -> Stack:
    stack.write(QUICKSTART + "users: [{name: alice, password: generate, must_change_password: false}]\n")
    return stack


def kept_and_good(stack: Stack) -> str:
    """The password in the file, with which one can sign in."""
    password = kept_password(stack.file.parent).read_text(encoding="utf-8").strip()
    with signed_in_as(stack, "ALICE", password, role="PUBLIC"):
        return password


@pytest.mark.parametrize(("number", "containing"), [*((number, "") for number in NUMBERS), (1, MADE)])
def test_of_two_ups_one_tells_the_password_that_is_good(
    person: Stack, script: Meeting, number: int, containing: str
) -> None:
    reports = meet(person, script, number, "up", "up", containing)

    assert [done(report).leftovers for report in reports] == [(), ()]
    ((_, told),) = (one for report in reports for one in report.generated)
    assert kept_and_good(person) == told.secret.reveal()
    assert told.drafts() == ()


@pytest.mark.parametrize("script", [Meeting([Event(2, "error before", MADE)])])
def test_a_lost_answer_does_not_cost_the_password_of_the_faster_run(person: Stack, script: Meeting) -> None:
    slower, faster = meet(person, script, 1, "up", "up", MADE)

    ((_, told),) = done(faster).generated
    assert done(slower).generated == ()
    assert kept_and_good(person) == told.secret.reveal()
    # nobody can tell whose it became, so the next plan names the other one
    assert [problem.place for problem in person.plan().kept] == [str(draft) for draft in told.drafts()]
    assert told.drafts()


def test_down_beside_up_does_not_cost_the_password_of_whom_is_made_after_it(
    person: Stack, script: Meeting
) -> None:
    report, other = meet(person, script, 1, "up", "down", MADE)

    clear(other)
    clear(report)
    ((_, told),) = report.generated
    assert kept_and_good(person) == told.secret.reveal()
    assert told.drafts() == ()
