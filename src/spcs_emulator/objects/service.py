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
from spcs_emulator.account.future_grants import grant_as_foreseen
from spcs_emulator.account.jobs import Instance, is_job, is_over
from spcs_emulator.account.results import Result, columns, status, table
from spcs_emulator.account.services import dns_label, dns_name, specification_of
from spcs_emulator.faults import (
    BLOCK_VOLUMES,
    CANNOT_RUN,
    EXISTS,
    EXISTS_UNSEEN,
    INVALID_VALUE,
    NOT_FOUND,
    SERVICE_STATE,
)
from spcs_emulator.objects.kind import Kind, Row, owner_cells, place_cells, true_false
from spcs_emulator.objects.service_checks import (
    check_block_limit,
    check_endpoints,
    check_fits,
    check_instances,
    check_same_blocks,
    check_secrets,
    find_images,
    find_snapshots,
    find_stages,
)
from spcs_emulator.objects.service_egress import PROPERTY, find_integrations, shown_integrations
from spcs_emulator.objects.service_making import as_owner, set_roles, wake_pool, with_ports
from spcs_emulator.objects.service_source import specification_text
from spcs_emulator.objects.service_text import described_specification
from spcs_emulator.objects.snapshot import back_up_all, fill_blocks, restore_volume
from spcs_emulator.runtime.api import CannotRunError
from spcs_emulator.specification import Specification, parse_specification
from spcs_emulator.statement.values import Alter, Create, Describe, Drop, Identifier, Name, ObjectKind

_LABEL = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
# Documented: parameter LOG_LEVEL.
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

    def _new_settings(
        self, context: Context, properties: Mapping[str, Any], specification: Specification
    ) -> dict[str, Any]:
        owner = as_owner(context, context.access.primary)
        pool = owner.use(ObjectKind.COMPUTE_POOL, properties["COMPUTE POOL"], None, "USAGE")
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
            "snapshots": {},
        }
        check_instances(settings, specification)
        return settings

    def _options(self, context: Context, properties: Mapping[str, Any], owner: Access) -> dict[str, Any]:
        heads = ("COMMENT", "COMPUTE POOL", "SPECIFICATION")
        values = {name: value for name, value in properties.items() if name not in heads}
        if PROPERTY in properties:
            values[PROPERTY] = find_integrations(context, properties[PROPERTY], owner)
        if isinstance(values.get("QUERY_WAREHOUSE"), Name):
            values["QUERY_WAREHOUSE"] = owner.use(
                ObjectKind.WAREHOUSE, values["QUERY_WAREHOUSE"], None, "USAGE"
            ).key
        level = values.get("LOG_LEVEL")
        if level is not None and level.upper() not in LOG_LEVELS:
            raise INVALID_VALUE(name="LOG_LEVEL", value=level, why="")
        return values

    def create(self, context: Context, statement: Create) -> Result:
        """Create the service and its service roles; a suspended pool with AUTO_RESUME starts."""
        name = statement.name.last.text
        schema = self.home(context, statement.name)
        found = context.catalogue.find(self.kind, name, schema.key)
        if found is not None and statement.if_not_exists and context.access.sees(found):
            return status(f"{name} already exists, statement succeeded.")
        self.make(context, statement.name, schema, statement.properties, {})
        return status(f"{self.title} {name} successfully created.")

    def home(self, context: Context, name: Name) -> AccountObject:
        """Return the schema that the new service goes to. 002003 or 003001 when it may not."""
        self.check_name(name.last)
        schema = context.require_parent(self.kind, name)
        if schema is None:
            raise NOT_FOUND(kind="Schema", name=str(name))
        context.access.require_create("CREATE SERVICE", schema)
        return schema

    def make(
        self,
        context: Context,
        name: Name,
        schema: AccountObject,
        properties: Mapping[str, Any],
        more: Mapping[str, Any],
    ) -> AccountObject:
        """Create the service with `more` settings of a job's. 002002 or 003041 when the name is taken, and
        whatever CREATE SERVICE checks.
        """
        found = context.catalogue.find(self.kind, name.last.text, schema.key)
        if found is not None:
            taken = EXISTS if context.access.sees(found) else EXISTS_UNSEEN
            raise taken(name=context.catalogue.full_name(found))
        text = specification_text(context, properties["SPECIFICATION"])
        specification = parse_specification(text, job="is_job" in more)
        settings = {**self._new_settings(context, properties, specification), **more}
        comment = properties.get("COMMENT")
        entry = context.new_object(self.kind, name.last.text, schema.key, comment, settings)
        self._specify(context, entry, specification)
        made = context.catalogue.the(entry.key)
        grant_as_foreseen(context, made)
        fill_blocks(context, made)
        wake_pool(context, settings["COMPUTE POOL"])
        return made

    def _specify(self, context: Context, entry: AccountObject, specification: Specification) -> None:
        """Give the service its specification: check it, resolve images and stages, allocate ports, set
        roles.
        """
        owner = as_owner(context, entry.owner)
        pool = context.catalogue.the(entry.settings["COMPUTE POOL"])
        check_fits(specification, pool)
        check_block_limit(context, entry, specification)
        images = find_images(context, specification, pool, owner)
        schema = context.catalogue.the(entry.parent)
        stages = find_stages(specification, schema, owner)
        snapshots = find_snapshots(context, specification, schema, owner)
        check_endpoints(specification, owner)
        check_secrets(context, specification, schema, entry.owner)
        document = json.dumps(specification.document, sort_keys=True, separators=(",", ":"))
        digests = {name: image["digest"] for name, image in images.items()}
        text = document + json.dumps(digests, sort_keys=True)
        settings = {
            **entry.settings,
            "spec": document,
            "spec_digest": hashlib.sha256(text.encode()).hexdigest(),
            "images": images,
            "stages": stages,
            "snapshots": {**snapshots, **entry.settings.get("snapshots", {})},
        }
        settings["ports"] = with_ports(context, settings, specification)
        stored = context.put(entry, **settings)
        why = _refusal(context, stored)
        if why is not None:
            raise CANNOT_RUN(name=entry.name, why=why)
        set_roles(context, stored, specification)

    def change(self, context: Context, entry: AccountObject, properties: Mapping[str, Any]) -> None:
        """SET and UNSET: options only; more or fewer instances start or end."""
        refuse_job(entry)
        options = self._options(context, properties, as_owner(context, entry.owner))
        settings = {**entry.settings, **options}
        specification = specification_of(entry)
        check_instances(settings, specification)
        if settings["MIN_INSTANCES"] < entry.settings["MIN_INSTANCES"]:
            context.world.life.end(entry)
        settings["ports"] = with_ports(context, settings, specification)
        settings["updated_on"] = context.now.isoformat()
        changed = context.put(entry, comment=properties.get("COMMENT", entry.comment), **settings)
        fill_blocks(context, changed)

    def unset_values(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Return the defaults that UNSET goes back to."""
        counts = dict.fromkeys(("MIN_INSTANCES", "MAX_INSTANCES", "MIN_READY_INSTANCES"), 1)
        defaults = {**counts, "COMMENT": None, **self.defaults}
        return {name: defaults[name] for name in names}

    def perform(self, context: Context, entry: AccountObject, statement: Alter) -> None:
        """SUSPEND, RESUME, a new specification, and RESTORE VOLUME; each needs OPERATE. Not for jobs.

        Documented: a role needs USAGE on a pool to resume it through a service; assumed: the service's owner
        does, and for every RESUME.
        """
        context.access.require(entry, "OPERATE")
        refuse_job(entry)
        now = context.now.isoformat()
        match statement.action:
            case "SUSPEND" if not entry.settings["suspended"]:
                context.world.life.end(entry)
                context.put(entry, suspended=True, suspended_on=now, updated_on=now)
            case "RESUME" if entry.settings["suspended"]:
                self._resume(context, entry)
            case "FROM":
                text = specification_text(context, statement.properties["SPECIFICATION"])
                self._respecify(context, entry, text)
            case "RESTORE VOLUME":
                restore_volume(context, entry, statement.properties)
                self._resume(context, context.catalogue.the(entry.key))

    def _resume(self, context: Context, entry: AccountObject) -> None:
        now = context.now.isoformat()
        pool = context.catalogue.the(entry.settings["COMPUTE POOL"])
        as_owner(context, entry.owner).require(pool, "USAGE")
        context.put(entry, suspended=False, resumed_on=now, since=now, updated_on=now)
        wake_pool(context, entry.settings["COMPUTE POOL"])

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

    def remove(self, context: Context, entry: AccountObject) -> None:
        """Remove the service; automatic snapshots of its block volumes stay (documented: DROP SERVICE)."""
        back_up_all(context, entry)
        super().remove(context, entry)

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
        started = [] if is_over(entry) else [one for one in instances if one.started_on is not None]
        return {
            "name": entry.name,
            "status": life.service_status(entry),
            "compute_pool": context.catalogue.name_of(values["COMPUTE POOL"]),
            "dns_name": dns_name(entry),
            "current_instances": len(started),
            "target_instances": 0 if values["suspended"] or is_over(entry) else values["MIN_INSTANCES"],
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
            "is_job": true_false(is_job(entry)),
            "is_async_job": true_false(bool(values.get("ASYNC"))),
            "spec_digest": values["spec_digest"],
            "is_upgrading": true_false(_is_upgrading(entry, instances)),
            "managing_object_domain": None,
            "managing_object_name": None,
            **place_cells(context, entry),
            **owner_cells(context, entry),
        }


def _refusal(context: Context, service: AccountObject) -> str | None:
    """Return why the runtime cannot run the service's instances, None when it can."""
    try:
        return context.world.runtime.refuse(context.world.requests.build(service, 0))
    except CannotRunError as error:
        return str(error)


def _is_upgrading(entry: AccountObject, instances: list[Instance]) -> bool:
    """Whether instances of a new specification are still to become ready for the first time."""
    values = entry.settings
    return values.get("upgraded_on") == values["since"] and any(
        instance.status == "PENDING" and not any(state.restart_count for state in instance.containers)
        for instance in instances
    )


def refuse_job(entry: AccountObject) -> None:
    """Raise 395029 when the service is a job (documented: ALTER SERVICE, jobs cannot be altered)."""
    if is_job(entry):
        raise SERVICE_STATE(name=entry.name, why="it is a job")


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
