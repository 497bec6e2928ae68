"""WAREHOUSE: everything we set can be altered in place (documented: ALTER WAREHOUSE)."""

from collections.abc import Mapping

from spcs_milvus.families import WAREHOUSE_SIZES, warehouse_size
from spcs_milvus.kinds import base
from spcs_milvus.resource import Actual, Resource, Value
from spcs_milvus.steps import Row


def attributes(row: Row) -> Mapping[str, Value]:
    """SHOW WAREHOUSES prints ``X-Small``; an auto suspend of NULL means never, which we write 0."""
    return {
        "size": warehouse_size(str(row["size"])),
        "auto_suspend_seconds": int(row["auto_suspend"] or 0),
        "auto_resume": base.text_is_true(row["auto_resume"]),
    }


def _altering(resource: Resource, actual: Actual, differing: frozenset[str], _renewed: bool) -> base.Cost:
    """documented: Overview of warehouses, each size doubles the credits of an hour; a warehouse without AUTO
    RESUME answers nobody while it is suspended.
    """
    was, becomes = actual.attributes, resource.attributes
    charged, down = [], None
    if "size" in differing and was["size"] in WAREHOUSE_SIZES:
        steps = WAREHOUSE_SIZES.index(becomes["size"]) - WAREHOUSE_SIZES.index(was["size"])
        charged += [f"an hour of it costs {f'{2**steps} times' if steps > 0 else f'1/{2**-steps}'} as much"]
    if "auto_suspend_seconds" in differing:
        seconds, before = becomes["auto_suspend_seconds"], was["auto_suspend_seconds"]
        only = "" if seconds > before > 0 else " only"
        charged += [f"idle, it stays up for {seconds} s{only}" if seconds else "it never suspends"]
    if "auto_resume" in differing and not becomes["auto_resume"]:
        down = "once suspended, it answers nobody until somebody resumes it"
    return base.Cost(downtime=down, credits="; ".join(charged) or None)


KIND = base.Kind(
    name="warehouse",
    title="warehouse",
    attributes=("size", "auto_suspend_seconds", "auto_resume"),
    looks=base.basic_looks,
    read=base.reader(attributes),
    create=base.basic_create,
    alter=base.basic_alter,
    drop=base.basic_drop,
    altering=_altering,
)
