"""What follows from an observation by somebody who lacks the role that sees everything.

Comes in: resources, an observation, and who looked. Goes out: the observation, with what is proven not to be
there though nobody was asked who would see it for certain. Touches nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from spcs_milvus.kinds import kind_of
from spcs_milvus.observe import Observation
from spcs_milvus.ownership import Ownership, ownership
from spcs_milvus.resource import ABSENT, Actual, Address, Presence, Resource


@dataclass(frozen=True)
class Reach:
    """Who runs this: the ``user``, the ``roles`` that they may take now, and where the project file names
    those it takes (``place``). A ``bound`` connection is good for the one role that is in ``roles``.
    """

    user: str
    roles: frozenset[str]
    bound: bool
    place: str


def in_sight(resources: Collection[Resource], observation: Observation, reach: Reach) -> Observation:
    """The observation, where what cannot be told is absent in two cases: it has no comment of its own and
    stands on what is not there; or it would be in a database of ours and of a role of ours.
    """
    seen = dict(observation.actual)
    for resource in resources:
        if seen[resource.address].presence is Presence.UNKNOWN and not resource.existing:
            answer = observation.answers[resource.address]["show"]
            inside = answer.partial and _is_in_ours(resource, resources, seen, reach)
            if inside or _stands_on_nothing(resource, seen):
                seen[resource.address] = ABSENT
    return replace(observation, actual=seen)


def _stands_on_nothing(resource: Resource, seen: Mapping[Address, Actual]) -> bool:
    below = kind_of(resource.address.kind).stands_on(resource) & seen.keys()
    return resource.mark is None and any(seen[one].presence is Presence.ABSENT for one in below)


def _is_in_ours(
    resource: Resource, resources: Collection[Resource], seen: Mapping[Address, Actual], reach: Reach
) -> bool:
    """assumed: who may act as the owner of a database, and as the role that makes a thing in it, is shown
    that thing if it is ours. A stranger's of that name makes CREATE fail, and stays as it is (documented:
    CREATE without IF NOT EXISTS).
    """
    return any(
        one.address.kind == "database"
        and resource.name.inside(one.name)
        and seen[one.address].presence is Presence.PRESENT
        and ownership(one, seen[one.address]) is Ownership.OURS
        and (reach.bound or {one.role, resource.role} <= reach.roles)
        and one.role in reach.roles
        for one in resources
    )
