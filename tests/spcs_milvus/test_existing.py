"""What was there before us: used, never changed, never dropped; and no grant between two things not ours."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.spcs_milvus.stack import QUICKSTART, as_declared, by_address, declared, nothing, seen

from spcs_milvus.graph import closure
from spcs_milvus.kinds import kind_of
from spcs_milvus.names import Name
from spcs_milvus.observe import Observation
from spcs_milvus.orphans import strangers
from spcs_milvus.plan import plan_up
from spcs_milvus.project_values import MAY_EXIST
from spcs_milvus.resource import ABSENT, Actual, Address, Presence, Resource
from spcs_milvus.steps import Statement
from spcs_milvus.teardown import plan_down

SERVICE_ROLES = ("MILVUS_DEMO_MILVUS", "MILVUS_DEMO_JUPYTER")
GUIDE = "roles: {owner: SYSADMIN}\nexisting: [role.SYSADMIN]\n"
DATABASE = "names: {database: SHARED}\nexisting: [database.SHARED]\n"


def _sql(resource: Resource) -> str:
    (step,) = kind_of("grant").create(resource)
    assert isinstance(step, Statement)
    return step.sql


def _grants(stack: tuple[Resource, ...], *, existing: bool = False) -> set[str]:
    return {_sql(one) for one in stack if one.address.kind == "grant" and one.existing is existing}


WAYS = {
    "nothing": "",
    "a warehouse": "warehouse: {name: COMPUTE_WH}\nexisting: [warehouse.COMPUTE_WH]\n",
    "a warehouse beside ours": "existing: [warehouse.COMPUTE_WH]\n",
    "a pool": "compute_pools: {milvus: {name: BIG}}\nexisting: [compute_pool.BIG]\n",
    "a database": DATABASE,
    "a database and its schema": "names: {database: D, schema: V}\nexisting: [database.D, schema.D.V]\n",
    "our schema in a database": "names: {database: D, schema: V}\nexisting: [database.D]\n",
    "a stage": "existing: [database.MILVUS_DEMO, stage.MILVUS_DEMO.PUBLIC.FILES]\n",
    "the owner": GUIDE,
    "another owner": "roles: {owner: PLATFORM}\nexisting: [role.PLATFORM]\n",
    "the users' role": "roles: {users: ANALYST, grant_to: [user ALICE]}\nexisting: [role.ANALYST]\n",
    "owner and database": GUIDE.replace("[", "[database.D, ") + "names: {database: D}\n",
    "a reserved word": "names: {database: TABLE}\nexisting: [database.TABLE]\n",
}


@pytest.mark.parametrize("way", WAYS)
def test_every_need_is_declared_and_needs_have_no_circle(way: str) -> None:
    stack = declared(QUICKSTART + WAYS[way])
    addresses = {resource.address for resource in stack}
    assert len(addresses) == len(stack)
    assert {need for resource in stack for need in resource.needs} <= addresses
    closure({resource.address: resource.needs for resource in stack})


@pytest.mark.parametrize("way", WAYS)
def test_a_service_needs_what_its_statement_names(way: str) -> None:
    """Also where nobody has to be let onto it first, as an owner may use what it owns."""
    stack = declared(QUICKSTART + WAYS[way])
    reached = closure({resource.address: resource.needs for resource in stack})
    (milvus,) = (one for one in stack if one.address.kind == "service" and one.name.last == "MILVUS")
    needed = {str(address) for address in reached[milvus.address]}
    database, pool = Name(milvus.name.parts[:1]), milvus.attributes["compute_pool"]
    assert needed >= {f"compute_pool.{pool}", f"database.{database}"}


@pytest.mark.parametrize("way", WAYS)
def test_what_exists_is_neither_made_nor_changed_nor_dropped(way: str) -> None:
    stack = declared(QUICKSTART + WAYS[way])
    others = {resource.address: Actual(Presence.PRESENT) for resource in stack if resource.existing}
    made = plan_up(stack, Observation({**nothing(stack).actual, **others}, {}))
    assert not made.conflicts
    dropped = plan_down(stack, seen(stack, others), {})
    assert not {change.address for change in (*made.changes, *dropped.changes)} & others.keys()
    assert not {problem.place for problem in dropped.kept} & set(map(str, others))
    shown = {address for address in others if address.kind != "grant"}
    assert set(made.existing) == set(dropped.existing) == shown


@pytest.mark.parametrize("way", [way for way in WAYS if way != "nothing"])
def test_what_is_listed_and_not_there_stops_up(way: str) -> None:
    stack = declared(QUICKSTART + WAYS[way])
    plan = plan_up(stack, nothing(stack))
    assert [problem.place for problem in plan.conflicts] == [
        str(one.address) for one in stack if one.existing
    ]
    objects = [problem for problem in plan.conflicts if not (problem.place or "").startswith("grant.")]
    for problem in objects:
        assert "is listed under `existing` and is not there" in problem.summary
        assert "out of `existing:`" in (problem.hint or "")


def test_what_exists_and_cannot_be_seen_stops_up() -> None:
    stack = declared(QUICKSTART + WAYS["a warehouse"])
    address = Address("warehouse", "COMPUTE_WH")
    plan = plan_up(stack, seen(stack, {address: Actual(Presence.UNKNOWN, reason="no privilege")}))
    assert [problem.place for problem in plan.conflicts] == ["warehouse.COMPUTE_WH"]


def test_an_existing_warehouse_is_granted_to_ours_and_nobody_may_make_one() -> None:
    grants = _grants(declared(QUICKSTART + WAYS["a warehouse"]))
    for role in ("JUPYTER", "ROLE"):
        assert f"GRANT USAGE ON WAREHOUSE COMPUTE_WH TO ROLE MILVUS_DEMO_{role}" in grants
    assert not [grant for grant in grants if "CREATE WAREHOUSE" in grant]
    assert [grant for grant in grants if "CREATE DATABASE" in grant]


def test_in_an_existing_database_the_owner_gets_what_it_makes_things_with() -> None:
    grants = _grants(declared(QUICKSTART + DATABASE))
    to = "TO ROLE MILVUS_DEMO_OWNER"
    assert {grant for grant in grants if grant.endswith(to)} == {
        f"GRANT CREATE WAREHOUSE ON ACCOUNT {to}",
        f"GRANT CREATE COMPUTE POOL ON ACCOUNT {to}",
        f"GRANT USAGE ON DATABASE SHARED {to}",
        f"GRANT USAGE ON SCHEMA SHARED.PUBLIC {to}",
        f"GRANT CREATE STAGE ON SCHEMA SHARED.PUBLIC {to}",
        f"GRANT CREATE IMAGE REPOSITORY ON SCHEMA SHARED.PUBLIC {to}",
        f"GRANT ROLE MILVUS_DEMO_MILVUS {to}",
        f"GRANT ROLE MILVUS_DEMO_JUPYTER {to}",
    }


def test_our_schema_in_an_existing_database() -> None:
    stack = declared(QUICKSTART + WAYS["our schema in a database"])
    assert "GRANT CREATE SCHEMA ON DATABASE D TO ROLE MILVUS_DEMO_OWNER" in _grants(stack)
    by = by_address(stack)
    assert by["schema.D.V"].mark
    assert by["grant.CREATE SCHEMA on database D to MILVUS_DEMO_OWNER"].address in by["schema.D.V"].needs


def test_an_owner_that_exists_owns_everything_and_is_granted_next_to_nothing() -> None:
    stack = declared(QUICKSTART + GUIDE)
    roles = {
        resource.address.name: resource.existing for resource in stack if resource.address.kind == "role"
    }
    assert roles == {"SYSADMIN": True, "MILVUS_DEMO_ROLE": False}
    assert {one.role for one in stack if one.address.kind in ("service", "database", "stage")} == {"SYSADMIN"}
    to = {grant for grant in _grants(stack) if grant.endswith("TO ROLE SYSADMIN")}
    assert to == {
        "GRANT ROLE MILVUS_DEMO_ROLE TO ROLE SYSADMIN",
        "GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE SYSADMIN",
    }
    assert _grants(stack, existing=True) == {
        "GRANT CREATE DATABASE ON ACCOUNT TO ROLE SYSADMIN",
        "GRANT CREATE WAREHOUSE ON ACCOUNT TO ROLE SYSADMIN",
        "GRANT CREATE COMPUTE POOL ON ACCOUNT TO ROLE SYSADMIN",
    }


def test_a_grant_between_two_things_not_ours_is_told_and_not_made() -> None:
    stack = declared(QUICKSTART + WAYS["the users' role"])
    (wanted,) = _grants(stack, existing=True)
    assert wanted == "GRANT ROLE ANALYST TO USER ALICE"
    others = {Address("role", "ANALYST"): Actual(Presence.PRESENT)}
    (problem,) = plan_up(stack, Observation({**nothing(stack).actual, **others}, {})).conflicts
    assert problem.hint == "USE ROLE SECURITYADMIN; GRANT ROLE ANALYST TO USER ALICE;"
    assert "ANALYST" in problem.summary


BIND = Address("grant", "BIND SERVICE ENDPOINT on account to SYSADMIN")


def _down_of_the_guide(since: int | None, ours: int | None) -> list[str | None]:
    """The hints of what `down` leaves, the grant and our objects made at these times."""
    stack = declared(QUICKSTART + GUIDE)
    there = {
        one.address: as_declared(one, live={"owner": one.role, "since": ours}) if ours else ABSENT
        for one in stack
        if one.mark
    }
    there[BIND] = Actual(Presence.PRESENT, live={"since": since}) if since else ABSENT
    plan = plan_down(stack, seen(stack, there), {})
    assert BIND not in {change.address for change in plan.changes}
    assert not plan.kept
    return [problem.hint for problem in plan.lasting]


def test_what_the_owner_got_stays_and_is_told_with_the_way_back() -> None:
    revoke = "USE ROLE ACCOUNTADMIN; REVOKE BIND SERVICE ENDPOINT ON ACCOUNT FROM ROLE SYSADMIN;"
    assert _down_of_the_guide(since=2, ours=1) == [revoke]
    assert _down_of_the_guide(since=1, ours=1) == [revoke]


@pytest.mark.parametrize(("since", "ours"), [(1, 2), (None, 1), (1, None)])
def test_what_was_there_before_us_is_not_told(since: int | None, ours: int | None) -> None:
    assert _down_of_the_guide(since, ours) == []


def test_the_owner_gets_it_after_our_first_object() -> None:
    """Otherwise it could not be told from what was there before."""
    by = by_address(declared(QUICKSTART + GUIDE))
    first = next(one for one in by.values() if one.mark)
    assert first.address in by[str(BIND)].needs


def test_a_container_of_ours_with_something_existing_in_it_stays() -> None:
    stack = declared(QUICKSTART + "existing: [stage.MILVUS_DEMO.PUBLIC.NOTES]\n")
    plan = plan_down(stack, seen(stack), {})
    assert "database.MILVUS_DEMO" in {problem.place for problem in plan.kept}
    assert "database.MILVUS_DEMO" not in set(map(str, (change.address for change in plan.changes)))


def test_what_exists_is_strange_to_our_containers() -> None:
    stack = declared(QUICKSTART + "existing: [stage.MILVUS_DEMO.PUBLIC.FILES]\n")
    assert strangers(stack, {}, seen(stack).actual)[Address("database", "MILVUS_DEMO")] == ()


# --- always ------------------------------------------------------------------------------------------------

# with images that are there already, even the repository may be of others
BARE = (
    QUICKSTART
    + "milvus: {image: {reference: /d/s/r/milvus:1}}\njupyter: {image: {reference: /d/s/r/jupyter:1}}\n"
    + "names: {schema: VECTORS}\n"
)
LISTABLE = [
    str(one.address)
    for one in declared(BARE)
    if one.address.kind in MAY_EXIST and one.address.name not in SERVICE_ROLES
]


@given(st.sets(st.sampled_from(LISTABLE)))
def test_whatever_is_listed_is_left_alone(listed: set[str]) -> None:
    if "schema.MILVUS_DEMO.VECTORS" in listed:
        listed |= {"database.MILVUS_DEMO"}
    stack = declared(f"{BARE}existing: {json.dumps(sorted(listed))}\n")
    assert {str(one.address) for one in stack if one.existing and one.address.kind != "grant"} == listed
    assert {need for one in stack for need in one.needs} <= {one.address for one in stack}
    others = {one.address: Actual(Presence.PRESENT) for one in stack if one.existing}
    up = plan_up(stack, Observation({**nothing(stack).actual, **others}, {}))
    down = plan_down(stack, seen(stack, others), strangers(stack, {}, seen(stack, others).actual))
    assert not up.conflicts
    touched = {change.address for change in (*up.changes, *down.changes)}
    assert not touched & others.keys()
    inside = [one.name for one in stack if one.existing and len(one.name.parts) > 1]
    dropped = [plan.name for plan in (down.resources[change.address] for change in down.changes)]
    assert not [name for name in dropped for other in inside if other.inside(name)]


@given(st.sets(st.sampled_from(LISTABLE)))
def test_no_grant_is_made_between_two_things_not_ours(listed: set[str]) -> None:
    if "schema.MILVUS_DEMO.VECTORS" in listed:
        listed |= {"database.MILVUS_DEMO"}
    for one in declared(f"{BARE}existing: {json.dumps(sorted(listed))}\n"):
        if one.address.kind != "grant" or one.existing or one.lasting:
            continue
        kind = (
            one.detail["object_kind"].text.lower() if one.detail["form"] == "object" else one.detail["form"]
        )
        on = f"{kind.replace(' ', '_')}.{one.detail.get('on')}"
        ours_to = f"role.{one.detail['role']}" not in listed | {"role.SYSADMIN"}
        assert ours_to or (one.detail["form"] != "account" and on not in listed), one.address
