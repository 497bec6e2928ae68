"""Nothing ever modifies the user or the role that the session stands on, or a role above that one."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st
from tests.spcs_milvus.stack import QUICKSTART, as_declared, by_address, declared, seen

from spcs_milvus.adoption import plan_adoption
from spcs_milvus.footing import Footing, on_footing
from spcs_milvus.kinds import KINDS
from spcs_milvus.observe import Observation
from spcs_milvus.plan import Plan, plan_up
from spcs_milvus.resource import Address, Resource
from spcs_milvus.steps import Answer
from spcs_milvus.teardown import plan_down

STACK = declared(QUICKSTART + "users: [{name: ROBOT, type: SERVICE}, {name: CI, type: SERVICE}]\n")
NAMED = by_address(STACK)
ROLES = sorted(one.name.last for one in STACK if one.address.kind == "role")
USERS = ["ROBOT", "CI", "SOMEBODY"]
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
    footing = Footing(user, role, frozenset({"SYSADMIN", *ROLES}))
    untouchable = {Address("user", user), *(Address("role", one) for one in above(role))}
    for command, plan in plans(observation, adopted).items():
        judged = on_footing(plan, observation, footing)
        changed = {change.address for change in judged.changes}
        if changed & untouchable or (command == "adopt" and adopted.startswith("role.")):
            assert judged.conflicts, command


@given(user=st.just("SOMEBODY"), role=st.sampled_from(["SYSADMIN", "ACCOUNTADMIN", None]))
def test_whoever_stands_on_nothing_of_the_project_is_not_held_up(user: str, role: str | None) -> None:
    observation = account(frozenset(NAMED))
    footing = Footing(user, role, frozenset({"SYSADMIN", *ROLES}))
    for plan in (plan_up(STACK, observation), plan_down(STACK, observation, {})):
        assert on_footing(plan, observation, footing) == plan


def test_a_session_may_be_as_a_role_of_the_project_as_long_as_that_stays() -> None:
    observation = account(frozenset())
    footing = Footing("SOMEBODY", "MILVUS_DEMO_OWNER", frozenset(ROLES))
    plan = plan_up(STACK, observation)
    assert on_footing(plan, observation, footing) == plan
    (problem,) = on_footing(plan_down(STACK, observation, {}), observation, footing).conflicts
    assert problem.summary == "role.MILVUS_DEMO_OWNER is what this session stands on"
    assert problem.detail == "it is the role of this very session"


def test_the_declared_user_of_the_session_is_refused_though_nothing_differs() -> None:
    observation = account(frozenset())
    footing = Footing("CI", "SYSADMIN", frozenset(ROLES))
    (problem,) = on_footing(plan_up(STACK, observation), observation, footing).conflicts
    assert (problem.place, problem.detail) == ("user.CI", "it is the user of this very session")


def test_no_kind_is_a_policy() -> None:
    """A network or authentication policy is nothing this program makes; a kind for one needs a footing."""
    assert [name for name in KINDS if "policy" in name] == []
