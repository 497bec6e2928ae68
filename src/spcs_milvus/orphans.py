"""What is ours though nobody declares it any more, found by its mark; and what ``up`` does about it.

Comes in: resources, an observation and what stands in the containers. Goes out: resources that can be
dropped, and plans. Touches nothing.

``up`` drops what left the project file, after all else is done, and says what goes with it. Vectors it never
drops: a service with a volume stays, with what it stands on and may use, until ``down`` is asked for it by
name. That most of what is ours left the file is more likely a mistake (another prefix) than a wish.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from spcs_milvus.errors import Problem, some
from spcs_milvus.graph import reverse
from spcs_milvus.kinds import KINDS, kind_of
from spcs_milvus.kinds.base import UNSEEN, Found
from spcs_milvus.names import Name
from spcs_milvus.observe import Observation
from spcs_milvus.ownership import Ownership, conflict, ownership
from spcs_milvus.plan import Action, Plan, with_needs
from spcs_milvus.resource import Actual, Address, Presence, Resource, read_mark
from spcs_milvus.standing import stood_on
from spcs_milvus.states import unseen
from spcs_milvus.steps import Row
from spcs_milvus.teardown import deletion, in_words, roles_of

FEW = 3
"""From so many objects on, more than half of what is ours not being declared any more stops ``up``."""

_USED_BY_SERVICES = (
    "warehouse",
    "image_repository",
    "stage",
    "secret",
    "network_rule",
    "external_access_integration",
)

GONE = "it is ours and not in the project file any more"

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
    mark = read_mark(found.row.get("comment"))
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
    resources: Collection[Resource],
    contents: Mapping[Address, Collection[Found]],
    actual: Mapping[Address, Actual],
) -> dict[Address, tuple[Address, ...]]:
    """For each container of ours, what stands in it that is neither ours nor came with it; ``actual`` says
    which of what is declared is there and not ours.
    """
    ours = {one.address for one in resources if not (one.existing or conflict(one, actual[one.address]))}
    lost = {one.address for one in resources if not one.existing} - ours
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
            # what stands in a database of ours is told there; what is declared and not ours keeps its owner
            told = {one.address for one in held if any(one.name.inside(base.name) for base in databases)}
            held = [one for one in held if one.address in lost or one.address not in told]
        if resource.address.kind == "schema":
            held = [one for found in foreign.values() for one in found if _may_be_in(one, resource.name)]
        if resource.address.kind == "compute_pool" and not unseen(
            contents.get(resource.address, ()), actual[resource.address]
        ):
            # the pool's own count says that there are no others
            held = [one for one in held if one.address.kind != UNSEEN]
        inside[resource.address] = tuple(dict.fromkeys(one.address for one in held))
    return inside


def _may_be_in(found: Found, schema: Name) -> bool:
    """What is not shown of a database may stand in any of its schemas."""
    return found.name.inside(schema) or (found.address.kind == UNSEEN and schema.inside(found.name.parent))


# --- what up does about it ----------------------------------------------------------------------------


def swept(
    plan: Plan, undeclared: Mapping[Resource, Actual], contents: Mapping[Address, Collection[Found]]
) -> Plan:
    """A plan of ``up`` that drops what nobody declares any more, when all else is done.

    What holds a volume, or something that is not to be dropped, stays with what it stands on, and the plan
    says so.
    """
    everything = ordered((), tuple(undeclared))
    roles = roles_of([*plan.resources.values(), *undeclared])
    seen = {resource.address: actual for resource, actual in undeclared.items()}
    inside = strangers(everything, contents, seen)
    why = {
        resource.address: problem
        for resource, actual in undeclared.items()
        if (problem := _stays(resource, actual, inside[resource.address]))
    }
    staying = why.keys() | _used(why, undeclared)
    held = staying | stood_on(staying, tuple(undeclared))
    why |= {address: _is_held(address) for address in sorted(held - why.keys())}
    gone = [
        deletion(resource, actual, GONE, roles)
        for resource, actual in undeclared.items()
        if resource.address not in why
    ]
    before = frozenset(change.address for change in plan.changes)
    needs = reverse({resource.address: resource.needs for resource in everything})
    drops = tuple(replace(one, needs=one.needs | before) for one in with_needs(gone[::-1], needs))
    resources = {**plan.resources, **{resource.address: resource for resource in undeclared}}
    return replace(
        plan, changes=(*plan.changes, *drops), kept=(*plan.kept, *why.values()), resources=resources
    )


def _used(staying: Collection[Address], undeclared: Collection[Resource]) -> frozenset[Address]:
    """What a service that stays may use though it does not stand on it; which of it, nobody says any more."""
    if not any(address.kind == "service" for address in staying):
        return frozenset()
    return frozenset(one.address for one in undeclared if one.address.kind in _USED_BY_SERVICES)


def too_many(
    plan: Plan,
    resources: Collection[Resource],
    observation: Observation,
    undeclared: Collection[Resource],
) -> Problem | None:
    """Why a plan of ``up`` that drops something is hardly meant: most of what is ours left the project file,
    whether it would be dropped or stays. None when that is not so.
    """
    left = [str(one.address) for one in undeclared if one.address in plan.resources]
    there = [one for one in resources if one.mark and _is_there(one, observation.actual[one.address])]
    ours = len(undeclared) + len(there)
    drops = any(change.action is Action.DELETE for change in plan.changes)
    if not drops or len(left) < FEW or 2 * len(left) <= ours:
        return None
    return Problem(
        f"{len(left)} of {ours} objects that are ours are not in the project file any more",
        some(left),
        None,
        "another prefix under `names:` or another environment makes everything new; if this is meant, add "
        "--allow-deletions",
    )


def _is_there(resource: Resource, actual: Actual) -> bool:
    return actual.presence is Presence.PRESENT and ownership(resource, actual) is Ownership.OURS


def _stays(resource: Resource, actual: Actual, inside: Collection[Address]) -> Problem | None:
    """Why an object of ours is not dropped by ``up``; None when it is."""
    address = resource.address
    left = f"{address} is ours and not in the project file any more"
    if inside:
        stands = "may be" if all(one.kind == UNSEEN for one in inside) else "is"
        return Problem(f"{left}, but something else {stands} in it", in_words(inside), str(address))
    if actual.live.get("job"):
        return Problem(f"{left}; it is a job, and may still run", None, str(address), "`down` drops it")
    loses = kind_of(address.kind).loses(resource, actual)
    if address.kind == "service" and loses:
        hint = f"`spcs-milvus down --target {address}` drops it with that; or put it back into the file"
        return Problem(f"{left}; `up` never drops {loses}", None, str(address), hint)
    return None


def _is_held(address: Address) -> Problem:
    return Problem(
        f"{address} is ours and not in the project file any more, but what stays stands on it",
        None,
        str(address),
    )
