"""As much of a plan as was asked for: what is taken along, what is left out, and what no target can do."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.spcs_milvus.stack import QUICKSTART, as_declared, by_address, declared, nothing, seen

from spcs_milvus.errors import ConfigError, Problem
from spcs_milvus.graph import closure
from spcs_milvus.orphans import swept
from spcs_milvus.plan import Action, Plan, plan_up
from spcs_milvus.resource import ABSENT, Address
from spcs_milvus.targets import address_of, only_down, only_up
from spcs_milvus.teardown import plan_down

STACK = declared()
BY_ADDRESS = by_address(STACK)
POOL = BY_ADDRESS["compute_pool.MILVUS_DEMO_MILVUS_POOL"]
WAREHOUSE = "warehouse.MILVUS_DEMO_WAREHOUSE"
MILVUS = "service.MILVUS_DEMO.PUBLIC.MILVUS"
JUPYTER = "service.MILVUS_DEMO.PUBLIC.JUPYTER"
NEEDS = closure({resource.address: resource.needs for resource in STACK})
ADDRESSES = st.sets(st.sampled_from([str(resource.address) for resource in STACK]), min_size=1, max_size=4)


def _up() -> Plan:
    return plan_up(STACK, nothing(STACK))


def _down() -> Plan:
    return plan_down(STACK, seen(STACK), {})


def _told(plan: Plan) -> set[str]:
    return {str(change.address) for change in plan.changes}


def test_of_strangers_only_those_in_the_place_of_a_target_are_told() -> None:
    theirs = {BY_ADDRESS[one].address: as_declared(BY_ADDRESS[one], comment="x") for one in (MILVUS, JUPYTER)}
    plan = only_down(plan_down(STACK, seen(STACK, theirs), {}), [MILVUS])
    assert [problem.place for problem in plan.strange] == [MILVUS]


def test_without_targets_a_plan_is_as_it_was() -> None:
    up, down = _up(), _down()
    assert only_up(up, ()) is up
    assert only_down(down, ()) is down


def test_up_takes_along_what_a_target_needs_and_waits_for_it() -> None:
    plan = only_up(_up(), [MILVUS])
    assert {MILVUS, "ready.MILVUS_DEMO.PUBLIC.MILVUS", str(POOL.address), "database.MILVUS_DEMO"} <= _told(
        plan
    )
    assert str(POOL.address) in map(str, plan.along)
    assert MILVUS not in map(str, plan.along)
    assert JUPYTER in map(str, plan.left_out)
    assert set(plan.resources) == NEEDS[BY_ADDRESS[MILVUS].address] | {BY_ADDRESS[MILVUS].address}
    assert all(change.needs <= {one.address for one in plan.changes} for change in plan.changes)
    (wait,) = (change for change in plan.changes if change.action is Action.WAIT)
    assert BY_ADDRESS[MILVUS].address in wait.needs
    assert not _told(plan) & {JUPYTER, "ready.MILVUS_DEMO.PUBLIC.JUPYTER"}


@given(ADDRESSES)
def test_up_does_the_targets_and_what_they_need_and_nothing_else(targets: set[str]) -> None:
    whole = _up()
    plan = only_up(whole, sorted(targets))
    asked = {BY_ADDRESS[target].address for target in targets}
    wanted = asked.union(*(NEEDS[address] for address in asked))
    done, everything = (
        {one.address for one in it.changes if one.action is not Action.WAIT} for it in (plan, whole)
    )
    assert done == wanted
    assert set(plan.along) == wanted - asked
    assert done.isdisjoint(plan.left_out)
    assert done.union(plan.left_out) == everything
    assert all(change.needs <= {one.address for one in plan.changes} for change in plan.changes)
    assert set(plan.resources) == wanted


@given(ADDRESSES)
def test_down_never_leaves_anything_that_stands_on_what_it_drops(targets: set[str]) -> None:
    asked = sorted(target for target in targets if BY_ADDRESS[target].mark)
    plan = only_down(_down(), asked)
    gone = {change.address for change in plan.changes}
    left = {one.address for one in _down().changes} - gone
    assert {BY_ADDRESS[target].address for target in asked} <= gone
    assert not any(BY_ADDRESS[str(a)].name.inside(BY_ADDRESS[str(b)].name) for a in left for b in gone)
    owners = {address.name for address in gone if address.kind == "role"}
    assert not any(BY_ADDRESS[str(address)].role in owners for address in left)


def test_down_takes_along_what_stands_on_a_target_and_not_what_needs_it() -> None:
    assert _told(only_down(_down(), [str(POOL.address)])) == {str(POOL.address), MILVUS}
    assert _told(only_down(_down(), [MILVUS])) == {MILVUS}
    assert _told(only_down(_down(), [WAREHOUSE])) == {"warehouse.MILVUS_DEMO_WAREHOUSE"}


def test_what_is_left_out_is_not_waited_for() -> None:
    needs = {str(change.address): change.needs for change in only_down(_down(), [str(POOL.address)]).changes}
    assert needs == {MILVUS: frozenset(), str(POOL.address): {BY_ADDRESS[MILVUS].address}}


def test_a_conflict_of_what_is_left_out_stops_nothing() -> None:
    theirs = as_declared(POOL, comment="theirs")
    plan = plan_up(STACK, seen(STACK, {POOL.address: theirs}))
    assert plan.conflicts
    assert not only_up(plan, [WAREHOUSE]).conflicts
    assert only_up(plan, [MILVUS]).conflicts == plan.conflicts


def test_what_is_told_of_the_rest_is_left_out() -> None:
    pool, other = Problem("pool", None, str(POOL.address)), Problem("other", None, WAREHOUSE)
    anywhere = Problem("anywhere", None, "a file")
    told = (pool, other, anywhere)
    there = (BY_ADDRESS[WAREHOUSE].address, POOL.address)
    plan = replace(_up(), conflicts=told, kept=told, lasting=told, existing=there)
    part = only_up(plan, [str(POOL.address)])
    assert part.conflicts == part.kept == part.lasting == (pool, anywhere)
    assert part.existing == (POOL.address,)


def test_an_orphan_takes_along_what_stands_on_it_and_nothing_else() -> None:
    old = [one for one in declared(QUICKSTART + "names: {prefix: OLD, database: OLD}\n") if one.mark]
    undeclared = {one: as_declared(one) for one in old if "MILVUS" not in one.name.last}
    plan = swept(_up(), undeclared, {})
    asked = only_up(plan, ["compute_pool.OLD_JUPYTER_POOL"])
    assert _told(asked) == {"compute_pool.OLD_JUPYTER_POOL", "service.OLD.PUBLIC.JUPYTER"}
    assert [str(address) for address in asked.along] == ["service.OLD.PUBLIC.JUPYTER"]
    assert "role.OLD_JUPYTER" in map(str, asked.left_out)
    assert not any(one.address.name.startswith("OLD") for one in only_up(plan, [MILVUS]).changes)


def test_a_grant_cannot_be_taken_down_by_itself() -> None:
    (grant, *_) = (one for one in STACK if one.address.kind == "grant")
    with pytest.raises(ConfigError, match="goes with its role, and not by itself") as error:
        only_down(_down(), [str(grant.address)])
    assert error.value.problem.hint == "name its role"


NEAREST = {
    "service.MILVUS": MILVUS,
    "service.milvus_demo.public.milvus": MILVUS,
    "service.MILVUS_DEMO.PUBLIC.MILVU": MILVUS,
    "compute_pool.MILVUS_DEMO_MILVUS_POL": str(POOL.address),
}


@pytest.mark.parametrize("text", NEAREST)
def test_an_address_that_there_is_not_is_an_error_with_the_nearest(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        only_up(_up(), [text])
    assert error.value.problem.summary == f"there is no `{text}` in this project"
    assert error.value.problem.hint == f"did you mean {NEAREST[text]}?"


def test_of_two_that_look_alike_the_one_of_that_kind_and_name_is_meant() -> None:
    known = [Address("role", "A"), Address("stage", "D.S.SERVICES"), Address("service", "D.T.A")]
    for text, meant in {"service.X.A": "service.D.T.A", "stage.services": "stage.D.S.SERVICES"}.items():
        with pytest.raises(ConfigError) as error:
            address_of(text, known)
        assert error.value.problem.hint == f"did you mean {meant}?"


def test_an_address_like_no_other() -> None:
    with pytest.raises(ConfigError) as error:
        address_of("x", [Address("role", "A")])
    assert error.value.problem.hint == "`spcs-milvus graph` lists all addresses"


def test_what_down_did_not_see_is_looked_at_again_for_the_target_alone() -> None:
    stack = declared()
    known = by_address(stack)
    two = [known[f"service.MILVUS_DEMO.PUBLIC.{name}"].address for name in ("MILVUS", "JUPYTER")]
    plan = plan_down(stack, seen(stack, dict.fromkeys(two, ABSENT)), {})
    assert set(plan.absent) == set(two)
    assert only_down(plan, [str(two[0])]).absent == (two[0],)
