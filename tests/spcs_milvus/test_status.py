"""Status: an observation of pools and services → what is running."""

from dataclasses import replace
from typing import Any

import pytest
from tests.spcs_milvus.stack import as_declared, by_address, declared

from spcs_milvus.errors import DeployError
from spcs_milvus.kinds import kind_of
from spcs_milvus.observe import Observation
from spcs_milvus.resource import ABSENT, KEPT, Actual, Presence
from spcs_milvus.status import LOOKED_AT, StackStatus, public_address, status
from spcs_milvus.steps import Answer

STACK = declared()
WATCHED = [resource for resource in STACK if resource.address.kind in LOOKED_AT]
MILVUS = by_address(STACK)["service.MILVUS_DEMO.PUBLIC.MILVUS"]
JUPYTER = by_address(STACK)["service.MILVUS_DEMO.PUBLIC.JUPYTER"]


def _shown(
    pool_state: str | None = "ACTIVE", milvus: Actual | None = None, jupyter: Actual | None = None
) -> StackStatus:
    """The status when all pools are in a state (None: not there); services are as declared for None."""
    actual, answers = {}, {}
    for resource in WATCHED:
        row = {
            "name": resource.name.last,
            "state": pool_state,
            "instance_family": "CPU_X64_S",
            "min_nodes": 1,
            "max_nodes": 1,
            "auto_resume": "true",
            "auto_suspend_secs": 1,
        }
        shown = resource.address.kind == "compute_pool" and pool_state is not None
        answers[resource.address] = {
            part: Answer((row,) if shown else ()) for part in kind_of(resource.address.kind).looks(resource)
        }
        actual[resource.address] = as_declared(resource)
    actual |= {one.address: other for one, other in ((MILVUS, milvus), (JUPYTER, jupyter)) if other}
    return status("milvus-demo", STACK, Observation(actual, answers))


def _milvus(shown: StackStatus) -> dict[str, Any]:
    (service,) = (service for service in shown.services if service["name"] == "MILVUS")
    return service


def test_everything_up() -> None:
    shown = _shown()
    assert (shown.project, shown.ready) == ("milvus-demo", True)
    assert shown.pools == (
        {"name": "MILVUS_DEMO_JUPYTER_POOL", "state": "ACTIVE"},
        {"name": "MILVUS_DEMO_MILVUS_POOL", "state": "ACTIVE"},
    )
    assert [service["name"] for service in shown.services] == ["JUPYTER", "MILVUS"]
    assert _milvus(shown) == {
        "name": "MILVUS",
        "status": "RUNNING",
        "ready": True,
        "containers": [{"name": "main", "status": "READY", "message": "Running", "restarts": 0}],
        "endpoints": as_declared(MILVUS).live["endpoints"],
        "volumes": ["data 20Gi"],
    }


@pytest.mark.parametrize(
    ("state", "ready"),
    [
        ("IDLE", True),
        ("ACTIVE", True),
        ("STARTING", False),
        ("SUSPENDED", False),
        ("STOPPING", False),
        (None, False),
    ],
)
def test_pools_must_be_up(state: str | None, ready: bool) -> None:
    shown = _shown(state)
    assert shown.ready is ready
    assert {pool["state"] for pool in shown.pools} == {state or "ABSENT"}


def test_a_service_that_is_not_there() -> None:
    shown = _shown(milvus=ABSENT)
    assert not shown.ready
    assert _milvus(shown) == {
        "name": "MILVUS",
        "status": "ABSENT",
        "ready": False,
        "containers": [],
        "endpoints": [],
        "volumes": [],
    }


def test_a_service_that_is_not_ready() -> None:
    there = as_declared(MILVUS)
    container = {**there.live["containers"][0], "status": "PENDING", "restarts": 3}
    shown = _shown(milvus=replace(there, live={**there.live, "containers": [container]}))
    assert not shown.ready
    assert _milvus(shown)["containers"][0]["restarts"] == 3


def test_a_service_that_may_not_be_seen_is_not_ready() -> None:
    assert not _shown(milvus=Actual(Presence.UNKNOWN, reason="may not see it")).ready


def _sleeping(comment: str) -> Actual:
    return as_declared(MILVUS, comment=comment, live={"owner": MILVUS.role, "status": "SUSPENDED"})


@pytest.mark.parametrize(
    ("pools", "milvus", "jupyter", "word"),
    [
        (None, ABSENT, ABSENT, "nothing runs yet"),
        ("SUSPENDED", ABSENT, ABSENT, "not ready"),
        (None, Actual(Presence.UNKNOWN, reason="may not see it"), ABSENT, "not ready"),
        ("SUSPENDED", _sleeping(str(MILVUS.mark)), ABSENT, "paused"),
        ("SUSPENDED", _sleeping(f"{KEPT} {MILVUS.mark}"), ABSENT, "only its data is kept"),
        ("ACTIVE", _sleeping(f"{KEPT} {MILVUS.mark}"), None, "not ready"),
        ("ACTIVE", None, None, "ready"),
    ],
)
def test_the_whole_in_a_word(
    pools: str | None, milvus: Actual | None, jupyter: Actual | None, word: str
) -> None:
    assert _shown(pools, milvus, jupyter).word == word


def test_other_resources_are_passed_over() -> None:
    assert len(_shown().pools) + len(_shown().services) == len(WATCHED)


# --- the address to open ------------------------------------------------------------------------------


def _endpoint(name: str, url: str | None = "http://there", public: bool = True) -> dict[str, Any]:
    return {"name": name, "port": 80, "protocol": "HTTP", "public": public, "url": url}


def _stack(**services: list[dict[str, Any]]) -> StackStatus:
    """A stack of services with these endpoints; one without any is not there."""
    shown = [
        {"name": name, "status": "RUNNING" if endpoints else "ABSENT", "endpoints": endpoints}
        for name, endpoints in services.items()
    ]
    return StackStatus("milvus-demo", False, (), tuple(shown))


PRIVATE = _endpoint("milvus", "http://127.0.0.1:1", public=False)
WHOLE = _stack(
    ATTU=[_endpoint("page", "http://attu")],
    JUPYTER=[_endpoint("jupyter", "http://jupyter"), _endpoint("page", "http://more")],
    MILVUS=[PRIVATE],
    NEW=[_endpoint("new", None)],
)


RESTING = replace(WHOLE, services=tuple({**one, "status": "SUSPENDED"} for one in WHOLE.services))


@pytest.mark.parametrize(
    ("asked", "url"),
    [
        (None, "http://jupyter"),
        ("jupyter", "http://jupyter"),
        ("Jupyter", "http://jupyter"),
        ("attu.page", "http://attu"),
        ("JUPYTER.page", "http://more"),
    ],
)
def test_the_address_that_is_meant(asked: str | None, url: str) -> None:
    assert public_address(WHOLE, asked)["url"] == url


def test_an_address_comes_with_its_names() -> None:
    assert public_address(_stack(PAGE=[_endpoint("main")], MILVUS=[PRIVATE]), None) == {
        "service": "PAGE",
        "endpoint": "main",
        "url": "http://there",
    }


@pytest.mark.parametrize(
    ("shown", "asked", "exit_code", "summary", "more"),
    [
        (WHOLE, "milvus", 2, "the endpoint is not public", "services of the schema reach it as milvus:80"),
        (WHOLE, "new", 1, "the endpoint has no address yet", "spcs-milvus status --watch"),
        (WHOLE, "page", 2, "more than one service has an endpoint `page`", "jupyter.page, attu.page"),
        (WHOLE, "jupiter", 2, "there is no endpoint `jupiter`", "did you mean jupyter?"),
        (_stack(MILVUS=[PRIVATE]), None, 2, "there is no public endpoint", "there are: milvus"),
        (RESTING, None, 1, "the stack is paused", "`spcs-milvus resume`"),
        (replace(RESTING, kept=True), None, 1, "only the data of the stack is kept", "`spcs-milvus up`"),
        (_stack(JUPYTER=[]), None, 1, "there is no public endpoint", "services not there: JUPYTER"),
        (_stack(JUPYTER=[], MILVUS=[PRIVATE]), "jupyter", 1, "there is no endpoint `jupyter`",
         "`spcs-milvus up`"),
    ],
)  # fmt: skip
def test_an_address_that_there_is_not(
    shown: StackStatus, asked: str | None, exit_code: int, summary: str, more: str
) -> None:
    with pytest.raises(DeployError) as caught:
        public_address(shown, asked)
    problem = caught.value.problem
    assert (caught.value.exit_code, problem.summary[: len(summary)]) == (exit_code, summary)
    assert more in f"{problem.detail} {problem.hint}"
