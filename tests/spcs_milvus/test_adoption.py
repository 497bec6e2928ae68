"""What may be made ours, what never, and what is done then: the comment, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.spcs_milvus.stack import QUICKSTART, as_declared, by_address, declared, seen

from spcs_milvus.adoption import plan_adoption
from spcs_milvus.errors import Problem
from spcs_milvus.kinds import KINDS, kind_of
from spcs_milvus.kinds.base import Cost
from spcs_milvus.ownership import Ownership, ownership
from spcs_milvus.plan import Action, Plan, plan_up
from spcs_milvus.resource import ABSENT, MARKED, Actual, Presence, Resource, mark_of
from spcs_milvus.steps import Effect, Statement

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


def _problem(plan: Plan) -> Problem:
    (problem,) = plan.conflicts
    assert plan.changes == ()
    return problem


def _refused(plan: Plan) -> str:
    return _problem(plan).summary


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
    assert step.effect is Effect.OURS
    title = kind_of(resource.address.kind).title.upper()
    text = f"{comment} {resource.mark}" if comment else str(resource.mark)
    assert step.sql == f"ALTER {title} {resource.name} SET COMMENT = '{text}'"
    assert (change.address, change.action, step.role) == (resource.address, Action.ADOPT, resource.role)
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
    assert change.because == "`up` then changes what differs"
    cheaper = "an hour of it costs 1/4 as much"
    assert change.cost == Cost(data="from then on `down` drops it", credits=cheaper)
    there = replace(there, attributes={**there.attributes, "auto_suspend_seconds": 60})
    (change,) = plan_adoption(WAREHOUSE, there).changes
    assert change.cost.credits == "idle, it stays up for 180 s"
    plan = plan_adoption(MILVUS, _unmarked(MILVUS))
    (change,) = plan.changes
    assert change.because == "it is as declared"
    assert change.cost.data == "from then on `down` drops it, with the data on its volume (data 20Gi)"
    assert (plan.conflicts, plan.kept, dict(plan.resources)) == ((), (), {MILVUS.address: MILVUS})
    other = {"spec": {"containers": [{"name": "milvus", "image": "/x"}]}}
    there = replace(_unmarked(MILVUS), attributes={**MILVUS.attributes, "specification": other})
    (change,) = plan_adoption(MILVUS, there).changes
    assert change.cost.data == (
        "from then on `down` drops it, with the data on its volume (data 20Gi); "
        "what its containers keep outside of block volumes and stages"
    )


def test_what_cannot_be_read_is_said() -> None:
    (told,) = plan_adoption(STAGE, replace(_unmarked(STAGE), attributes={})).kept
    summary = f"encryption of {STAGE.address} cannot be read: taken as declared"
    assert told == Problem(summary, None, str(STAGE.address))
    hidden = replace(_unmarked(MILVUS), attributes={})
    (told,) = plan_adoption(MILVUS, hidden).kept
    assert told.summary.startswith("compute_pool, specification, volumes, ")
    assert not plan_adoption(STAGE, _unmarked(STAGE)).kept


def test_what_is_ours_already_needs_nothing() -> None:
    plan = plan_adoption(POOL, as_declared(POOL))
    assert (plan.changes, plan.conflicts) == ((), ())
    assert plan.kept == (Problem(f"{POOL.address} is ours already", None, str(POOL.address)),)
    assert dict(plan.resources) == {POOL.address: POOL}


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
        assert _problem(plan) == Problem(
            f"{resource.address} is marked by another project or environment",
            f"its comment is: {comment}",
            str(resource.address),
            "`down` there drops it; or whoever it belongs to takes the mark out of its comment",
        )


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
    kind = kind_of(resource.address.kind)
    assert _problem(plan_adoption(resource, as_declared(resource))) == Problem(
        f"a {kind.title} has no mark: it is ours by {kind.goes_with}", None, str(resource.address)
    )


def test_what_is_absent_unknown_existing_or_built_in_is_refused() -> None:
    at = str(POOL.address)
    absent = plan_adoption(POOL, ABSENT)
    assert _problem(absent) == Problem(f"{at} is not there", None, at, "`up` makes it")
    assert dict(absent.resources) == {POOL.address: POOL}
    assert "cannot be told" in _refused(plan_adoption(POOL, Actual(Presence.UNKNOWN, reason="x")))
    listed = replace(POOL, existing=True, mark=None)
    assert _problem(plan_adoption(listed, _unmarked(POOL))) == Problem(
        f"{at} is listed under `existing`, so it is used and left as it is",
        None,
        at,
        "take it out of `existing:` first",
    )
    (built_in,) = (one for one in STACK if kind_of(one.address.kind).built_in)
    at = str(built_in.address)
    assert _problem(plan_adoption(built_in, _unmarked(built_in))) == Problem(
        f"{at} serves as it is, whoever made it", None, at, "`up` uses it"
    )


def test_what_up_would_have_to_make_again_is_refused() -> None:
    there = _unmarked(POOL)
    there = replace(there, attributes={**there.attributes, "instance_family": "CPU_X64_M"})
    plan = plan_adoption(POOL, there)
    assert _problem(plan) == Problem(
        f"{POOL.address} is not what is declared, and cannot be altered to it",
        "instance_family is CPU_X64_M, not CPU_X64_S",
        str(POOL.address),
        "write what it is into the project file, or give it another name there",
    )
    assert dict(plan.resources) == {POOL.address: POOL}
    other = {**MILVUS.attributes, "compute_pool": "P", "volumes": ()}
    plan = plan_adoption(MILVUS, replace(_unmarked(MILVUS), attributes=other))
    assert _problem(plan).detail == (
        "compute_pool is P, not MILVUS_DEMO_MILVUS_POOL, volumes is (), not ('data 20Gi',)"
    )


def test_what_another_role_owns_is_refused_with_the_sql_that_helps() -> None:
    plan = plan_adoption(WAREHOUSE, _unmarked(WAREHOUSE, owner="SYSADMIN"))
    assert _problem(plan) == Problem(
        f"{WAREHOUSE.address} belongs to the role SYSADMIN, and MILVUS_DEMO_OWNER is to manage it",
        None,
        str(WAREHOUSE.address),
        "`spcs-milvus up --target 'grant.role MILVUS_DEMO_OWNER to SYSADMIN'` makes the role; then USE ROLE "
        "SYSADMIN; GRANT OWNERSHIP ON WAREHOUSE MILVUS_DEMO_WAREHOUSE TO ROLE MILVUS_DEMO_OWNER COPY CURRENT "
        "GRANTS; and adopt it again",
    )
    plan = plan_adoption(MILVUS, _unmarked(MILVUS, owner="SYSADMIN"))
    assert _problem(plan).hint == "a service keeps its owner; give ours another name"


def test_a_database_is_handed_over_with_the_schema_that_came_with_it() -> None:
    database = by_address(STACK)["database.MILVUS_DEMO"]
    grant = "GRANT OWNERSHIP ON {} TO ROLE MILVUS_DEMO_OWNER COPY CURRENT GRANTS;"
    schema, whole = (grant.format(one) for one in ("SCHEMA MILVUS_DEMO.PUBLIC", "DATABASE MILVUS_DEMO"))
    hint = _problem(plan_adoption(database, _unmarked(database, owner="SYSADMIN"))).hint
    assert str(hint).endswith(f"USE ROLE SYSADMIN; {schema} {whole} and adopt it again")


def test_a_role_that_we_do_not_make_is_not_to_be_made_first() -> None:
    role = by_address(STACK)["role.MILVUS_DEMO_OWNER"]
    hint = _problem(plan_adoption(role, _unmarked(role, owner="THEIRS"))).hint
    grant = "GRANT OWNERSHIP ON ROLE MILVUS_DEMO_OWNER TO ROLE USERADMIN COPY CURRENT GRANTS;"
    assert hint == f"USE ROLE THEIRS; {grant} and adopt it again"


def test_an_owner_that_is_not_told_is_tried() -> None:
    assert plan_adoption(POOL, _unmarked(POOL, owner=None)).changes
