"""The sweeps over the account beside the first: what stands in containers, what nobody declares, and how
things are after a run.

Comes in: an account, resources and what was seen of them. Goes out: what was found. Only asks.
"""

from collections.abc import Callable, Collection, Mapping

from spcs_milvus.account import Account
from spcs_milvus.errors import DeployError, Problem
from spcs_milvus.kinds import kind_of
from spcs_milvus.kinds.base import Found
from spcs_milvus.observe import Observation, observe
from spcs_milvus.orphans import orphans
from spcs_milvus.resource import Actual, Address, Presence, Resource
from spcs_milvus.settling import PAUSES_SECONDS
from spcs_milvus.steps import Look


def look_again(
    account: Account,
    resources: Collection[Resource],
    amiss: Callable[[Observation], object],
    pause: Callable[[float], object],
) -> tuple[Observation | None, tuple[Problem, ...]]:
    """What is there now; None, and why, when the account does not say.

    Where ``amiss`` finds what was done and is not to be seen, it is looked for again before that is believed.
    """
    try:
        account.refresh_roles()
        for seconds in PAUSES_SECONDS:
            seen = observe(resources, account.query)
            if not amiss(seen):
                return seen, ()
            pause(seconds)
        return observe(resources, account.query), ()
    except DeployError as error:
        problem = error.problem
        summary = "what was done could not be looked at again"
        return None, (
            Problem(summary, f"{problem.summary} ({problem.detail})", None, "run the command again"),
        )


def undeclared(
    account: Account,
    resources: Collection[Resource],
    observation: Observation,
    administrator: str,
    *,
    thoroughly: bool,
) -> tuple[dict[Resource, Actual], dict[Address, tuple[Found, ...]]]:
    """What is ours and not declared, as the kinds see it, and what stands in the containers;
    ``administrator`` as for :func:`spcs_milvus.orphans.orphans`.

    Only ``thoroughly`` are containers looked into even where nothing else is found, which takes another
    sweep.
    """
    found = orphans(resources, observation, administrator)
    if not (found or thoroughly):
        return {}, {}
    contents = contents_of(account, observation, (*resources, *found))
    inside = [one for held in contents.values() for one in held]
    found |= orphans(resources, observation, administrator, inside)
    seen = observe(found, account.query).actual
    there = (one for one in found if seen[one.address].presence is Presence.PRESENT)
    return found | {resource: seen[resource.address] for resource in there}, contents


def contents_of(
    account: Account, observation: Observation, resources: Collection[Resource]
) -> dict[Address, tuple[Found, ...]]:
    """What stands in each container that is there, asked in one sweep."""
    looks: dict[Address, Mapping[str, Look]] = {}
    for resource in resources:
        actual = observation.actual.get(resource.address)
        holds = kind_of(resource.address.kind).holds
        if holds and (actual is None or actual.presence is Presence.PRESENT):
            looks[resource.address] = holds.looks(resource)
    given = account.query({one for wanted in looks.values() for one in wanted.values()})
    found: dict[Address, tuple[Found, ...]] = {}
    for resource in resources:
        holds = kind_of(resource.address.kind).holds
        if holds and resource.address in looks:
            answers = {part: given[one] for part, one in looks[resource.address].items()}
            found[resource.address] = holds.read(resource, answers)
    return found
