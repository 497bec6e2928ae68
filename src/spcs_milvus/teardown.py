"""What ``down`` would do: drop what is ours.

Comes in: resources, an observation and what stands in the containers. Goes out: a :class:`Plan` of deletions.
Touches nothing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from spcs_milvus.errors import Problem, some
from spcs_milvus.graph import reverse
from spcs_milvus.keeping import kept_asleep
from spcs_milvus.kinds import kind_of
from spcs_milvus.kinds.base import UNSEEN, Cost
from spcs_milvus.names import Name
from spcs_milvus.observe import Observation
from spcs_milvus.ownership import conflict, lent
from spcs_milvus.plan import Action, Change, Plan, existing, with_needs
from spcs_milvus.resource import Actual, Address, Presence, Resource, read_mark
from spcs_milvus.states import state_of
from spcs_milvus.staying import Staying, staying
from spcs_milvus.steps import Statement


def plan_down(
    resources: Collection[Resource],
    observation: Observation,
    foreign: Mapping[Address, Collection[Address]],
    agreed: Collection[Address] = (),
    *,
    keep_data: bool = False,
) -> Plan:
    """The changes that take away what is ours.

    ``foreign`` names, for each container of ours, what others put into it: such a container stays, and so
    does what it needs, unless the things, or a database or schema around them, are ``agreed`` to go along.
    The same holds for a container of something declared that turns out not to be ours. With ``keep_data``
    what holds data stays with all it needs, and runs no more.
    """
    stay = staying(resources, observation, foreign, agreed, keep_data=keep_data)
    strange = dict(_strange(resources, observation, stay))
    seen = observation.actual
    roles = roles_of(resources)
    decided = [_decided(resource, seen[resource.address], stay, roles) for resource in resources]
    changes = [one for one in decided if isinstance(one, Change)]
    declared = {resource.address: resource for resource in resources}
    kept = (
        *(_stays(declared[one], seen[one], stay.inside[one]) for one in stay.told if one not in strange),
        *(one for one in decided if isinstance(one, Problem)),
    )
    lasting = (
        *_lasting(resources, observation),
        *_leftovers(changes, declared, observation),
        *_kept(resources, observation, stay),
    )
    absent = tuple(
        one.address
        for one in resources
        if one.mark and not one.existing and seen[one.address].presence is Presence.ABSENT
    )
    needs = reverse({resource.address: resource.needs for resource in resources})
    ordered = with_needs(changes[::-1], needs)
    theirs = tuple(strange.values())
    return Plan(ordered, (), kept, declared, existing(resources), lasting, absent=absent, strange=theirs)


def roles_of(resources: Collection[Resource]) -> frozenset[str]:
    """The roles that a project works with, and those that it makes."""
    made = {resource.name.last for resource in resources if resource.address.kind == "role"}
    return frozenset(made.union(resource.role for resource in resources))


def _decided(
    resource: Resource, actual: Actual, stay: Staying, roles: Collection[str]
) -> Change | Problem | None:
    """What is done to a resource, or why nothing is; None where there is nothing to do or to say."""
    address = resource.address
    left = resource.existing or kind_of(address.kind).goes_with or lent(resource, actual)
    if left or actual.presence is Presence.ABSENT:
        return None
    if problem := conflict(resource, actual):
        told = actual.presence is Presence.PRESENT or address in stay.gone_along
        return None if told else _not_dropped(problem, resource, actual)
    if address in stay.containers:
        return None
    if address in stay.asleep:
        return _kept_asleep(resource, actual)
    if address in stay.held:
        summary = f"{address} is needed by what stays"
        return Problem(summary, None, str(address), f"once that is gone: {pasteable(resource, actual)}")
    return deletion(resource, actual, "it is ours", roles, stay.along.get(address, ()))


def pasteable(resource: Resource, actual: Actual) -> str:
    """The SQL that drops it, with the role that may."""
    (step,) = _dropped_as(_owner(resource, actual), resource, actual)
    return f"USE ROLE {Name.of(step.role)}; {step.sql};"


def _owner(resource: Resource, actual: Actual) -> str:
    """Only its owner drops an object: another role than ours where ours went before it (documented: DROP
    ROLE, what it owned goes to the role that dropped it), or where somebody gave it away.
    """
    return str(actual.live.get("owner") or resource.role)


def _dropped_as(role: str, resource: Resource, actual: Actual) -> tuple[Statement, ...]:
    steps = kind_of(resource.address.kind).drop(resource, actual)
    return tuple(replace(step, role=role) for step in steps if isinstance(step, Statement))


def _kept_asleep(resource: Resource, actual: Actual) -> Change | None:
    """What runs is put to sleep; one that sleeps already is no change."""
    runs = kind_of(resource.address.kind).suspend(resource)
    steps = kept_asleep(resource, actual, state_of(actual)) if runs else ()
    because = "its data is kept, or what is kept needs it"
    cost = Cost(credits=kind_of(resource.address.kind).dropping(resource, actual).credits)
    return Change(resource.address, Action.PAUSE, because, steps, cost=cost) if steps else None


def _kept(resources: Collection[Resource], observation: Observation, stay: Staying) -> Iterator[Problem]:
    """What is kept on purpose: first what holds data, then what that needs; what is told already is not."""
    hint = (
        "while the project file names it, `spcs-milvus up` uses it again; "
        "`spcs-milvus down` without --keep-data removes it"
    )
    kept = [one for one in resources if one.address in stay.kept.difference(stay.told)]
    for resource in sorted(kept, key=lambda one: one.address not in stay.data):
        loses = kind_of(resource.address.kind).loses(resource, observation.actual[resource.address])
        why = loses or "what is kept needs it"
        yield Problem(f"{resource.address} is kept", why, str(resource.address), hint)


def _strange(
    resources: Collection[Resource], observation: Observation, stay: Staying
) -> Iterator[tuple[Address, Problem]]:
    """What is there under a name of ours and is not ours: none of it is a leftover."""
    for resource in resources:
        actual = observation.actual[resource.address]
        there = actual.presence is Presence.PRESENT and resource.address not in stay.gone_along
        if there and (problem := conflict(resource, actual)):
            yield resource.address, _not_dropped(problem, resource, actual)


def _not_dropped(problem: Problem, resource: Resource, actual: Actual) -> Problem:
    """The advice of ``up`` is none for ``down``."""
    hint = f"if it is to go all the same: {pasteable(resource, actual)}"
    if actual.presence is Presence.PRESENT and read_mark(actual.comment) is None:
        hint += f" or, if it was ours: spcs-milvus adopt {resource.address}, and down again"
    return replace(problem, hint=hint)


def _lasting(resources: Collection[Resource], observation: Observation) -> Iterator[Problem]:
    """What was given to something that is not ours since our first object was made; what is older was there
    before us.
    """
    seen = {resource: observation.actual[resource.address] for resource in resources}
    there = {resource: actual for resource, actual in seen.items() if actual.presence is Presence.PRESENT}
    ours = [actual.live.get("since") for resource, actual in there.items() if resource.mark]
    first = min((since for since in ours if since is not None), default=None)
    for resource, actual in there.items():
        if resource.lasting and first is not None and actual.live.get("since", first) >= first:
            (step,) = kind_of(resource.address.kind).drop(resource, actual)
            assert isinstance(step, Statement)
            yield Problem(
                f"{resource.address.name} is not taken back",
                "it was granted to a role that is not ours, and others may rely on it by now",
                str(resource.address),
                f"USE ROLE {step.role}; {step.sql};",
            )


def _leftovers(
    changes: Collection[Change], declared: Mapping[Address, Resource], observation: Observation
) -> Iterator[Problem]:
    """What dropping one thing leaves in a schema that stays; with a schema that goes, it goes."""
    dropped = [change for change in changes if change.action is Action.DELETE]
    gone = {change.address for change in dropped}
    for change in dropped:
        resource = declared[change.address]
        left = kind_of(change.address.kind).leaves(resource, observation.actual[change.address])
        database, schema = Name(resource.name.parts[:1]), Name(resource.name.parts[:-1])
        if left and not gone & {Address("database", str(database)), Address("schema", str(schema))}:
            # documented: DROP ROLE, what it owned goes to the role that dropped it
            owner = Address("role", str(Name.of(resource.role)))
            role = declared[owner].role if owner in gone else resource.role
            yield Problem(
                f"{change.address} leaves something behind in the schema {schema}",
                left,
                str(change.address),
                f"USE ROLE {Name.of(role)}; SHOW SNAPSHOTS IN SCHEMA {schema}; and DROP SNAPSHOT",
            )


def deletion(
    resource: Resource,
    actual: Actual,
    because: str,
    roles: Collection[str],
    along: Collection[Address] = (),
) -> Change:
    """What drops an object of ours, with what is lost, that of others which goes ``along``, and what it
    costs.

    It is dropped as its owner where that is one of the ``roles`` of the project; what was given to another is
    tried, refused, and told with the SQL, and the rest goes.
    """
    kind, owner = kind_of(resource.address.kind), _owner(resource, actual)
    steps = _dropped_as(owner if owner in roles else resource.role, resource, actual)
    loses = kind.loses(resource, actual)
    if along:
        loses = f"{loses or 'what is in it'}, also what is not ours: {in_words(along, ', '.join)}"
    cost = kind.dropping(resource, actual)
    return Change(resource.address, Action.DELETE, because, steps, loses=loses, cost=cost)


def in_words(things: Collection[Address], listed: Callable[[Sequence[str]], str] = some) -> str:
    """What stands in a container as a person says it, and of which sorts there may be more unseen."""
    shown = [f"{one.kind.replace('_', ' ')} {one.name}" for one in things if one.kind != UNSEEN]
    sorts = [one.name.rpartition(".")[2] for one in things if one.kind == UNSEEN]
    hidden = [f"{some(sorts)} that this user is not shown"] if sorts else []
    return "; ".join((*([listed(shown)] if shown else []), *hidden))


def _stays(container: Resource, actual: Actual, inside: Collection[Address]) -> Problem:
    address = container.address
    unseen = all(one.kind == UNSEEN for one in inside)
    holds = "may hold" if unseen else "holds"
    first = "move or drop them; then run down again"
    if unseen:
        first = f"run down as a user who may take the role {container.seen_by}, which is shown all of it"
    way = pasteable(container, actual)
    if address.kind in ("database", "schema"):
        way = f"let {'all in it' if unseen else 'them'} go along: spcs-milvus down --delete-data {address}"
    summary = f"{address} {holds} things that are not ours"
    return Problem(summary, in_words(inside), str(address), f"{first}, or {way}")
