"""What an observation proves that was made by somebody who lacks the role that sees everything."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from tests.spcs_milvus.stack import QUICKSTART, as_declared, by_address, declared, nothing
from tests.spcs_milvus.stack import seen as everything

from spcs_milvus.observe import Observation
from spcs_milvus.plan import plan_up
from spcs_milvus.reach import within_up
from spcs_milvus.resource import ABSENT, Actual, Presence
from spcs_milvus.sight import Reach, in_sight
from spcs_milvus.steps import Answer

STACK = declared()
NAMED = by_address(STACK)
OWN = frozenset({"SYSADMIN", "MILVUS_DEMO_OWNER", "MILVUS_DEMO_MILVUS", "MILVUS_DEMO_JUPYTER"})
DATABASE = "database.MILVUS_DEMO"
MILVUS = "service.MILVUS_DEMO.PUBLIC.MILVUS"
POOL = "compute_pool.MILVUS_DEMO_MILVUS_POOL"
CREATE, ON = "CREATE DATABASE MILVUS_DEMO", " ON DATABASE MILVUS_DEMO TO "
READS = "grant.READ on image repository MILVUS_DEMO.PUBLIC.MILVUS_REPO to MILVUS_DEMO_MILVUS"


def seen(known: Mapping[str, Actual]) -> Observation:
    """What is not known cannot be told, since another role may see more."""
    unknown = Actual(Presence.UNKNOWN, reason="another may see more")
    actual = {one.address: known.get(str(one.address), unknown) for one in STACK}
    answers = {one.address: {"show": Answer(partial="another may see more")} for one in STACK}
    return Observation(actual, answers)


@pytest.mark.parametrize(
    ("address", "known", "roles", "presence"),
    [
        (MILVUS, {}, OWN, Presence.UNKNOWN),
        (MILVUS, {DATABASE: as_declared(NAMED[DATABASE])}, OWN, Presence.ABSENT),
        (MILVUS, {DATABASE: as_declared(NAMED[DATABASE])}, OWN - {"MILVUS_DEMO_MILVUS"}, Presence.UNKNOWN),
        (MILVUS, {DATABASE: as_declared(NAMED[DATABASE])}, OWN - {"MILVUS_DEMO_OWNER"}, Presence.UNKNOWN),
        (MILVUS, {DATABASE: as_declared(NAMED[DATABASE], comment="theirs")}, OWN, Presence.UNKNOWN),
        (POOL, {DATABASE: as_declared(NAMED[DATABASE])}, OWN, Presence.UNKNOWN),
        (READS, {"role.MILVUS_DEMO_MILVUS": ABSENT}, OWN, Presence.ABSENT),
        (
            READS,
            {"role.MILVUS_DEMO_MILVUS": as_declared(NAMED["role.MILVUS_DEMO_MILVUS"])},
            OWN,
            Presence.UNKNOWN,
        ),
    ],
)
def test_absence_is_proven_or_it_is_none(
    address: str, known: Mapping[str, Actual], roles: frozenset[str], presence: Presence
) -> None:
    reach = Reach("LEO", roles, False, "spcs-milvus.yaml: roles")
    assert in_sight(STACK, seen(known), reach).actual[NAMED[address].address].presence is presence


def test_what_cannot_be_told_is_never_made() -> None:
    reach = Reach("LEO", frozenset({"PUBLIC"}), False, "spcs-milvus.yaml: roles")
    observation = in_sight(STACK, seen({}), reach)
    plan = within_up(plan_up(STACK, observation), observation, reach)
    assert plan.changes == ()
    (problem,) = plan.conflicts
    assert f"-- {len(STACK)} of these may be there already" in str(problem.detail)


def test_who_has_every_role_is_asked_for_nothing() -> None:
    """The roles that the plan itself makes and grants are theirs by the time they are needed."""
    administrators = frozenset({"ACCOUNTADMIN", "SECURITYADMIN", "USERADMIN", "SYSADMIN"})
    reach = Reach("ADMIN", administrators, False, "spcs-milvus.yaml: roles")
    observation = nothing(STACK)
    plan = plan_up(STACK, observation)
    assert within_up(plan, observation, reach) == plan


@pytest.mark.parametrize("role", ["ACCOUNTADMIN", "SECURITYADMIN", "USERADMIN", "SYSADMIN"])
def test_who_lacks_one_role_is_asked_for_what_takes_it_and_what_that_needs(role: str) -> None:
    administrators = frozenset({"ACCOUNTADMIN", "SECURITYADMIN", "USERADMIN", "SYSADMIN"})
    reach = Reach("ADMIN", administrators - {role}, False, "spcs-milvus.yaml: roles")
    observation = nothing(STACK)
    (problem,) = within_up(plan_up(STACK, observation), observation, reach).conflicts
    lines = str(problem.detail).splitlines()
    assert f"USE ROLE {'MILVUS_DEMO_OWNER' if role == 'SYSADMIN' else role};" in lines
    for before, after in (("CREATE ROLE MILVUS_DEMO_OWNER", " TO ROLE MILVUS_DEMO_OWNER;"), (CREATE, ON)):
        places = [place for place, line in enumerate(lines) if after in line]
        (made,) = [place for place, line in enumerate(lines) if line.startswith(f"{before} ")] or [-1]
        assert all(made < place for place in places)
        assert made >= 0 or not places


def test_nobody_waits_for_a_service_whose_state_they_are_not_shown() -> None:
    reach = Reach("LEO", OWN, False, "spcs-milvus.yaml: roles")
    blind = as_declared(NAMED[MILVUS], live={"status": "RUNNING", "containers": [], "endpoints": []})
    observation = replace(
        everything(STACK, {NAMED[MILVUS].address: blind}),
        answers={NAMED[MILVUS].address: {"containers": Answer(refused="it is not shown")}},
    )
    plan = plan_up(STACK, observation)
    assert [str(change.address) for change in plan.changes] == ["ready.MILVUS_DEMO.PUBLIC.MILVUS"]
    assert within_up(plan, observation, reach).changes == ()


def test_what_exists_is_never_proven_away() -> None:
    stack = declared(QUICKSTART + "existing: [stage.MILVUS_DEMO.PUBLIC.DATA]\n")
    named = by_address(stack)
    unknown = Actual(Presence.UNKNOWN, reason="another may see more")
    actual = {one.address: unknown for one in stack}
    actual |= {named[DATABASE].address: as_declared(named[DATABASE])}
    answers = {one.address: {"show": Answer(partial="another may see more")} for one in stack}
    judged = in_sight(stack, Observation(actual, answers), Reach("LEO", OWN, False, "roles")).actual
    assert judged[named["stage.MILVUS_DEMO.PUBLIC.DATA"].address].presence is Presence.UNKNOWN
    assert judged[named[DATABASE].address].presence is Presence.PRESENT


def test_exactly_the_roles_it_takes_prove_an_absence() -> None:
    reach = Reach("LEO", frozenset({NAMED[DATABASE].role, NAMED[MILVUS].role}), False, "roles")
    there = seen({DATABASE: as_declared(NAMED[DATABASE])})
    assert in_sight(STACK, there, reach).actual[NAMED[MILVUS].address].presence is Presence.ABSENT
