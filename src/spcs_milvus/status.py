"""What is running: an observation of pools and services → a :class:`StackStatus`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from spcs_milvus.components import jupyter
from spcs_milvus.errors import ConfigError, DeployError, nearest
from spcs_milvus.keeping import note_of
from spcs_milvus.kinds import compute_pool
from spcs_milvus.observe import Observation
from spcs_milvus.resource import KEPT, Presence, Resource
from spcs_milvus.states import is_ready

LOOKED_AT = ("compute_pool", "service")
"""The kinds whose resources a status is made of."""

UNKNOWN = "UNKNOWN"
_POOL_UP = ("IDLE", "ACTIVE")
# documented: Working with compute pools, states that are billed
_BILLED = ("RESIZING", "IDLE", "ACTIVE", "STOPPING")


@dataclass(frozen=True)
class StackStatus:
    """``pools``: ``{name, state}`` each; ``services``: ``{name, status, ready, containers, endpoints,
    volumes}`` each.

    ``state`` and ``status`` are Snowflake's words, ``ABSENT`` for what is not there, ``UNKNOWN`` where that
    cannot be told; ``ready`` is true when everything declared is up, ``kept`` when what is there sleeps since
    ``down --keep-data``.
    """

    project: str
    ready: bool
    pools: tuple[dict[str, Any], ...]
    services: tuple[dict[str, Any], ...]
    kept: bool = False

    @property
    def absent(self) -> bool:
        """Whether none of it is there."""
        states = {*(pool["state"] for pool in self.pools), *(one["status"] for one in self.services)}
        return states == {"ABSENT"}

    @property
    def paused(self) -> bool:
        """Whether every service that is there rests, and there is one; also one that is ``kept``."""
        there = [service["status"] for service in self.services if service["status"] != "ABSENT"]
        return bool(there) and set(there) <= {"SUSPENDED", "SUSPENDING"}

    @property
    def costs(self) -> tuple[str, ...]:
        """What costs though no service runs, in a person's words: nodes that are up, and volumes."""
        nodes = (f"compute pool {one['name']} ({one['state']})" for one in self.pools if _billed(one))
        kept = ((one["name"], volume) for one in self.services for volume in one["volumes"])
        return (*nodes, *(f"storage of volume {volume} of {name}" for name, volume in kept))

    @property
    def word(self) -> str:
        """The whole in a word."""
        if self.paused:
            return "only its data is kept" if self.kept else "paused"
        return "ready" if self.ready else "nothing runs yet" if self.absent else "not ready"


def status(project: str, resources: Collection[Resource], observation: Observation) -> StackStatus:
    """The status of the declared pools and services; other resources are passed over."""
    ordered = sorted(resources, key=lambda resource: resource.address)
    pools = tuple(_pool(r, observation) for r in ordered if r.address.kind == "compute_pool")
    services = tuple(_service(r, observation) for r in ordered if r.address.kind == "service")
    up = all(pool["state"] in _POOL_UP for pool in pools) and all(service["ready"] for service in services)
    kept = any(note_of(observation.actual[r.address]) == KEPT for r in ordered if r.address.kind == "service")
    return StackStatus(project, up, pools, services, kept)


def public_address(shown: StackStatus, asked: str | None) -> dict[str, Any]:
    """The public endpoint of that name, in any case, as ``{service, endpoint, url}``; the first one for None,
    the notebook's before others. ``SERVICE.ENDPOINT`` says which where two have one name.

    Raises ConfigError for an endpoint that there is not or that is not public, DeployError for one that has
    no address yet.
    """
    there = [(service["name"], endpoint) for service in shown.services for endpoint in service["endpoints"]]
    there.sort(key=lambda one: one[0] != jupyter.SERVICE)
    found = [(service, one) for service, one in there if _is_meant(asked, service, one)]
    if shown.paused and shown.kept:
        raise DeployError("only the data of the stack is kept", hint="bring it back with `spcs-milvus up`")
    if shown.paused:
        raise DeployError("the stack is paused", hint="wake it up with `spcs-milvus resume`")
    if not found:
        raise _no_endpoint(asked, there, shown)
    if len({service for service, _ in found}) > 1 and asked:
        names = ", ".join(f"{service}.{one['name']}".lower() for service, one in found)
        raise ConfigError(f"more than one service has an endpoint `{asked}`", hint=f"name one of {names}")
    service, endpoint = found[0]
    place = f"endpoint {endpoint['name']} of service {service}"
    if not endpoint["public"]:
        detail = f"services of the schema reach it as {service.lower()}:{endpoint['port']}"
        summary = "the endpoint is not public, so no browser gets there"
        raise ConfigError(summary, detail=detail, place=place)
    if not endpoint["url"]:
        hint = "Snowflake takes some minutes; look at `spcs-milvus status --watch`"
        raise DeployError("the endpoint has no address yet", place=place, hint=hint)
    return {"service": service, "endpoint": endpoint["name"], "url": endpoint["url"]}


def _is_meant(asked: str | None, service: str, endpoint: Mapping[str, Any]) -> bool:
    if asked is None:
        return bool(endpoint["public"])
    return asked.upper() in (endpoint["name"].upper(), f"{service}.{endpoint['name']}".upper())


def _no_endpoint(asked: str | None, there: Collection[Any], shown: StackStatus) -> DeployError:
    summary = f"there is no endpoint `{asked}`" if asked else "there is no public endpoint"
    known = [endpoint["name"] for _, endpoint in there]
    detail = f"there are: {', '.join(known) or 'none'}"
    missing = [service["name"] for service in shown.services if service["status"] == "ABSENT"]
    if missing:
        detail += f"; services not there: {', '.join(missing)}"
        return DeployError(summary, detail=detail, hint="make what is missing with `spcs-milvus up`")
    return ConfigError(
        summary, detail=detail, hint=nearest("name one of them", asked, known) if asked else None
    )


def _pool(resource: Resource, observation: Observation) -> dict[str, Any]:
    seen = observation.actual[resource.address].presence is not Presence.UNKNOWN
    state = compute_pool.state(resource, observation.answers[resource.address]) if seen else UNKNOWN
    return {"name": resource.name.last, "state": state}


def _billed(pool: Mapping[str, Any]) -> bool:
    return pool["state"] in _BILLED


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
        "volumes": list(resource.attributes["volumes"]) if there else [],
    }
