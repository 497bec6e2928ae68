"""What speaks against dropping something of ours: what others put into it, and data that is to be kept.

Comes in: resources, an observation, what stands in the containers, and what is agreed to go along. Goes out:
a :class:`Staying`. Touches nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from spcs_milvus.graph import among
from spcs_milvus.kinds import kind_of
from spcs_milvus.observe import Observation
from spcs_milvus.ownership import Ownership, conflict, ownership
from spcs_milvus.resource import Actual, Address, Presence, Resource


@dataclass(frozen=True)
class Staying:
    """What speaks against dropping. ``inside`` has the strange things in each container, ``along`` those that
    are agreed to go; ``held`` is needed by a container that stays. ``data`` is kept on purpose, ``asleep`` is
    that with all it needs, ``kept`` what of it is ours and there.
    """

    inside: Mapping[Address, Collection[Address]]
    along: Mapping[Address, Collection[Address]]
    held: frozenset[Address]
    data: frozenset[Address]
    asleep: frozenset[Address]
    kept: frozenset[Address]

    @property
    def containers(self) -> frozenset[Address]:
        """Those that stay for what is in them."""
        return frozenset(address for address, things in self.inside.items() if things)

    @property
    def told(self) -> list[Address]:
        """Those of them that were to go, or to rest, if they are ours: what is kept on purpose may hold what
        it likes, but a pool that runs for others cannot rest.
        """
        return [
            one for one in sorted(self.containers) if one not in self.asleep or one.kind == "compute_pool"
        ]

    @property
    def gone_along(self) -> frozenset[Address]:
        """What goes with a container that goes."""
        going = self.along.keys() - self.held - self.asleep
        return frozenset(one for address in going for one in self.along[address])


def staying(
    resources: Collection[Resource],
    observation: Observation,
    foreign: Mapping[Address, Collection[Address]],
    agreed: Collection[Address],
    *,
    keep_data: bool,
) -> Staying:
    """What stays of the resources, and why; see :func:`spcs_milvus.teardown.plan_down`."""
    needs = {resource.address: resource.needs for resource in resources}
    inside, along = _inside(resources, observation, foreign, agreed)
    held = _with_needs_of([address for address, things in inside.items() if things], needs)
    ours = _ours(resources, observation)
    data = frozenset(resource.address for resource, actual in ours if _loses(resource, actual) and keep_data)
    asleep = _with_needs_of(data, needs)
    kept = frozenset(resource.address for resource, _ in ours if resource.address in asleep)
    return Staying(inside, along, held, data, asleep, kept)


def _with_needs_of(
    addresses: Collection[Address], needs: Mapping[Address, frozenset[Address]]
) -> frozenset[Address]:
    reached = among(needs, needs)
    return frozenset(addresses).union(*(reached[address] for address in addresses))


def _ours(resources: Collection[Resource], observation: Observation) -> list[tuple[Resource, Actual]]:
    """What is ours by its mark, and there."""
    there = [(one, observation.actual[one.address]) for one in resources if one.mark and not one.existing]
    return [
        (resource, actual)
        for resource, actual in there
        if actual.presence is Presence.PRESENT and ownership(resource, actual) is Ownership.OURS
    ]


def _loses(resource: Resource, actual: Actual) -> str | None:
    return kind_of(resource.address.kind).loses(resource, actual)


def _inside(
    resources: Collection[Resource],
    observation: Observation,
    foreign: Mapping[Address, Collection[Address]],
    agreed: Collection[Address],
) -> tuple[dict[Address, list[Address]], dict[Address, list[Address]]]:
    """For each container, what stands in it that is not ours to drop, or may not be: that which keeps it, and
    that which is agreed to go along.
    """
    seen = observation.actual
    declared = [one for one in resources if not kind_of(one.address.kind).goes_with]
    there = [one for one in declared if one.existing and _is_there(one, seen)]
    theirs = [one for one in declared if not one.existing and conflict(one, seen[one.address])]
    keeping: dict[Address, list[Address]] = {}
    along: dict[Address, list[Address]] = {}
    for container in resources:
        kind = container.address.kind
        if container.existing or not (kind_of(kind).holds or kind == "schema"):
            continue
        within = (one.address for one in theirs if one.name.inside(container.name))
        things = dict.fromkeys((*foreign.get(container.address, ()), *within))
        may_go = kind in ("database", "schema")
        whole = container.address in agreed
        goes = [one for one in things if may_go and (whole or _is_agreed(one, agreed))]
        keeping[container.address] = [
            *(one for one in things if one not in goes),
            *(one.address for one in there if one.name.inside(container.name)),
        ]
        along[container.address] = goes
    return keeping, along


def _is_agreed(thing: Address, agreed: Collection[Address]) -> bool:
    """Whether it is named, or a database or schema around it."""
    around = [one.name for one in agreed if one.kind in ("database", "schema")]
    return thing in agreed or any(thing.name.startswith(f"{name}.") for name in around)


def _is_there(resource: Resource, seen: Mapping[Address, Actual]) -> bool:
    return seen[resource.address].presence is Presence.PRESENT
