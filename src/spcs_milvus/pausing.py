"""What ``pause`` and ``resume`` would do: services rest, then their compute pools; these wake up, then their
services.

Comes in: resources, an observation of the compute pools and services among them, and what others run on those
pools. Goes out: a :class:`Plan`. Touches nothing.

Nothing of a resting stack is lost but what Snowflake keeps only while a service runs: its volumes of source
``local`` and ``memory`` (documented: Snowpark Container Services, storage volumes), and what a service writes
beside its volumes. Such a service is refused until somebody agrees.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from spcs_milvus.errors import Problem
from spcs_milvus.graph import reverse
from spcs_milvus.keeping import note_of, unnoted
from spcs_milvus.kinds import kind_of
from spcs_milvus.kinds.base import FREE, Cost, Found
from spcs_milvus.observe import Observation
from spcs_milvus.ownership import conflict
from spcs_milvus.plan import (
    WAIT,
    Action,
    Change,
    Plan,
    cost_of_waking,
    existing,
    wait_for,
    with_needs,
)
from spcs_milvus.resource import KEPT, RESTARTING, Actual, Address, Presence, Resource
from spcs_milvus.states import is_ready, is_suspended, state_of, unseen
from spcs_milvus.steps import Rest

_PASSING = ("local", "memory")
# the states of services and jobs that nobody misses while their pool rests (documented: SHOW SERVICES)
_AT_REST = ("SUSPENDED", "DONE", "CANCELLED", "DELETED")


def plan_pause(
    resources: Collection[Resource],
    observation: Observation,
    contents: Mapping[Address, Collection[Found]],
    agreed: Collection[Address] = (),
) -> Plan:
    """The changes that let every service and compute pool of ours rest.

    ``contents`` are the services on each pool: one that runs what is not ours stays up. What is lost on the
    way is a conflict but for the services that are ``agreed`` on.
    """
    changes: list[Change] = []
    conflicts: list[Problem] = []
    kept: list[Problem] = []
    lasting: list[Problem] = []
    ours = _ours(resources, observation)
    for resource, actual in _watched(resources, observation):
        running = [one for one in contents.get(resource.address, ()) if one.address.kind == "service"]
        others = _others(running, ours)
        if not others and (hidden := unseen(running, actual)):
            others = (f"{hidden} that this user is not shown",)
        if actual.presence is Presence.ABSENT or _sleeps_for_good(actual):
            continue
        if resource.existing:
            lasting.append(_lent(resource, actual))
        elif problem := conflict(resource, actual):
            kept.append(problem)
        elif others:
            kept.append(_shared(resource, others))
        else:
            lost = None if is_suspended(actual) else lost_at_rest(resource, actual)
            if lost and resource.address not in agreed:
                conflicts.append(_would_lose(resource, lost))
            changes.append(_paused(resource, actual, lost))
    needs = reverse({resource.address: resource.needs for resource in resources})
    declared = {resource.address: resource for resource, _ in _watched(resources, observation)}
    ordered = with_needs(sorted(changes, key=_waking, reverse=True), needs)
    return Plan(ordered, tuple(conflicts), tuple(kept), declared, existing(declared.values()), tuple(lasting))


def plan_resume(resources: Collection[Resource], observation: Observation) -> Plan:
    """The changes that wake up every compute pool and service of ours, and wait until the services are ready.

    What is not there is told and left to ``up``.
    """
    changes: list[Change] = []
    kept: list[Problem] = []
    for resource, actual in _watched(resources, observation):
        if resource.existing:
            kept += _asleep(resource, actual)
        elif problem := conflict(resource, actual) or _missing(resource, actual):
            kept.append(problem)
        else:
            changes += _resumed(resource, actual)
    needs = {resource.address: resource.needs for resource in resources}
    needs |= {change.address: change.needs for change in changes if change.action is Action.WAIT}
    declared = {resource.address: resource for resource, _ in _watched(resources, observation)}
    ordered = with_needs(sorted(changes, key=_waking), needs)
    return Plan(ordered, (), tuple(kept), declared, existing(declared.values()))


def lost_at_rest(service: Resource, actual: Actual) -> str | None:
    """What a service loses when it is suspended, in a person's words; None when nothing is known to be lost.

    Judged by the specification it runs with, and by the declared one where that is not shown.
    """
    if service.address.kind != "service":
        return None
    shown = actual.live.get("specification") or service.attributes["specification"]
    sources = {volume["name"]: volume["source"] for volume in shown["spec"].get("volumes") or []}
    lost = [
        f"what is on its volume {name} (source {source})"
        for name, source in sources.items()
        if source in _PASSING
    ]
    data = service.detail.get("data")
    if data and not any(sources.get(name) == "block" for name in _mounted(shown, data)):
        lost.append(f"everything in {data}, which is on no block volume")
    return " and ".join(lost) or None


def _mounted(specification: Mapping[str, Any], folder: str) -> Iterator[str]:
    """The volumes that hold a folder."""
    for container in specification["spec"]["containers"]:
        for mount in container.get("volumeMounts") or []:
            if PurePosixPath(folder).is_relative_to(mount["mountPath"]):
                yield mount["name"]


def _watched(resources: Collection[Resource], observation: Observation) -> list[tuple[Resource, Actual]]:
    """What was looked at, in the order of the resources."""
    seen = observation.actual
    return [(resource, seen[resource.address]) for resource in resources if resource.address in seen]


def _ours(resources: Collection[Resource], observation: Observation) -> frozenset[Address]:
    """What is ours, or used as it is; services are never lent."""
    return frozenset(
        resource.address
        for resource, actual in _watched(resources, observation)
        if not conflict(resource, actual)
    )


def _others(contents: Collection[Found], ours: Collection[Address]) -> tuple[str, ...]:
    """What runs on a pool and is not ours."""
    return tuple(
        str(found.name)
        for found in contents
        if found.address not in ours and found.row.get("status") not in _AT_REST
    )


def _sleeps_for_good(actual: Actual) -> bool:
    """Whether it is suspended, and no rotation that was cut short is about to wake it."""
    return state_of(actual) == "SUSPENDED" and note_of(actual) != RESTARTING


def _waking(change: Change) -> int:
    """The order in which things wake up, for whoever reads the plan; its needs are what is heeded."""
    return ("compute_pool", "service", WAIT).index(change.address.kind)


def _paused(resource: Resource, actual: Actual, lost: str | None) -> Change:
    suspend = () if is_suspended(actual) else kind_of(resource.address.kind).suspend(resource)
    because = f"it is {state_of(actual)}"
    steps = (*suspend, Rest(resource.address), *unnoted(resource, actual))
    down = "it answers nobody until it is resumed" if _serves(resource) else None
    cost = Cost(downtime=down, credits=kind_of(resource.address.kind).dropping(resource, actual).credits)
    return Change(resource.address, Action.PAUSE, because, steps, loses=lost, cost=cost)


def _serves(resource: Resource) -> bool:
    return resource.address.kind == "service"


def _resumed(resource: Resource, actual: Actual) -> Iterator[Change]:
    """A service that is not ready is waited for, too: a run may have been cut short before it was."""
    kept = note_of(actual) == KEPT
    if is_suspended(actual) or kept:
        resume = kind_of(resource.address.kind).resume(resource) if is_suspended(actual) else ()
        because = f"it is {state_of(actual)}" + (", and kept no more" if kept else "")
        cost = cost_of_waking(resource) if resume else FREE
        steps = (*resume, *unnoted(resource, actual))
        yield Change(resource.address, Action.RESUME, because, steps, cost=cost)
    if _serves(resource) and not (is_ready(actual) and not is_suspended(actual)):
        yield wait_for(resource, "it is to be ready")


def _would_lose(service: Resource, lost: str) -> Problem:
    return Problem(
        f"{service.address} would lose data while it is paused",
        lost,
        str(service.address),
        f"keep it on a block volume; or agree to losing it with --lose {service.address}",
    )


def _shared(pool: Resource, others: Sequence[str]) -> Problem:
    return Problem(
        f"{pool.address} runs what is not ours, so it stays up and costs credits",
        ", ".join(others),
        str(pool.address),
        f"once that may be suspended: USE ROLE {pool.role}; ALTER COMPUTE POOL {pool.name} SUSPEND;",
    )


def _lent(pool: Resource, actual: Actual) -> Problem:
    summary = f"{pool.address} is not ours, so it stays {state_of(actual)}"
    return Problem(summary, "it is listed under `existing`", str(pool.address))


def _asleep(pool: Resource, actual: Actual) -> Iterator[Problem]:
    """documented: ALTER COMPUTE POOL, AUTO_RESUME: with it a pool starts when a service on it is resumed."""
    if is_suspended(actual) and actual.attributes.get("auto_resume") is False:
        yield Problem(
            f"{pool.address} is suspended and not ours, so nothing can run on it",
            "it is listed under `existing`, and does not start by itself",
            str(pool.address),
            f"ask its owner {actual.live.get('owner')}: ALTER COMPUTE POOL {pool.name} RESUME;",
        )


def _missing(resource: Resource, actual: Actual) -> Problem | None:
    if actual.presence is Presence.PRESENT:
        return None
    summary = f"{resource.address} is not there"
    return Problem(summary, None, str(resource.address), "`spcs-milvus up` makes it")
