"""What ``down`` would do: drop what is declared and what is ours though nobody declares it any more.

Comes in: resources, an observation and what stands in the containers. Goes out: a :class:`Plan` of deletions.
Touches nothing.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from spcs_milvus.errors import Problem
from spcs_milvus.graph import reverse
from spcs_milvus.keeping import kept_asleep
from spcs_milvus.kinds import KINDS, kind_of
from spcs_milvus.kinds.base import Found
from spcs_milvus.names import Name
from spcs_milvus.observe import Observation
from spcs_milvus.ownership import conflict, lent
from spcs_milvus.plan import Action, Change, Plan, existing, state_of, with_needs
from spcs_milvus.resource import Actual, Address, Presence, Resource, read_mark
from spcs_milvus.staying import Staying, staying
from spcs_milvus.steps import Row, Statement

# what is made on top of what: an object of ours that nobody declares is dropped before what it may stand on
_STANDS_ON = (
    "role",
    "user",
    "security_integration",
    "warehouse",
    "database",
    "schema",
    "image_repository",
    "stage",
    "secret",
    "network_rule",
    "external_access_integration",
    "compute_pool",
    "service",
)
_COLUMNS = ("database_name", "schema_name", "name")


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
    seen = observation.actual
    decided = [_decided(resource, seen[resource.address], stay) for resource in resources]
    changes = [one for one in decided if isinstance(one, Change)]
    declared = {resource.address: resource for resource in resources}
    kept = (
        *(_stays(declared[one], seen[one], stay.inside[one]) for one in stay.told),
        *(one for one in decided if isinstance(one, Problem)),
    )
    lasting = (
        *_lasting(resources, observation),
        *_leftovers(changes, declared, observation),
        *(_data_kept(resource, observation) for resource in resources if resource.address in stay.data),
    )
    needs = reverse({resource.address: resource.needs for resource in resources})
    return Plan(with_needs(changes[::-1], needs), (), kept, declared, existing(resources), lasting)


def _decided(resource: Resource, actual: Actual, stay: Staying) -> Change | Problem | None:
    """What is done to a resource, or why nothing is; None where there is nothing to do or to say."""
    address = resource.address
    left = resource.existing or kind_of(address.kind).goes_with or lent(resource, actual)
    if left or actual.presence is Presence.ABSENT:
        return None
    if problem := conflict(resource, actual):
        return None if address in stay.gone_along else _not_dropped(problem, resource, actual)
    if address in stay.containers:
        return None
    if address in stay.asleep:
        return _kept_asleep(resource, actual)
    if address in stay.held:
        summary = f"{address} is needed by what stays"
        return Problem(summary, None, str(address), pasteable(resource, actual))
    return _deletion(resource, actual, stay.along.get(address, ()))


def pasteable(resource: Resource, actual: Actual) -> str:
    """The SQL that drops it, with the role that may."""
    role = str(actual.live.get("owner") or resource.role)
    steps = kind_of(resource.address.kind).drop(resource, actual)
    statements = "; ".join(step.sql for step in steps if isinstance(step, Statement))
    return f"USE ROLE {role}; {statements};"


def _kept_asleep(resource: Resource, actual: Actual) -> Change | None:
    """What runs is put to sleep; one that sleeps already is no change."""
    runs = kind_of(resource.address.kind).suspend(resource)
    steps = kept_asleep(resource, actual, state_of(actual)) if runs else ()
    because = "its data is kept, or what is kept needs it"
    return Change(resource.address, Action.PAUSE, because, steps) if steps else None


def _data_kept(resource: Resource, observation: Observation) -> Problem:
    lost = kind_of(resource.address.kind).loses(resource, observation.actual[resource.address])
    hint = "`spcs-milvus up` uses it again; `spcs-milvus down` without --keep-data removes it"
    return Problem(f"{resource.address} is kept", lost, str(resource.address), hint)


def _not_dropped(problem: Problem, resource: Resource, actual: Actual) -> Problem:
    """The advice of ``up`` is none for ``down``."""
    return replace(problem, hint=f"if it is to go all the same: {pasteable(resource, actual)}")


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
            yield Problem(
                f"{change.address} leaves something behind in the schema {schema}",
                left,
                str(change.address),
                f"USE ROLE {resource.role}; SHOW SNAPSHOTS IN SCHEMA {schema}; and DROP SNAPSHOT",
            )


def _deletion(resource: Resource, actual: Actual, along: Collection[Address]) -> Change:
    kind = kind_of(resource.address.kind)
    loses = kind.loses(resource, actual)
    if along:
        loses = f"{loses or 'what is in it'}, also what is not ours: {', '.join(map(_in_words, along))}"
    return Change(resource.address, Action.DELETE, "it is ours", kind.drop(resource, actual), loses=loses)


def _stays(container: Resource, actual: Actual, inside: Collection[Address]) -> Problem:
    words = list(map(_in_words, inside))
    shown = ", ".join(words[:5]) + (f" and {len(words) - 5} more" if len(words) > 5 else "")
    address = container.address
    way = f"then run down again, or {pasteable(container, actual)}"
    if address.kind in ("database", "schema"):
        way = f"then run down again, or let them go along: spcs-milvus down --delete-data {address}"
    hint = f"move or drop them; {way}"
    return Problem(f"{address} holds things that are not ours", shown, str(address), hint)


# --- ours, though nobody declares it ------------------------------------------------------------------


def orphans(
    resources: Collection[Resource],
    observation: Observation,
    administrator: str,
    found: Collection[Found] = (),
) -> dict[Resource, Actual]:
    """Objects that carry our mark and are not declared, as far as the looks of ``resources`` and ``found``
    show. ``administrator`` is the role that made those of which SHOW tells no owner, which are integrations.

    Each is a resource that can be dropped, dropped after what is made on top of it and before what it stands
    on.
    """
    declared = {resource.address for resource in resources}
    shown = {one.address: one for one in (*_shown(resources, observation), *found)}
    pattern = next(resource for resource in resources if resource.mark)
    ours = [one for address, one in shown.items() if address not in declared and _is_ours(one, pattern)]
    return {_orphan(one, pattern, administrator): _as_found(one) for one in ours}


def ordered(resources: Collection[Resource], undeclared: Collection[Resource]) -> tuple[Resource, ...]:
    """All of them, where an undeclared one needs whatever it may stand on, and the other way round."""
    strangers = {resource.address for resource in undeclared}
    everything = (*resources, *undeclared)
    return tuple(_on_top_of(resource, everything, strangers) for resource in everything)


def _shown(resources: Collection[Resource], observation: Observation) -> Iterator[Found]:
    """Every row of the looks that show all objects of a kind."""
    for kind, answer in observation.listed.items():
        yield from (_row(kind, row, _COLUMNS) for row in answer.rows)
    for resource in resources:
        kind = resource.address.kind
        if kind_of(kind).marked:
            columns = {1: ("name",), 2: ("database_name", "name")}.get(len(resource.name.parts), _COLUMNS)
            rows = observation.answers[resource.address]["show"].rows
            yield from (_row(kind, row, columns) for row in rows)


def _row(kind: str, row: Row, columns: Sequence[str]) -> Found:
    """What a row of SHOW is about, named by those of the columns that it has."""
    name = Name(tuple(str(row[column]) for column in columns if row.get(column)))
    return Found(Address(kind, str(name)), name, row)


def _is_ours(found: Found, pattern: Resource) -> bool:
    mark = read_mark(str(found.row.get("comment") or ""))
    assert pattern.mark is not None
    return found.address.kind in KINDS and mark is not None and mark.same_owner(pattern.mark)


def _orphan(found: Found, pattern: Resource, administrator: str) -> Resource:
    """A resource as far as dropping takes one; the owner drops what it owns."""
    return Resource(
        found.address,
        found.name,
        str(found.row.get("owner") or administrator),
        pattern.seen_by,
        kind_of(found.address.kind).undeclared(found.row),
        mark=read_mark(str(found.row["comment"])),
        detail={"database": Name(found.name.parts[:1]), "specification": {}},
    )


def _as_found(found: Found) -> Actual:
    return Actual(Presence.PRESENT, {}, str(found.row["comment"]), {"owner": found.row.get("owner")})


def _on_top_of(
    resource: Resource, everything: Collection[Resource], strangers: Collection[Address]
) -> Resource:
    if resource.address.kind not in _STANDS_ON:
        return resource
    below = _STANDS_ON[: _STANDS_ON.index(resource.address.kind)]
    more = {
        other.address
        for other in everything
        if other.address.kind in below and (resource.address in strangers or other.address in strangers)
    }
    return replace(resource, needs=resource.needs | more)


# --- what others put among ours -----------------------------------------------------------------------


def strangers(
    resources: Collection[Resource], contents: Mapping[Address, Collection[Found]]
) -> dict[Address, tuple[Address, ...]]:
    """For each container of ours, what stands in it that is neither ours nor came with it."""
    ours = {resource.address for resource in resources if not resource.existing}
    databases = [one for one in resources if one.address.kind == "database" and not one.existing]
    for database in databases:
        ours |= {
            Address("schema", str(database.name.child(part))) for part in ("PUBLIC", "INFORMATION_SCHEMA")
        }
    foreign = {
        address: [one for one in found if one.address not in ours] for address, found in contents.items()
    }
    inside: dict[Address, tuple[Address, ...]] = {}
    for resource in resources:
        held = foreign.get(resource.address, [])
        if resource.address.kind == "role":
            # what stands in a database of ours is told there
            held = [one for one in held if not any(one.name.inside(database.name) for database in databases)]
        if resource.address.kind == "schema":
            held = [one for found in foreign.values() for one in found if one.name.inside(resource.name)]
        inside[resource.address] = tuple(dict.fromkeys(one.address for one in held))
    return inside


def _in_words(address: Address) -> str:
    return f"{address.kind.replace('_', ' ')} {address.name}"
