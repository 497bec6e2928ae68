"""Plans: what changes, what stops a plan, what stays, and what always holds."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.spcs_milvus.stack import QUICKSTART, as_declared, by_address, declared, nothing, seen

from spcs_milvus.differences import differences
from spcs_milvus.kinds import kind_of
from spcs_milvus.observe import Observation
from spcs_milvus.ownership import Ownership, ownership
from spcs_milvus.plan import Action, Change, Plan, plan_up
from spcs_milvus.resource import ABSENT, Actual, Address, Presence, Resource, mark_of
from spcs_milvus.states import is_ready
from spcs_milvus.steps import Statement, Wait
from spcs_milvus.teardown import plan_down

STACK = declared()
BY_ADDRESS = by_address(STACK)
DATABASE = BY_ADDRESS["database.MILVUS_DEMO"]
STAGE = BY_ADDRESS["stage.MILVUS_DEMO.PUBLIC.DATA"]
POOL = BY_ADDRESS["compute_pool.MILVUS_DEMO_MILVUS_POOL"]
MILVUS = BY_ADDRESS["service.MILVUS_DEMO.PUBLIC.MILVUS"]
JUPYTER = BY_ADDRESS["service.MILVUS_DEMO.PUBLIC.JUPYTER"]
MARKED = [resource for resource in STACK if resource.mark]
COMPARED = [
    (resource, attribute)
    for resource in STACK
    for attribute in kind_of(resource.address.kind).attributes
    if attribute not in kind_of(resource.address.kind).unreadable
]
OTHER_MARK = str(mark_of("other-project", "default", {}))
OTHER_ENVIRONMENT = str(mark_of("milvus-demo", "prod", {}))


def _up(resource: Resource, actual: Actual) -> Plan:
    """The plan when everything is as declared but for one resource."""
    return plan_up(STACK, seen(STACK, {resource.address: actual}))


def _only(plan: Plan) -> Change:
    (change,) = plan.changes
    return change


def _told(plan: Plan) -> list[tuple[str, str]]:
    return [(str(change.address), change.action.value) for change in plan.changes]


def _other(value: Any) -> Any:
    """A value that is not that one, of the same sort."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case tuple():
            return (*value, "more 1Gi")
        case dict():
            return {**value, "more": "x"}
    return f"{value}_X"


# --- up ----------------------------------------------------------------------------------------------------


def test_from_nothing_everything_is_created_and_each_service_waited_for() -> None:
    plan = plan_up(STACK, nothing(STACK))
    created = {change.address for change in plan.changes if change.action is Action.CREATE}
    waits = {str(change.address) for change in plan.changes if change.action is Action.WAIT}
    assert created == {resource.address for resource in STACK}
    assert waits == {"ready.MILVUS_DEMO.PUBLIC.MILVUS", "ready.MILVUS_DEMO.PUBLIC.JUPYTER"}
    assert not plan.conflicts
    assert plan.writes


def test_changes_come_after_what_they_need_and_know_it() -> None:
    plan = plan_up(STACK, nothing(STACK))
    order = [change.address for change in plan.changes]
    for change in plan.changes:
        assert all(order.index(need) < order.index(change.address) for need in change.needs)
    for resource in STACK:
        (change,) = (change for change in plan.changes if change.address == resource.address)
        assert resource.needs <= change.needs


def test_what_is_as_declared_needs_nothing() -> None:
    plan = plan_up(STACK, seen(STACK))
    assert (plan.changes, plan.conflicts, plan.kept, plan.writes) == ((), (), (), False)


@pytest.mark.parametrize("resource", STACK, ids=lambda resource: str(resource.address))
def test_what_is_missing_is_created(resource: Resource) -> None:
    plan = _up(resource, ABSENT)
    created = [change for change in plan.changes if change.action is not Action.WAIT]
    assert [(change.address, change.action) for change in created] == [(resource.address, Action.CREATE)]
    assert created[0].steps == kind_of(resource.address.kind).create(resource)
    assert not plan.conflicts


@pytest.mark.parametrize(
    ("resource", "attribute"), COMPARED, ids=[f"{r.address} {attribute}" for r, attribute in COMPARED]
)
def test_one_readable_attribute_that_differs_is_exactly_that_difference(
    resource: Resource, attribute: str
) -> None:
    there = _other(resource.attributes[attribute])
    if attribute == "external_access_integrations":
        # one of others is left attached
        there = resource.detail["integrations"]
    actual = as_declared(resource, attributes={**resource.attributes, attribute: there})
    (difference,) = differences(resource, actual)
    assert (difference.attribute, difference.desired, difference.actual) == (
        attribute,
        resource.attributes[attribute],
        there,
    )
    plan = _up(resource, actual)
    change = next(change for change in plan.changes if change.action is not Action.WAIT)
    kind = kind_of(resource.address.kind)
    if attribute in kind.create_only:
        assert (change.action, change.steps) == (Action.REPLACE, ())
        assert [problem.place for problem in plan.conflicts] == [str(resource.address)]
    else:
        assert change.action is Action.UPDATE
        assert change.steps == kind.alter(resource, frozenset({attribute}))
        assert not plan.conflicts


@given(st.data())
def test_any_attributes_that_differ_are_exactly_the_differences(data: st.DataObject) -> None:
    resource = data.draw(st.sampled_from(STACK), label="resource")
    kind = kind_of(resource.address.kind)
    readable = [name for name in kind.attributes if name not in kind.unreadable]
    changed = data.draw(st.sets(st.sampled_from(readable)) if readable else st.just(set()), label="changed")
    there = {name: _other(value) if name in changed else value for name, value in resource.attributes.items()}
    found = differences(resource, as_declared(resource, attributes=there))
    assert [difference.attribute for difference in found] == [
        name for name in kind.attributes if name in changed
    ]


def test_an_unreadable_attribute_differs_when_the_mark_says_so() -> None:
    old = str(mark_of("milvus-demo", "default", {"encryption": "SNOWFLAKE_FULL"}))
    plan = _up(STAGE, as_declared(STAGE, attributes={}, comment=old))
    change = _only(plan)
    assert [(d.attribute, d.actual) for d in change.differences] == [("encryption", None)]
    assert change.action is Action.REPLACE
    assert change.loses == "the files in it"
    assert "would lose the files in it" in (plan.conflicts[0].detail or "")


def test_a_mark_of_another_digest_alone_is_a_difference() -> None:
    old = str(mark_of("milvus-demo", "default", {"min_nodes": 7}))
    change = _only(_up(POOL, as_declared(POOL, comment=old)))
    assert [difference.attribute for difference in change.differences] == ["mark"]
    assert change.action is Action.UPDATE


def test_a_specification_that_is_not_shown_differs_when_the_mark_says_so() -> None:
    old = str(mark_of("milvus-demo", "default", {}))
    shown = {
        name: value for name, value in MILVUS.attributes.items() if name not in ("specification", "volumes")
    }
    change = next(iter(_up(MILVUS, as_declared(MILVUS, attributes=shown, comment=old)).changes))
    assert [difference.attribute for difference in change.differences] == ["specification"]
    steps = [step.sql for step in change.steps if isinstance(step, Statement)]
    assert steps[0].startswith("ALTER SERVICE MILVUS_DEMO.PUBLIC.MILVUS FROM SPECIFICATION")


def test_a_specification_that_is_not_shown_is_as_declared_when_the_mark_is() -> None:
    shown = {
        name: value for name, value in MILVUS.attributes.items() if name not in ("specification", "volumes")
    }
    assert not _up(MILVUS, as_declared(MILVUS, attributes=shown)).changes


def test_a_volume_of_another_size_is_refused_and_says_what_would_be_lost() -> None:
    actual = as_declared(MILVUS, attributes={**MILVUS.attributes, "volumes": ("data 10Gi",)})
    plan = _up(MILVUS, actual)
    (problem,) = plan.conflicts
    assert _told(plan) == [(str(MILVUS.address), "replace")]
    assert problem.detail == (
        "volumes cannot be altered; making it again would lose the data on its volume (data 10Gi)\n"
        "with it would go grant.endpoints of service MILVUS_DEMO.PUBLIC.MILVUS to MILVUS_DEMO_JUPYTER"
    )
    assert "put the old value back" in (problem.hint or "")


# --- what stops up -----------------------------------------------------------------------------------------

THEIRS = {
    "no comment": None,
    "a comment": "made by hand",
    "another project": OTHER_MARK,
    "another environment": OTHER_ENVIRONMENT,
}


@pytest.mark.parametrize("whose", THEIRS)
@pytest.mark.parametrize("resource", MARKED, ids=lambda resource: str(resource.address))
def test_what_is_there_and_not_ours_is_a_conflict(resource: Resource, whose: str) -> None:
    actual = as_declared(resource, comment=THEIRS[whose], live={"owner": "SOMEBODY"})
    assert ownership(resource, actual) is Ownership.NOT_OURS
    plan = _up(resource, actual)
    (problem,) = plan.conflicts
    assert not plan.changes
    assert problem.place == str(resource.address)
    assert str(resource.name) in problem.summary
    assert "its owner is SOMEBODY" in (problem.detail or "")


def test_a_conflict_says_whose_it_is() -> None:
    (problem,) = _up(POOL, as_declared(POOL, comment=OTHER_MARK)).conflicts
    assert "it belongs to other-project/default" in (problem.detail or "")


@pytest.mark.parametrize("resource", STACK, ids=lambda resource: str(resource.address))
def test_where_we_cannot_tell_is_a_conflict(resource: Resource) -> None:
    actual = Actual(Presence.UNKNOWN, reason="the role may not see it")
    assert ownership(resource, actual) is Ownership.CANNOT_TELL
    plan = _up(resource, actual)
    assert not plan.changes
    assert [problem.detail for problem in plan.conflicts] == ["the role may not see it"]


def test_every_conflict_is_told_at_once() -> None:
    theirs = {resource.address: as_declared(resource, comment=None) for resource in MARKED}
    plan = plan_up(STACK, seen(STACK, theirs))
    assert [problem.place for problem in plan.conflicts] == [str(resource.address) for resource in MARKED]


# --- waits -------------------------------------------------------------------------------------------------


def _live(actual: Actual, **changes: Any) -> Actual:
    return replace(actual, live={**actual.live, **changes})


RUNS = as_declared(JUPYTER)
CONTAINER, ENDPOINT = RUNS.live["containers"][0], RUNS.live["endpoints"][0]
NOT_READY: dict[str, dict[str, Any]] = {
    "no container": {"containers": []},
    "a container that starts": {"containers": [{**CONTAINER, "status": "PENDING"}]},
    "one of two containers failed": {"containers": [CONTAINER, {**CONTAINER, "status": "FAILED"}]},
    "a public endpoint without an address": {"endpoints": [{**ENDPOINT, "url": None}]},
}


@pytest.mark.parametrize("what", NOT_READY)
def test_a_service_that_is_not_ready_is_waited_for(what: str) -> None:
    actual = _live(RUNS, **NOT_READY[what])
    assert not is_ready(actual)
    plan = _up(JUPYTER, actual)
    change = _only(plan)
    assert (str(change.address), change.action, change.because) == (
        "ready.MILVUS_DEMO.PUBLIC.JUPYTER",
        Action.WAIT,
        "it is not ready",
    )
    assert not plan.writes
    (step,) = change.steps
    assert isinstance(step, Wait)
    assert (step.service, sorted(step.looks)) == (JUPYTER.address, ["containers", "endpoints"])


def test_a_private_endpoint_needs_no_address() -> None:
    assert is_ready(_live(RUNS, endpoints=[{**ENDPOINT, "public": False, "url": None}]))


@pytest.mark.parametrize("status", ["SUSPENDED", "SUSPENDING"])
def test_a_service_that_somebody_suspended_is_not_waited_for(status: str) -> None:
    suspended = _live(RUNS, status=status, containers=[])
    assert not _up(JUPYTER, suspended).changes
    changed = replace(suspended, attributes={**JUPYTER.attributes, "max_instances": 2})
    assert _told(_up(JUPYTER, changed)) == [(str(JUPYTER.address), "update")]


def test_a_service_that_changes_is_waited_for_after_the_change() -> None:
    actual = as_declared(JUPYTER, attributes={**JUPYTER.attributes, "max_instances": 2})
    update, wait = _up(JUPYTER, actual).changes
    assert (update.action, wait.action) == (Action.UPDATE, Action.WAIT)
    assert wait.needs == {JUPYTER.address}


# --- down --------------------------------------------------------------------------------------------------


def _down(observation: Observation, foreign: dict[Address, tuple[Address, ...]] | None = None) -> Plan:
    return plan_down(STACK, observation, foreign or {})


def test_down_removes_everything_that_has_a_drop_of_its_own() -> None:
    plan = _down(seen(STACK))
    assert {change.address for change in plan.changes} == {resource.address for resource in MARKED}
    assert {change.action for change in plan.changes} == {Action.DELETE}
    assert not plan.kept


def test_down_removes_what_needs_before_what_is_needed() -> None:
    plan = _down(seen(STACK))
    order = [change.address for change in plan.changes]
    assert all(
        order.index(need) < order.index(change.address) for change in plan.changes for need in change.needs
    )
    for before, after in (
        (MILVUS, POOL),
        (MILVUS, DATABASE),
        (STAGE, DATABASE),
        (DATABASE, BY_ADDRESS["role.MILVUS_DEMO_OWNER"]),
        (POOL, BY_ADDRESS["role.MILVUS_DEMO_OWNER"]),
        (JUPYTER, BY_ADDRESS["role.MILVUS_DEMO_JUPYTER"]),
    ):
        (change,) = (change for change in plan.changes if change.address == after.address)
        assert before.address in change.needs


def test_down_of_nothing_is_nothing() -> None:
    plan = _down(nothing(STACK))
    assert (plan.changes, plan.kept) == ((), ())


def test_down_says_what_is_lost() -> None:
    lost = {str(change.address): change.loses for change in _down(seen(STACK)).changes if change.loses}
    assert lost == {
        "database.MILVUS_DEMO": "everything in it",
        "image_repository.MILVUS_DEMO.PUBLIC.MILVUS_REPO": "every image in it",
        "service.MILVUS_DEMO.PUBLIC.MILVUS": "the data on its volume (data 20Gi)",
        "stage.MILVUS_DEMO.PUBLIC.DATA": "the files in it",
        "stage.MILVUS_DEMO.PUBLIC.FILES": "the files in it",
    }


def test_down_leaves_a_container_of_what_others_put_there_and_what_it_needs() -> None:
    plan = _down(seen(STACK), {DATABASE.address: (Address("table", "MILVUS_DEMO.PUBLIC.T"),)})
    gone = {str(change.address) for change in plan.changes}
    assert not gone & {"database.MILVUS_DEMO", "role.MILVUS_DEMO_OWNER"}
    assert {"service.MILVUS_DEMO.PUBLIC.MILVUS", "compute_pool.MILVUS_DEMO_MILVUS_POOL"} <= gone
    assert [(problem.place, problem.detail) for problem in plan.kept] == [
        ("database.MILVUS_DEMO", "table MILVUS_DEMO.PUBLIC.T"),
        ("role.MILVUS_DEMO_OWNER", None),
    ]


def test_down_names_some_of_many_strangers() -> None:
    many = tuple(Address("table", f"MILVUS_DEMO.PUBLIC.T{number}") for number in range(7))
    (problem, *_) = _down(seen(STACK), {DATABASE.address: many}).kept
    assert (problem.detail or "").endswith("T4 and 2 more")


def test_down_leaves_a_schema_of_ours_with_what_others_put_there() -> None:
    stack = declared(QUICKSTART + "names: {schema: VECTORS}\n")
    by = by_address(stack)
    database, schema = by["database.MILVUS_DEMO"].address, by["schema.MILVUS_DEMO.VECTORS"].address
    table = (Address("table", "MILVUS_DEMO.VECTORS.T"),)
    plan = plan_down(stack, seen(stack), {database: table, schema: table})
    assert not {database, schema} & {change.address for change in plan.changes}


@pytest.mark.parametrize("resource", MARKED, ids=lambda resource: str(resource.address))
@pytest.mark.parametrize("schema", ["PUBLIC", "VECTORS"])
def test_down_leaves_what_is_not_ours_and_what_it_stands_in(resource: Resource, schema: str) -> None:
    stack = declared(QUICKSTART + f"names: {{schema: {schema}}}\n")
    at = str(resource.address).replace(".PUBLIC.", f".{schema}.")
    theirs = by_address(stack)[at]
    plan = plan_down(stack, seen(stack, {theirs.address: as_declared(theirs, comment=OTHER_MARK)}), {})
    gone = {change.address for change in plan.changes}
    around = {other.address for other in stack if theirs.name.inside(other.name)}
    assert not gone & ({theirs.address} | around)
    assert [problem.place for problem in plan.strange] == [at]
    assert {str(address) for address in around} <= {problem.place for problem in plan.kept}


@given(st.data())
def test_down_never_touches_an_object_without_our_mark(data: st.DataObject) -> None:
    comments = st.sampled_from([None, "made by hand", OTHER_MARK, OTHER_ENVIRONMENT])
    theirs = {
        resource.address: as_declared(resource, comment=data.draw(comments))
        for resource in data.draw(st.lists(st.sampled_from(MARKED), unique_by=lambda r: r.address))
    }
    unknown = {
        resource.address: Actual(Presence.UNKNOWN)
        for resource in data.draw(st.lists(st.sampled_from(STACK), unique_by=lambda r: r.address))
    }
    plan = _down(seen(STACK, theirs | unknown))
    touched = {change.address for change in plan.changes}
    assert not touched & (theirs.keys() | unknown.keys())
    gone = [plan.resources[address].name for address in touched]
    assert not any(plan.resources[address].name.inside(name) for address in theirs for name in gone)


# --- always ------------------------------------------------------------------------------------------------

_PRINT_PLANS = """
from spcs_milvus.plan import plan_up
from spcs_milvus.teardown import plan_down
from tests.spcs_milvus.stack import declared, nothing, seen
stack = declared()
for plan in (plan_up(stack, nothing(stack)), plan_down(stack, seen(stack), {})):
    for change in plan.changes:
        print(change.address, sorted(map(str, change.needs)), change.steps)
"""


def test_a_plan_is_the_same_in_every_process() -> None:
    """Sets of texts are iterated in another order with every seed of Python's hashes."""
    root = Path(__file__).parents[2]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _PRINT_PLANS],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"},
        )
        for seed in ("1", "2", "3")
    ]
    printed = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(set(printed)) == 1
    assert "CREATE SERVICE" in printed[0]


@given(st.data())
def test_doing_what_a_plan_says_leaves_nothing_to_do(data: st.DataObject) -> None:
    there = data.draw(st.sets(st.sampled_from([resource.address for resource in STACK])))
    actual = {
        resource.address: as_declared(resource) if resource.address in there else ABSENT for resource in STACK
    }
    plan = plan_up(STACK, Observation(actual, {}))
    done = actual | {
        c.address: as_declared(plan.resources[c.address]) for c in plan.changes if c.address in actual
    }
    assert not plan_up(STACK, Observation(done, {})).changes


@given(st.permutations(STACK))
def test_the_order_of_declaration_changes_no_change(stack: list[Resource]) -> None:
    usual = {change.address: change for change in plan_up(STACK, nothing(STACK)).changes}
    assert {change.address: change for change in plan_up(stack, nothing(stack)).changes} == usual
