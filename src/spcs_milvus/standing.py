"""What stands on what: what a drop takes along, or has to take first.

Comes in: resources, addresses, and what there is. Goes out: addresses. Needs say in which order things are
made; what needs something may well stay without it, what stands on it cannot. Touches nothing.
"""

from collections.abc import Collection, Iterator

from spcs_milvus.kinds import kind_of
from spcs_milvus.observe import Observation
from spcs_milvus.resource import Address, Presence, Resource


def standing_on(below: Collection[Address], resources: Collection[Resource]) -> tuple[Address, ...]:
    """The resources that stand on any of those, directly or through others, in the order given; not they
    themselves.
    """
    found = set(below)
    while more := {one.address for one in resources if one.address not in found and _stands(one, found)}:
        found |= more
    return tuple(one.address for one in resources if one.address in found.difference(below))


def stood_on(above: Collection[Address], resources: Collection[Resource]) -> frozenset[Address]:
    """The resources that any of those stands on, directly or through others; not they themselves."""
    by_address = {resource.address: resource for resource in resources}
    found: set[Address] = set()
    wanted = set(above) & by_address.keys()
    while wanted:
        on = {below for address in wanted for below in _on(by_address[address])} & by_address.keys()
        wanted = on - found
        found |= wanted
    return frozenset(found.difference(above))


def taken_along(
    address: Address, resources: Collection[Resource], observation: Observation
) -> tuple[Address, ...]:
    """What is there and would go with it."""
    there = [one for one in resources if observation.actual[one.address].presence is Presence.PRESENT]
    return standing_on([address], there)


def lost_along(
    along: Collection[Address], resources: Collection[Resource], observation: Observation
) -> Iterator[str]:
    """What is lost for good with those that are taken along, in a person's words, and of which of them."""
    for resource in resources:
        actual = observation.actual[resource.address]
        if resource.address in along and (lost := kind_of(resource.address.kind).loses(resource, actual)):
            yield f"{lost} of {resource.address}"


def _stands(resource: Resource, below: Collection[Address]) -> bool:
    return not _on(resource).isdisjoint(below)


def _on(resource: Resource) -> frozenset[Address]:
    return kind_of(resource.address.kind).stands_on(resource)
