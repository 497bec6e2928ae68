"""What may be made ours, what never, and what is done then: the comment, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.spcs_milvus.stack import QUICKSTART, as_declared, by_address, declared, seen

from spcs_milvus.adoption import plan_adoption
from spcs_milvus.kinds import KINDS, kind_of
from spcs_milvus.ownership import Ownership, ownership
from spcs_milvus.plan import Action, Plan, plan_up
from spcs_milvus.resource import ABSENT, MARKED, Actual, Presence, Resource, mark_of
from spcs_milvus.steps import Statement

# everything there can be, with a schema, a user, a way out, a secret and the guide's integration
STACK = declared(
    QUICKSTART + "names: {schema: S}\nusers: [{name: ALICE}]\njupyter: {egress: [a.org]}\n"
    "secrets: {KEY: {generic_string: '${env:KEY}'}}\ningress_integration: create\n",
    KEY="x",
)
FREE = [one for one in STACK if one.mark and not kind_of(one.address.kind).built_in]
BY_ADDRESS = by_address(STACK)
STAGE = BY_ADDRESS["stage.MILVUS_DEMO.S.DATA"]
POOL = BY_ADDRESS["compute_pool.MILVUS_DEMO_MILVUS_POOL"]
WAREHOUSE = BY_ADDRESS["warehouse.MILVUS_DEMO_WAREHOUSE"]
MILVUS = BY_ADDRESS["service.MILVUS_DEMO.S.MILVUS"]
OTHER_PROJECT = str(mark_of("other-project", "default", {}))
OTHER_ENVIRONMENT = str(mark_of("milvus-demo", "prod", {}))


def _unmarked(resource: Resource, comment: str | None = None, **live: Any) -> Actual:
    there = as_declared(resource, comment=comment)
    return replace(there, live={**there.live, **live})


def _refused(plan: Plan) -> str:
    (problem,) = plan.conflicts
    assert plan.changes == ()
    return problem.summary


def test_every_kind_that_is_marked_can_be_adopted_or_is_built_in() -> None:
    kinds = {one.address.kind for one in FREE}
    assert kinds == {name for name, kind in KINDS.items() if kind.marked and not kind.built_in}


@pytest.mark.parametrize("resource", FREE, ids=lambda resource: str(resource.address))
@pytest.mark.parametrize("comment", [None, "made by hand"])
def test_the_comment_is_set_and_nothing_else(resource: Resource, comment: str | None) -> None:
    plan = plan_adoption(resource, _unmarked(resource, comment))
    (change,) = plan.changes
    (step,) = change.steps
    assert isinstance(step, Statement)
    title = kind_of(resource.address.kind).title.upper()
    text = f"{comment} {resource.mark}" if comment else str(resource.mark)
    assert step.sql == f"ALTER {title} {resource.name} SET COMMENT = '{text}'"
    assert (change.action, step.role) == (Action.ADOPT, resource.role)
    assert "from then on `down` drops it" in (change.cost.data or "")
    adopted = _unmarked(resource, text)
    assert ownership(resource, adopted) is Ownership.OURS
    assert not plan_up(STACK, seen(STACK, {resource.address: adopted})).changes


def test_it_shows_what_up_would_change_and_what_down_would_lose() -> None:
    there = _unmarked(WAREHOUSE)
    plan = plan_adoption(WAREHOUSE, replace(there, attributes={**there.attributes, "size": "MEDIUM"}))
    (change,) = plan.changes
    assert [(one.attribute, one.actual, one.desired) for one in change.differences] == [
        ("size", "MEDIUM", "X-SMALL")
    ]
    (change,) = plan_adoption(MILVUS, _unmarked(MILVUS)).changes
    assert change.cost.data == "from then on `down` drops it, with the data on its volume (data 20Gi)"


def test_what_cannot_be_read_is_said() -> None:
    (told,) = plan_adoption(STAGE, replace(_unmarked(STAGE), attributes={})).kept
    assert told.summary == f"encryption of {STAGE.address} cannot be read: taken as declared"


def test_what_is_ours_already_needs_nothing() -> None:
    plan = plan_adoption(POOL, as_declared(POOL))
    assert (plan.changes, plan.conflicts) == ((), ())
    assert [problem.summary for problem in plan.kept] == [f"{POOL.address} is ours already"]


@pytest.mark.parametrize("resource", FREE, ids=lambda resource: str(resource.address))
@pytest.mark.parametrize("mark", [OTHER_PROJECT, OTHER_ENVIRONMENT])
def test_the_mark_of_others_is_never_taken(resource: Resource, mark: str) -> None:
    for comment in (
        mark,
        f"before {mark}",
        f"{mark} after",
        f"{resource.mark} {mark}",
        mark[:20],
        f"{mark}\n",
    ):
        plan = plan_adoption(resource, _unmarked(resource, comment))
        assert _refused(plan) == f"{resource.address} is marked by another project or environment", comment


@given(st.text(), st.text())
def test_nothing_with_anything_like_a_mark_of_others_is_ever_taken(before: str, after: str) -> None:
    assert plan_adoption(POOL, _unmarked(POOL, f"{before}{MARKED}other/{after}")).conflicts


def test_a_mark_of_ours_that_somebody_wrote_behind_is_set_again() -> None:
    comment = f"{POOL.mark} and a note"
    assert ownership(POOL, _unmarked(POOL, comment)) is Ownership.NOT_OURS
    (change,) = plan_adoption(POOL, _unmarked(POOL, comment)).changes
    assert change.action is Action.ADOPT


@pytest.mark.parametrize(
    "resource", [one for one in STACK if not one.mark][:3], ids=lambda one: str(one.address)
)
def test_what_has_no_comment_is_refused(resource: Resource) -> None:
    assert "has no mark: it is ours by its" in _refused(plan_adoption(resource, as_declared(resource)))


def test_what_is_absent_unknown_existing_or_built_in_is_refused() -> None:
    assert _refused(plan_adoption(POOL, ABSENT)) == f"{POOL.address} is not there"
    assert "cannot be told" in _refused(plan_adoption(POOL, Actual(Presence.UNKNOWN, reason="x")))
    listed = replace(POOL, existing=True, mark=None)
    assert "listed under `existing`" in _refused(plan_adoption(listed, _unmarked(POOL)))
    (built_in,) = (one for one in STACK if kind_of(one.address.kind).built_in)
    assert "serves as it is" in _refused(plan_adoption(built_in, _unmarked(built_in)))


def test_what_up_would_have_to_make_again_is_refused() -> None:
    there = _unmarked(POOL)
    there = replace(there, attributes={**there.attributes, "instance_family": "CPU_X64_M"})
    plan = plan_adoption(POOL, there)
    assert "cannot be altered to it" in _refused(plan)
    assert plan.conflicts[0].detail == "instance_family is CPU_X64_M, not CPU_X64_S"


def test_what_another_role_owns_is_refused_with_the_sql_that_helps() -> None:
    plan = plan_adoption(WAREHOUSE, _unmarked(WAREHOUSE, owner="SYSADMIN"))
    assert "belongs to the role SYSADMIN" in _refused(plan)
    assert (
        "USE ROLE SYSADMIN; GRANT OWNERSHIP ON WAREHOUSE MILVUS_DEMO_WAREHOUSE TO ROLE MILVUS_DEMO_OWNER "
        "COPY CURRENT GRANTS;" in (plan.conflicts[0].hint or "")
    )
    plan = plan_adoption(MILVUS, _unmarked(MILVUS, owner="SYSADMIN"))
    assert "a service keeps its owner" in (plan.conflicts[0].hint or "")


def test_an_owner_that_is_not_told_is_tried() -> None:
    assert plan_adoption(POOL, _unmarked(POOL, owner=None)).changes
