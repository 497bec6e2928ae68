"""COMPUTE POOL: the nodes that services run on, and what costs money while it is up.

documented: CREATE COMPUTE POOL and ALTER COMPUTE POOL; a pool cannot be dropped while a service is on it, and
a service that was just dropped may stand there for a while (a field report says about 30 s), hence the
patience of the drop.
"""

from collections.abc import Mapping
from dataclasses import replace

from spcs_milvus.kinds import base
from spcs_milvus.names import Name
from spcs_milvus.resource import ABSENT, Actual, Address, Presence, Resource, Value
from spcs_milvus.steps import Look, Row, Statement, Step
from spcs_milvus.templates import sql

DROP_PATIENCE_SECONDS = 120


def attributes(row: Row) -> Mapping[str, Value]:
    """The settings of one row of SHOW COMPUTE POOLS."""
    return {
        "instance_family": row["instance_family"],
        "min_nodes": int(row["min_nodes"]),
        "max_nodes": int(row["max_nodes"]),
        "auto_resume": base.text_is_true(row["auto_resume"]),
        "auto_suspend_seconds": int(row["auto_suspend_secs"] or 0),
    }


def _read(resource: Resource, answers: base.Answers) -> Actual:
    actual = base.reader(attributes)(resource, answers)
    if actual.presence is not Presence.PRESENT:
        return actual
    row = base.row_of(resource, answers["show"])
    return replace(actual, live={**actual.live, "state": row["state"] if row else None})


def _drop(resource: Resource, actual: Actual) -> tuple[Step, ...]:
    (step,) = base.basic_drop(resource, actual)
    assert isinstance(step, Statement)
    return (replace(step, patience_seconds=DROP_PATIENCE_SECONDS),)


def _services_looks(resource: Resource) -> base.Looks:
    return {"services": Look(sql("compute_pool", "services", base.values(resource)), resource.seen_by)}


def _services(_resource: Resource, answers: base.Answers) -> tuple[base.Found, ...]:
    rows = answers["services"].rows
    names = [Name.of(row["database_name"], row["schema_name"], row["name"]) for row in rows]
    return tuple(
        base.Found(Address("service", str(name)), name, row) for name, row in zip(names, rows, strict=True)
    )


def state(resource: Resource, answers: base.Answers) -> str:
    """The pool's state as Snowflake spells it; ``ABSENT`` when it is not there."""
    actual = _read(resource, answers)
    return "ABSENT" if actual is ABSENT else str(actual.live.get("state") or "UNKNOWN")


KIND = base.Kind(
    name="compute_pool",
    title="compute pool",
    attributes=("instance_family", "min_nodes", "max_nodes", "auto_resume", "auto_suspend_seconds"),
    # documented as alterable while suspended since 2026, but not on every account yet
    create_only=frozenset({"instance_family"}),
    looks=base.basic_looks,
    read=_read,
    create=base.basic_create,
    alter=base.basic_alter,
    drop=_drop,
    holds=base.Holds(_services_looks, _services),
    suspend=base.basic_suspend,
    resume=base.basic_resume,
)
