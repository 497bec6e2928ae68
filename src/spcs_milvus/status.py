"""What is running: an observation of pools and services → a :class:`StackStatus`."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from spcs_milvus.kinds import compute_pool
from spcs_milvus.observe import Observation
from spcs_milvus.plan import is_ready
from spcs_milvus.resource import Presence, Resource

LOOKED_AT = ("compute_pool", "service")
"""The kinds whose resources a status is made of."""

UNKNOWN = "UNKNOWN"
_POOL_UP = ("IDLE", "ACTIVE")


@dataclass(frozen=True)
class StackStatus:
    """``pools``: ``{name, state}`` each; ``services``: ``{name, status, ready, containers, endpoints}`` each.

    ``state`` and ``status`` are Snowflake's words, ``ABSENT`` for what is not there, ``UNKNOWN`` where that
    cannot be told; ``ready`` is true when everything declared is up.
    """

    project: str
    ready: bool
    pools: tuple[dict[str, Any], ...]
    services: tuple[dict[str, Any], ...]


def status(project: str, resources: Collection[Resource], observation: Observation) -> StackStatus:
    """The status of the declared pools and services; other resources are passed over."""
    ordered = sorted(resources, key=lambda resource: resource.address)
    pools = tuple(_pool(r, observation) for r in ordered if r.address.kind == "compute_pool")
    services = tuple(_service(r, observation) for r in ordered if r.address.kind == "service")
    up = all(pool["state"] in _POOL_UP for pool in pools) and all(service["ready"] for service in services)
    return StackStatus(project, up, pools, services)


def _pool(resource: Resource, observation: Observation) -> dict[str, Any]:
    seen = observation.actual[resource.address].presence is not Presence.UNKNOWN
    state = compute_pool.state(resource, observation.answers[resource.address]) if seen else UNKNOWN
    return {"name": resource.name.last, "state": state}


def _service(resource: Resource, observation: Observation) -> dict[str, Any]:
    actual = observation.actual[resource.address]
    there = actual.presence is Presence.PRESENT
    absent = UNKNOWN if actual.presence is Presence.UNKNOWN else "ABSENT"
    shown = ("name", "status", "message", "restarts")
    return {
        "name": resource.name.last,
        "status": str(actual.live.get("status")) if there else absent,
        "ready": there and is_ready(actual),
        "containers": [{key: found[key] for key in shown} for found in actual.live.get("containers") or ()],
        "endpoints": list(actual.live.get("endpoints") or ()),
    }
