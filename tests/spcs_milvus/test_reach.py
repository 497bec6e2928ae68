"""What somebody else is asked to run, where a connection is good for one role only."""

from dataclasses import replace

import pytest
from tests.spcs_milvus.stack import (
    QUICKSTART,
    as_declared,
    by_address,
    container,
    declared,
    image,
    nothing,
    seen,
)

from spcs_milvus.container_image import ContainerImage
from spcs_milvus.errors import Problem
from spcs_milvus.names import Name
from spcs_milvus.observe import Observation
from spcs_milvus.plan import Action, Change, Plan, plan_up
from spcs_milvus.process_image import ProcessImage
from spcs_milvus.reach import within_down, within_up
from spcs_milvus.resource import ABSENT, Actual, Presence
from spcs_milvus.steps import Build, Push, Rest, Statement, Step, Upload, Wait

SECRET = "secrets: {KEY: {generic_string: '${env:KEY}'}}\n"
USER = "users: [{name: ALICE, password: generate}, {name: ROBOT, type: SERVICE}]\n"
STACK = declared()
WAREHOUSE = by_address(STACK)["warehouse.MILVUS_DEMO_WAREHOUSE"]
STAGE = by_address(STACK)["stage.MILVUS_DEMO.PUBLIC.DATA"]
UNKNOWN = Actual(Presence.UNKNOWN, reason="the role may not see it")


@pytest.mark.parametrize("created", ["CREATE SECRET MILVUS_DEMO.PUBLIC.KEY", "CREATE USER ALICE"])
def test_a_mask_is_never_pasted_in_place_of_a_secret(created: str) -> None:
    stack = declared(QUICKSTART + SECRET + USER, KEY="hunter2")
    observation = nothing(stack)
    (problem,) = within_up(plan_up(stack, observation), observation, "SYSADMIN").conflicts
    lines = str(problem.detail).splitlines()
    assert [line for line in lines if f": {created} " in line and line.startswith("-- with the secret ")]
    assert not [line for line in lines if "***" in line and not line.startswith("-- ")]
    assert "CREATE USER ROBOT TYPE = SERVICE" in str(problem.detail)
    assert not [secret for secret in ("hunter2", "made up") if secret in str(problem)]


def _does(*steps: Step) -> Plan:
    """A plan with two changes that do these."""
    one = Change(WAREHOUSE.address, Action.UPDATE, "x", steps[:1])
    two = Change(STAGE.address, Action.UPDATE, "x", steps[1:])
    return Plan((one, two), resources={one.address: one for one in (WAREHOUSE, STAGE)})


def _asked(*steps: Step) -> list[str]:
    """What whoever may is asked to run."""
    (problem,) = within_up(_does(*steps), seen(STACK), "MINE").conflicts
    return str(problem.detail).splitlines()


def test_a_role_is_taken_once_for_all_that_follows() -> None:
    assert _asked(Statement("A", "R"), Statement("B", "MINE"), Statement("C", "R"), Statement("D", "S")) == [
        "USE ROLE R;",
        "A;",
        "C;",
        "USE ROLE S;",
        "D;",
    ]


def _push(pushed: ProcessImage | ContainerImage) -> Push:
    return Push(Name.of("D", "S", "R"), "milvus", pushed, "R")


def test_files_and_images_are_told_as_what_they_are() -> None:
    pushed = image("a")
    assert _asked(Upload("PUT a", b"x", "R"), _push(pushed)) == [
        "USE ROLE R;",
        "-- that file holding the specification: PUT a;",
        f"-- push milvus:{pushed.tag} to D.S.R",
    ]


WITHIN: dict[str, Step] = {
    "a statement": Statement("A", "MINE"),
    "a file": Upload("PUT a", b"x", "MINE"),
    "a push": replace(_push(image("a")), role="MINE"),
    "a build": Build("milvus", container("milvus")),
    "a wait": Wait(WAREHOUSE.address, {}),
    "a rest": Rest(WAREHOUSE.address),
}


@pytest.mark.parametrize("what", WITHIN)
def test_what_the_one_role_may_do_is_left_as_it_is(what: str) -> None:
    plan = _does(WITHIN[what])
    assert within_up(plan, seen(STACK), "MINE") is plan
    assert within_down(plan, seen(STACK), "MINE") is plan


def test_a_connection_that_may_take_every_role_does_all() -> None:
    plan = _does(Statement("A", "R"))
    assert within_up(plan, seen(STACK), None) is plan
    hidden = Observation({WAREHOUSE.address: UNKNOWN, STAGE.address: ABSENT}, {})
    assert within_down(plan, hidden, None) is plan


def _hidden(plan: Plan, *, up: bool) -> Plan:
    """The plan, where the warehouse is not to be seen; with problems there and elsewhere."""
    told = (Problem("there", None, str(WAREHOUSE.address)), Problem("elsewhere", None, str(STAGE.address)))
    plan = replace(plan, conflicts=told, kept=told)
    observation = seen(STACK, {WAREHOUSE.address: UNKNOWN, STAGE.address: as_declared(STAGE)})
    return (within_up if up else within_down)(plan, observation, "MINE")


def test_what_is_hidden_is_made_in_the_sql_of_up_and_told_in_one_place() -> None:
    plan = _hidden(_does(), up=True)
    problem, other = plan.conflicts
    assert problem == Problem(
        "this connection is good for the role MINE only",
        problem.detail,
        None,
        "use a connection that may take every role (a key pair, or a token without a role restriction); or "
        "whoever may runs what is missing of these statements, and then run the command again",
    )
    role, made = str(problem.detail).splitlines()
    assert role == f"USE ROLE {WAREHOUSE.role};"
    assert made.startswith("CREATE WAREHOUSE MILVUS_DEMO_WAREHOUSE ")
    assert plan.kept == (other,)
    assert other.place == str(STAGE.address)


def test_what_is_hidden_stops_down_too_and_nobody_is_asked_to_make_it() -> None:
    plan = _hidden(_does(), up=False)
    problem, other = plan.conflicts
    assert problem.detail == "it does not see all that is there"
    assert plan.kept == (other,)
