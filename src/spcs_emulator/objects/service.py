"""SERVICE: columns, creation, new specifications, suspend and resume.

In: statements' values. Out: results; the catalogue changes, and once that is stored the runtime ends what
must end. Documented: CREATE SERVICE, ALTER SERVICE, DROP SERVICE, SHOW SERVICES, DESCRIBE SERVICE. What
SHOW tells of its insides is in `service_views`.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from spcs_emulator.account.access import Access
from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.life import Instance
from spcs_emulator.account.results import Result, columns, status, table
from spcs_emulator.account.services import ALL_ENDPOINTS, dns_label, dns_name, specification_of
from spcs_emulator.faults import (
    BLOCK_VOLUMES,
    CANNOT_RUN,
    EXISTS,
    EXISTS_UNSEEN,
    INVALID_VALUE,
    NOT_FOUND,
)
from spcs_emulator.objects.compute_pool import resume_pool
from spcs_emulator.objects.kind import Kind, Row, owner_cells, place_cells, true_false
from spcs_emulator.objects.removal import remove_object
from spcs_emulator.objects.service_checks import (
    check_endpoints,
    check_fits,
    check_instances,
    check_same_blocks,
    check_secrets,
    find_images,
    find_stages,
    use_warehouse,
)
from spcs_emulator.objects.service_egress import PROPERTY, find_integrations, shown_integrations
from spcs_emulator.objects.service_text import described_specification
from spcs_emulator.runtime.api import NoFreePortError
from spcs_emulator.specification import Specification, parse_specification
from spcs_emulator.statement.values import Alter, Create, Describe, Drop, Identifier, Name, ObjectKind

_LABEL = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
# Documented: parameter LOG_LEVEL.
# offers of free ports that may all be taken before giving up
PORT_ATTEMPTS = 1000
LOG_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "OFF")
_NUMBERS = (
    "current_instances target_instances min_ready_instances min_instances max_instances auto_suspend_secs"
)
_REST = (
    "dns_name current_instances target_instances min_ready_instances min_instances max_instances auto_resume "
    "external_access_integrations created_on updated_on resumed_on suspended_on auto_suspend_secs comment "
    "owner_role_type query_warehouse is_job is_async_job spec_digest is_upgrading managing_object_domain "
    "managing_object_name"
)
_NAMES = "name status database_name schema_name owner compute_pool"


class Service(Kind):
    """Services. SUSPEND, RESUME and a new specification need OPERATE; SET, UNSET and DROP need ownership."""

    kind = ObjectKind.SERVICE
    title = "Service"
    plain_names = True
    defaults: ClassVar[Mapping[str, Any]] = {
        "AUTO_RESUME": True,
        "AUTO_SUSPEND_SECS": 0,
        "QUERY_WAREHOUSE": None,
        "LOG_LEVEL": None,
        PROPERTY: (),
    }
    shape = columns("SHOW SERVICES", f"{_NAMES} {_REST}", fixed=_NUMBERS, source="documented: SHOW SERVICES")
    describe_shape = columns(
        "DESCRIBE SERVICE",
        f"{_NAMES} spec {_REST}",
        fixed=_NUMBERS,
        source="observed: DESCRIBE SERVICE of real accounts, in the tests of the Terraform provider",
    )

    def check_name(self, name: Identifier) -> None:
        """Refuse quoted names and names that are no DNS label in lower case with dashes for underscores."""
        super().check_name(name)
        if not _LABEL.fullmatch(dns_label(name.text)):
            raise INVALID_VALUE(
                name="name", value=name.text, why=": must make a DNS label of at most 63 characters"
            )

    def settings(self, context: Context, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return a new service's settings, checked against everything CREATE SERVICE checks."""
        owner = _as_owner(context, context.access.primary)
        pool = _usable_pool(context, properties["COMPUTE POOL"], owner)
        specification = parse_specification(properties["SPECIFICATION"])
        least = properties.get("MIN_INSTANCES", 1)
        now = context.now.isoformat()
        settings = {
            **self.defaults,
            "MIN_INSTANCES": least,
            "MAX_INSTANCES": max(least, 1),
            "MIN_READY_INSTANCES": least,
            **self._options(context, properties, owner),
            "COMPUTE POOL": pool.key,
            "suspended": False,
            "since": now,
            "updated_on": now,
            "resumed_on": None,
            "suspended_on": None,
            "upgraded_on": None,
            "provisioned_on": None,
            "ports": {},
        }
        check_instances(settings, specification)
        return settings

    def _options(self, context: Context, properties: Mapping[str, Any], owner: Access) -> dict[str, Any]:
        heads = ("COMMENT", "COMPUTE POOL", "SPECIFICATION")
        values = {name: value for name, value in properties.items() if name not in heads}
        if PROPERTY in properties:
            values[PROPERTY] = find_integrations(context, properties[PROPERTY], owner)
        if isinstance(values.get("QUERY_WAREHOUSE"), Name):
            values["QUERY_WAREHOUSE"] = use_warehouse(context, values["QUERY_WAREHOUSE"], owner)
        level = values.get("LOG_LEVEL")
        if level is not None and level.upper() not in LOG_LEVELS:
            raise INVALID_VALUE(name="LOG_LEVEL", value=level, why="")
        return values

    def create(self, context: Context, statement: Create) -> Result:
        """Create the service and its service roles; a suspended pool with AUTO_RESUME starts."""
        self.check_name(statement.name.last)
        schema = context.require_parent(self.kind, statement.name)
        if schema is None:
            raise NOT_FOUND(kind="Schema", name=str(statement.name))
        context.access.require_create("CREATE SERVICE", schema)
        name = statement.name.last.text
        found = context.catalogue.find(self.kind, name, schema.key)
        if found is not None:
            if not context.access.sees(found):
                raise EXISTS_UNSEEN(name=context.catalogue.full_name(found))
            if statement.if_not_exists:
                return status(f"{name} already exists, statement succeeded.")
            raise EXISTS(name=context.catalogue.full_name(found))
        settings = self.settings(context, statement.properties)
        entry = context.new_object(self.kind, name, schema.key, statement.properties.get("COMMENT"), settings)
        self._specify(context, entry, parse_specification(statement.properties["SPECIFICATION"]))
        _wake_pool(context, settings["COMPUTE POOL"])
        return status(f"{self.title} {name} successfully created.")

    def _specify(self, context: Context, entry: AccountObject, specification: Specification) -> None:
        """Give the service its specification: check it, resolve images and stages, allocate ports, set
        roles.
        """
        owner = _as_owner(context, entry.owner)
        pool = context.catalogue.the(entry.settings["COMPUTE POOL"])
        check_fits(specification, pool)
        images = find_images(context, specification, pool, owner)
        stages = find_stages(context, specification, context.catalogue.the(entry.parent), owner)
        check_endpoints(specification, owner)
        check_secrets(context, specification, context.catalogue.the(entry.parent), entry.owner)
        document = json.dumps(specification.document, sort_keys=True, separators=(",", ":"))
        digests = {name: image["digest"] for name, image in images.items()}
        text = document + json.dumps(digests, sort_keys=True)
        settings = {
            **entry.settings,
            "spec": document,
            "spec_digest": hashlib.sha256(text.encode()).hexdigest(),
            "images": images,
            "stages": stages,
        }
        settings["ports"] = _with_ports(context, settings, specification)
        stored = context.put(entry, **settings)
        why = context.world.runtime.refuse(context.world.requests.build(stored, 0))
        if why is not None:
            raise CANNOT_RUN(name=entry.name, why=why)
        _set_roles(context, stored, specification)

    def change(self, context: Context, entry: AccountObject, properties: Mapping[str, Any]) -> None:
        """SET and UNSET: options only; more or fewer instances start or end."""
        options = self._options(context, properties, _as_owner(context, entry.owner))
        settings = {**entry.settings, **options}
        specification = specification_of(entry)
        check_instances(settings, specification)
        if settings["MIN_INSTANCES"] < entry.settings["MIN_INSTANCES"]:
            context.world.life.end(entry)
        settings["ports"] = _with_ports(context, settings, specification)
        settings["updated_on"] = context.now.isoformat()
        context.put(entry, comment=properties.get("COMMENT", entry.comment), **settings)

    def unset_values(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Return the defaults that UNSET goes back to."""
        counts = dict.fromkeys(("MIN_INSTANCES", "MAX_INSTANCES", "MIN_READY_INSTANCES"), 1)
        defaults = {**counts, "COMMENT": None, **self.defaults}
        return {name: defaults[name] for name in names}

    def perform(self, context: Context, entry: AccountObject, statement: Alter) -> None:
        """SUSPEND, RESUME and FROM SPECIFICATION; each needs OPERATE.

        Documented: a role needs USAGE on a pool to resume it through a service; assumed: the service's owner
        does, and for every RESUME.
        """
        context.access.require(entry, "OPERATE")
        now = context.now.isoformat()
        match statement.action:
            case "SUSPEND" if not entry.settings["suspended"]:
                context.world.life.end(entry)
                context.put(entry, suspended=True, suspended_on=now, updated_on=now)
            case "RESUME" if entry.settings["suspended"]:
                pool = context.catalogue.the(entry.settings["COMPUTE POOL"])
                _as_owner(context, entry.owner).require(pool, "USAGE")
                context.put(entry, suspended=False, resumed_on=now, since=now, updated_on=now)
                _wake_pool(context, entry.settings["COMPUTE POOL"])
            case "SPECIFICATION":
                self._respecify(context, entry, statement.properties["SPECIFICATION"])

    def _respecify(self, context: Context, entry: AccountObject, text: str) -> None:
        """Documented: the same specification with the same digests changes nothing; else instances are
        replaced.
        """
        specification = parse_specification(text)
        check_same_blocks(entry.name, specification_of(entry), specification)
        check_instances(entry.settings, specification)
        before = entry.settings["spec_digest"]
        self._specify(context, entry, specification)
        changed = context.catalogue.the(entry.key)
        if changed.settings["spec_digest"] != before:
            context.world.life.end(entry)
            now = context.now.isoformat()
            context.put(changed, since=now, upgraded_on=now, updated_on=now)

    def check_drop(self, _context: Context, entry: AccountObject, statement: Drop) -> None:
        """Refuse without FORCE while there are block volumes."""
        if specification_of(entry).block_volumes and statement.option != "FORCE":
            raise BLOCK_VOLUMES(name=entry.name)

    def describe(self, context: Context, statement: Describe) -> Result:
        """Describe the service; the specification is for the owner only (documented)."""
        entry = context.use(self.kind, statement.name, "MONITOR", "OPERATE", "USAGE")
        row = {**self.row(context, entry), "spec": None}
        if context.access.owns(entry):
            row["spec"] = described_specification(entry)
        return table(self.describe_shape, [row], "describe")

    def row(self, context: Context, entry: AccountObject) -> Row:
        """Return the SHOW SERVICES row."""
        values = entry.settings
        life = context.world.life
        instances = life.instances(entry)
        started = [instance for instance in instances if instance.started_on is not None]
        return {
            "name": entry.name,
            "status": life.service_status(entry),
            "compute_pool": context.catalogue.name_of(values["COMPUTE POOL"]),
            "dns_name": dns_name(entry),
            "current_instances": len(started),
            "target_instances": 0 if values["suspended"] else values["MIN_INSTANCES"],
            "min_ready_instances": values["MIN_READY_INSTANCES"],
            "min_instances": values["MIN_INSTANCES"],
            "max_instances": values["MAX_INSTANCES"],
            "auto_resume": true_false(values["AUTO_RESUME"]),
            "external_access_integrations": shown_integrations(context.catalogue, entry),
            "created_on": entry.created_on,
            "updated_on": datetime.fromisoformat(values["updated_on"]),
            "resumed_on": _time(values["resumed_on"]),
            "suspended_on": _time(values["suspended_on"]),
            "auto_suspend_secs": values["AUTO_SUSPEND_SECS"],
            "comment": entry.comment,
            "query_warehouse": context.catalogue.name_of(values["QUERY_WAREHOUSE"]) or None,
            "is_job": "false",
            "is_async_job": "false",
            "spec_digest": values["spec_digest"],
            "is_upgrading": true_false(_is_upgrading(entry, instances)),
            "managing_object_domain": None,
            "managing_object_name": None,
            **place_cells(context, entry),
            **owner_cells(context, entry),
        }


def _is_upgrading(entry: AccountObject, instances: list[Instance]) -> bool:
    """Whether instances of a new specification are still to become ready for the first time."""
    values = entry.settings
    return values.get("upgraded_on") == values["since"] and any(
        instance.status == "PENDING" and not any(state.restart_count for state in instance.containers)
        for instance in instances
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _as_owner(context: Context, owner: str | None) -> Access:
    return Access(context.catalogue, owner, [owner] if owner else [])


def _usable_pool(context: Context, name: Name, owner: Access) -> AccountObject:
    pool = context.catalogue.find(ObjectKind.COMPUTE_POOL, name.last.text)
    if pool is None or not owner.sees(pool):
        raise NOT_FOUND(kind="Compute pool", name=str(name))
    owner.require(pool, "USAGE")
    return pool


def _wake_pool(context: Context, key: str) -> None:
    pool = context.catalogue.the(key)
    if pool.settings["suspended"] and pool.settings["AUTO_RESUME"]:
        resume_pool(context, pool)


def _with_ports(
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


def _set_roles(context: Context, service: AccountObject, specification: Specification) -> None:
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
