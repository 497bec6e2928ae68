"""EXTERNAL ACCESS INTEGRATION: lets a service out to the hosts of network rules.

documented: CREATE, ALTER, DESCRIBE and SHOW EXTERNAL ACCESS INTEGRATION(S). ENABLED is always written, since
it was mandatory until behaviour change 2166. SHOW tells neither the owner nor the rules.
"""

from dataclasses import replace

from spcs_milvus.kinds import base
from spcs_milvus.names import Name
from spcs_milvus.resource import Actual, Address, Presence, Resource
from spcs_milvus.steps import Effect, Look, Statement, Step
from spcs_milvus.templates import sql


def _values(resource: Resource) -> dict[str, object]:
    rules = tuple(Name(tuple(rule.split("."))) for rule in resource.attributes["allowed_network_rules"])
    return {**base.values(resource), "allowed_network_rules": rules}


def _looks(resource: Resource) -> base.Looks:
    describe = Look(sql("external_access_integration", "describe", base.values(resource)), resource.role)
    return {**base.basic_looks(resource), "describe": describe}


def _read(resource: Resource, answers: base.Answers) -> Actual:
    enabled = base.reader(lambda row: {"enabled": base.text_is_true(row["enabled"])})
    actual = enabled(resource, answers)
    described = {row["property"]: row["property_value"] for row in answers["describe"].rows}
    if actual.presence is not Presence.PRESENT or "ALLOWED_NETWORK_RULES" not in described:
        return actual
    rules = base.names_in(described["ALLOWED_NETWORK_RULES"])
    return replace(actual, attributes={**actual.attributes, "allowed_network_rules": rules})


def _create(resource: Resource) -> tuple[Step, ...]:
    statement = sql("external_access_integration", "create", _values(resource))
    return (Statement(statement, resource.role, effect=Effect.OURS),)


def _alter(resource: Resource, _differing: frozenset[str]) -> tuple[Step, ...]:
    return (Statement(sql("external_access_integration", "alter", _values(resource)), resource.role),)


def _altering(resource: Resource, _actual: Actual, differing: frozenset[str], _renewed: bool) -> base.Cost:
    """documented: a disabled integration lets nothing through."""
    off = "enabled" in differing and not resource.attributes["enabled"]
    return base.Cost(downtime="services that use it reach nothing outside") if off else base.FREE


def _stands_on(resource: Resource) -> frozenset[Address]:
    """assumed: a rule cannot be dropped while an integration names it, as it is with network policies."""
    rules = resource.attributes.get("allowed_network_rules", ())
    named = (Address("network_rule", str(Name(tuple(rule.split("."))))) for rule in rules)
    return base.within(resource) | frozenset(named)


KIND = base.Kind(
    name="external_access_integration",
    title="external access integration",
    attributes=("enabled", "allowed_network_rules"),
    looks=_looks,
    read=_read,
    create=_create,
    alter=_alter,
    drop=base.basic_drop,
    listed=True,
    stands_on=_stands_on,
    altering=_altering,
)
