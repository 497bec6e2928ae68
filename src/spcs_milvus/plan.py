"""What would be done: declared resources × what the account has → a :class:`Plan`, a frozen value that is
shown and then run.

``plan_up`` brings the account to what is declared; ``teardown`` makes the plan of ``down``. Nothing is
decided later: apply runs the steps of a plan and nothing else. Touches nothing.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from spcs_milvus.differences import Difference, differences
from spcs_milvus.errors import Problem
from spcs_milvus.graph import among
from spcs_milvus.kinds import kind_of
from spcs_milvus.observe import Observation
from spcs_milvus.ownership import conflict, missing
from spcs_milvus.resource import Actual, Address, Presence, Resource
from spcs_milvus.steps import Step, Wait

WAIT = "ready"
"""The kind in the address of a wait: ``ready.DB.SCHEMA.SERVICE``."""


class Action(StrEnum):
    """What happens to one resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    WAIT = "wait"


@dataclass(frozen=True)
class Change:
    """One resource and what is done to it. ``needs`` are the changes that come first; ``loses`` says what is
    gone for good.
    """

    address: Address
    action: Action
    because: str
    steps: tuple[Step, ...]
    needs: frozenset[Address] = frozenset()
    differences: tuple[Difference, ...] = ()
    loses: str | None = None


@dataclass(frozen=True)
class Plan:
    """All changes, in the order a person would make them; ``conflicts`` stop ``up``; ``kept`` says what
    is left as it is and why, ``lasting`` what ``down`` leaves on purpose. What is ``existing`` is used as it
    is.
    """

    changes: tuple[Change, ...]
    conflicts: tuple[Problem, ...] = ()
    kept: tuple[Problem, ...] = ()
    resources: Mapping[Address, Resource] = field(default_factory=dict, repr=False)
    existing: tuple[Address, ...] = ()
    lasting: tuple[Problem, ...] = ()

    @property
    def writes(self) -> bool:
        """Whether anything but waiting is to be done."""
        return any(change.action is not Action.WAIT for change in self.changes)


def plan_up(
    resources: Collection[Resource], observation: Observation, undeclared: Collection[Resource] = ()
) -> Plan:
    """The changes that bring the account to what is declared.

    ``undeclared`` are objects of ours that the file does not name any more: they stay, and the plan says so.
    """
    changes: list[Change] = []
    conflicts: list[Problem] = []
    for resource in resources:
        actual = observation.actual[resource.address]
        if resource.existing:
            conflicts += filter(None, [missing(resource, actual)])
            continue
        problem = conflict(resource, actual)
        change = None if problem else _change(resource, actual)
        if change and change.action is Action.REPLACE:
            problem = _refusal(change)
        if problem:
            conflicts.append(problem)
        if change:
            changes.append(change)
        if resource.address.kind == "service" and not problem:
            changes += _wait(resource, actual, changed=change is not None)
    needs = {resource.address: resource.needs for resource in resources}
    needs |= {change.address: change.needs for change in changes if change.action is Action.WAIT}
    kept = tuple(_forgotten(resource) for resource in undeclared)
    declared = {resource.address: resource for resource in resources}
    return Plan(with_needs(changes, needs), tuple(conflicts), kept, declared, existing(resources))


def existing(resources: Collection[Resource]) -> tuple[Address, ...]:
    """The objects that were there before us; grants that have to be there are only told when they are not."""
    found = (resource.address for resource in resources if resource.existing)
    return tuple(address for address in found if address.kind != "grant")


def _change(resource: Resource, actual: Actual) -> Change | None:
    kind = kind_of(resource.address.kind)
    if actual.presence is Presence.ABSENT:
        return Change(resource.address, Action.CREATE, "it is not there", kind.create(resource))
    found = differences(resource, actual)
    if not found:
        return None
    names = frozenset(difference.attribute for difference in found)
    because = ", ".join(f"{name} differs" for name in sorted(names))
    if forcing := names & kind.create_only:
        because = f"{', '.join(sorted(forcing))} cannot be altered"
        return Change(
            resource.address,
            Action.REPLACE,
            because,
            (),
            differences=found,
            loses=kind.loses(resource, actual),
        )
    return Change(resource.address, Action.UPDATE, because, kind.alter(resource, names), differences=found)


def _wait(resource: Resource, actual: Actual, *, changed: bool) -> Iterator[Change]:
    """A service is waited for when it is new or changed, and when it was not ready to begin with; a suspended
    one is left alone.
    """
    if actual.live.get("status") in ("SUSPENDED", "SUSPENDING") or (not changed and is_ready(actual)):
        return
    looks = kind_of("service").looks(resource)
    step = Wait(resource.address, {part: looks[part] for part in ("containers", "endpoints")})
    because = "it is new or changed" if changed else "it is not ready"
    yield Change(
        Address(WAIT, resource.address.name), Action.WAIT, because, (step,), frozenset({resource.address})
    )


def is_ready(actual: Actual) -> bool:
    """Whether every container of a service runs and every public endpoint has its address."""
    containers = actual.live.get("containers") or ()
    endpoints = actual.live.get("endpoints") or ()
    runs = bool(containers) and all(container["status"] == "READY" for container in containers)
    return runs and all(endpoint["url"] for endpoint in endpoints if endpoint["public"])


def with_needs(changes: Sequence[Change], needs: Mapping[Address, frozenset[Address]]) -> tuple[Change, ...]:
    """The changes in the order given, each with those of the others that must come first."""
    limited = among(needs, [change.address for change in changes])
    return tuple(replace(change, needs=limited[change.address]) for change in changes)


def _refusal(change: Change) -> Problem:
    cost = f"; making it again would lose {change.loses}" if change.loses else ""
    return Problem(
        f"{change.address} would have to be made again",
        f"{change.because}{cost}",
        str(change.address),
        "put the old value back into the project file; changing it takes `down`, with all data, and `up`",
    )


def _forgotten(resource: Resource) -> Problem:
    return Problem(
        f"{resource.address} is ours and not in the project file any more",
        None,
        str(resource.address),
        "`spcs-milvus down` removes it with the rest; or put it back into the file",
    )
