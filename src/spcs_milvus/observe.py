"""What the account has of what is declared.

Comes in: resources, and ``query``, a function that answers many looks at once. Goes out: an
:class:`Observation`. All looks are known before the first is asked and equal ones are asked once, so the
sweep is one round trip deep however many resources there are.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from spcs_milvus.kinds import KINDS, kind_of
from spcs_milvus.names import Name
from spcs_milvus.resource import Actual, Address, Presence, Resource
from spcs_milvus.steps import Answer, Look
from spcs_milvus.templates import sql

Query = Callable[[Collection[Look]], Mapping[Look, Answer]]

# documented: SHOW returns at most this many rows, so a full answer proves nothing about what is not in it
SHOW_LIMIT = 10_000


@dataclass(frozen=True)
class Observation:
    """For each resource, what is there (``actual``) and the answers that said so (``answers``, by the kind's
    own names). ``listed`` are the answers to what was asked beside it, by kind.
    """

    actual: Mapping[Address, Actual]
    answers: Mapping[Address, Mapping[str, Answer]]
    listed: Mapping[str, Answer] = field(default_factory=dict)


def listing(role: str, database: Name) -> dict[str, Look]:
    """The looks that show every object of those kinds that a project may have none of, in the account or in
    its database, as a role that sees them all.
    """
    given = {"database": database}
    return {kind.name: Look(sql(kind.name, "show", given), role) for kind in KINDS.values() if kind.listed}


def observe(
    resources: Collection[Resource],
    query: Query,
    without: frozenset[str] = frozenset(),
    beside: Mapping[str, Look] | None = None,
) -> Observation:
    """One sweep over all resources; ``without`` names looks that are not needed, ``beside`` holds more (of
    :func:`listing`).
    """
    beside = beside or {}
    looks = {
        resource.address: {
            part: look
            for part, look in kind_of(resource.address.kind).looks(resource).items()
            if part not in without
        }
        for resource in resources
    }
    # of equal looks the first is asked, and a resource knows more of who else may ask
    given = query({*(look for wanted in looks.values() for look in wanted.values()), *beside.values()})
    answers = {
        address: {part: given[look] for part, look in wanted.items()} for address, wanted in looks.items()
    }
    actual = {resource.address: _read(resource, answers[resource.address]) for resource in resources}
    return Observation(actual, answers, {kind: given[look] for kind, look in beside.items()})


def _read(resource: Resource, answers: Mapping[str, Answer]) -> Actual:
    actual = kind_of(resource.address.kind).read(resource, answers)
    if actual.presence is not Presence.ABSENT:
        return actual
    if len(answers["show"].rows) >= SHOW_LIMIT:
        return Actual(Presence.UNKNOWN, reason=f"Snowflake shows only the first {SHOW_LIMIT} objects")
    partial = next((answer.partial for answer in answers.values() if answer.partial), None)
    return Actual(Presence.UNKNOWN, reason=partial) if partial else actual
