"""What a service needs of its surroundings: its pool, its owner's privileges, local ports, service roles.

In: statements' values and a service object. Out: values; the catalogue changes. Documented: CREATE SERVICE.
"""

from collections.abc import Mapping
from typing import Any

from spcs_emulator.account.access import Access
from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.services import ALL_ENDPOINTS
from spcs_emulator.objects.compute_pool import resume_pool
from spcs_emulator.objects.removal import remove_object
from spcs_emulator.runtime.api import NoFreePortError
from spcs_emulator.specification import Specification
from spcs_emulator.statement.values import ObjectKind

# offers of free ports that may all be taken before giving up
PORT_ATTEMPTS = 1000


def as_owner(context: Context, owner: str | None) -> Access:
    """Return what the role that owns a service may do."""
    return Access(context.catalogue, owner, [owner] if owner else [])


def wake_pool(context: Context, key: str) -> None:
    """Let a suspended pool with AUTO_RESUME start."""
    pool = context.catalogue.the(key)
    if pool.settings["suspended"] and pool.settings["AUTO_RESUME"]:
        resume_pool(context, pool)


def with_ports(
    context: Context, settings: Mapping[str, Any], specification: Specification
) -> dict[str, dict[str, int]]:
    """Return the local ports of every instance; endpoints that stay keep theirs."""
    wanted = [str(endpoint.port) for endpoint in specification.endpoints if endpoint.port is not None]
    ports: dict[str, dict[str, int]] = {}
    for number in range(settings["MIN_INSTANCES"]):
        old = settings["ports"].get(str(number), {})
        new = [port for port in wanted if port not in old]
        fresh = dict(zip(new, _free_ports(context, len(new)), strict=True))
        ports[str(number)] = {port: old[port] if port in old else fresh[port] for port in wanted}
    return ports


def _free_ports(context: Context, count: int) -> list[int]:
    """Return local ports that no service of the catalogue holds, running or not."""
    taken = {
        local
        for service in context.catalogue.of_kind(ObjectKind.SERVICE)
        for ports in service.settings["ports"].values()
        for local in ports.values()
    }
    free: list[int] = []
    for _ in range(PORT_ATTEMPTS):
        free.extend(port for port in context.world.runtime.allocate(count - len(free)) if port not in taken)
        if len(free) == count:
            return free
    raise NoFreePortError(f"{count} free ports asked for, and services hold those that were offered")


def set_roles(context: Context, service: AccountObject, specification: Specification) -> None:
    """Make the service roles what the specification says; one that stays keeps its grants."""
    wanted = {
        ALL_ENDPOINTS: tuple(endpoint.name for endpoint in specification.endpoints),
        **specification.service_roles,
    }
    present = {child.name: child for child in context.catalogue.children(service.key)}
    for name, child in present.items():
        if name not in wanted:
            remove_object(context.world, child)
    for name, endpoints in wanted.items():
        role = present.get(name) or context.new_object(ObjectKind.SERVICE_ROLE, name, service.key, None, {})
        context.put(role, owner=service.owner, endpoints=list(endpoints))
