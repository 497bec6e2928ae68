"""What would be done: declared resources × what the account has → a :class:`Plan`, a frozen value that is
shown and then run.

``plan_up`` brings the account to what is declared, ``plan_down`` takes away what is ours. Nothing is decided
later: apply runs the steps of a plan and nothing else. Touches nothing.

Ownership is read from the mark in an object's comment: *ours* is changed or dropped; what is *not ours*, or
where we *cannot tell*, is a conflict that stops ``up`` before the first write, and that ``down`` leaves where
it is.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from spcs_milvus.errors import Problem
from spcs_milvus.graph import among, reverse
from spcs_milvus.kinds import kind_of
from spcs_milvus.kinds.base import Kind
from spcs_milvus.observe import Observation
from spcs_milvus.resource import Actual, Address, Presence, Resource, read_mark
from spcs_milvus.steps import Step, Wait

CONTAINERS = ("database", "schema")
"""The kinds that take what stands in them along when they are dropped, and that others put things into."""

WAIT = "ready"
"""The kind in the address of a wait: ``ready.DB.SCHEMA.SERVICE``."""


class Action(StrEnum):
    """What happens to one resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    WAIT = "wait"


class Ownership(StrEnum):
    """Whose an object is, as far as its mark says."""

    OURS = "ours"
    NOT_OURS = "not ours"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Difference:
    """One attribute that is not as declared; ``actual`` is None where it cannot be read."""

    attribute: str
    desired: Any
    actual: Any


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
    ``down`` leaves and why.
    """

    changes: tuple[Change, ...]
    conflicts: tuple[Problem, ...] = ()
    kept: tuple[Problem, ...] = ()
    resources: Mapping[Address, Resource] = field(default_factory=dict, repr=False)

    @property
    def writes(self) -> bool:
        """Whether anything but waiting is to be done."""
        return any(change.action is not Action.WAIT for change in self.changes)


def plan_up(resources: Collection[Resource], observation: Observation) -> Plan:
    """The changes that bring the account to what is declared."""
    changes: list[Change] = []
    conflicts: list[Problem] = []
    for resource in resources:
        actual = observation.actual[resource.address]
        problem = _conflict(resource, actual)
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
    return Plan(_with_needs(changes, needs), tuple(conflicts), (), {r.address: r for r in resources})


def plan_down(
    resources: Collection[Resource], observation: Observation, foreign: Mapping[Address, tuple[str, ...]]
) -> Plan:
    """The changes that take away what is ours.

    ``foreign`` names, for each container of ours, what others put into it: such a container stays, and so
    does what it needs. The same holds for a container of something declared that turns out not to be ours.
    """
    needs = {resource.address: resource.needs for resource in resources}
    inside = _inside(resources, observation, foreign)
    stays = {address for address, things in inside.items() if things}
    held = stays.union(*(among(needs, needs)[address] for address in stays)) if stays else stays
    changes: list[Change] = []
    kept = [_stays(address, inside[address]) for address in sorted(stays)]
    for resource in resources:
        actual = observation.actual[resource.address]
        if actual.presence is Presence.ABSENT or kind_of(resource.address.kind).goes_with:
            continue
        if problem := _conflict(resource, actual):
            kept.append(problem)
        elif resource.address not in held:
            changes.append(_deletion(resource, actual))
        elif resource.address not in stays:
            kept.append(
                Problem(f"{resource.address} stays", "something that stays needs it", str(resource.address))
            )
    ordered = _with_needs(changes[::-1], reverse(needs))
    return Plan(ordered, (), tuple(kept), {r.address: r for r in resources})


def ownership(resource: Resource, actual: Actual) -> Ownership:
    """Whose the object is; kinds without a comment are ours by their parent or grantee."""
    if actual.presence is Presence.UNKNOWN:
        return Ownership.CANNOT_TELL
    if resource.mark is None:
        return Ownership.OURS
    mark = read_mark(actual.comment)
    return Ownership.OURS if mark and mark.same_owner(resource.mark) else Ownership.NOT_OURS


def differences(resource: Resource, actual: Actual) -> tuple[Difference, ...]:
    """The attributes that are not as declared, in the kind's order.

    An attribute that Snowflake never shows, or did not show this time, counts as different when the mark's
    digest says that something was declared otherwise and no readable attribute explains it. A mark that
    differs for another reason is a difference of its own.
    """
    kind = kind_of(resource.address.kind)
    found = [
        Difference(name, resource.attributes[name], actual.attributes[name])
        for name in kind.attributes
        if name in actual.attributes and actual.attributes[name] != resource.attributes[name]
    ]
    mark = read_mark(actual.comment)
    if not found and resource.mark and mark != resource.mark:
        unseen = frozenset(kind.attributes) - actual.attributes.keys() - kind.create_only
        hidden = [name for name in kind.attributes if name in kind.unreadable | unseen]
        found = [Difference(name, resource.attributes[name], None) for name in hidden]
        found = found or [Difference("mark", str(resource.mark), str(mark))]
    return tuple(found)


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


def _deletion(resource: Resource, actual: Actual) -> Change:
    kind = kind_of(resource.address.kind)
    steps = kind.drop(resource, actual)
    return Change(resource.address, Action.DELETE, "it is ours", steps, loses=kind.loses(resource, actual))


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


def _with_needs(changes: Sequence[Change], needs: Mapping[Address, frozenset[Address]]) -> tuple[Change, ...]:
    """The changes in the order given, each with those of the others that must come first."""
    limited = among(needs, [change.address for change in changes])
    return tuple(replace(change, needs=limited[change.address]) for change in changes)


# --- what stops a plan
# --------------------------------------------------------------------------------------------


def _conflict(resource: Resource, actual: Actual) -> Problem | None:
    if actual.presence is Presence.ABSENT:
        return None
    verdict = ownership(resource, actual)
    kind = kind_of(resource.address.kind)
    if verdict is Ownership.CANNOT_TELL:
        return Problem(
            f"whether the {kind.title} {resource.name} is there cannot be told",
            actual.reason,
            str(resource.address),
        )
    if verdict is Ownership.NOT_OURS:
        return _not_ours(resource, actual, kind)
    return None


def _not_ours(resource: Resource, actual: Actual, kind: Kind) -> Problem:
    mark = read_mark(actual.comment)
    whose = (
        f"it belongs to {mark.project}/{mark.environment}" if mark else "it carries no mark of this project"
    )
    return Problem(
        f"a {kind.title} {resource.name} is there and is not ours",
        f"{whose}; its owner is {actual.live.get('owner') or 'unknown'}",
        str(resource.address),
        "choose other names with `names: {prefix: …}` in the project file",
    )


def _refusal(change: Change) -> Problem:
    cost = f"; making it again would lose {change.loses}" if change.loses else ""
    return Problem(
        f"{change.address} would have to be made again",
        f"{change.because}{cost}",
        str(change.address),
        "put the old value back into the project file, or run `spcs-milvus down` first",
    )


def _inside(
    resources: Collection[Resource], observation: Observation, foreign: Mapping[Address, tuple[str, ...]]
) -> dict[Address, tuple[str, ...]]:
    """For each container, what stands in it that is not ours to drop, or may not be."""
    theirs = [
        resource
        for resource in resources
        if not kind_of(resource.address.kind).goes_with
        and _conflict(resource, observation.actual[resource.address])
    ]
    return {
        container.address: (
            *foreign.get(container.address, ()),
            *(
                f"{kind_of(resource.address.kind).title} {resource.name}"
                for resource in theirs
                if resource.name.inside(container.name)
            ),
        )
        for container in resources
        if container.address.kind in CONTAINERS
    }


def _stays(address: Address, inside: tuple[str, ...]) -> Problem:
    shown = ", ".join(inside[:5]) + (f" and {len(inside) - 5} more" if len(inside) > 5 else "")
    return Problem(
        f"{address} stays: it holds things that are not ours",
        shown,
        str(address),
        "move or drop them, then run down again",
    )
