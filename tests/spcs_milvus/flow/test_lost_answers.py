"""Statements and looks whose answers are lost, and sessions that end: the run finds out, and ends well.

The connector sends a request that was cut once more by itself. So trouble here is an answer that says only
that something broke, which it passes on.
"""

import threading
from collections.abc import Callable, Sequence

import pytest

from spcs_emulator.script import Event, Script, Trouble
from spcs_milvus import deployment
from spcs_milvus.errors import ConnectError, StatementError
from spcs_milvus.opening import Target
from spcs_milvus.plan import Plan
from spcs_milvus.report import failures

from .conftest import QUICKSTART, Stack
from .test_up_down import done
from .test_users import BOB, USERS

KINDS = ["ROLE", "WAREHOUSE", "DATABASE", "SCHEMA", "IMAGE REPOSITORY", "COMPUTE POOL", "SERVICE"]
CREATES = [f"CREATE {kind}" for kind in KINDS]
GRANTS = ["GRANT ROLE", "GRANT USAGE", "GRANT BIND", "GRANT SERVICE ROLE"]
DROPS = [f"DROP {kind}" for kind in KINDS]
SHOWN = "its answer was lost; the account shows what it did"


def at_first(trouble: Trouble, heads: Sequence[str]) -> Script:
    """The trouble at the first statement of each of these."""
    return Script(events=[Event(1, trouble, head) for head in heads])


def before_and_after(*heads: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "script", [at_first("error before", heads), at_first("error after", heads)], ids=["before", "after"]
    )


@before_and_after(*CREATES, *GRANTS, *DROPS)
def test_up_and_down(stack: Stack, request: pytest.FixtureRequest) -> None:
    before = stack.local.dump()

    made = done(stack.up())
    assert stack.plan().changes == ()
    dropped = done(stack.down())

    assert stack.local.dump() == before
    settled = [one.found for one in (*made.outcomes, *dropped.outcomes) if one.found == SHOWN]
    assert bool(settled) == request.node.callspec.id.startswith("after")


@before_and_after("ALTER WAREHOUSE")
def test_what_is_set_is_set_again(stack: Stack) -> None:
    done(stack.up())
    stack.write(QUICKSTART + "warehouse: {auto_suspend_seconds: 90}\n")
    assert done(stack.up()).counts.write == 2
    assert stack.plan().changes == ()


@before_and_after(" SUSPEND", " RESUME")
def test_pause_and_resume(stack: Stack) -> None:
    done(stack.up())

    def rest(make: Callable[[Target], Plan]) -> Plan:
        with stack.target() as on:
            plan = make(on)
            done(deployment.rest(on, plan, stack.events.append, threading.Event()))
            return plan

    assert rest(deployment.make_pause_plan).changes
    assert rest(deployment.make_pause_plan).changes == ()
    assert rest(deployment.make_resume_plan).changes
    assert rest(deployment.make_resume_plan).changes == ()


@pytest.mark.parametrize(
    "script", [Script(events=[Event(at, "error before", "SHOW") for at in (1, 3, 4, 8)])]
)
def test_a_look_is_asked_again(stack: Stack) -> None:
    assert len(stack.plan().changes) > 10


@pytest.mark.parametrize(
    "script", [Script(events=[Event(at, "error before", "SHOW ROLES") for at in range(9)])]
)
def test_a_look_that_is_never_answered_ends_the_run(stack: Stack) -> None:
    with pytest.raises(StatementError) as raised:
        stack.up()
    assert raised.value.errno == 300002


ALWAYS = [Event(at, "error before", "CREATE WAREHOUSE") for at in range(1, 5)]


@pytest.mark.parametrize("script", [Script(events=ALWAYS)])
def test_an_answer_that_is_lost_each_time_fails_in_clear_words(stack: Stack) -> None:
    report = stack.up()

    (failed,) = failures(report.outcomes)
    assert failed.problem is not None
    lost = "whether it was done cannot be told: its answer was lost 4 times, the last time with: "
    assert failed.problem.summary.startswith(lost)
    assert "looks first" in (failed.problem.hint or "")
    assert report.exit_code == 4
    done(stack.up())


@before_and_after("CREATE USER ALICE")
def test_a_generated_password_is_that_of_the_statement(stack: Stack) -> None:
    stack.variables["BOB"] = BOB
    stack.write(QUICKSTART + USERS)

    report = done(stack.up())

    ((_, generated),) = report.generated
    assert generated.file.read_text().strip() == generated.secret.reveal()
    assert generated.drafts() == ()


# --- a server that says nothing, or nothing new -------------------------------------------------------


SILENT = ["CREATE WAREHOUSE", "GRANT USAGE", "SHOW WAREHOUSES"]


@pytest.mark.parametrize("script", [at_first("hang before", SILENT), at_first("hang after", SILENT)])
def test_a_statement_that_is_never_answered_ends(stack: Stack) -> None:
    stack.options = {"network_timeout": 4, "socket_timeout": 2}
    done(stack.up())
    assert stack.plan().changes == ()


# of the second stack: the look after all was made, and the one after all was dropped
STALE = [("SHOW COMPUTE POOLS", 6), ("SHOW WAREHOUSES", 9)]


@pytest.mark.parametrize(
    "script", [Script(events=[Event(at, "stale", head, changes=100) for head, at in STALE])]
)
def test_what_is_not_shown_yet_is_looked_for_again(stack: Stack) -> None:
    undisturbed = [done(run()).counts.read for run in (stack.up, stack.down)]

    reports = [done(run()) for run in (stack.up, stack.down)]

    assert [report.leftovers for report in reports] == [(), ()]
    assert all(report.counts.read > read for report, read in zip(reports, undisturbed, strict=True))


@pytest.mark.parametrize("script", [Script(events=[Event(3, "stale", "SHOW WAREHOUSES", changes=100)])])
def test_what_down_did_not_see_is_told(stack: Stack) -> None:
    before = stack.local.dump()
    done(stack.up())

    report = stack.down()

    assert report.exit_code == 4
    assert [problem.place for problem in report.leftovers] == ["warehouse.MILVUS_DEMO_WAREHOUSE"]
    done(stack.down())
    assert stack.local.dump() == before


REGISTRY = [
    Event(1, "cut before", request="GET /login"),
    Event(1, "503 after", request="HEAD /v2"),
    Event(1, "503 before", request="POST /v2"),
    Event(2, "429 after", request="POST /v2"),
    Event(1, "cut after", request="PUT /v2"),
    Event(3, "500 after", request="PUT /v2"),
]


@pytest.mark.parametrize("script", [Script(events=REGISTRY)])
def test_a_push_whose_answers_are_lost(stack: Stack) -> None:
    done(stack.up())
    assert stack.plan().changes == ()


@pytest.mark.parametrize(
    "script", [Script(events=[Event(9, "master expired"), Event(70, "session expired")])]
)
def test_a_session_that_ends_while_it_is_used(stack: Stack) -> None:
    done(stack.up())


# --- sessions that end --------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [2, 5])
def test_a_session_that_has_ended_is_renewed(stack: Stack, hours: int) -> None:
    """A session token is good for an hour, the token that renews it for four."""
    with stack.target() as on:
        planned = deployment.make_plan(on)
        stack.pause(hours * 3600)
        done(deployment.up(on, planned, stack.events.append, threading.Event()))
        stack.pause(hours * 3600)
        assert deployment.make_plan(on).plan.changes == ()


class Counting(Script):
    """Keeps the other requests than statements, "POST /path"."""

    def __init__(self, events: Sequence[Event]) -> None:
        super().__init__(events=events)
        self.requests: list[str] = []

    def at_request(self, line: str) -> Event | None:
        self.requests.append(line)
        return super().at_request(line)


LOGIN, RENEWAL, CLOSE = "POST /session/v1/login-request", "POST /session/token-request", "POST /session"
# as often as the connector asks, and more
NOT_RENEWED = [Event(at, "503 before", request=RENEWAL) for at in range(1, 99)]
ENDS = {"for good": [Event(9, "master expired")], "unrenewed": [Event(9, "session expired"), *NOT_RENEWED]}


@pytest.mark.parametrize("script", [Counting(events) for events in ENDS.values()], ids=ENDS)
def test_what_has_ended_is_closed_with_the_others(stack: Stack, script: Counting) -> None:
    """A session that could not be renewed in time lives on in the account where another thread renewed it."""
    stack.plan()
    opened, renewals, closed = map(script.requests.count, (LOGIN, RENEWAL, CLOSE))
    assert (renewals > 0, closed) == (True, opened)


def test_a_person_is_not_asked_again(stack: Stack) -> None:
    with stack.target(authenticator="username_password_mfa") as on:
        attempts = stack.local.login_attempts
        stack.pause(5 * 3600)
        with pytest.raises(ConnectError) as raised:
            deployment.make_plan(on)
    assert raised.value.problem.summary == "the session has ended, and signing in again takes a person"
    assert stack.local.login_attempts == attempts


def test_a_sign_in_that_is_refused_is_tried_once(stack: Stack) -> None:
    with stack.target() as on:
        deployment.make_plan(on)
        stack.pause(5 * 3600)
        on.account._options["password"] = "changed meanwhile"
        attempts = stack.local.login_attempts
        with pytest.raises(ConnectError):
            deployment.make_plan(on)
        assert stack.local.login_attempts == attempts + 1
