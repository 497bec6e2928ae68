"""What stands on what, and that a plan says what would go along."""

from tests.spcs_milvus.stack import QUICKSTART, as_declared, by_address, declared, seen

from spcs_milvus.plan import Action, plan_up
from spcs_milvus.resource import ABSENT, Address
from spcs_milvus.standing import standing_on, stood_on

STACK = declared()
BY_ADDRESS = by_address(STACK)
POOL = BY_ADDRESS["compute_pool.MILVUS_DEMO_MILVUS_POOL"]
MILVUS = BY_ADDRESS["service.MILVUS_DEMO.PUBLIC.MILVUS"]
JUPYTER = BY_ADDRESS["service.MILVUS_DEMO.PUBLIC.JUPYTER"]
ENDPOINTS = "grant.endpoints of service MILVUS_DEMO.PUBLIC.MILVUS to MILVUS_DEMO_JUPYTER"
ON_THE_POOL = {
    str(MILVUS.address),
    ENDPOINTS,
    "grant.USAGE on compute pool MILVUS_DEMO_MILVUS_POOL to MILVUS_DEMO_MILVUS",
}


def test_a_service_stands_on_its_pool_and_its_grants_on_it() -> None:
    assert set(map(str, standing_on([POOL.address], STACK))) == ON_THE_POOL


def test_a_service_stands_on_what_it_is_in_and_on_who_owns_it() -> None:
    assert set(map(str, stood_on([MILVUS.address], STACK))) == {
        "database.MILVUS_DEMO",
        "compute_pool.MILVUS_DEMO_MILVUS_POOL",
        "role.MILVUS_DEMO_MILVUS",
        "role.MILVUS_DEMO_OWNER",
    }


def test_who_only_needs_something_does_not_stand_on_it() -> None:
    assert JUPYTER.address not in standing_on([MILVUS.address], STACK)
    assert MILVUS.address not in standing_on([BY_ADDRESS["warehouse.MILVUS_DEMO_WAREHOUSE"].address], STACK)


def test_nothing_stands_on_what_nobody_declares() -> None:
    assert standing_on([Address("role", "NOBODYS")], STACK) == ()
    assert stood_on([Address("role", "NOBODYS")], STACK) == frozenset()


def test_everything_of_the_owner_stands_on_its_role() -> None:
    standing = set(standing_on([BY_ADDRESS["role.MILVUS_DEMO_OWNER"].address], STACK))
    assert {one.address for one in STACK if one.role == "MILVUS_DEMO_OWNER"} <= standing


def test_what_would_be_made_again_says_what_forces_it_and_what_goes_along() -> None:
    other = as_declared(POOL, attributes={**POOL.attributes, "instance_family": "CPU_X64_M"})
    plan = plan_up(STACK, seen(STACK, {POOL.address: other}))
    (change,) = plan.changes
    assert (change.action, change.forced_by, change.steps) == (Action.REPLACE, ("instance_family",), ())
    lost = f"the data on its volume (data 20Gi) of {MILVUS.address}"
    assert (change.needs, change.images, change.loses) == (frozenset(), (), lost)
    assert f"making it again would lose {lost}\n" in (plan.conflicts[0].detail or "")
    assert set(map(str, change.takes_along)) == ON_THE_POOL
    assert change.cost.credits == "1 node of CPU_X64_S from now on, about 0.11 credits an hour"
    assert ENDPOINTS in (plan.conflicts[0].detail or "")


def test_what_is_not_there_does_not_go_along() -> None:
    other = as_declared(POOL, attributes={**POOL.attributes, "instance_family": "CPU_X64_M"})
    plan = plan_up(STACK, seen(STACK, {POOL.address: other, MILVUS.address: ABSENT}))
    (change,) = (change for change in plan.changes if change.address == POOL.address)
    assert str(MILVUS.address) not in map(str, change.takes_along)
    assert change.loses is None


def test_a_new_image_says_both_tags_and_digests_and_what_it_costs() -> None:
    there = as_declared(MILVUS)
    specification = {"spec": {**there.attributes["specification"]["spec"]}}
    (container,) = specification["spec"]["containers"]
    specification["spec"]["containers"] = [
        {**container, "image": "/milvus_demo/public/milvus_repo/milvus:old"}
    ]
    there = as_declared(
        MILVUS,
        attributes={**there.attributes, "specification": specification},
        live={**there.live, "digests": {"milvus": "sha256:old"}},
    )
    change, _ = plan_up(STACK, seen(STACK, {MILVUS.address: there})).changes
    (image,) = change.images
    pushed = next(
        one for one in STACK if one.address.kind == "image" and one.detail["image_name"] == "milvus"
    )
    assert (image.actual_digest, image.desired_digest) == ("sha256:old", pushed.attributes["digest"])
    assert image.desired == container["image"]
    assert change.cost.downtime == "its containers start again"
    assert change.cost.data


def test_what_is_made_says_what_it_costs() -> None:
    stack = declared(QUICKSTART + "compute_pools: {milvus: {max_nodes: 3}}\n")
    pool = by_address(stack)[str(POOL.address)]
    (change,) = plan_up(stack, seen(stack, {pool.address: ABSENT})).changes
    assert change.cost.credits == "1 node of CPU_X64_S from now on, about 0.11 credits an hour, up to 3 nodes"
