"""WAREHOUSE: everything we set can be altered in place (documented: ALTER WAREHOUSE)."""

from collections.abc import Mapping

from spcs_milvus.families import warehouse_size
from spcs_milvus.kinds import base
from spcs_milvus.resource import Value
from spcs_milvus.steps import Row


def attributes(row: Row) -> Mapping[str, Value]:
    """SHOW WAREHOUSES prints ``X-Small``; an auto suspend of NULL means never, which we write 0."""
    return {
        "size": warehouse_size(str(row["size"])),
        "auto_suspend_seconds": int(row["auto_suspend"] or 0),
        "auto_resume": base.text_is_true(row["auto_resume"]),
    }


KIND = base.Kind(
    name="warehouse",
    title="warehouse",
    attributes=("size", "auto_suspend_seconds", "auto_resume"),
    looks=base.basic_looks,
    read=base.reader(attributes),
    create=base.basic_create,
    alter=base.basic_alter,
    drop=base.basic_drop,
)
