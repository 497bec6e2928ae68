"""What is ours and not declared any more: what is found, what `up` drops of it, and what holds it back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.spcs_milvus.stack import QUICKSTART, as_declared, by_address, declared, nothing, seen

from spcs_milvus.errors import Problem
from spcs_milvus.kinds import kind_of
from spcs_milvus.kinds.base import Found, unseen
from spcs_milvus.names import Name
from spcs_milvus.observe import Observation
from spcs_milvus.orphans import GONE, ordered, orphans, strangers, swept, too_many
from spcs_milvus.plan import Action, Plan, plan_up
from spcs_milvus.resource import Actual, Address, Presence, Resource, mark_of, read_mark
from spcs_milvus.steps import Answer
from spcs_milvus.teardown import plan_down

STACK = declared()
BY_ADDRESS = by_address(STACK)
MARK = str(next(one for one in STACK if one.mark).mark)
# what an older file declared beside it: another notebook, with all that a service may have
OLD = tuple(
    one
    for one in declared(
        QUICKSTART + "names: {prefix: OLD, database: OLD, schema: S}\nusers: [{name: ALICE}]\n"
        "secrets: {KEY: {generic_string: '${env:KEY}'}}\njupyter: {egress: [a.org]}\n",
        KEY="x",
    )
    if one.mark
)
LEFT = by_address(OLD)
MILVUS = LEFT["service.OLD.S.MILVUS"]
JUPYTER = LEFT["service.OLD.S.JUPYTER"]
THEIRS = [
    str(mark_of("another", "default", {})),
    str(mark_of("milvus-demo", "prod", {})),
    "by hand",
    None,
    MARK[:-1],
]


def _swept(
    left: Sequence[Resource],
    contents: Mapping[Address, Sequence[Found]] | None = None,
    plan: Plan | None = None,
) -> Plan:
    undeclared = {one: as_declared(one) for one in left}
    return swept(plan or plan_up(STACK, seen(STACK)), undeclared, contents or {})


def _dropped(plan: Plan) -> set[str]:
    return {str(change.address) for change in plan.changes if change.action is Action.DELETE}


def _kept(plan: Plan) -> dict[str | None, str]:
    return {problem.place: problem.summary for problem in plan.kept}


def _found(kind: str, *parts: str) -> Found:
    return Found(Address(kind, str(Name(parts))), Name(parts), {})


# --- what is found -----------------------------------------------------------------------------------------


def _shown(comment: str | None) -> Observation:
    """An account that shows a warehouse, and a secret where nobody asked for one, with that comment."""
    answers = {one.address: {"show": Answer()} for one in STACK}
    row = {"name": "W", "owner": "R", "comment": comment}
    secret = {"database_name": "D", "schema_name": "S", **row}
    answers[BY_ADDRESS["warehouse.MILVUS_DEMO_WAREHOUSE"].address] = {"show": Answer((row,))}
    return Observation({}, answers, {"secret": Answer((secret,))})


def test_what_carries_our_mark_is_found_with_its_owner() -> None:
    found = orphans(STACK, _shown(MARK), "ADMIN")
    assert {(str(one.address), one.role) for one in found} == {("warehouse.W", "R"), ("secret.D.S.W", "R")}
    assert all(one.mark and actual.comment == MARK for one, actual in found.items())
    assert {actual.live["owner"] for actual in found.values()} == {"R"}


ROWS: dict[str, tuple[str, dict[str, str], str]] = {
    "of the account": ("warehouse.OLD_WAREHOUSE", {"name": "W"}, "warehouse.W"),
    # a pool is in nothing, whatever else its row says
    "with columns that are not of its name": (
        "warehouse.OLD_WAREHOUSE",
        {"name": "W", "database_name": "D", "schema_name": "S"},
        "warehouse.W",
    ),
    "of a database": ("schema.OLD.S", {"database_name": "D", "name": "T"}, "schema.D.T"),
    "of a schema": (
        "stage.OLD.S.DATA",
        {"database_name": "D", "schema_name": "T", "name": "X"},
        "stage.D.T.X",
    ),
}


@pytest.mark.parametrize("what", ROWS)
def test_a_row_is_named_as_its_kind_is(what: str) -> None:
    at, row, expected = ROWS[what]
    answers = {one.address: {"show": Answer()} for one in OLD}
    answers[LEFT[at].address] = {"show": Answer(({**row, "owner": "R", "comment": MARK},))}
    found = {str(one.address): one for one in orphans(OLD, Observation({}, answers), "ADMIN")}
    assert found.keys() == {expected}
    assert ".".join(found[expected].name.parts) == expected.partition(".")[2]


def test_what_is_found_is_as_much_of_a_resource_as_a_drop_takes() -> None:
    answers = {one.address: {"show": Answer()} for one in OLD}
    place = {"database_name": "D", "schema_name": "T", "name": "X"}
    row = {**place, "owner": None, "comment": MARK, "compute_pool": "P"}
    answers[MILVUS.address] = {"show": Answer((row,))}
    ((one, actual),) = orphans(OLD, Observation({}, answers), "ADMIN").items()
    assert one == Resource(
        Address("service", "D.T.X"),
        Name.of("D", "T", "X"),
        "ADMIN",
        "SECURITYADMIN",
        kind_of("service").undeclared(row),
        mark=read_mark(MARK),
        detail={"database": Name.of("D"), "specification": {}},
    )
    assert actual == Actual(Presence.PRESENT, {}, MARK, {"owner": None})


@pytest.mark.parametrize("comment", THEIRS)
def test_what_carries_another_mark_or_none_is_nobodys_business(comment: str | None) -> None:
    assert orphans(STACK, _shown(comment), "ADMIN") == {}


@given(st.text())
def test_no_comment_without_our_mark_at_its_end_is_ever_ours(comment: str) -> None:
    assert orphans(STACK, _shown(comment), "ADMIN") == {}
    assert orphans(STACK, _shown(f"{MARK}x{comment}".rstrip("\n") + "x"), "ADMIN") == {}


def test_what_is_declared_is_no_orphan() -> None:
    answers = {one.address: {"show": Answer()} for one in STACK}
    row = {"name": "MILVUS_DEMO_WAREHOUSE", "owner": "R", "comment": MARK}
    answers[BY_ADDRESS["warehouse.MILVUS_DEMO_WAREHOUSE"].address] = {"show": Answer((row,))}
    assert orphans(STACK, Observation({}, answers), "ADMIN") == {}


def test_what_stands_in_a_container_may_be_an_orphan_of_a_kind_that_we_know() -> None:
    row = {"comment": MARK, "owner": "R"}
    inside = [
        Found(Address("stage", "D.S.X"), Name.of("D", "S", "X"), row),
        Found(Address("table", "D.S.T"), Name.of("D", "S", "T"), row),
    ]
    answers = {one.address: {"show": Answer()} for one in STACK}
    found = orphans(STACK, Observation({}, answers), "ADMIN", inside)
    assert [str(one.address) for one in found] == ["stage.D.S.X"]


# --- what up does ------------------------------------------------------------------------------------------


def test_what_holds_no_vectors_is_dropped_when_all_else_is_done() -> None:
    undeclared = [one for one in OLD if one != MILVUS]
    plan = _swept(undeclared, plan=plan_up(STACK, nothing(STACK)))
    assert _dropped(plan) == {str(one.address) for one in undeclared}
    before = {change.address for change in plan.changes if change.action is not Action.DELETE}
    for change in plan.changes:
        if change.action is Action.DELETE:
            assert before <= change.needs
            assert change.because == GONE
    assert {one.address for one in undeclared} <= plan.resources.keys()


def test_what_stands_on_another_is_dropped_before_it() -> None:
    plan = _swept([one for one in OLD if one != MILVUS])
    order = [str(change.address) for change in plan.changes]
    needs = {str(change.address): set(map(str, change.needs)) for change in plan.changes}
    for first, then in (
        (str(JUPYTER.address), "compute_pool.OLD_JUPYTER_POOL"),
        (str(JUPYTER.address), "role.OLD_JUPYTER"),
        ("external_access_integration.OLD_JUPYTER_EGRESS", "network_rule.OLD.S.JUPYTER_EGRESS_RULE"),
        ("stage.OLD.S.FILES", "schema.OLD.S"),
        ("schema.OLD.S", "database.OLD"),
        ("database.OLD", "role.OLD_OWNER"),
    ):
        assert first in needs[then]
        assert order.index(first) < order.index(then)


def test_it_says_what_goes_with_it() -> None:
    loses = {str(change.address): change.loses for change in _swept([LEFT["stage.OLD.S.FILES"]]).changes}
    assert loses == {"stage.OLD.S.FILES": "the files in it"}


def test_vectors_stay_and_so_does_what_they_stand_on_and_may_use() -> None:
    plan = _swept(OLD)
    assert _dropped(plan) == {
        str(JUPYTER.address),
        "compute_pool.OLD_JUPYTER_POOL",
        "role.OLD_JUPYTER",
        "role.OLD_ROLE",
        "user.ALICE",
    }
    kept = _kept(plan)
    assert kept.keys() == {str(one.address) for one in OLD} - _dropped(plan)
    assert "`up` never drops the data on its volume (data 20Gi)" in kept[str(MILVUS.address)]
    assert "what stays stands on it" in kept["compute_pool.OLD_MILVUS_POOL"]
    (told,) = (problem for problem in plan.kept if problem.place == str(MILVUS.address))
    assert f"down --target {MILVUS.address}" in (told.hint or "")


def test_a_service_whose_specification_nobody_shows_may_have_a_volume() -> None:
    hidden = Actual(as_declared(JUPYTER).presence, {}, MARK, {})
    undeclared = replace(JUPYTER, attributes={**JUPYTER.attributes, "volumes": ("if it has one",)})
    plan = swept(plan_up(STACK, seen(STACK)), {undeclared: hidden}, {})
    assert _dropped(plan) == set()


def test_a_job_may_still_run() -> None:
    job = as_declared(JUPYTER)
    running = replace(job, live={**job.live, "job": True})
    plan = swept(plan_up(STACK, seen(STACK)), {JUPYTER: running}, {})
    assert not plan.changes
    assert plan.kept == (
        Problem(
            f"{JUPYTER.address} is ours and not in the project file any more; it is a job, and may still run",
            None,
            str(JUPYTER.address),
            "`down` drops it",
        ),
    )


FOREIGN = {
    "a table in the database": ("database.OLD", _found("table", "OLD", "X", "T"), {"database.OLD"}),
    "a stage in the schema": (
        "database.OLD",
        _found("stage", "OLD", "S", "T"),
        {"database.OLD", "schema.OLD.S"},
    ),
    "a service on the pool": (
        "compute_pool.OLD_JUPYTER_POOL",
        _found("service", "D", "S", "T"),
        {"compute_pool.OLD_JUPYTER_POOL"},
    ),
    "what is declared, owned by an old role": (
        "role.OLD_ROLE",
        Found(BY_ADDRESS["database.MILVUS_DEMO"].address, Name.of("MILVUS_DEMO"), {}),
        {"role.OLD_ROLE"},
    ),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_a_container_of_anything_that_is_not_to_be_dropped_stays(what: str) -> None:
    at, found, expected = FOREIGN[what]
    undeclared = [one for one in OLD if one != MILVUS]
    plan = _swept(undeclared, {LEFT[at].address: [found]})
    held = {place for place, summary in _kept(plan).items() if "something else is in it" in summary}
    assert held == expected
    assert not _dropped(plan) & expected
    told = next(problem for problem in plan.kept if problem.place == min(expected))
    assert (told.summary, told.detail) == (
        f"{min(expected)} is ours and not in the project file any more, but something else is in it",
        f"{found.address.kind} {found.name}",
    )
    if at == "database.OLD":
        assert "role.OLD_OWNER" not in _dropped(plan)


@given(st.data())
def test_nothing_goes_from_under_what_stays(data: st.DataObject) -> None:
    left = data.draw(st.lists(st.sampled_from(OLD), unique_by=lambda one: one.address), label="left")
    strange = data.draw(st.sets(st.sampled_from([one for one in OLD if one.address.kind == "database"])))
    contents = {one.address: [_found("table", *one.name.parts, "T")] for one in strange if one in left}
    plan = _swept(left, contents)
    gone = [one for one in left if str(one.address) in _dropped(plan)]
    stays = [one for one in left if one not in gone]
    assert MILVUS not in gone
    assert not set(contents) & {one.address for one in gone}
    for one in stays:
        assert not any(one.name.inside(other.name) for other in gone)
        assert not any(other.address == Address("role", one.role) for other in gone)
    assert len(plan.kept) == len(stays)


def test_without_anything_left_a_plan_is_as_it_was() -> None:
    plan = plan_up(STACK, nothing(STACK))
    assert _swept([], plan=plan) == plan


# --- when that is hardly meant -----------------------------------------------------------------------------


def _too_many(there: int, left: Sequence[Resource]) -> bool:
    """Whether it stops when so many of what is declared are there, and these left the file."""
    marked = [one for one in STACK if one.mark][:there]
    observation = Observation({**nothing(STACK).actual, **seen(marked).actual}, {})
    plan = _swept(left, plan=plan_up(STACK, observation))
    return too_many(plan, STACK, observation, left) is not None


WITHOUT_VECTORS = [one for one in OLD if one != MILVUS]


@pytest.mark.parametrize(
    ("there", "left", "stops"),
    [(0, 2, False), (0, 3, True), (2, 3, True), (3, 3, False), (4, 3, False), (4, 5, True), (5, 5, False)],
)
def test_three_and_more_than_half_of_what_is_ours_stop_up(there: int, left: int, stops: bool) -> None:
    assert _too_many(there, WITHOUT_VECTORS[-left:]) is stops


def test_what_is_not_ours_does_not_count() -> None:
    marked = [one for one in STACK if one.mark][:8]
    theirs = {one.address: as_declared(one, comment="theirs") for one in marked}
    observation = Observation({**nothing(STACK).actual, **theirs}, {})
    left = WITHOUT_VECTORS[-3:]
    plan = _swept(left, plan=plan_up(STACK, observation))
    problem = too_many(plan, STACK, observation, left)
    assert problem == Problem(
        "3 of 3 objects that are ours are not in the project file any more",
        ", ".join(str(one.address) for one in left),
        None,
        "another prefix under `names:` or another environment makes everything new; if this is meant, add "
        "--allow-deletions",
    )


def test_nothing_else_has_to_change_for_it_to_stop() -> None:
    left = WITHOUT_VECTORS[-3:]
    assert too_many(_swept(left, plan=Plan(())), [], nothing(STACK), left)
    assert not too_many(Plan(()), [], nothing(STACK), left)


def test_where_nothing_is_dropped_nothing_stops() -> None:
    left = [MILVUS, *(one for one in OLD if one.address.kind in ("database", "schema", "warehouse"))]
    plan = _swept(left)
    assert not _dropped(plan)
    assert too_many(plan, STACK, nothing(STACK), left) is None


# --- what others put among ours ----------------------------------------------------------------------------


def test_what_came_with_a_database_is_not_strange() -> None:
    database = LEFT["database.OLD"]
    contents = {
        database.address: [_found("schema", "OLD", "PUBLIC"), _found("schema", "OLD", "INFORMATION_SCHEMA")]
    }
    assert strangers([database], contents, seen([database]).actual) == {database.address: ()}


def test_what_an_owner_has_in_a_database_of_ours_is_told_there_once() -> None:
    role, database, schema = (LEFT[at] for at in ("role.OLD_OWNER", "database.OLD", "schema.OLD.S"))
    stage = _found("stage", "OLD", "S", "MINE")
    contents = {database.address: [stage], role.address: [stage, _found("warehouse", "W")]}
    assert strangers([role, database, schema], contents, seen([role, database, schema]).actual) == {
        role.address: (Address("warehouse", "W"),),
        database.address: (stage.address,),
        schema.address: (stage.address,),
    }


def test_what_an_owner_has_in_a_database_of_others_is_told_with_the_owner() -> None:
    role, database, schema = (LEFT[at] for at in ("role.OLD_OWNER", "database.OLD", "schema.OLD.S"))
    theirs = replace(database, existing=True, mark=None)
    stage = _found("stage", "OLD", "S", "MINE")
    inside = strangers([role, theirs, schema], {role.address: [stage]}, seen([role, theirs, schema]).actual)
    assert inside[role.address] == inside[schema.address] == (stage.address,)


def test_what_may_stand_in_an_orphan_unseen_is_told_as_that() -> None:
    database = next(one for one in OLD if one.address.kind == "database")
    plan = _swept([database], {database.address: [unseen(database, "tasks")]})
    assert _kept(plan)[str(database.address)] == (
        f"{database.address} is ours and not in the project file any more, but something else may be in it"
    )


def test_what_is_strange_is_told_in_words() -> None:
    database = LEFT["database.OLD"]
    contents = {database.address: [_found("image_repository", "OLD", "S", "R")]}
    (problem,) = _swept([database], contents).kept
    assert problem.detail == "image repository OLD.S.R"


def test_an_order_for_what_nobody_declares() -> None:
    """What stands on what cannot be known, so each is dropped before all that it may stand on."""
    service, database = (
        BY_ADDRESS[at] for at in ("service.MILVUS_DEMO.PUBLIC.MILVUS", "database.MILVUS_DEMO")
    )
    secret = LEFT["secret.OLD.S.KEY"]
    needs = {one.address: one.needs for one in ordered([service, database], [secret])}
    assert needs[service.address] == service.needs | {secret.address}
    assert needs[secret.address] == secret.needs | {database.address}
    assert needs[database.address] == database.needs


def test_what_is_ours_is_not_strange_and_what_exists_is() -> None:
    role, database, stage = LEFT["role.OLD_OWNER"], LEFT["database.OLD"], LEFT["stage.OLD.S.DATA"]
    ours = _found("stage", "OLD", "S", "DATA")
    there = [role, database, stage]
    assert strangers(there, {database.address: [ours]}, seen(there).actual)[database.address] == ()
    contents = {role.address: [ours]}
    assert strangers([role, stage], contents, seen([role, stage]).actual)[role.address] == ()
    theirs = replace(stage, existing=True, mark=None)
    assert strangers([role, theirs], contents, seen([role, theirs]).actual)[role.address] == (stage.address,)


HOLDING = (("compute_pool", "MILVUS_POOL"), ("role", "OWNER"))


def test_what_is_declared_and_not_ours_is_strange_to_what_it_stands_on() -> None:
    stack = declared()
    given_away = {
        one.address: as_declared(one, comment="theirs")
        for one in stack
        if one.address.kind == "warehouse" or str(one.address).endswith(".PUBLIC.MILVUS")
    }
    warehouse, milvus = given_away
    pool, role = (Address(kind, f"MILVUS_DEMO_{name}") for kind, name in HOLDING)
    contents = {
        one: (Found(on, Name(tuple(on.name.split("."))), {}),)
        for one, on in ((pool, milvus), (role, warehouse))
    }

    assert not any(strangers(stack, contents, seen(stack).actual).values())

    inside = strangers(stack, contents, seen(stack, given_away).actual)
    assert (inside[pool], inside[role]) == ((milvus,), (warehouse,))
    plan = plan_down(stack, seen(stack, given_away), inside)
    assert not {change.address for change in plan.changes} & {pool, role, *given_away}
    assert {str(pool), str(role)} <= {problem.place for problem in plan.kept}


@pytest.mark.parametrize(("counted", "stays"), [(2, True), (1, False)])
def test_a_pool_on_which_we_may_not_see_all_stays_where_it_counts_more(counted: int, stays: bool) -> None:
    stack = declared()
    pool = by_address(stack)["compute_pool.MILVUS_DEMO_MILVUS_POOL"]
    milvus, hidden = _found("service", "MILVUS_DEMO", "PUBLIC", "MILVUS"), _found("unseen", "SERVICES")
    counting = as_declared(pool, live={"owner": pool.role, "state": "ACTIVE", "services": counted})
    observation = seen(stack, {pool.address: counting})
    inside = strangers(stack, {pool.address: (milvus, hidden)}, observation.actual)
    assert inside[pool.address] == ((hidden.address,) if stays else ())
    for keep_data in (False, True):
        plan = plan_down(stack, observation, inside, keep_data=keep_data)
        assert (pool.address not in {change.address for change in plan.changes}) is stays


@pytest.mark.parametrize(
    "answer", [Answer(refused="x"), Answer(partial="x"), Answer()], ids=["refused", "partial", "whole"]
)
def test_services_that_may_be_there_unseen_are_something_on_the_pool(answer: Answer) -> None:
    pool = by_address(declared())["compute_pool.MILVUS_DEMO_MILVUS_POOL"]
    holds = kind_of("compute_pool").holds
    assert holds
    found = [str(one.address) for one in holds.read(pool, {"services": answer})]
    unseen = ["unseen.MILVUS_DEMO_MILVUS_POOL.services"]
    assert found == ([] if answer == Answer() else unseen)


def test_a_role_whose_service_lost_its_mark_stays() -> None:
    stack = declared()
    service, role = (
        by_address(stack)[at] for at in ("service.MILVUS_DEMO.PUBLIC.JUPYTER", "role.MILVUS_DEMO_JUPYTER")
    )
    observation = seen(stack, {service.address: as_declared(service, comment="hello")})
    owned = _found("service", "MILVUS_DEMO", "PUBLIC", "JUPYTER")
    inside = strangers(stack, {role.address: (owned,)}, observation.actual)
    assert inside[role.address] == (service.address,)
