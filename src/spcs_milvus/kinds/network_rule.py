"""NETWORK RULE: the hosts that something may be let out to, each as ``host:port``.

documented: CREATE NETWORK RULE (no IF NOT EXISTS; type and mode are fixed at creation), ALTER NETWORK RULE,
DESCRIBE NETWORK RULE (SHOW tells only how many values there are). A value without a port means 443.
"""

from collections.abc import Mapping
from dataclasses import replace

from spcs_milvus.kinds import base
from spcs_milvus.names import Keyword
from spcs_milvus.resource import Actual, Presence, Resource, Value
from spcs_milvus.steps import Effect, Look, Row, Statement, Step
from spcs_milvus.templates import sql


def attributes(row: Row) -> Mapping[str, Value]:
    """What one row of SHOW NETWORK RULES tells."""
    return {"type": row["type"], "mode": row["mode"]}


def value_list(text: str) -> tuple[str, ...]:
    """The values of DESCRIBE NETWORK RULE, which are a set: sorted, each with its port."""
    values = (value.strip().lower() for value in text.split(","))
    return tuple(sorted(value if ":" in value else f"{value}:443" for value in values if value))


def _values(resource: Resource) -> dict[str, object]:
    attributes = resource.attributes
    fixed = {"type": Keyword(attributes["type"]), "mode": Keyword(attributes["mode"])}
    return {**base.values(resource), **fixed}


def _looks(resource: Resource) -> base.Looks:
    describe = Look(sql("network_rule", "describe", base.values(resource)), resource.role)
    return {**base.basic_looks(resource), "describe": describe}


def _read(resource: Resource, answers: base.Answers) -> Actual:
    actual = base.reader(attributes)(resource, answers)
    described = answers["describe"].rows
    if actual.presence is not Presence.PRESENT or not described:
        return actual
    listed = value_list(str(described[0]["value_list"] or ""))
    return replace(actual, attributes={**actual.attributes, "value_list": listed})


def _create(resource: Resource) -> tuple[Step, ...]:
    return (Statement(sql("network_rule", "create", _values(resource)), resource.role, effect=Effect.OURS),)


def _alter(resource: Resource, differing: frozenset[str]) -> tuple[Step, ...]:
    """One setting a statement (assumed: the documentation can be read as allowing one or both)."""
    blocks = ("values", "comment") if "value_list" in differing else ("comment",)
    given = _values(resource)
    return tuple(Statement(sql("network_rule", block, given), resource.role) for block in blocks)


def _altering(resource: Resource, actual: Actual, differing: frozenset[str], _renewed: bool) -> base.Cost:
    """assumed: a host that leaves the list is out of reach at once, the stricter reading."""
    if "value_list" not in differing or "value_list" not in actual.attributes:
        return base.FREE
    gone = sorted(set(actual.attributes["value_list"]) - set(resource.attributes["value_list"]))
    return base.Cost(downtime=f"no way out any more to {', '.join(gone)}") if gone else base.FREE


KIND = base.Kind(
    name="network_rule",
    title="network rule",
    attributes=("type", "mode", "value_list"),
    create_only=frozenset({"type", "mode"}),
    looks=_looks,
    read=_read,
    create=_create,
    alter=_alter,
    drop=base.basic_drop,
    listed=True,
    altering=_altering,
)
