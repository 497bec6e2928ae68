"""WAREHOUSE: columns, sizes and states.

In: statements' values. Out: results; the catalogue changes. Documented: CREATE WAREHOUSE, ALTER WAREHOUSE,
SHOW WAREHOUSES, DESCRIBE WAREHOUSE. The local account runs nothing in a warehouse; one that was resumed
counts as suspended again after its AUTO_SUSPEND seconds.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.results import columns
from spcs_emulator.faults import INVALID_VALUE, WAREHOUSE_RUNNING, WAREHOUSE_SUSPENDED
from spcs_emulator.objects.kind import Kind, Row, owner_cells, true_false, yes_no
from spcs_emulator.statement.values import Alter, ObjectKind

_SIZES = {
    "X-Small": ("XSMALL",),
    "Small": ("SMALL",),
    "Medium": ("MEDIUM",),
    "Large": ("LARGE",),
    "X-Large": ("XLARGE",),
    "2X-Large": ("XXLARGE", "X2LARGE", "2XLARGE"),
    "3X-Large": ("XXXLARGE", "X3LARGE", "3XLARGE"),
    "4X-Large": ("X4LARGE", "4XLARGE"),
    "5X-Large": ("X5LARGE", "5XLARGE"),
    "6X-Large": ("X6LARGE", "6XLARGE"),
}
# Documented: CREATE WAREHOUSE; the upper bound of MAX_CONCURRENCY_LEVEL is not, so there is none here.
_RANGES: Mapping[str, tuple[int, int | None]] = {
    "AUTO_SUSPEND": (0, None),
    "QUERY_ACCELERATION_MAX_SCALE_FACTOR": (0, 100),
    "MAX_CONCURRENCY_LEVEL": (1, None),
    "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS": (0, None),
    "STATEMENT_TIMEOUT_IN_SECONDS": (0, 604800),
}
SIZES = {spelling: size for size, spellings in _SIZES.items() for spelling in spellings}


class Warehouse(Kind):
    """Warehouses."""

    kind = ObjectKind.WAREHOUSE
    title = "Warehouse"
    only_new = ("INITIALLY_SUSPENDED",)
    set_needs = ("MODIFY",)
    shape = columns(
        "SHOW WAREHOUSES",
        "name state type size min_cluster_count max_cluster_count started_clusters running queued is_default "
        "is_current auto_suspend auto_resume available provisioning quiescing other created_on "
        "resumed_on updated_on "
        "owner comment enable_query_acceleration query_acceleration_max_scale_factor "
        "resource_monitor actives "
        "pendings failed suspended uuid scaling_policy owner_role_type resource_constraint generation",
        fixed=(
            "min_cluster_count max_cluster_count started_clusters running queued auto_suspend "
            "query_acceleration_max_scale_factor actives pendings failed suspended"
        ),
        source="observed: SHOW WAREHOUSES of real accounts, in the tests of the Terraform provider",
    )
    describe_shape = columns(
        "DESCRIBE WAREHOUSE",
        "created_on name kind",
        source="observed: DESCRIBE WAREHOUSE of real accounts, in the tests of the Terraform provider",
    )
    defaults: ClassVar[Mapping[str, Any]] = {
        "WAREHOUSE_SIZE": "X-Small",
        "WAREHOUSE_TYPE": "STANDARD",
        "MIN_CLUSTER_COUNT": 1,
        "MAX_CLUSTER_COUNT": 1,
        "SCALING_POLICY": "STANDARD",
        "AUTO_SUSPEND": 600,
        "AUTO_RESUME": True,
        # Documented: BCR-2250, bundle 2026_03.
        "ENABLE_QUERY_ACCELERATION": True,
        "GENERATION": "2",
        "QUERY_ACCELERATION_MAX_SCALE_FACTOR": 8,
        "MAX_CONCURRENCY_LEVEL": 8,
        "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS": 0,
        "STATEMENT_TIMEOUT_IN_SECONDS": 172800,
    }

    def settings(self, context: Context, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return a new warehouse's settings: running, unless INITIALLY_SUSPENDED says otherwise."""
        given = {name: value for name, value in properties.items() if name != "INITIALLY_SUSPENDED"}
        now = context.now.isoformat()
        return {
            **super().settings(context, given),
            "suspended": properties.get("INITIALLY_SUSPENDED", False),
            "resumed_on": now,
            "updated_on": now,
        }

    def normalise(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return the size in its one spelling and the words in upper case."""
        values = dict(properties)
        if values.get("WAREHOUSE_SIZE") is not None:
            written = str(values["WAREHOUSE_SIZE"])
            size = SIZES.get(written.upper().replace("-", ""))
            if size is None:
                raise INVALID_VALUE(name="WAREHOUSE_SIZE", value=written, why="")
            values["WAREHOUSE_SIZE"] = size
        for name, allowed in (
            ("WAREHOUSE_TYPE", ("STANDARD", "SNOWPARK-OPTIMIZED")),
            ("SCALING_POLICY", ("STANDARD", "ECONOMY")),
            ("GENERATION", ("1", "2")),
        ):
            if name in values:
                values[name] = str(values[name]).upper()
                if values[name] not in allowed:
                    raise INVALID_VALUE(name=name, value=values[name], why="")
        return values

    def check(self, settings: Mapping[str, Any]) -> None:
        """Refuse numbers out of their range."""
        least, most = settings["MIN_CLUSTER_COUNT"], settings["MAX_CLUSTER_COUNT"]
        if not 1 <= least <= most <= 10:
            raise INVALID_VALUE(name="MIN_CLUSTER_COUNT", value=least, why=f": MAX_CLUSTER_COUNT is {most}")
        for name, (lowest, highest) in _RANGES.items():
            value = settings[name]
            if value is not None and (value < lowest or (highest is not None and value > highest)):
                raise INVALID_VALUE(name=name, value=value, why="")

    def change(self, context: Context, entry: AccountObject, properties: Mapping[str, Any]) -> None:
        """Lay the properties over, and note when."""
        super().change(context, entry, properties)
        context.put(context.catalogue.the(entry.key), updated_on=context.now.isoformat())

    def perform(self, context: Context, entry: AccountObject, statement: Alter) -> None:
        """SUSPEND, RESUME [IF SUSPENDED] and ABORT ALL QUERIES; each needs OPERATE."""
        context.access.require(entry, "OPERATE")
        suspended = _is_suspended(context, entry)
        match statement.action:
            case "SUSPEND":
                if suspended:
                    raise WAREHOUSE_SUSPENDED(name=entry.name)
                context.put(entry, suspended=True)
            case "RESUME" if not suspended:
                raise WAREHOUSE_RUNNING(name=entry.name)
            case "RESUME" | "RESUME IF SUSPENDED" if suspended:
                context.put(entry, suspended=False, resumed_on=context.now.isoformat())

    def row(self, context: Context, entry: AccountObject) -> Row:
        """Return the SHOW WAREHOUSES row."""
        values = entry.settings
        suspended = _is_suspended(context, entry)
        numbers = ("started_clusters", "running", "queued", "actives", "pendings", "failed", "suspended")
        row: Row = {**{column.name: None for column in self.shape}, **dict.fromkeys(numbers, 0)}
        row.update(owner_cells(context, entry))
        row.update(
            name=entry.name,
            state="SUSPENDED" if suspended else "STARTED",
            type=values["WAREHOUSE_TYPE"],
            size=values["WAREHOUSE_SIZE"],
            min_cluster_count=values["MIN_CLUSTER_COUNT"],
            max_cluster_count=values["MAX_CLUSTER_COUNT"],
            started_clusters=0 if suspended else 1,
            is_default="N",
            is_current=yes_no(context.session.warehouse == entry.key),
            auto_suspend=values["AUTO_SUSPEND"],
            auto_resume=true_false(values["AUTO_RESUME"]),
            available="",
            provisioning="",
            quiescing="",
            other="",
            created_on=entry.created_on,
            resumed_on=datetime.fromisoformat(values["resumed_on"]),
            updated_on=datetime.fromisoformat(values["updated_on"]),
            comment=entry.comment or "",
            enable_query_acceleration=true_false(values["ENABLE_QUERY_ACCELERATION"]),
            query_acceleration_max_scale_factor=values["QUERY_ACCELERATION_MAX_SCALE_FACTOR"],
            resource_monitor="null",
            uuid=entry.key[:8],
            scaling_policy=values["SCALING_POLICY"],
            generation=values.get("GENERATION"),
        )
        return row

    def described(self, _context: Context, entry: AccountObject) -> list[Row]:
        """Return the DESCRIBE WAREHOUSE row."""
        return [{"created_on": entry.created_on, "name": entry.name, "kind": "WAREHOUSE"}]


def _is_suspended(context: Context, entry: AccountObject) -> bool:
    seconds = entry.settings["AUTO_SUSPEND"]
    resumed = datetime.fromisoformat(entry.settings["resumed_on"])
    return bool(entry.settings["suspended"]) or bool(
        seconds and context.now >= resumed + timedelta(seconds=seconds)
    )
