"""What a service loses when it is suspended, and plans of ``pause`` and ``resume`` that need no account."""

from dataclasses import replace
from typing import Any

import pytest
from tests.spcs_milvus.stack import QUICKSTART, as_declared, by_address, declared, nothing, seen

from spcs_milvus.errors import Problem
from spcs_milvus.kinds import kind_of
from spcs_milvus.kinds.base import FREE, Cost, Found, comment_step
from spcs_milvus.names import Name
from spcs_milvus.observe import Observation
from spcs_milvus.pausing import lost_at_rest, plan_pause, plan_resume
from spcs_milvus.plan import Action, Change, plan_up
from spcs_milvus.resource import ABSENT, KEPT, RESTARTING, Actual, Address, Presence, Resource, mark_of
from spcs_milvus.specification import canonical
from spcs_milvus.status import LOOKED_AT
from spcs_milvus.steps import Effect, Rest, Statement
from spcs_milvus.teardown import plan_down

STACK = declared()
MILVUS = by_address(STACK)["service.MILVUS_DEMO.PUBLIC.MILVUS"]
JUPYTER = by_address(STACK)["service.MILVUS_DEMO.PUBLIC.JUPYTER"]
POOL = by_address(STACK)["compute_pool.MILVUS_DEMO_MILVUS_POOL"]
WATCHED = [resource for resource in STACK if resource.address.kind in LOOKED_AT]
DATA = "everything in /var/lib/milvus, which is on no block volume"


def _specification(mount: str | None, *volumes: dict[str, Any]) -> Any:
    mounts = {"volumeMounts": [{"name": "data", "mountPath": mount}]} if mount else {}
    spec: dict[str, Any] = {"containers": [{"name": "milvus", **mounts}]}
    return canonical({"spec": {**spec, **({"volumes": list(volumes)} if volumes else {})}})


BLOCK = {"name": "data", "source": "block", "size": "20Gi"}
STAGE = {"name": "data", "source": "stage", "stageConfig": {"name": "@S"}}
RUNS_WITH: dict[str, tuple[Any, str | None]] = {
    "a block volume there": (_specification("/var/lib/milvus", BLOCK), None),
    "a block volume above": (_specification("/var/lib", BLOCK), None),
    "a block volume elsewhere": (_specification("/data", BLOCK), DATA),
    "a block volume that nobody mounts": (_specification(None, BLOCK), DATA),
    "no volume": (_specification(None), DATA),
    "a stage": (_specification("/var/lib/milvus", STAGE), DATA),
    "a local volume": (
        _specification("/var/lib/milvus", {"name": "data", "source": "local"}),
        f"what is on its volume data (source local) and {DATA}",
    ),
    "one in memory beside": (
        _specification("/var/lib/milvus", BLOCK, {"name": "shm", "source": "memory"}),
        "what is on its volume shm (source memory)",
    ),
}


@pytest.mark.parametrize("what", RUNS_WITH)
def test_what_is_lost_is_judged_by_what_it_runs_with(what: str) -> None:
    specification, lost = RUNS_WITH[what]
    actual = as_declared(MILVUS)
    shown = replace(actual, live={**actual.live, "specification": specification})
    assert lost_at_rest(MILVUS, shown) == lost


@pytest.mark.parametrize(("volume", "lost"), [("{size: 1Gi}", None), ("null, volatile: true", DATA)])
def test_what_is_not_shown_is_judged_as_declared(volume: str, lost: str | None) -> None:
    service = by_address(declared(f"{QUICKSTART}milvus: {{volume: {volume}}}\n"))[str(MILVUS.address)]
    assert lost_at_rest(service, as_declared(service, attributes={})) == lost


def test_the_notebook_and_pools_lose_nothing() -> None:
    assert lost_at_rest(JUPYTER, as_declared(JUPYTER)) is None
    assert lost_at_rest(POOL, as_declared(POOL)) is None


def _watched(other: dict[Resource, Actual]) -> Observation:
    changed = {resource.address: actual for resource, actual in other.items()}
    return Observation(
        {resource.address: changed.get(resource.address, as_declared(resource)) for resource in WATCHED}, {}
    )


def _in_state(resource: Resource, state: str) -> Actual:
    actual = as_declared(resource)
    return replace(actual, live={**actual.live, "status" if "status" in actual.live else "state": state})


@pytest.mark.parametrize("state", ["SUSPENDING", "STOPPING"])
def test_what_is_about_to_rest_is_only_waited_for(state: str) -> None:
    plan = plan_pause(STACK, _watched({MILVUS: _in_state(MILVUS, state)}), {})
    (change,) = (change for change in plan.changes if change.address == MILVUS.address)
    assert change.steps == (Rest(MILVUS.address),)


def test_whoever_calls_a_service_rests_first_and_its_pool_last() -> None:
    needs = {change.address: change.needs for change in plan_pause(STACK, _watched({}), {}).changes}
    assert needs[MILVUS.address] == {JUPYTER.address}
    assert needs[POOL.address] == {JUPYTER.address, MILVUS.address}


@pytest.mark.parametrize("make", ["pause", "resume"])
def test_what_is_not_ours_or_cannot_be_told_is_left_alone(make: str) -> None:
    theirs = replace(
        _in_state(MILVUS, "SUSPENDED" if make == "resume" else "RUNNING"), comment="made by hand"
    )
    unknown = Actual(Presence.UNKNOWN, reason="the role may not see it")
    observation = _watched({MILVUS: theirs, JUPYTER: unknown})
    plan = plan_pause(STACK, observation, {}) if make == "pause" else plan_resume(STACK, observation)
    assert {problem.place for problem in plan.kept} == {str(MILVUS.address), str(JUPYTER.address)}
    assert {change.address.kind for change in plan.changes} <= {"compute_pool"}


def test_resume_begins_with_the_pool_and_is_patient() -> None:
    resting = {one: _in_state(one, "SUSPENDED") for one in (MILVUS, POOL)}
    plan = plan_resume(STACK, _watched(resting))
    told = [(change.address.kind, change.action) for change in plan.changes]
    pool = ("compute_pool", Action.RESUME)
    assert told == [pool, ("service", Action.RESUME), ("ready", Action.WAIT)]
    steps = [step for change in plan.changes for step in change.steps if isinstance(step, Statement)]
    assert [step.sql for step in steps] == [
        "ALTER COMPUTE POOL MILVUS_DEMO_MILVUS_POOL RESUME",
        "ALTER SERVICE MILVUS_DEMO.PUBLIC.MILVUS RESUME",
    ]
    assert all(step.patience_seconds for step in steps)


def test_what_rests_answers_nobody_and_what_wakes_is_charged_for() -> None:
    costs = {change.address: change.cost for change in plan_pause(STACK, _watched({}), {}).changes}
    assert costs[MILVUS.address].downtime == "it answers nobody until it is resumed"
    assert costs[POOL.address] == FREE

    resting = {one: _in_state(one, "SUSPENDED") for one in (MILVUS, POOL)}
    costs = {change.address: change.cost for change in plan_resume(STACK, _watched(resting)).changes}
    assert (costs[POOL.address].credits or "").startswith("1 node of CPU_X64_")
    assert costs[MILVUS.address] == FREE


@pytest.mark.parametrize("state", ["SUSPENDED", "ACTIVE"])
def test_what_was_kept_is_charged_for_once_it_wakes(state: str) -> None:
    kept = replace(_in_state(POOL, state), comment=f"{KEPT} {POOL.mark}")
    (change,) = plan_up(STACK, seen(STACK, {POOL.address: kept})).changes
    assert bool(change.cost.credits) is (state == "SUSPENDED")


def test_a_pool_that_rests_is_told_with_what_that_saves() -> None:
    up = as_declared(POOL, live={"owner": POOL.role, "state": "ACTIVE", "nodes": 2})
    saved = "2 nodes of CPU_X64_S less, saving about 0.22 credits an hour"
    (change,) = plan_pause([POOL], seen([POOL], {POOL.address: up}), {}).changes
    assert change.cost == Cost(credits=saved)
    kept = plan_down(STACK, seen(STACK, {POOL.address: up}), {}, keep_data=True).changes
    (change,) = (one for one in kept if one.address == POOL.address)
    assert change.cost == Cost(credits=saved)


PLAIN = comment_step(MILVUS, str(MILVUS.mark))


def _cut_short(status: str) -> Actual:
    """A service as a rotation leaves it that was cut short."""
    return replace(_in_state(MILVUS, status), comment=f"{RESTARTING} {MILVUS.mark}")


@pytest.mark.parametrize("status", ["SUSPENDED", "RUNNING"])
def test_a_pause_ends_a_rotation_that_was_cut_short(status: str) -> None:
    (change,) = plan_pause([MILVUS], seen([MILVUS], {MILVUS.address: _cut_short(status)}), {}).changes
    suspend = kind_of("service").suspend(MILVUS) if status == "RUNNING" else ()
    assert change.steps == (*suspend, Rest(MILVUS.address), PLAIN)


def test_resuming_ends_a_rotation_that_was_cut_short() -> None:
    change, _ = plan_resume([MILVUS], seen([MILVUS], {MILVUS.address: _cut_short("SUSPENDED")})).changes
    assert change.steps == (*kind_of("service").resume(MILVUS), PLAIN)


def test_the_mark_stays_as_it_is_whatever_is_declared_by_now() -> None:
    old = mark_of("milvus-demo", "default", {"max_instances": 7})
    cut = replace(_in_state(MILVUS, "SUSPENDED"), comment=f"{RESTARTING} {old}")
    change, _ = plan_resume([MILVUS], seen([MILVUS], {MILVUS.address: cut})).changes
    assert change.steps[-1] == comment_step(MILVUS, str(old))


def test_what_sleeps_already_loses_nothing_by_a_pause() -> None:
    cut = _cut_short("SUSPENDED")
    passing = _specification("/var/lib/milvus", {"name": "data", "source": "local"})
    cut = replace(cut, live={**cut.live, "specification": passing})
    assert lost_at_rest(MILVUS, cut)
    assert plan_pause([MILVUS], seen([MILVUS], {MILVUS.address: cut}), {}).conflicts == ()


def test_what_was_kept_and_runs_is_kept_no_more_after_a_pause_or_resume() -> None:
    woken = replace(_in_state(MILVUS, "RUNNING"), comment=f"{KEPT} {MILVUS.mark}")
    there = seen([MILVUS], {MILVUS.address: woken})
    (change,) = plan_pause([MILVUS], there, {}).changes
    assert change.steps == (*kind_of("service").suspend(MILVUS), Rest(MILVUS.address), PLAIN)
    change = plan_resume([MILVUS], there).changes[0]
    assert (change.steps, change.cost) == ((PLAIN,), FREE)
    assert change.because == "it is RUNNING, and kept no more"


# --- in every word -----------------------------------------------------------------------------------------

SHARED = declared(QUICKSTART + "compute_pools: {milvus: {name: BIG}}\nexisting: [compute_pool.BIG]\n")
(BIG,) = (one for one in SHARED if one.existing)


def _found(name: str, status: str = "RUNNING") -> Found:
    return Found(Address("service", name), Name.of(*name.split(".")), {"status": status})


def test_a_pause_in_every_word() -> None:
    plan = plan_pause(STACK, _watched({POOL: _in_state(POOL, "IDLE")}), {})
    assert {change.address.kind: index for index, change in enumerate(plan.changes)} == {
        "service": 1,
        "compute_pool": 3,
    }
    changes = {change.address: change for change in plan.changes}
    assert changes[MILVUS.address] == Change(
        MILVUS.address,
        Action.PAUSE,
        "it is RUNNING",
        (
            Statement(f"ALTER SERVICE {MILVUS.name} SUSPEND", MILVUS.role, effect=Effect.ASLEEP),
            Rest(MILVUS.address),
        ),
        frozenset({JUPYTER.address}),
        cost=Cost(downtime="it answers nobody until it is resumed"),
    )
    assert changes[POOL.address].because == "it is IDLE"
    assert (plan.conflicts, plan.kept, plan.lasting, plan.existing) == ((), (), (), ())
    assert plan.resources == {one.address: one for one in WATCHED}


def test_what_rests_already_is_no_change_and_ends_nothing() -> None:
    first, *others = WATCHED
    plan = plan_pause(STACK, _watched({first: _in_state(first, "SUSPENDED")}), {})
    assert {change.address for change in plan.changes} == {one.address for one in others}


def test_what_would_be_lost_is_asked_for_and_told() -> None:
    volatile = declared(QUICKSTART + "milvus: {volume: null, volatile: true}\n")
    observation = seen([one for one in volatile if one.address.kind in LOOKED_AT])
    plan = plan_pause(volatile, observation, {})
    summary = f"{MILVUS.address} would lose data while it is paused"
    hint = f"keep it on a block volume; or agree to losing it with --lose {MILVUS.address}"
    assert plan.conflicts == (Problem(summary, DATA, str(MILVUS.address), hint),)
    for agreed in ([], [MILVUS.address]):
        plan = plan_pause(volatile, observation, {}, agreed)
        assert bool(plan.conflicts) is not bool(agreed)
        assert {one.address: one.loses for one in plan.changes}[MILVUS.address] == DATA


def test_a_pool_that_runs_anything_of_others_stays_up() -> None:
    contents = [_found("D.S.MINE"), _found(str(MILVUS.name)), _found("D.S.TOO", "PENDING")]
    plan = plan_pause(STACK, _watched({}), {POOL.address: contents})
    assert plan.kept == (
        Problem(
            f"{POOL.address} runs what is not ours, so it stays up and costs credits",
            "D.S.MINE, D.S.TOO",
            str(POOL.address),
            f"once that may be suspended: USE ROLE {POOL.role}; ALTER COMPUTE POOL {POOL.name} SUSPEND;",
        ),
    )
    assert POOL.address not in {change.address for change in plan.changes}


@pytest.mark.parametrize("status", ["SUSPENDED", "DONE", "CANCELLED", "DELETED"])
def test_what_rests_on_a_pool_does_not_keep_it_up(status: str) -> None:
    plan = plan_pause(STACK, _watched({}), {POOL.address: [_found("D.S.MINE", status)]})
    assert POOL.address in {change.address for change in plan.changes}


def test_a_service_of_our_name_that_is_not_ours_keeps_its_pool_up() -> None:
    theirs = replace(as_declared(MILVUS), comment="made by hand")
    plan = plan_pause(STACK, _watched({MILVUS: theirs}), {POOL.address: [_found(str(MILVUS.name))]})
    assert {problem.place for problem in plan.kept} == {str(MILVUS.address), str(POOL.address)}


def test_a_pool_that_is_not_ours_stays_as_it_is() -> None:
    observation = _seen_shared("ACTIVE")
    plan = plan_pause(SHARED, observation, {})
    summary = "compute_pool.BIG is not ours, so it stays ACTIVE"
    assert plan.lasting == (Problem(summary, "it is listed under `existing`", "compute_pool.BIG"),)
    assert plan.existing == plan_resume(SHARED, observation).existing == (BIG.address,)
    assert BIG.address not in {change.address for change in plan.changes}


def _seen_shared(state: str, **attributes: bool) -> Observation:
    there = replace(_in_state(BIG, state), attributes=attributes, live={"owner": "OPS", "state": state})
    return seen([one for one in SHARED if one.address.kind in LOOKED_AT], {BIG.address: there})


@pytest.mark.parametrize(
    ("state", "attributes", "told"),
    [
        ("SUSPENDED", {"auto_resume": False}, True),
        ("SUSPENDED", {"auto_resume": True}, False),
        ("SUSPENDED", {}, False),
        ("IDLE", {"auto_resume": False}, False),
    ],
)
def test_a_pool_that_is_not_ours_and_does_not_wake(
    state: str, attributes: dict[str, bool], told: bool
) -> None:
    plan = plan_resume(SHARED, _seen_shared(state, **attributes))
    problem = Problem(
        "compute_pool.BIG is suspended and not ours, so nothing can run on it",
        "it is listed under `existing`, and does not start by itself",
        "compute_pool.BIG",
        "ask its owner OPS: ALTER COMPUTE POOL BIG RESUME;",
    )
    assert plan.kept == ((problem,) if told else ())
    assert plan.changes == ()


def test_all_that_does_not_wake_is_told() -> None:
    pool = next(one for one in WATCHED if one.name.last == "MILVUS_DEMO_JUPYTER_POOL")
    observation = _seen_shared("SUSPENDED", auto_resume=False)
    observation = Observation({**observation.actual, pool.address: ABSENT}, {})
    plan = plan_resume(SHARED, observation)
    assert [problem.place for problem in plan.kept] == [str(pool.address), "compute_pool.BIG"]


def test_a_resumption_in_every_word() -> None:
    resting = {one: _in_state(one, "SUSPENDED") for one in (MILVUS, POOL)}
    plan = plan_resume(STACK, _watched({**resting, JUPYTER: ABSENT}))
    assert [change.because for change in plan.changes] == [
        "it is SUSPENDED",
        "it is SUSPENDED",
        "it is to be ready",
    ]
    assert [change.needs for change in plan.changes] == [
        frozenset(),
        {POOL.address},
        {POOL.address, MILVUS.address},
    ]
    at = str(JUPYTER.address)
    assert plan.kept == (Problem(f"{at} is not there", None, at, "`spcs-milvus up` makes it"),)
    assert (plan.conflicts, plan.existing) == ((), ())
    assert plan.resources == {one.address: one for one in WATCHED}


def test_what_wakes_up_already_is_waited_for() -> None:
    pending = _in_state(MILVUS, "PENDING")
    pending = replace(pending, live={**pending.live, "containers": []})
    (wait,) = plan_resume(STACK, _watched({MILVUS: pending})).changes
    assert (wait.action, wait.because) == (Action.WAIT, "it is to be ready")


def test_nothing_is_there() -> None:
    assert plan_pause(STACK, nothing(WATCHED), {}).changes == ()
    assert plan_resume(STACK, nothing(WATCHED)).changes == ()
    assert plan_resume(STACK, seen(WATCHED)).changes == ()


@pytest.mark.parametrize(("counted", "shown", "unseen"), [(2, 1, 1), (1, 1, 0), (0, 1, 0)])
def test_a_pool_that_counts_more_services_than_are_shown_stays_up(
    counted: int, shown: int, unseen: int
) -> None:
    """Whoever sees less than all would suspend what others run there. Jobs are not among what it counts."""
    actual = as_declared(POOL)
    counting = replace(actual, live={**actual.live, "state": "ACTIVE", "services": counted})
    own = Found(MILVUS.address, MILVUS.name, {"status": "RUNNING", "is_job": "false"})
    job = Found(MILVUS.address, MILVUS.name, {"status": "DONE", "is_job": "true"})
    plan = plan_pause(STACK, _watched({POOL: counting}), {POOL.address: [*[own] * shown, job]})
    told = [one.detail for one in plan.kept if one.place == str(POOL.address)]
    assert told == ([f"{unseen} that this user is not shown"] if unseen else [])
