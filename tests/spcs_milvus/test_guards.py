"""What must not change while a service has data on a volume."""

from dataclasses import replace
from typing import Any

import pytest
from tests.spcs_milvus.stack import as_declared, by_address, declared, seen

from spcs_milvus.errors import Problem
from spcs_milvus.guards import forbidden
from spcs_milvus.plan import plan_up
from spcs_milvus.resource import Actual

STACK = declared()
MILVUS = by_address(STACK)["service.MILVUS_DEMO.PUBLIC.MILVUS"]
JUPYTER = by_address(STACK)["service.MILVUS_DEMO.PUBLIC.JUPYTER"]
VOLUMES = MILVUS.attributes["volumes"]
HINT = (
    "to stay with it: milvus: {settings: {mq.type: rocksmq}}; another queue takes a new volume: bring the "
    "vectors out (milvus-backup), then `down` and `up`; CREATE SNAPSHOT keeps the old volume"
)


def _runs_with(env: dict[str, str] | None, volumes: Any = VOLUMES) -> Actual:
    shown = {"spec": {"containers": [{"name": "sidecar"}, {"name": "milvus", "env": env}]}}
    attributes = {**MILVUS.attributes, "volumes": volumes}
    return as_declared(MILVUS, attributes=attributes, live={"specification": shown})


def test_another_queue_on_a_volume_with_data_is_refused() -> None:
    there = _runs_with({"MQ_TYPE": "rocksmq"})
    problem = Problem(
        f"MQ_TYPE of {MILVUS.address} holds for the data on its volume, and would become another",
        "it is rocksmq, and woodpecker from now on",
        str(MILVUS.address),
        HINT,
    )
    assert forbidden(MILVUS, there) == problem


def test_a_queue_that_is_left_out_is_refused_too() -> None:
    (container,) = MILVUS.attributes["specification"]["spec"]["containers"]
    bare = {"spec": {"containers": [{**container, "env": {}}]}}
    without = replace(MILVUS, attributes={**MILVUS.attributes, "specification": bare})
    problem = forbidden(without, _runs_with({"MQ_TYPE": "rocksmq"}))
    assert problem is not None
    assert problem.detail == "it is rocksmq, and not set from now on"


MAY_CHANGE: dict[str, Actual] = {
    "the same queue": _runs_with({"MQ_TYPE": "woodpecker", "X": "y"}),
    "something that holds for nothing": _runs_with({"MQ_TYPE": "woodpecker", "LOG_LEVEL": "warn"}),
    "no queue named so far": _runs_with({"X": "y"}),
    "no environment": _runs_with(None),
    "no volume": _runs_with({"MQ_TYPE": "rocksmq"}, ()),
    "a volume that is not shown": _runs_with({"MQ_TYPE": "rocksmq"}, None),
    "a specification that is not shown": as_declared(MILVUS, live={"specification": None}),
    "nothing shown at all": as_declared(MILVUS, attributes={}, live={}),
}


@pytest.mark.parametrize("what", MAY_CHANGE)
def test_what_may_change(what: str) -> None:
    assert forbidden(MILVUS, MAY_CHANGE[what]) is None


def test_a_service_for_which_nothing_is_fixed_may_become_anything() -> None:
    shown = {"spec": {"containers": [{"name": "a", "env": {"MQ_TYPE": "rocksmq"}}]}}
    there = as_declared(
        JUPYTER, attributes={**JUPYTER.attributes, "volumes": ("x 1Gi",)}, live={"specification": shown}
    )
    assert forbidden(JUPYTER, there) is None


def test_what_is_refused_stops_up_and_is_shown_with_its_change() -> None:
    there = _runs_with({"MQ_TYPE": "rocksmq"})
    specification = {"spec": {"containers": [{"name": "milvus", "image": "/x"}]}}
    there = as_declared(
        MILVUS, attributes={**there.attributes, "specification": specification}, live=there.live
    )
    plan = plan_up(STACK, seen(STACK, {MILVUS.address: there}))
    assert plan.conflicts == (forbidden(MILVUS, there),)
    assert [change.address for change in plan.changes] == [MILVUS.address]
