"""What somebody else is asked to run, where a connection is good for one role only."""

from collections.abc import Callable
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
from spcs_milvus.plan import Action, Change, Plan, plan_up, wait_for
from spcs_milvus.process_image import ProcessImage
from spcs_milvus.reach import within, within_up
from spcs_milvus.resource import ABSENT, Actual, Address, Presence, mark_of
from spcs_milvus.sight import Reach
from spcs_milvus.steps import Answer, Build, Push, Rest, Statement, Step, Upload, Wait

BOUND = Reach("CI", frozenset({"SYSADMIN"}), True, "spcs-milvus.yaml: roles")
MINE = Reach("CI", frozenset({"MINE"}), True, "spcs-milvus.yaml: roles")
FREE = Reach("ANNA", frozenset({"MINE", "R"}), False, "spcs-milvus.yaml: roles")
SECRET = "secrets: {KEY: {generic_string: '${env:KEY}'}}\n"
USER = "users: [{name: ALICE, password: generate}, {name: ROBOT, type: SERVICE}]\n"
STACK = declared()
WAREHOUSE = by_address(STACK)["warehouse.MILVUS_DEMO_WAREHOUSE"]
DATABASE = by_address(STACK)["database.MILVUS_DEMO"]
STAGE = by_address(STACK)["stage.MILVUS_DEMO.PUBLIC.DATA"]
UNKNOWN = Actual(Presence.UNKNOWN, reason="the role may not see it")


@pytest.mark.parametrize("created", ["CREATE SECRET MILVUS_DEMO.PUBLIC.KEY", "CREATE USER ALICE"])
def test_a_mask_is_never_pasted_in_place_of_a_secret(created: str) -> None:
    stack = declared(QUICKSTART + SECRET + USER, KEY="hunter2")
    observation = nothing(stack)
    (problem,) = within_up(plan_up(stack, observation), observation, BOUND).conflicts
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
    (problem,) = within_up(_does(*steps), seen(STACK), MINE).conflicts
    return str(problem.detail).splitlines()


def test_a_role_is_taken_once_for_all_that_follows() -> None:
    assert _asked(Statement("A", "R"), Statement("B", "R"), Statement("C", "MINE"), Statement("D", "S")) == [
        "USE ROLE R;",
        "A;",
        "B;",
        "USE ROLE MINE;",
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
        f"-- milvus:{pushed.tag}: spcs-milvus images push milvus",
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
    assert within_up(plan, seen(STACK), MINE) == plan
    assert within(plan, seen(STACK), MINE) == plan


def test_a_connection_that_may_take_every_role_does_all() -> None:
    plan = _does(Statement("A", "R"))
    assert within_up(plan, seen(STACK), FREE) == plan
    hidden = Observation({WAREHOUSE.address: UNKNOWN, STAGE.address: ABSENT}, {})
    assert within(plan, hidden, FREE) == plan


def _hidden(plan: Plan, *, up: bool) -> Plan:
    """The plan, where the warehouse is not to be seen; with problems there and elsewhere."""
    told = (Problem("there", None, str(WAREHOUSE.address)), Problem("elsewhere", None, str(STAGE.address)))
    plan = replace(plan, conflicts=told, kept=told)
    observation = seen(STACK, {WAREHOUSE.address: UNKNOWN, STAGE.address: as_declared(STAGE)})
    return (within_up if up else within)(plan, observation, MINE)


def test_what_is_hidden_and_needs_nothing_new_is_told_with_its_sql() -> None:
    plan = _hidden(Plan((), resources={WAREHOUSE.address: WAREHOUSE}), up=True)
    assert [problem.summary for problem in plan.conflicts] == ["elsewhere"]
    other, problem = plan.kept
    assert other.summary == "elsewhere"
    assert problem == Problem(
        "whether the warehouse MILVUS_DEMO_WAREHOUSE is there cannot be told; it is for others to make",
        problem.detail,
        str(WAREHOUSE.address),
        "whoever may runs that if it is missing",
    )
    role, made = str(problem.detail).splitlines()
    assert role == f"USE ROLE {WAREHOUSE.role};"
    assert made.startswith("CREATE WAREHOUSE MILVUS_DEMO_WAREHOUSE ")


def test_what_is_hidden_is_made_in_the_sql_of_what_needs_it() -> None:
    plan = _hidden(_does(Statement("A", "MINE"), Statement("B", "R")), up=True)
    problem, other = plan.conflicts
    assert problem == Problem(
        "this connection is good for the role MINE only",
        problem.detail,
        None,
        "use a connection that may take every role (a key pair, or a token without a role restriction); or "
        "whoever may runs these statements (`plan --output json` has them in conflicts[0].detail), and then "
        "you run the command again",
    )
    assert "B;" in str(problem.detail).splitlines()
    assert other.summary == "elsewhere"
    assert [one.summary for one in plan.kept] == ["elsewhere"]


def test_what_is_hidden_comes_before_what_is_made_in_it() -> None:
    observation = seen(STACK, {DATABASE.address: UNKNOWN, STAGE.address: ABSENT})
    plan = plan_up(STACK, observation)
    (problem,) = within_up(plan, observation, replace(FREE, roles=frozenset({"MINE"}))).conflicts
    made = [" ".join(line.split()[:3]) for line in str(problem.detail).splitlines() if "CREATE" in line[:6]]
    assert made == ["CREATE DATABASE MILVUS_DEMO", "CREATE STAGE MILVUS_DEMO.PUBLIC.DATA"]


def test_nobody_is_asked_by_down_to_make_what_is_hidden() -> None:
    plan = _hidden(_does(), up=False)
    assert plan == _hidden(plan, up=False)
    assert [problem.summary for problem in plan.conflicts] == ["there", "elsewhere"]


@pytest.mark.parametrize(
    ("steps", "word"),
    [((Statement("A", "R"),), "role R"), ((Statement("A", "R"), Statement("B", "S")), "roles R, S")],
)
def test_a_user_is_told_what_role_is_lacking_and_who_could_give_it(
    steps: tuple[Step, ...], word: str
) -> None:
    plan = Plan((Change(STAGE.address, Action.UPDATE, "x", steps),), resources={STAGE.address: STAGE})
    anna = replace(FREE, roles=frozenset({"MINE"}))
    (problem,) = within(plan, seen(STACK), anna).conflicts
    assert (problem.summary, problem.place) == (f"the user ANNA may not take the {word}", anna.place)
    assert problem.hint == (
        "whoever may runs these statements, and then you run the command again; or GRANT ROLE R TO USER "
        "ANNA; or name other roles under `roles:`"
    )


SECRETS = "secrets: {KEY: {generic_string: '${env:KEY}'}, SPARE: {generic_string: '${env:KEY}'}}\n"
KEY, SPARE = (Address("secret", f"MILVUS_DEMO.PUBLIC.{name}") for name in ("KEY", "SPARE"))
# the notebook reads KEY
READING = tuple(
    replace(one, needs=one.needs | {KEY}) if one.address.name.endswith(".JUPYTER") else one
    for one in declared(QUICKSTART + SECRETS, KEY="hunter2")
)
OWNER = by_address(READING)[str(KEY)].role
GRANT = by_address(READING)["grant.CREATE DATABASE on account to MILVUS_DEMO_OWNER"].address
OLDER = as_declared(by_address(READING)[str(KEY)], comment=str(mark_of("milvus-demo", "default", {})))
UNKNOWING = replace(FREE, roles=frozenset({"MINE"}))
OWNING = replace(FREE, roles=frozenset({OWNER}))
BOUND_OWNER = replace(OWNING, bound=True)


@pytest.mark.parametrize(
    ("there", "rotated", "who", "without"),
    [
        ({}, [KEY], UNKNOWING, ", without --rotate KEY"),
        ({}, [KEY, SPARE], UNKNOWING, ", without --rotate KEY --rotate SPARE"),
        ({KEY: ABSENT}, [KEY], UNKNOWING, ", without --rotate KEY"),
        # others note on the notebook that it is to start again, which the owner may not
        ({}, [KEY, SPARE], BOUND_OWNER, ", without --rotate KEY"),
        ({GRANT: ABSENT}, [KEY], OWNING, ""),
        ({KEY: OLDER}, [], UNKNOWING, ""),
    ],
)
def test_what_others_set_again_is_not_asked_for_once_more(
    there: dict[Address, Actual], rotated: list[Address], who: Reach, without: str
) -> None:
    observation = seen(READING, there)
    plan = plan_up(READING, observation, rotated=rotated)
    (problem,) = within_up(plan, observation, who, rotated).conflicts
    again = str(problem.hint).partition("and then you run the command again")[2]
    assert again.partition(";")[0] == without


def test_what_may_be_there_already_is_said_above_the_statements() -> None:
    changes = (Change(DATABASE.address, Action.CREATE, "x", (Statement("B", "R"),)),)
    plan = Plan(changes, resources={one.address: one for one in (DATABASE, STAGE)})
    observation = seen(STACK, {DATABASE.address: ABSENT, STAGE.address: UNKNOWN})
    (problem,) = within_up(plan, observation, replace(FREE, roles=frozenset({"MINE"}))).conflicts
    note, more, *lines = str(problem.detail).splitlines()
    assert note == "-- 1 of these may be there already: ANNA cannot see whether they are"
    assert more == "-- (leave out a CREATE that says so, once it is known to be this project's)"
    assert lines[:2] == ["USE ROLE R;", "B;"]
    assert any(line.startswith("CREATE STAGE ") for line in lines[2:])


@pytest.mark.parametrize(("user", "theirs"), [("ROBOT", True), ("ANNA", False)])
def test_a_role_that_the_plan_gives_this_user_counts_as_theirs(user: str, theirs: bool) -> None:
    stack = declared(QUICKSTART + "roles: {grant_to: [user ROBOT]}\n")
    given = [
        one for one in stack if one.detail.get("grantee_kind") and one.detail["grantee_kind"].text == "USER"
    ]
    role = given[0].detail["on"].last
    plan = _does(Statement("A", "MINE"), Statement("B", role))
    plan = replace(plan, resources={**plan.resources, **{one.address: one for one in given}})
    asked = within_up(plan, seen(stack), Reach(user, frozenset({"MINE"}), False, "roles")).conflicts
    assert (asked == ()) is theirs


SERVICE, OTHER = (by_address(STACK)[f"service.MILVUS_DEMO.PUBLIC.{name}"] for name in ("MILVUS", "JUPYTER"))


def _waiting() -> Plan:
    """A plan that waits for two services, of which the other shows how it is, and goes on after both."""
    waits = [wait_for(service, "x") for service in (SERVICE, OTHER)]
    needs = frozenset(wait.address for wait in waits)
    after = Change(STAGE.address, Action.UPDATE, "x", (Statement("A", "MINE"),), needs)
    resources = {one.address: one for one in (SERVICE, OTHER, STAGE)}
    return Plan((*waits, after), resources=resources, kept=(Problem("told before", None, "elsewhere"),))


@pytest.mark.parametrize("judge", [within_up, within])
def test_nothing_waits_for_what_is_not_shown_and_that_is_told(
    judge: Callable[[Plan, Observation, Reach], Plan],
) -> None:
    plan = _waiting()
    blind, seeing, after = plan.changes
    answers = {
        SERVICE.address: {"containers": Answer(refused="it is not shown")},
        OTHER.address: {"containers": Answer(), "endpoints": Answer(refused="it is not shown")},
        STAGE.address: {"show": Answer()},
    }
    told = Problem(
        "whether MILVUS_DEMO.PUBLIC.MILVUS is ready cannot be told", None, "ready.MILVUS_DEMO.PUBLIC.MILVUS"
    )
    assert judge(plan, Observation(seen(STACK).actual, answers), FREE) == replace(
        plan,
        changes=(seeing, replace(after, needs=after.needs - {blind.address})),
        kept=(*plan.kept, told),
    )


@pytest.mark.parametrize("actual", [ABSENT, UNKNOWN], ids=["absent", "unknown"])
def test_what_is_yet_to_be_made_is_waited_for(actual: Actual) -> None:
    plan = _waiting()
    answers = {SERVICE.address: {"containers": Answer(refused="it is not shown")}}
    observation = Observation(seen(STACK, {SERVICE.address: actual}).actual, answers)
    found = within(plan, observation, FREE)
    assert (found.changes, found.kept) == (plan.changes, plan.kept)
