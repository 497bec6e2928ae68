"""What `down` says of what goes, what stays, and what it leaves behind."""

from typing import Any

import pytest
from tests.spcs_milvus.stack import QUICKSTART, as_declared, by_address, declared, seen

from spcs_milvus.errors import Problem, some
from spcs_milvus.kinds import base, kind_of
from spcs_milvus.orphans import strangers
from spcs_milvus.plan import Plan
from spcs_milvus.resource import ABSENT, Actual, Address, Presence, Resource, mark_of
from spcs_milvus.steps import Statement
from spcs_milvus.teardown import pasteable, plan_down

STACK = declared(QUICKSTART + "names: {schema: S}\n")
BY_ADDRESS = by_address(STACK)
DATABASE = BY_ADDRESS["database.MILVUS_DEMO"].address
SCHEMA = BY_ADDRESS["schema.MILVUS_DEMO.S"].address
MILVUS = BY_ADDRESS["service.MILVUS_DEMO.S.MILVUS"].address
JUPYTER = BY_ADDRESS["service.MILVUS_DEMO.S.JUPYTER"].address
TABLE = (Address("table", "MILVUS_DEMO.S.T"),)


def _down(**foreign: Any) -> Plan:
    return plan_down(STACK, seen(STACK), {BY_ADDRESS[at].address: held for at, held in foreign.items()})


@pytest.mark.parametrize(
    ("count", "text"), [(0, ""), (1, "a"), (5, "a, b, c, d, e"), (6, "a, b, c, d, e and 1 more")]
)
def test_some_of_many_names(count: int, text: str) -> None:
    assert some("abcdef"[:count]) == text


def test_every_deletion_says_why_and_what_it_costs() -> None:
    changes = {change.address: change for change in _down().changes}
    for address, change in changes.items():
        resource = BY_ADDRESS[str(address)]
        assert change.steps == kind_of(address.kind).drop(resource, as_declared(resource))
    assert {change.because for change in changes.values()} == {"it is ours"}
    assert changes[MILVUS].cost.downtime == "it answers nobody from then on"
    assert "https://a-b.snowflakecomputing.app" in (changes[JUPYTER].cost.url or "")


@pytest.mark.parametrize("owner", ["MILVUS_DEMO_ROLE", "THEIRS", None])
def test_what_was_given_to_a_role_that_we_make_is_dropped_as_that(owner: str | None) -> None:
    pool = BY_ADDRESS["compute_pool.MILVUS_DEMO_MILVUS_POOL"]
    given = as_declared(pool, live={"owner": owner})
    plan = plan_down(STACK, seen(STACK, {pool.address: given}), {})
    (change,) = (change for change in plan.changes if change.address == pool.address)
    (step,) = (one for one in change.steps if isinstance(one, Statement))
    assert step.role == (owner if owner == "MILVUS_DEMO_ROLE" else pool.role)


def test_what_stays_is_told_with_what_is_in_it() -> None:
    kept = {problem.place: problem for problem in _down(**{str(DATABASE): TABLE}).kept}
    assert kept[str(DATABASE)] == Problem(
        f"{DATABASE} holds things that are not ours",
        "table MILVUS_DEMO.S.T",
        str(DATABASE),
        "move or drop them; then run down again, or let them go along: "
        f"spcs-milvus down --delete-data {DATABASE}",
    )
    role = "role.MILVUS_DEMO_OWNER"
    drop = "once that is gone: USE ROLE USERADMIN; DROP ROLE MILVUS_DEMO_OWNER;"
    assert kept[role] == Problem(f"{role} is needed by what stays", None, role, drop)


AGREED = {
    "the database": (Address("database", "MILVUS_DEMO"), True),
    "the schema": (Address("schema", "MILVUS_DEMO.S"), True),
    "the thing itself": (TABLE[0], True),
    "another thing": (Address("table", "MILVUS_DEMO.S.U"), False),
    "a thing of another kind": (Address("view", "MILVUS_DEMO.S.T"), False),
    "a thing of which the name looks like what it is in": (Address("stage", "MILVUS_DEMO.S"), False),
    "a database of which the name begins alike": (Address("database", "MILVUS"), False),
    "a schema of which the name begins alike": (Address("schema", "MILVUS_DEMO.S.T"), False),
}


@pytest.mark.parametrize("what", AGREED)
def test_nothing_of_others_goes_along_but_what_is_agreed(what: str) -> None:
    agreed, goes = AGREED[what]
    plan = plan_down(STACK, seen(STACK), {SCHEMA: TABLE, DATABASE: TABLE}, [agreed])
    loses = {change.address: change.loses or "" for change in plan.changes}
    assert ({SCHEMA, DATABASE} <= loses.keys()) is goes
    assert {problem.place for problem in plan.kept} >= (set() if goes else {str(SCHEMA), str(DATABASE)})
    assert ("also what is not ours: table MILVUS_DEMO.S.T" in loses.get(DATABASE, "")) is goes


def test_what_goes_along_is_said_with_what_is_lost() -> None:
    plan = plan_down(STACK, seen(STACK), {SCHEMA: (*TABLE, Address("view", "MILVUS_DEMO.S.V"))}, [DATABASE])
    loses = {change.address: change.loses for change in plan.changes}
    along = "also what is not ours: table MILVUS_DEMO.S.T, view MILVUS_DEMO.S.V"
    assert loses[SCHEMA] == f"what is in it, {along}"
    plan = plan_down(STACK, seen(STACK), {DATABASE: TABLE}, [DATABASE])
    (lost,) = (change.loses for change in plan.changes if change.address == DATABASE)
    assert lost == "everything in it, also what is not ours: table MILVUS_DEMO.S.T"


def test_a_thing_of_others_in_our_place_goes_along_and_is_no_leftover() -> None:
    stage = BY_ADDRESS["stage.MILVUS_DEMO.S.DATA"]
    theirs = seen(STACK, {stage.address: as_declared(stage, comment="made by hand")})
    plan = plan_down(STACK, theirs, {}, [DATABASE])
    assert plan.kept == ()
    assert {DATABASE, SCHEMA} <= {change.address for change in plan.changes}
    assert stage.address not in {change.address for change in plan.changes}


HIDDEN = [base.unseen(BY_ADDRESS[str(DATABASE)], what) for what in ("tables", "file formats")]


@pytest.mark.parametrize(
    ("agreed", "stays"), [((), {SCHEMA, DATABASE}), ((SCHEMA,), {DATABASE}), ((DATABASE,), set())]
)
def test_what_may_be_there_unseen_goes_along_only_where_it_is_agreed(
    agreed: tuple[Address, ...], stays: set[Address]
) -> None:
    inside = strangers(STACK, {DATABASE: HIDDEN}, seen(STACK).actual)
    plan = plan_down(STACK, seen(STACK), inside, agreed)
    kept = {problem.place: problem for problem in plan.kept}
    assert {one for one in (SCHEMA, DATABASE) if str(one) in kept} == stays
    loses = {change.address: change.loses or "" for change in plan.changes}
    hidden = "tables, file formats that this user is not shown"
    assert all(loses[one].endswith(f"not ours: {hidden}") for one in {SCHEMA, DATABASE} - stays)
    for one in stays:
        told = kept[str(one)]
        assert (told.summary, told.detail) == (f"{one} may hold things that are not ours", hidden)
        who = BY_ADDRESS[str(one)].seen_by
        assert told.hint == (
            f"run down as a user who may take the role {who}, which is shown all of it, or "
            f"let all in it go along: spcs-milvus down --delete-data {one}"
        )


def test_what_is_seen_is_named_beside_what_may_be_there_unseen() -> None:
    (told,) = (one for one in _down(**{str(DATABASE): (*TABLE, HIDDEN[0].address)}).kept if one.detail)
    assert told.summary == f"{DATABASE} holds things that are not ours"
    assert told.detail == "table MILVUS_DEMO.S.T; tables that this user is not shown"


def test_what_may_be_ours_and_cannot_be_told_stays_and_is_told() -> None:
    hidden = Actual(Presence.UNKNOWN, reason="the role may not see it")
    plan = plan_down(STACK, seen(STACK, {MILVUS: hidden}), {})
    (told,) = (one for one in plan.kept if one.place == str(MILVUS))
    assert told.detail == "the role may not see it"
    assert MILVUS not in {change.address for change in plan.changes}
    assert not plan.strange


def test_a_pool_keeps_what_runs_on_it_whatever_is_agreed() -> None:
    pool = BY_ADDRESS["compute_pool.MILVUS_DEMO_MILVUS_POOL"].address
    mine = Address("service", "D.S.MINE")
    plan = plan_down(STACK, seen(STACK), {pool: (mine,)}, [mine, Address("database", "D")])
    assert str(pool) in {problem.place for problem in plan.kept}
    assert pool not in {change.address for change in plan.changes}


WAYS = {
    str(DATABASE): f"let them go along: spcs-milvus down --delete-data {DATABASE}",
    str(SCHEMA): f"let them go along: spcs-milvus down --delete-data {SCHEMA}",
    "compute_pool.MILVUS_DEMO_MILVUS_POOL": "USE ROLE MILVUS_DEMO_OWNER; "
    "DROP COMPUTE POOL MILVUS_DEMO_MILVUS_POOL;",
}


@pytest.mark.parametrize("at", WAYS)
def test_what_holds_things_of_others_stays_with_the_way_to_let_it_go(at: str) -> None:
    kept = {problem.place: problem for problem in _down(**{at: TABLE}).kept}
    assert kept[at].hint == f"move or drop them; then run down again, or {WAYS[at]}"


@pytest.mark.parametrize(("owner", "role"), [("SOMEBODY", "SOMEBODY"), (None, "MILVUS_DEMO_OWNER")])
def test_what_is_not_ours_stays_with_the_sql_of_whoever_owns_it(owner: str | None, role: str) -> None:
    pool = BY_ADDRESS["compute_pool.MILVUS_DEMO_JUPYTER_POOL"]
    theirs = as_declared(pool, comment=None, live={"owner": owner})
    plan = plan_down(STACK, seen(STACK, {pool.address: theirs}), {})
    (problem,) = plan.strange
    assert (plan.kept, plan.finds_nothing) == ((), False)
    assert problem == Problem(
        "the compute pool MILVUS_DEMO_JUPYTER_POOL is there and is not ours",
        f"it carries no mark of this project; its owner is {owner or 'unknown'}",
        str(pool.address),
        f"if it is to go all the same: USE ROLE {role}; DROP COMPUTE POOL MILVUS_DEMO_JUPYTER_POOL; "
        f"or, if it was ours: spcs-milvus adopt {pool.address}, and down again",
    )


def test_what_is_not_ours_is_no_leftover_whatever_is_in_it() -> None:
    pool = BY_ADDRESS["compute_pool.MILVUS_DEMO_JUPYTER_POOL"]
    theirs = as_declared(pool, comment=None)
    plan = plan_down(STACK, seen(STACK, {pool.address: theirs}), {pool.address: TABLE})
    assert str(pool.address) not in {problem.place for problem in plan.kept}
    assert [problem.place for problem in plan.strange] == [str(pool.address)]


def test_what_carries_anothers_mark_is_nothing_to_adopt() -> None:
    pool = BY_ADDRESS["compute_pool.MILVUS_DEMO_JUPYTER_POOL"]
    theirs = as_declared(pool, comment=str(mark_of("another", "default", {})))
    (problem,) = plan_down(STACK, seen(STACK, {pool.address: theirs}), {}).strange
    assert str(problem.hint).endswith("DROP COMPUTE POOL MILVUS_DEMO_JUPYTER_POOL;")


# --- what dropping leaves behind ---------------------------------------------------------------------------


def test_a_snapshot_is_left_where_the_schema_stays() -> None:
    assert _down().lasting == ()
    stays = _down(**{str(DATABASE): TABLE, str(SCHEMA): TABLE})
    assert stays.lasting == (
        Problem(
            f"{MILVUS} leaves something behind in the schema MILVUS_DEMO.S",
            "Snowflake's own snapshot of its volume, for seven days",
            str(MILVUS),
            "USE ROLE USERADMIN; SHOW SNAPSHOTS IN SCHEMA MILVUS_DEMO.S; and DROP SNAPSHOT",
        ),
    )


def test_a_snapshot_stays_with_its_owner_where_that_stays() -> None:
    held = {str(DATABASE): TABLE, str(SCHEMA): TABLE, "role.MILVUS_DEMO_MILVUS": TABLE}
    (left,) = _down(**held).lasting
    assert str(left.hint).startswith("USE ROLE MILVUS_DEMO_MILVUS;")


def test_a_snapshot_goes_with_its_schema() -> None:
    plan = _down(**{str(DATABASE): (Address("table", "MILVUS_DEMO.X.T"),)})
    assert SCHEMA in {change.address for change in plan.changes}
    assert DATABASE not in {change.address for change in plan.changes}
    assert plan.lasting == ()


# --- what was given to others ------------------------------------------------------------------------------

GUIDE = declared(QUICKSTART + "roles: {owner: SYSADMIN}\nexisting: [role.SYSADMIN]\n")
(BIND,) = (one for one in GUIDE if one.lasting)
FIRST = next(one for one in GUIDE if one.mark)


def _lasting(given: object, made: object) -> tuple[Problem, ...]:
    """What lasts when the privilege was given, and our first object made, at these times (None: not told)."""

    def at(resource: Resource, since: object) -> Any:
        live = as_declared(resource).live
        return as_declared(resource, live={**live, **({"since": since} if since is not None else {})})

    observation = seen(GUIDE, {BIND.address: at(BIND, given), FIRST.address: at(FIRST, made)})
    return plan_down(GUIDE, observation, {}).lasting


@pytest.mark.parametrize(
    ("given", "made", "lasts"), [(2, 1, True), (1, 1, True), (1, 2, False), (None, 1, True)]
)
def test_what_was_given_since_is_told(given: object, made: object, lasts: bool) -> None:
    told = Problem(
        f"{BIND.address.name} is not taken back",
        "it was granted to a role that is not ours, and others may rely on it by now",
        str(BIND.address),
        f"USE ROLE {BIND.role}; REVOKE BIND SERVICE ENDPOINT ON ACCOUNT FROM ROLE SYSADMIN;",
    )
    assert _lasting(given, made) == ((told,) if lasts else ())


def test_where_nothing_of_ours_was_made_nothing_lasts() -> None:
    assert _lasting(2, None) == ()


def test_what_down_did_not_see_is_looked_at_again_where_it_would_be_ours() -> None:
    stack = declared(QUICKSTART + "existing: [warehouse.MILVUS_DEMO_WAREHOUSE]\n")
    gone = ("database.MILVUS_DEMO", "warehouse.MILVUS_DEMO_WAREHOUSE")
    known = by_address(stack)
    grants = [one.address for one in stack if one.address.kind == "grant"]
    absent = dict.fromkeys([*(known[one].address for one in gone), *grants], ABSENT)
    assert plan_down(stack, seen(stack, absent), {}).absent == (known[gone[0]].address,)


def test_what_was_given_to_a_role_of_others_is_tried_as_ours_and_the_rest_goes() -> None:
    (stage,) = (one for one in STACK if one.address.name == "MILVUS_DEMO.S.DATA")
    given = as_declared(stage, live={"owner": "ANALYST"})
    dropped_by = {
        owner: [
            step.role
            for change in plan_down(
                STACK, seen(STACK, {stage.address: as_declared(stage, live={"owner": owner})}), {}
            ).changes
            if change.address == stage.address
            for step in change.steps
            if isinstance(step, Statement)
        ]
        for owner in ("ANALYST", "USERADMIN")
    }
    assert dropped_by == {"ANALYST": [stage.role], "USERADMIN": ["USERADMIN"]}
    assert pasteable(stage, given) == "USE ROLE ANALYST; DROP STAGE MILVUS_DEMO.S.DATA;"
