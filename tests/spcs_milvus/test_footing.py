"""Nothing ever modifies the user or the role that the session stands on, or a role above that one."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.spcs_milvus.stack import QUICKSTART, as_declared, by_address, declared, seen

from spcs_milvus.adoption import plan_adoption
from spcs_milvus.errors import Problem
from spcs_milvus.footing import Footing, on_footing
from spcs_milvus.kinds import KINDS
from spcs_milvus.observe import Observation
from spcs_milvus.plan import Action, Change, Plan, plan_up
from spcs_milvus.resource import Address, Resource
from spcs_milvus.steps import Answer
from spcs_milvus.teardown import plan_down

STACK = declared(QUICKSTART + "users: [{name: ROBOT, type: SERVICE}, {name: CI, type: SERVICE}]\n")
NAMED = by_address(STACK)
ROLES = sorted(one.name.last for one in STACK if one.address.kind == "role")
USERS = ["ROBOT", "CI", "SOMEBODY"]
ROLE = "role.MILVUS_DEMO_MILVUS"
IDENTITY = ("user", "role")
# who has each role of the project, and which of them holds that one (SHOW GRANTS OF ROLE)
MEMBERS = {
    one.detail["on"].last: one.detail["role"].last for one in STACK if one.detail.get("form") == "role"
}


def account(differing: frozenset[str]) -> Observation:
    """Everything is there, and of these addresses the comment is of an older mark."""
    older = {
        one.address: as_declared(one, comment=str(one.mark).replace("#1.", "#1.0")[:-1])
        for name, one in NAMED.items()
        if name in differing and one.mark
    }
    memberships = {one.address: {"show": _of_role(one)} for one in STACK if one.detail.get("form") == "role"}
    shown = seen(STACK, older)
    return Observation(shown.actual, memberships)


def _of_role(membership: Resource) -> Answer:
    kind = membership.detail["grantee_kind"].text
    return Answer(({"granted_to": kind, "grantee_name": membership.detail["role"].last},))


def plans(observation: Observation, adopted: str) -> Mapping[str, Plan]:
    """Each plan there is that may change a role or a user."""
    resource = NAMED[adopted]
    return {
        "up": plan_up(STACK, observation),
        "down": plan_down(STACK, observation, {}),
        "adopt": plan_adoption(resource, as_declared(resource, comment="theirs")),
    }


def above(role: str | None) -> set[str]:
    """The role and whoever inherits it, as the project declares."""
    found = set()
    while role and role not in found:
        found.add(role)
        role = MEMBERS.get(role)
    return found


@given(
    user=st.sampled_from(USERS),
    role=st.sampled_from([*ROLES, "SYSADMIN", None]),
    differing=st.frozensets(st.sampled_from(sorted(NAMED))),
    adopted=st.sampled_from([name for name in NAMED if name.split(".")[0] in IDENTITY]),
)
def test_what_the_session_stands_on_is_never_changed(
    user: str, role: str | None, differing: frozenset[str], adopted: str
) -> None:
    observation = account(differing)
    footing = Footing(user, role)
    untouchable = {Address("user", user), *(Address("role", one) for one in above(role))}
    for command, plan in plans(observation, adopted).items():
        judged = on_footing(plan, observation, footing)
        if untouchable.intersection(change.address for change in judged.changes):
            assert judged.conflicts, command


@given(
    role=st.sampled_from(ROLES), adopted=st.sampled_from([name for name in NAMED if name.startswith("role.")])
)
def test_no_role_is_adopted_in_a_role_that_it_may_be_above(role: str, adopted: str) -> None:
    observation = account(frozenset())
    plan = plans(observation, adopted)["adopt"]
    assert plan.changes
    assert on_footing(plan, observation, Footing("SOMEBODY", role)).conflicts


@given(user=st.just("SOMEBODY"), role=st.sampled_from(["SYSADMIN", "ACCOUNTADMIN", None]))
def test_whoever_stands_on_nothing_of_the_project_is_not_held_up(user: str, role: str | None) -> None:
    observation = account(frozenset(NAMED))
    footing = Footing(user, role)
    for plan in (plan_up(STACK, observation), plan_down(STACK, observation, {})):
        assert on_footing(plan, observation, footing) == plan


def test_a_session_may_be_as_a_role_of_the_project_as_long_as_that_stays() -> None:
    observation = account(frozenset())
    footing = Footing("SOMEBODY", "MILVUS_DEMO_OWNER")
    plan = plan_up(STACK, observation)
    assert on_footing(plan, observation, footing) == plan
    (problem,) = on_footing(plan_down(STACK, observation, {}), observation, footing).conflicts
    assert problem.summary == "role.MILVUS_DEMO_OWNER is what this session stands on"
    assert problem.detail == "it is the role of this very session"


def test_the_declared_user_of_the_session_is_refused_though_nothing_differs() -> None:
    observation = account(frozenset())
    footing = Footing("CI", "SYSADMIN")
    (problem,) = on_footing(plan_up(STACK, observation), observation, footing).conflicts
    assert (problem.place, problem.detail) == ("user.CI", "it is the user of this very session")


def test_no_kind_is_a_policy() -> None:
    """A network or authentication policy is nothing this program makes; a kind for one needs a footing."""
    assert [name for name in KINDS if "policy" in name] == []


def test_a_refusal_says_why_and_what_to_do_and_takes_the_place_of_others() -> None:
    observation = account(frozenset(NAMED))
    footing = Footing("CI", "MILVUS_DEMO_MILVUS")
    other, same = Problem("other", None, "warehouse.W"), Problem("same", None, "user.CI")
    plan = replace(plan_up(STACK, observation), conflicts=(other, same))
    *found, last = on_footing(plan, observation, footing).conflicts
    assert last == other
    told = {problem.place: (problem.detail, problem.hint) for problem in found}
    hint = "give the project's {} another name, or connect as somebody else"
    own, up = "it is the role of this very session", "it is the role of this very session, or above it"
    assert told == {
        "user.CI": ("it is the user of this very session", hint.format("user")),
        "role.MILVUS_DEMO_MILVUS": (own, hint.format("role")),
        "role.MILVUS_DEMO_OWNER": (up, hint.format("role")),
    }


BELOW, ABOVE = "MILVUS_DEMO_MILVUS", "MILVUS_DEMO_OWNER"
MEMBERSHIP = next(one for one in STACK if one.detail.get("form") == "role" and one.detail["on"].last == BELOW)
GRANT = next(one for one in STACK if one.address.kind == "grant" and one.detail["form"] != "role")


@pytest.mark.parametrize(
    ("looked", "row", "known"),
    [
        (MEMBERSHIP, {"granted_to": "ROLE", "grantee_name": ABOVE}, True),
        (MEMBERSHIP, {"granted_to": "ROLE", "grantee_name": f'"{ABOVE}"'}, True),
        (MEMBERSHIP, {"granted_to": "USER", "grantee_name": ABOVE}, False),
        (GRANT, {"granted_on": "ROLE", "privilege": "USAGE", "name": BELOW, "grantee_name": ABOVE}, True),
        (
            GRANT,
            {"granted_on": "ROLE", "privilege": "USAGE", "name": f'"{BELOW}"', "grantee_name": f'"{ABOVE}"'},
            True,
        ),
        (
            GRANT,
            {"granted_on": "ROLE", "privilege": "OWNERSHIP", "name": BELOW, "grantee_name": ABOVE},
            False,
        ),
        (GRANT, {"granted_on": "STAGE", "privilege": "USAGE", "name": BELOW, "grantee_name": ABOVE}, False),
    ],
)
def test_a_role_above_is_known_from_either_look(looked: Resource, row: dict[str, str], known: bool) -> None:
    observation = Observation(seen(STACK).actual, {looked.address: {"show": Answer((row,))}})
    owner = NAMED[f"role.{ABOVE}"]
    dropped = Change(owner.address, Action.DELETE, "x", ())
    plan = Plan((dropped,), resources={one.address: one for one in (owner, looked)})
    assert bool(on_footing(plan, observation, Footing("SOMEBODY", BELOW)).conflicts) is known
    assert not on_footing(plan, observation, Footing("SOMEBODY", "ELSEWHERE")).conflicts


@pytest.mark.parametrize(("role", "may"), [(None, True), ("SYSADMIN", True), ("ANALYST", False)])
def test_a_role_is_adopted_where_it_cannot_be_above_the_session(role: str | None, may: bool) -> None:
    plan = plan_adoption(NAMED[ROLE], as_declared(NAMED[ROLE], comment="theirs"))
    found = on_footing(plan, account(frozenset()), Footing("SOMEBODY", role)).conflicts
    told = "it may be above the role of this very session"
    assert [problem.detail for problem in found] == ([] if may else [told])
