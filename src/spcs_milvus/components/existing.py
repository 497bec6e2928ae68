"""``existing:`` of the project file: what was there before us is used, never changed, never dropped.

Comes in: what the project declares. Goes out: the same, in which a listed resource is *existing*: it has to
be there. Touches nothing.

A grant of something that exists to a role of ours is ours, and goes with the role. One between two things
that are not ours is never made: it has to be there, too. The one exception is an owner that exists: it gets
BIND SERVICE ENDPOINT, as the guide gives it to SYSADMIN, and keeps it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from spcs_milvus.components.foundation import Foundation
from spcs_milvus.names import Name
from spcs_milvus.resource import Address, Resource

BIND = "BIND SERVICE ENDPOINT"


def settled(foundation: Foundation, declared: Sequence[Resource]) -> tuple[Resource, ...]:
    """What is declared, with what exists taken as it is, and what is listed beside it."""
    there = _there(foundation)
    if not there:
        return tuple(declared)
    known = {resource.address for resource in declared}
    listed = [_listed(foundation, address, there[address]) for address in sorted(there.keys() - known)]
    taken = [_taken(resource) if resource.address in there else resource for resource in declared]
    made = _made_inside(foundation, _without_idle_rules(taken), there)
    sorted_out = [_sorted_out(foundation, resource, made, there) for resource in made]
    kept = _wanted([resource for resource in sorted_out if resource is not None])
    left = {one.address: one.needs for one in (*declared, *made)}
    for resource in kept:
        del left[resource.address]
    kept = [replace(resource, needs=_without(left, resource.needs)) for resource in kept]
    return (*listed, *_after_the_first(kept))


def _without(left: Mapping[Address, frozenset[Address]], needs: Collection[Address]) -> frozenset[Address]:
    """Needs in which what that needed stands in place of what is ``left`` out: a service needs its compute
    pool, whether or not somebody has to be let onto it first.
    """
    found: set[Address] = set()
    wanted = set(needs)
    while wanted:
        found |= wanted
        wanted = {need for address in wanted & left.keys() for need in left[address]} - found
    return frozenset(found.difference(left))


def _there(foundation: Foundation) -> dict[Address, Name]:
    """What is listed; a database that exists has its schema PUBLIC, which nobody needs to list."""
    there: dict[Address, Name] = {}
    for listed in foundation.project.existing:
        kind, *parts = listed.split(".")
        there[Address(kind, str(Name(tuple(parts))))] = Name(tuple(parts))
    if foundation.schema.last == "PUBLIC" and Address("database", str(foundation.database)) in there:
        there[Address("schema", str(foundation.schema))] = foundation.schema
    return there


def _listed(foundation: Foundation, address: Address, name: Name) -> Resource:
    """Something that has to be there although the project does not make anything like it."""
    admin = foundation.project.roles.security_admin
    return Resource(address, name, admin, admin, {}, detail={"database": Name(name.parts[:1])}, existing=True)


def _taken(resource: Resource) -> Resource:
    return replace(resource, needs=frozenset(), mark=None, existing=True)


def _without_idle_rules(resources: Sequence[Resource]) -> list[Resource]:
    """Without a network rule that was for an integration which exists: that one has rules of its own."""
    integrations = [one for one in resources if one.address.kind == "external_access_integration"]
    needed = {need for integration in integrations for need in integration.needs}
    idle = [one for one in resources if one.address.kind == "network_rule" and one.address not in needed]
    return [one for one in resources if one.existing or one not in idle]


def _made_inside(
    foundation: Foundation, resources: Sequence[Resource], there: Collection[Address]
) -> list[Resource]:
    """The resources, and the grants it takes to make one of ours in a container of others."""
    found: dict[Address, Resource] = {}
    for resource in resources:
        grants = list(_to_make(foundation, resource, there)) if resource.mark else []
        found |= {grant.address: grant for grant in grants}
        needs = resource.needs | {grant.address for grant in grants}
        found[resource.address] = replace(resource, needs=needs)
    return list(found.values())


def _to_make(foundation: Foundation, resource: Resource, there: Collection[Address]) -> Iterator[Resource]:
    """documented: Access control privileges, database and schema privileges."""
    container = {2: "database", 3: "schema"}.get(len(resource.name.parts))
    if container is None or Address(container, str(resource.name.parent)) not in there:
        return
    create = f"CREATE {resource.address.kind.replace('_', ' ').upper()}"
    yield foundation.grant_object("USAGE", "database", foundation.database, resource.role)
    if container == "schema":
        yield foundation.grant_object("USAGE", "schema", foundation.schema, resource.role)
    yield foundation.grant_object(create, container, resource.name.parent, resource.role)


def _sorted_out(
    foundation: Foundation, resource: Resource, resources: Sequence[Resource], there: Collection[Address]
) -> Resource | None:
    """A grant as what it is: ours, one that has to be there, or none at all (None)."""
    if resource.address.kind != "grant":
        return resource
    detail, grantee = resource.detail, str(resource.detail["role"])
    others = Address("role", grantee) in there
    if detail["form"] == "role":
        return _membership(resource, there)
    if detail["form"] == "account":
        lasts = others and detail["privilege"].text == BIND
        return replace(resource, lasting=lasts, existing=others and not lasts)
    on = _on(detail)
    if on in there:
        return replace(resource, existing=others)
    if on == Address("schema", str(foundation.schema)) and foundation.schema.last == "PUBLIC":
        # it belongs to whoever makes the database
        on = Address("database", str(foundation.database))
    owns = any(one.address == on and one.role == grantee for one in resources)
    return None if owns else resource


def _membership(resource: Resource, there: Collection[Address]) -> Resource | None:
    """Who else gets a role that exists has to have it, but for users of ours, with whom the grant goes;
    how we reach it is for those who gave it to us.
    """
    role, to = str(resource.detail["on"]), str(resource.detail["role"])
    to_user_of_ours = any(need.kind == "user" for need in resource.needs)
    if Address("role", role) not in there or to_user_of_ours:
        return resource
    return None if to in ("SYSADMIN", role) else replace(resource, existing=True)


def _on(detail: Mapping[str, Any]) -> Address:
    if detail["form"] == "service_role":
        return Address("service", str(detail["service"]))
    target: Address = detail["object"]
    return target


def _wanted(resources: Sequence[Resource]) -> list[Resource]:
    """Without the right to make what nobody makes any more."""
    needed = {need for resource in resources for need in resource.needs}
    return [
        resource
        for resource in resources
        if resource.address in needed
        or resource.detail.get("form") != "account"
        or not resource.detail["privilege"].text.startswith("CREATE ")
    ]


def _after_the_first(resources: Sequence[Resource]) -> Iterator[Resource]:
    """What outlasts the project is given after its first object is made: what is older was there before."""
    first = next((one for one in resources if one.mark and one.address.kind != "service"), None)
    for resource in resources:
        needs = {first.address} if first and resource.lasting else set()
        yield replace(resource, needs=resource.needs | needs)
