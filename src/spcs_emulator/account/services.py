"""Reading a service object: its specification, its instances, its names in the DNS, its local ports.

In: service objects. Out: values. Touches nothing.
Documented: Snowpark Container Services: working with services (DNS name, endpoints, service roles).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache

from spcs_emulator.account.access import closure
from spcs_emulator.account.catalogue import Catalogue
from spcs_emulator.account.entries import ACCOUNT, OWNERSHIP, AccountObject
from spcs_emulator.specification import Endpoint, Specification, from_document
from spcs_emulator.statement.values import ObjectKind

ALL_ENDPOINTS = "ALL_ENDPOINTS_USAGE"
DOMAIN = "svc.spcs.internal"
_HASH_LENGTH = 6


def specification_of(service: AccountObject) -> Specification:
    """Return the service's specification."""
    return _parsed(service.settings["spec"])


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Specification:
    return from_document(json.loads(text))


def instance_keys(service: AccountObject) -> list[str]:
    """Return the runtime keys of every instance the service has, lowest number first."""
    return [f"{service.key}-{number}" for number in range(int(service.settings["MIN_INSTANCES"]))]


def local_ports(service: AccountObject, number: int) -> dict[int, int]:
    """Return declared port to local port of one instance; empty when it has none yet."""
    ports: Mapping[str, int] = service.settings["ports"].get(str(number), {})
    return {int(port): local for port, local in ports.items()}


def dns_label(name: str) -> str:
    """Return the service's name as a DNS label: lower case, underscores as dashes."""
    return name.lower().replace("_", "-")


def schema_hash(schema_key: str) -> str:
    """Return the schema's part of the DNS name, bound to the schema object: the same as long as it lives."""
    digits = hashlib.sha256(schema_key.encode()).hexdigest()
    return "".join(chr(ord("a") + int(digit, 16)) for digit in digits[:_HASH_LENGTH])


def volume_key(service: AccountObject, number: int, volume: str) -> str:
    """Return the runtime's key of an instance's volume that is no stage. Each RESTORE VOLUME makes a new
    one.
    """
    restored = service.settings.get("restored", {}).get(volume, {}).get(str(number), 0)
    parts = (volume, number, restored) if restored else (volume, number) if number else (volume,)
    return f"{service.key}/{'.'.join(map(str, parts))}"


def block_volumes(service: AccountObject, count: int) -> frozenset[str]:
    """Return the keys of the block volumes of the service's first `count` instances."""
    names = [volume.name for volume in specification_of(service).block_volumes]
    return frozenset(volume_key(service, number, name) for number in range(count) for name in names)


def lost_volumes(service: AccountObject, number: int) -> frozenset[str]:
    """Return the keys of an instance's volumes that end with it.

    Documented: Service specification reference, volumes (local and memory)."""
    volumes = specification_of(service).volumes
    lost = [volume.name for volume in volumes if volume.source in ("local", "memory")]
    return frozenset(volume_key(service, number, name) for name in lost)


def dns_name(service: AccountObject) -> str:
    """Return the service's full DNS name."""
    return f"{dns_label(service.name)}.{search_domain(service)}"


def search_domain(service: AccountObject) -> str:
    """Return the domain of the service's schema, in which its containers look short names up."""
    return f"{schema_hash(service.parent or '')}.{DOMAIN}"


def host_names(service: AccountObject, seen_from: AccountObject) -> tuple[str, ...]:
    """Return every host name of `service` that works from another: the bare one only within the schema."""
    full = dns_name(service)
    names = (full, full.removesuffix(f".{DOMAIN}"))
    return (dns_label(service.name), *names) if service.parent == seen_from.parent else names


def owner_reaches(
    catalogue: Catalogue, caller: AccountObject, service: AccountObject, endpoint: Endpoint
) -> bool:
    """Whether containers of `caller` may use the endpoint.

    Documented: services of one owner reach each other; else the caller's owner role needs a service role that
    covers the endpoint, and usage on the service's database and schema.
    """
    if caller.owner == service.owner:
        return True
    roles = closure(catalogue, [caller.owner] if caller.owner else [])
    return covers(catalogue, roles, service, endpoint) and _uses_parents(catalogue, roles, service)


def covers(catalogue: Catalogue, roles: frozenset[str], service: AccountObject, endpoint: Endpoint) -> bool:
    """Whether one of `roles` owns the service or is a service role that covers the endpoint."""
    if service.owner in roles:
        return True
    return any(
        child.key in roles and endpoint.name in child.settings["endpoints"]
        for child in catalogue.children(service.key)
    )


def _uses_parents(catalogue: Catalogue, roles: frozenset[str], service: AccountObject) -> bool:
    schema = catalogue.the(service.parent)
    database = catalogue.the(schema.parent)
    return all(_holds(catalogue, roles, entry, "USAGE") for entry in (schema, database))


def _holds(catalogue: Catalogue, roles: frozenset[str], entry: AccountObject, privilege: str) -> bool:
    return entry.owner in roles or any(
        grant.on == entry.key and grant.grantee in roles and grant.privilege in (privilege, OWNERSHIP)
        for grant in catalogue.grants.values()
    )


def may_bind(catalogue: Catalogue, service: AccountObject) -> bool:
    """Whether the service's owner role holds BIND SERVICE ENDPOINT (documented: needed for public
    endpoints).
    """
    roles = closure(catalogue, [service.owner] if service.owner else [])
    return any(
        grant.on == ACCOUNT and grant.privilege == "BIND SERVICE ENDPOINT" and grant.grantee in roles
        for grant in catalogue.grants.values()
    )


def peers_of(catalogue: Catalogue, service: AccountObject) -> tuple[dict[str, int | None], frozenset[str]]:
    """Return "host:port" to local port for every endpoint known in the DNS, None where access is not granted,
    and all the host names. A service with several instances is reached at its first."""
    peers: dict[str, int | None] = {}
    hosts: set[str] = set()
    others = [entry for entry in catalogue.of_kind(ObjectKind.SERVICE) if entry.key != service.key]
    for other in (*others, service):
        names = host_names(other, service)
        hosts.update(names)
        ports = local_ports(other, 0)
        for endpoint, port in _single_ports(other):
            open_ = owner_reaches(catalogue, service, other, endpoint)
            peers.update({f"{name}:{port}": ports.get(port) if open_ else None for name in names})
    return peers, frozenset(hosts)


def unreachable_from(catalogue: Catalogue, service: AccountObject) -> frozenset[str]:
    """Return the full DNS names of services of which `service` may use no endpoint."""
    return frozenset(
        dns_name(other)
        for other in catalogue.unsorted(ObjectKind.SERVICE)
        if other.key != service.key
        and not any(
            owner_reaches(catalogue, service, other, endpoint)
            for endpoint in specification_of(other).endpoints
        )
    )


def _single_ports(service: AccountObject) -> Iterator[tuple[Endpoint, int]]:
    for endpoint in specification_of(service).endpoints:
        if endpoint.port is not None:
            yield endpoint, endpoint.port
