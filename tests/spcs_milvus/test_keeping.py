"""What `down --keep-data` leaves asleep, what it drops all the same, and what wakes up again."""

from dataclasses import replace

import pytest
from tests.spcs_milvus.stack import QUICKSTART, as_declared, by_address, declared, seen

from spcs_milvus.errors import Problem
from spcs_milvus.keeping import awake, kept_asleep, note_of, noted
from spcs_milvus.kinds import kind_of
from spcs_milvus.kinds.base import comment_step
from spcs_milvus.plan import Action, Change, Plan, plan_up
from spcs_milvus.resource import (
    ABSENT,
    KEPT,
    RESTARTING,
    Actual,
    Address,
    Presence,
    Resource,
    mark_of,
)
from spcs_milvus.steps import Rest
from spcs_milvus.teardown import plan_down

STACK = declared(QUICKSTART + "names: {schema: S}\n")
BY_ADDRESS = by_address(STACK)
DATABASE = BY_ADDRESS["database.MILVUS_DEMO"]
SCHEMA = BY_ADDRESS["schema.MILVUS_DEMO.S"]
MILVUS = BY_ADDRESS["service.MILVUS_DEMO.S.MILVUS"]
POOL = BY_ADDRESS["compute_pool.MILVUS_DEMO_MILVUS_POOL"]
WAREHOUSE = BY_ADDRESS["warehouse.MILVUS_DEMO_WAREHOUSE"]
NOTEBOOK = {
    "service.MILVUS_DEMO.S.JUPYTER",
    "compute_pool.MILVUS_DEMO_JUPYTER_POOL",
    "role.MILVUS_DEMO_JUPYTER",
}
GONE = {*NOTEBOOK, "warehouse.MILVUS_DEMO_WAREHOUSE", "role.MILVUS_DEMO_ROLE"}
HELD = {
    "database.MILVUS_DEMO": "everything in it",
    "image_repository.MILVUS_DEMO.S.MILVUS_REPO": "every image in it",
    "stage.MILVUS_DEMO.S.DATA": "the files in it",
    "stage.MILVUS_DEMO.S.FILES": "the files in it",
    "service.MILVUS_DEMO.S.MILVUS": "the data on its volume (data 20Gi)",
}
FOR_MILVUS = {"compute_pool.MILVUS_DEMO_MILVUS_POOL", "role.MILVUS_DEMO_MILVUS"}
NEEDED = {*FOR_MILVUS, "schema.MILVUS_DEMO.S", "role.MILVUS_DEMO_OWNER"}
MARKED = comment_step(POOL, f"{KEPT} {POOL.mark}")
SUSPEND = kind_of("compute_pool").suspend(POOL)
RESUME = kind_of("compute_pool").resume(POOL)
TABLE = (Address("table", "MILVUS_DEMO.S.T"),)


def _pool(state: str, *, kept: bool) -> Actual:
    comment = f"{KEPT} {POOL.mark}" if kept else str(POOL.mark)
    return as_declared(POOL, comment=comment, live={"owner": POOL.role, "state": state})


def _down(
    other: dict[Resource, Actual] | None = None,
    foreign: dict[Address, tuple[Address, ...]] | None = None,
    agreed: tuple[Address, ...] = (),
) -> Plan:
    there = {resource.address: actual for resource, actual in (other or {}).items()}
    return plan_down(STACK, seen(STACK, there), foreign or {}, agreed, keep_data=True)


def _told(plan: Plan, action: Action) -> set[str]:
    return {str(change.address) for change in plan.changes if change.action is action}


def _kept(plan: Plan) -> set[str | None]:
    return {problem.place for problem in plan.lasting}


# --- falling asleep and waking up --------------------------------------------------------------------------


@pytest.mark.parametrize("comment", [None, "", str(POOL.mark), f"x {KEPT} {POOL.mark}"])
def test_what_does_not_begin_with_the_word_is_not_kept(comment: str | None) -> None:
    assert note_of(as_declared(POOL, comment=comment)) is None


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("state", ["ACTIVE", "SUSPENDED", "STOPPING"])
def test_only_what_is_still_to_be_done_puts_it_to_sleep(state: str, kept: bool) -> None:
    assert kept_asleep(POOL, _pool(state, kept=kept), state) == (
        *(() if kept else (MARKED,)),
        *(SUSPEND if state == "ACTIVE" else ()),
        *(() if state == "SUSPENDED" else (Rest(POOL.address),)),
    )


def test_the_mark_that_is_there_stays_whatever_is_declared_by_now() -> None:
    old = mark_of("milvus-demo", "default", {"min_nodes": 7})
    (step,) = kept_asleep(POOL, as_declared(POOL, comment=str(old)), "SUSPENDED")
    assert step == comment_step(POOL, f"{KEPT} {old}")


@pytest.mark.parametrize("state", ["ACTIVE", "SUSPENDED", "STOPPING"])
def test_what_was_kept_wakes_up_where_nobody_woke_it(state: str) -> None:
    assert awake(POOL, _pool(state, kept=False), state) == ()
    assert awake(POOL, _pool(state, kept=True), state) == (
        *(() if state == "ACTIVE" else RESUME),
        comment_step(POOL, str(POOL.mark)),
    )


@pytest.mark.parametrize("state", ["RUNNING", "SUSPENDED", "SUSPENDING"])
def test_what_was_to_start_again_does_wherever_it_was_cut_short(state: str) -> None:
    actual = as_declared(MILVUS, comment=f"{RESTARTING} {MILVUS.mark}", live={"status": state})
    kind = kind_of("service")
    assert awake(MILVUS, actual, state) == (
        *(kind.suspend(MILVUS) if state == "RUNNING" else ()),
        *kind.resume(MILVUS),
        comment_step(MILVUS, str(MILVUS.mark)),
    )


def test_a_note_stays_until_all_is_done() -> None:
    assert str(noted(POOL, KEPT).mark) == f"{KEPT} {POOL.mark}"
    assert noted(POOL, None) is POOL
    assert note_of(as_declared(POOL, comment=f"our own words {POOL.mark}")) is None
    changed = as_declared(POOL, comment=f"{KEPT} {POOL.mark}", attributes={**POOL.attributes, "max_nodes": 9})
    asleep = replace(changed, live={"owner": POOL.role, "state": "SUSPENDED"})
    (change,) = plan_up(STACK, seen(STACK, {POOL.address: asleep})).changes
    altered = kind_of("compute_pool").alter(noted(POOL, KEPT), frozenset({"max_nodes"}))
    assert change.steps == (*altered, *awake(POOL, asleep, "SUSPENDED"))


# --- what is kept ------------------------------------------------------------------------------------------


def test_what_holds_data_is_kept_with_all_it_needs() -> None:
    plan = _down()
    assert _told(plan, Action.DELETE) == GONE
    assert _told(plan, Action.PAUSE) == {str(MILVUS.address), str(POOL.address)}
    hint = (
        "while the project file names it, `spcs-milvus up` uses it again; "
        "`spcs-milvus down` without --keep-data removes it"
    )
    why = HELD | dict.fromkeys(NEEDED, "what is kept needs it")
    assert set(plan.lasting) == {Problem(f"{at} is kept", because, at, hint) for at, because in why.items()}
    assert {problem.place for problem in plan.lasting[: len(HELD)]} == HELD.keys()
    assert (plan.kept, plan.conflicts) == ((), ())


def test_what_runs_of_it_is_put_to_sleep() -> None:
    (pause,) = (
        one for one in _down({POOL: _pool("ACTIVE", kept=False)}).changes if one.address == POOL.address
    )
    assert pause == Change(
        POOL.address,
        Action.PAUSE,
        "its data is kept, or what is kept needs it",
        (MARKED, *SUSPEND, Rest(POOL.address)),
        pause.needs,
    )
    assert {str(one) for one in pause.needs} == {"service.MILVUS_DEMO.S.JUPYTER", str(MILVUS.address)}


def test_what_sleeps_already_is_no_change() -> None:
    asleep = _down({POOL: _pool("SUSPENDED", kept=True)})
    assert _told(asleep, Action.PAUSE) == {str(MILVUS.address)}


THEIRS: dict[str, Actual] = {
    "it is not there": ABSENT,
    "it is not ours": as_declared(MILVUS, comment="made by hand"),
    "it cannot be told": Actual(Presence.UNKNOWN, reason="why"),
    "it has no volume": as_declared(MILVUS, attributes={**MILVUS.attributes, "volumes": ()}),
}


@pytest.mark.parametrize("why", THEIRS)
def test_where_nothing_of_ours_holds_vectors_its_pool_goes(why: str) -> None:
    plan = _down({MILVUS: THEIRS[why]})
    assert str(MILVUS.address) not in _kept(plan)
    assert _kept(plan) == (HELD.keys() | NEEDED) - {str(MILVUS.address), *FOR_MILVUS}
    assert str(POOL.address) in _told(plan, Action.DELETE)
    assert not _told(plan, Action.PAUSE)


def test_what_exists_is_not_kept_by_us() -> None:
    stack = declared(QUICKSTART + "names: {database: SHARED}\nexisting: [database.SHARED]\n")
    plan = plan_down(stack, seen(stack), {}, keep_data=True)
    assert "database.SHARED" not in _kept(plan)
    assert "service.SHARED.PUBLIC.MILVUS" in _kept(plan)


# --- what others put there ---------------------------------------------------------------------------------


def test_what_is_kept_may_hold_what_it_likes() -> None:
    plan = _down(foreign={DATABASE.address: TABLE, SCHEMA.address: TABLE})
    assert (plan.kept, _told(plan, Action.DELETE)) == ((), GONE)


def test_a_pool_that_runs_for_others_cannot_rest_and_is_told() -> None:
    mine = (Address("service", "D.S.MINE"),)
    plan = _down(foreign={POOL.address: mine})
    assert [problem.place for problem in plan.kept] == [str(POOL.address)]
    assert _kept(plan) == HELD.keys() | NEEDED - {str(POOL.address)}
    assert _told(plan, Action.PAUSE) == {str(MILVUS.address)}


@pytest.mark.parametrize("agreed", [(), (DATABASE.address,), TABLE])
def test_agreeing_takes_nothing_along_with_what_is_kept(agreed: tuple[Address, ...]) -> None:
    """What would go with a database that is kept stays with it, so a thing of others in our place is told."""
    stage = BY_ADDRESS["stage.MILVUS_DEMO.S.DATA"]
    theirs = {stage: as_declared(stage, comment="made by hand")}
    plan = _down(theirs, {DATABASE.address: TABLE, SCHEMA.address: TABLE}, agreed)
    assert ([problem.place for problem in plan.strange], plan.kept) == ([str(stage.address)], ())
    assert _told(plan, Action.DELETE) == GONE


def test_without_it_all_goes() -> None:
    plan = plan_down(STACK, seen(STACK), {})
    assert _told(plan, Action.PAUSE) == set()
    assert {str(MILVUS.address), str(POOL.address), str(DATABASE.address)} <= _told(plan, Action.DELETE)
    kept = {POOL.address: replace(_pool("SUSPENDED", kept=True))}
    assert str(POOL.address) in _told(plan_down(STACK, seen(STACK, kept), {}), Action.DELETE)


@pytest.mark.parametrize("state", ["SUSPENDED", "ACTIVE"])
def test_up_wakes_what_was_kept_and_says_why(state: str) -> None:
    (change,) = plan_up(STACK, seen(STACK, {POOL.address: _pool(state, kept=True)})).changes
    assert change.because == "its data was kept, and is wanted again"
    assert change.steps == awake(POOL, _pool(state, kept=True), state)
