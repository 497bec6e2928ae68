"""What would be done: declared resources × what the account has → a :class:`Plan`, a frozen value that is
shown and then run.

``plan_up`` brings the account to what is declared; ``teardown`` makes the plan of ``down``. Nothing is
decided later: apply runs the steps of a plan and nothing else. Touches nothing.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from spcs_milvus.attachments import attachments, with_attached
from spcs_milvus.differences import Difference, differences
from spcs_milvus.errors import Problem
from spcs_milvus.graph import among
from spcs_milvus.guards import forbidden
from spcs_milvus.keeping import REASONS, awake, note_of, noted
from spcs_milvus.kinds import kind_of
from spcs_milvus.kinds.base import FREE, Cost
from spcs_milvus.observe import Observation
from spcs_milvus.ownership import conflict, lent, missing
from spcs_milvus.resource import RESTARTING, Actual, Address, Presence, Resource
from spcs_milvus.rotation import announced, renewed
from spcs_milvus.specification import ImageChange, image_changes
from spcs_milvus.standing import lost_along, taken_along
from spcs_milvus.states import is_ready, is_suspended, state_of
from spcs_milvus.steps import Build, Push, Rest, Statement, Step, Upload, Wait
from spcs_milvus.templates import canonical_json

WAIT = "ready"
"""The kind in the address of a wait: ``ready.DB.SCHEMA.SERVICE``."""


class Action(StrEnum):
    """What happens to one resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    PAUSE = "pause"
    RESUME = "resume"
    ADOPT = "adopt"
    WAIT = "wait"


@dataclass(frozen=True)
class Change:
    """One resource and what is done to it. ``needs`` are the changes that come first; ``loses`` says what is
    gone for good, ``cost`` what it costs beside that. A service may get other ``images``. What would have to
    be made again is ``forced_by`` attributes, and would take others along.
    """

    address: Address
    action: Action
    because: str
    steps: tuple[Step, ...]
    needs: frozenset[Address] = frozenset()
    differences: tuple[Difference, ...] = ()
    loses: str | None = None
    cost: Cost = FREE
    images: tuple[ImageChange, ...] = ()
    forced_by: tuple[str, ...] = ()
    takes_along: tuple[Address, ...] = ()


@dataclass(frozen=True)
class Plan:
    """All changes, in the order a person would make them; ``conflicts`` stop ``up``; ``kept`` says what
    is left as it is and why, ``lasting`` what ``down`` leaves on purpose. What is ``existing`` is used as it
    is. With targets, ``along`` is what is done though nobody asked for it, ``left_out`` what is not done.
    ``absent`` is what ``down`` found gone, ``strange`` what it found in the place of something of ours.
    """

    changes: tuple[Change, ...]
    conflicts: tuple[Problem, ...] = ()
    kept: tuple[Problem, ...] = ()
    resources: Mapping[Address, Resource] = field(default_factory=dict, repr=False)
    existing: tuple[Address, ...] = ()
    lasting: tuple[Problem, ...] = ()
    along: tuple[Address, ...] = ()
    left_out: tuple[Address, ...] = ()
    absent: tuple[Address, ...] = ()
    strange: tuple[Problem, ...] = ()

    @property
    def fingerprint(self) -> str:
        """The same for two plans that do the same, whatever the secrets in them are."""
        done = [
            [str(c.address), c.action, c.because, [_in_short(step) for step in c.steps]] for c in self.changes
        ]
        return hashlib.sha256(canonical_json(done).encode()).hexdigest()[:12]

    @property
    def finds_nothing(self) -> bool:
        """For a plan of ``down``: whether nothing that is ours is there, or may be."""
        return not (self.changes or self.conflicts or self.kept or self.lasting)

    @property
    def writes(self) -> bool:
        """Whether anything but waiting is to be done."""
        return any(change.action is not Action.WAIT for change in self.changes)


def _in_short(step: Step) -> list[str]:
    """What a step does, as it may be shown."""
    match step:
        case Statement():
            does = [step.sql, step.role]
        case Upload():
            does = [step.sql, step.role, hashlib.sha256(step.content).hexdigest()]
        case Build():
            does = [step.name, step.image.digest]
        case Push():
            does = [str(step.repository), step.name, step.image.digest]
        case Wait():
            does = [str(step.service)]
        case Rest():
            does = [str(step.address)]
    return [type(step).__name__, *does]


def plan_up(
    resources: Collection[Resource],
    observation: Observation,
    undeclared: Collection[Resource] = (),
    rotated: Collection[Address] = (),
) -> Plan:
    """The changes that bring the account to what is declared.

    ``undeclared`` are objects of ours that the file does not name any more (see
    :func:`spcs_milvus.orphans.swept`). ``rotated`` are secrets to be set again although nothing differs.
    """
    changes: list[Change] = []
    conflicts: list[Problem] = []
    left_out = frozenset(_not_tried(resources, observation))
    again = renewed(resources, rotated)
    notes = dict(announced(resources, observation, rotated))
    digests = dict(_digests(resources))
    for declared_as in resources:
        actual = observation.actual[declared_as.address]
        resource = with_attached(declared_as, actual)
        if resource.existing:
            conflicts += filter(None, [missing(resource, actual)])
            continue
        problem = conflict(resource, actual)
        passed_over = problem or resource.address in left_out
        change = None if passed_over else _change(resource, actual, digests, again.get(resource.address))
        if change and change.action is Action.REPLACE:
            along = taken_along(change.address, resources, observation)
            loses = "; ".join((*filter(None, [change.loses]), *lost_along(along, resources, observation)))
            change = replace(change, takes_along=along, loses=loses or None)
            problem = _refusal(change)
        elif change:
            problem = forbidden(resource, actual)
        if problem:
            conflicts.append(problem)
        if change:
            before = notes.get(change.address, ())
            changes.append(replace(change, steps=(*before, *change.steps)) if before else change)
        if resource.address.kind == "service" and not problem:
            changes += _wait(resource, actual, changed=change is not None)
    needs = {resource.address: resource.needs for resource in resources}
    needs |= {change.address: change.needs for change in changes if change.action is Action.WAIT}
    services = [resource for resource in resources if resource.address.kind == "service"]
    kept = (
        *(_serves(one) for one in resources if lent(one, observation.actual[one.address])),
        *(_asleep(one) for one in services if _is_paused(observation.actual[one.address])),
        *attachments(resources, observation, {resource.address for resource in undeclared}),
    )
    declared = {resource.address: resource for resource in resources}
    return Plan(with_needs(changes, needs), tuple(conflicts), kept, declared, existing(resources))


def existing(resources: Collection[Resource]) -> tuple[Address, ...]:
    """The objects that were there before us; grants that have to be there are only told when they are not."""
    found = (resource.address for resource in resources if resource.existing)
    return tuple(address for address in found if address.kind != "grant")


def _not_tried(resources: Collection[Resource], observation: Observation) -> Iterator[Address]:
    """What Snowflake has built in, if not to be seen: it serves as it is, and making one is tried only along
    with what needs it, since what is there already must have found one.
    """
    absent = [r for r in resources if observation.actual[r.address].presence is Presence.ABSENT]
    wanted = frozenset().union(*(resource.needs for resource in absent))
    for resource in resources:
        actual = observation.actual[resource.address]
        untried = kind_of(resource.address.kind).built_in and resource.address not in wanted
        if lent(resource, actual) or (untried and actual.presence is Presence.ABSENT):
            yield resource.address


def _digests(resources: Collection[Resource]) -> Iterator[tuple[str, str]]:
    """The digest of each image that we push, by what a specification calls it."""
    for one in resources:
        if one.address.kind == "image" and one.attributes.get("digest"):
            folder = "/".join(part.lower() for part in one.detail["repository"].parts)
            yield f"/{folder}/{one.detail['image_name']}:{one.attributes['tag']}", one.attributes["digest"]


def _change(
    resource: Resource, actual: Actual, digests: Mapping[str, str], renewed: str | None
) -> Change | None:
    """``renewed`` says why a resource is renewed although nothing differs; None when it is not."""
    kind = kind_of(resource.address.kind)
    address = resource.address
    if actual.presence is Presence.ABSENT:
        steps = kind.create(resource)
        return Change(address, Action.CREATE, "it is not there", steps, cost=kind.creating(resource))
    found = differences(resource, actual)
    names = frozenset(difference.attribute for difference in found)
    renewing = kind.renew(resource, actual, names) if renewed else ()
    waking = () if renewing else awake(resource, actual, state_of(actual))
    if not found and not renewing and not waking:
        return None
    images = _images(resource, actual, digests)
    if forcing := tuple(sorted(names & kind.create_only)):
        because, loses = f"{', '.join(forcing)} cannot be altered", kind.loses(resource, actual)
        cost = replace(kind.dropping(resource, actual), credits=kind.creating(resource).credits)
        return Change(address, Action.REPLACE, because, (), frozenset(), found, loses, cost, images, forcing)
    reasons = [f"{name} differs" for name in sorted(names)] + ([renewed] if renewed and renewing else [])
    note = RESTARTING if renewing and address.kind == "service" else note_of(actual)
    reasons += [REASONS[note]] if note and waking else []
    altering = kind.alter(noted(resource, note), names) if found else ()
    cost = kind.altering(resource, actual, names, bool(renewing) or note == RESTARTING)
    if waking and is_suspended(actual):
        cost = replace(cost, credits=cost_of_waking(resource).credits)
    because, steps = ", ".join(reasons), (*altering, *renewing, *waking)
    return Change(address, Action.UPDATE, because, steps, differences=found, cost=cost, images=images)


def cost_of_waking(resource: Resource) -> Cost:
    """What is charged for from then on, as when it was new."""
    return Cost(credits=kind_of(resource.address.kind).creating(resource).credits)


def _images(resource: Resource, actual: Actual, digests: Mapping[str, str]) -> tuple[ImageChange, ...]:
    if resource.address.kind != "service":
        return ()
    there, declared = actual.attributes.get("specification"), resource.attributes["specification"]
    return image_changes(there, declared, actual.live.get("digests") or {}, digests)


def _wait(resource: Resource, actual: Actual, *, changed: bool) -> Iterator[Change]:
    """A service is waited for when it is new or changed, and when it was not ready to begin with; a suspended
    one is left alone.
    """
    if not _is_paused(actual) and (changed or not is_ready(actual)):
        yield wait_for(resource, "it is new or changed" if changed else "it is not ready")


def wait_for(service: Resource, because: str) -> Change:
    """The wait until a service is ready, which comes after whatever is done to it."""
    looks = kind_of("service").looks(service)
    step = Wait(service.address, {part: looks[part] for part in ("containers", "endpoints")})
    address = Address(WAIT, service.address.name)
    return Change(address, Action.WAIT, because, (step,), frozenset({service.address}))


def _is_paused(actual: Actual) -> bool:
    """Whether it rests because somebody wants it to."""
    return is_suspended(actual) and note_of(actual) is None


def with_needs(changes: Sequence[Change], needs: Mapping[Address, frozenset[Address]]) -> tuple[Change, ...]:
    """The changes in the order given, each with those of the others that must come first."""
    limited = among(needs, [change.address for change in changes])
    return tuple(replace(change, needs=limited[change.address]) for change in changes)


def _refusal(change: Change) -> Problem:
    cost = f"; making it again would lose {change.loses}" if change.loses else ""
    along = f"\nwith it would go {', '.join(map(str, change.takes_along))}" if change.takes_along else ""
    return Problem(
        f"{change.address} would have to be made again",
        f"{change.because}{cost}{along}",
        str(change.address),
        "put the old value back into the project file; changing it takes `down`, with all data, and `up`",
    )


def _serves(resource: Resource) -> Problem:
    title = kind_of(resource.address.kind).title
    return Problem(f"a {title} that is not ours is there; it is used as it is", None, str(resource.address))


def _asleep(service: Resource) -> Problem:
    return Problem(
        f"{service.address} is paused, and stays so",
        "a suspended service is no difference; `up` does not start it",
        str(service.address),
        "`spcs-milvus resume` starts it again",
    )
