"""COMPUTE POOL: columns, properties, suspend and resume.

In: statements' values. Out: results; the catalogue changes. Documented: CREATE COMPUTE POOL, ALTER COMPUTE
POOL, DROP COMPUTE POOL, SHOW and DESCRIBE COMPUTE POOL.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.families import FAMILIES, node_limit
from spcs_emulator.account.requests import jobs_of, services_of
from spcs_emulator.account.results import Result, columns, table
from spcs_emulator.account.services import specification_of
from spcs_emulator.faults import INVALID_FAMILY, INVALID_VALUE, MISSING_OPTION, POOL_IN_USE, POOL_STATE
from spcs_emulator.objects.kind import Kind, Row, true_false
from spcs_emulator.objects.removal import remove_object
from spcs_emulator.objects.snapshot import back_up_all
from spcs_emulator.statement.values import Alter, Describe, Drop, Name, ObjectKind

_NAMES = (
    "name state min_nodes max_nodes instance_family num_services num_jobs auto_suspend_secs "
    "auto_resume active_nodes "
    "idle_nodes target_nodes created_on resumed_on updated_on owner comment is_exclusive application "
)
_NUMBERS = "min_nodes max_nodes num_services num_jobs auto_suspend_secs active_nodes idle_nodes target_nodes"
# Documented: DESCRIBE COMPUTE POOL, error_code; assumed: how the message ends.
FULL_CODE = "392508"
FULL = "Compute pool has reached the maximum node limit. Consider increasing max_nodes."
# Assumed: the types are those of the parameter ALLOWED_SPCS_WORKLOAD_TYPES; here there are users' alone.
USER_TYPE = "USER"
WORKLOAD_TYPES = (USER_TYPE, "NOTEBOOK", "STREAMLIT", "MODEL_SERVING", "ML_JOB")
NODES = columns(
    "SHOW NODES IN COMPUTE POOL",
    "name state instance_family",
    source="documented: SHOW NODES IN COMPUTE POOL, that there is the family; assumed: the columns",
)
FAMILY_COLUMNS = columns(
    "SHOW COMPUTE POOL INSTANCE FAMILIES",
    "name description vcpu memory_gib storage_gib gpu gpu_count gpu_memory_gib current_node_usage message",
    fixed="vcpu memory_gib gpu_count current_node_usage",
    source="documented: SHOW COMPUTE POOL INSTANCE FAMILIES",
)


class ComputePool(Kind):
    """Compute pools. SUSPEND, RESUME, STOP ALL need OPERATE, SET and UNSET need MODIFY, DESCRIBE needs
    MONITOR.
    """

    kind = ObjectKind.COMPUTE_POOL
    title = "Compute pool"
    set_needs = ("MODIFY",)
    plain_names = True
    defaults: ClassVar[Mapping[str, Any]] = {
        "AUTO_RESUME": True,
        "AUTO_SUSPEND_SECS": 3600,
        "PLACEMENT_GROUP": None,
        "BACKUP_INSTANCE_FAMILIES": [],
    }
    shape = columns(
        "SHOW COMPUTE POOLS",
        _NAMES + "placement_group backup_instance_families",
        fixed=_NUMBERS,
        source="documented: SHOW COMPUTE POOLS",
    )
    describe_shape = columns(
        "DESCRIBE COMPUTE POOL",
        _NAMES + "budget error_code status_message placement_group backup_instance_families",
        fixed=_NUMBERS,
        source="documented: DESCRIBE COMPUTE POOL",
    )

    def settings(self, context: Context, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return a new pool's settings: starting, unless INITIALLY_SUSPENDED says otherwise."""
        missing = [name for name in ("MIN_NODES", "MAX_NODES", "INSTANCE_FAMILY") if name not in properties]
        if missing:
            raise MISSING_OPTION(names=", ".join(missing))
        given = {name: value for name, value in properties.items() if name != "INITIALLY_SUSPENDED"}
        now = context.now.isoformat()
        return {
            **super().settings(context, given),
            "suspended": properties.get("INITIALLY_SUSPENDED", False),
            "resumed_on": now,
            "updated_on": now,
        }

    def normalise(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return family names in upper case. An unknown one is refused."""
        values = dict(properties)
        if "INSTANCE_FAMILY" in values:
            values["INSTANCE_FAMILY"] = _family(values["INSTANCE_FAMILY"])
        if "BACKUP_INSTANCE_FAMILIES" in values:
            values["BACKUP_INSTANCE_FAMILIES"] = [
                _family(name) for name in values["BACKUP_INSTANCE_FAMILIES"]
            ]
        return values

    def check(self, settings: Mapping[str, Any]) -> None:
        """Refuse node numbers and seconds out of their range."""
        least, most, family = settings["MIN_NODES"], settings["MAX_NODES"], settings["INSTANCE_FAMILY"]
        if least < 1:
            raise INVALID_VALUE(name="MIN_NODES", value=least, why=": must be at least 1")
        if most < least:
            raise INVALID_VALUE(name="MAX_NODES", value=most, why=f": must be at least MIN_NODES ({least})")
        if most > node_limit(family):
            why = f": {family} allows {node_limit(family)} nodes a pool"
            raise INVALID_VALUE(name="MAX_NODES", value=most, why=why)
        seconds = settings["AUTO_SUSPEND_SECS"]
        if seconds < 0:
            raise INVALID_VALUE(name="AUTO_SUSPEND_SECS", value=seconds, why=": must not be negative")

    def change(self, context: Context, entry: AccountObject, properties: Mapping[str, Any]) -> None:
        """Lay the properties over. Documented: family and placement change only while the pool is fully
        suspended, and placement not while services with block volumes are on it.
        """
        suspended = context.world.life.pool_state(entry) == "SUSPENDED"
        for name in ("INSTANCE_FAMILY", "PLACEMENT_GROUP"):
            if name in properties and not suspended:
                raise POOL_STATE(name=entry.name, why=f"it must be suspended to change {name}")
        services = services_of(context.catalogue, entry)
        if "PLACEMENT_GROUP" in properties and any(specification_of(one).block_volumes for one in services):
            raise POOL_STATE(name=entry.name, why="services on it have block volumes")
        super().change(context, entry, properties)
        context.put(context.catalogue.the(entry.key), updated_on=context.now.isoformat())

    def perform(self, context: Context, entry: AccountObject, statement: Alter) -> None:
        """SUSPEND, RESUME and STOP ALL. Suspending a suspended pool and resuming a running one changes
        nothing.
        """
        context.access.require(entry, "OPERATE")
        match statement.action:
            case "SUSPEND" if not entry.settings["suspended"]:
                self._suspend(context, entry)
            case "RESUME" if entry.settings["suspended"]:
                resume_pool(context, entry)
            case "STOP ALL":
                self._stop_all(context, entry)
            case "STOP ALL OF TYPE":
                check_types(statement.properties["TYPES"])
                if USER_TYPE in statement.properties["TYPES"]:
                    self._stop_all(context, entry)

    def _stop_all(self, context: Context, entry: AccountObject) -> None:
        """Documented: services are dropped and jobs cancelled; block volumes leave automatic snapshots."""
        for service in services_of(context.catalogue, entry):
            back_up_all(context, service)
            remove_object(context.world, service)
        for job in jobs_of(context.catalogue, entry):
            context.world.life.cancel(job)

    def _suspend(self, context: Context, entry: AccountObject) -> None:
        """Documented: its services are suspended too, and running jobs finish first. Assumed: each service is
        resumed by itself later.
        """
        now = context.now.isoformat()
        for service in services_of(context.catalogue, entry):
            if not service.settings["suspended"]:
                context.world.life.end(service)
                context.put(service, suspended=True, suspended_on=now, updated_on=now)
        context.world.life.release(entry)
        context.put(entry, suspended=True, updated_on=now)

    def check_drop(self, context: Context, entry: AccountObject, _statement: Drop) -> None:
        """Refuse while there are services, suspended ones too. Documented: running jobs are aborted."""
        services = services_of(context.catalogue, entry)
        if services:
            names = ", ".join(context.catalogue.full_name(service) for service in services)
            raise POOL_IN_USE(name=entry.name, services=names)
        for job in jobs_of(context.catalogue, entry):
            context.world.life.cancel(job)

    def describe(self, context: Context, statement: Describe) -> Result:
        """Describe the pool; MONITOR or ownership is needed."""
        entry = context.use(self.kind, statement.name, "MONITOR")
        full = context.world.life.is_full(entry)
        extra = {
            "budget": None,
            "error_code": FULL_CODE if full else "",
            "status_message": FULL if full else status_message(context, entry),
        }
        return table(self.describe_shape, [{**self.row(context, entry), **extra}], "describe")

    def row(self, context: Context, entry: AccountObject) -> Row:
        """Return the SHOW COMPUTE POOLS row."""
        values = entry.settings
        active, idle, target = context.world.life.pool_nodes(entry)
        return {
            "name": entry.name,
            "state": context.world.life.pool_state(entry),
            "min_nodes": values["MIN_NODES"],
            "max_nodes": values["MAX_NODES"],
            "instance_family": values["INSTANCE_FAMILY"],
            "num_services": len(services_of(context.catalogue, entry)),
            "num_jobs": len(jobs_of(context.catalogue, entry)),
            "auto_suspend_secs": values["AUTO_SUSPEND_SECS"],
            "auto_resume": true_false(values["AUTO_RESUME"]),
            "active_nodes": active,
            "idle_nodes": idle,
            "target_nodes": target,
            "created_on": entry.created_on,
            "resumed_on": datetime.fromisoformat(values["resumed_on"]),
            "updated_on": datetime.fromisoformat(values["updated_on"]),
            "owner": context.catalogue.name_of(entry.owner),
            "comment": entry.comment,
            "is_exclusive": "false",
            "application": None,
            "placement_group": values["PLACEMENT_GROUP"],
            "backup_instance_families": f"[{', '.join(values['BACKUP_INSTANCE_FAMILIES'])}]",
        }


def check_types(types: tuple[str, ...]) -> None:
    """Raise 001008 at a type of workload that is none."""
    for name in types:
        if name not in WORKLOAD_TYPES:
            raise INVALID_VALUE(name="OF TYPE", value=name, why=f": one of {', '.join(WORKLOAD_TYPES)}")


def resume_pool(context: Context, entry: AccountObject) -> None:
    """Let the pool start again."""
    now = context.now.isoformat()
    context.put(entry, suspended=False, resumed_on=now, updated_on=now)


def status_message(context: Context, entry: AccountObject) -> str:
    """Return the pool's state in words (documented for a starting pool; assumed for the others)."""
    match context.world.life.pool_state(entry):
        case "STARTING":
            started = datetime.fromisoformat(entry.settings["resumed_on"])
            minutes = int((context.now - started).total_seconds() // 60)
            return f"Compute pool is starting for last {minutes} minutes"
        case "SUSPENDED":
            return "Compute pool is suspended"
        case state:
            return f"Compute pool is {state.lower()}"


def show_families(context: Context) -> Result:
    """Return the rows of SHOW COMPUTE POOL INSTANCE FAMILIES."""
    pools = context.catalogue.of_kind(ObjectKind.COMPUTE_POOL)
    rows = []
    for name, node in FAMILIES.items():
        used = sum(
            sum(context.world.life.pool_nodes(pool)[:2])
            for pool in pools
            if pool.settings["INSTANCE_FAMILY"] == name
        )
        rows.append(
            {
                "name": name,
                "description": "",
                "vcpu": node.vcpu,
                "memory_gib": node.memory_gib,
                "storage_gib": "100",
                "gpu": "" if not node.gpus else "NVIDIA",
                "gpu_count": node.gpus,
                "gpu_memory_gib": "",
                "current_node_usage": used,
                "message": "",
            }
        )
    return table(FAMILY_COLUMNS, rows)


def show_nodes(context: Context, name: Name) -> Result:
    """Return the rows of SHOW NODES IN COMPUTE POOL; USAGE is needed."""
    pool = context.use(ObjectKind.COMPUTE_POOL, name, "USAGE")
    active, idle, _ = context.world.life.pool_nodes(pool)
    rows = [
        {
            "name": f"node-{number}",
            "state": "ACTIVE" if number < active else "IDLE",
            "instance_family": pool.settings["INSTANCE_FAMILY"],
        }
        for number in range(active + idle)
    ]
    return table(NODES, rows)


def _family(name: str) -> str:
    if name.upper() not in FAMILIES:
        raise INVALID_FAMILY(name=name)
    return name.upper()
