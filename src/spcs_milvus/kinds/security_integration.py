"""SECURITY INTEGRATION: the OAuth client that signs people in to public endpoints, on accounts of 2023-24.

Snowflake has its own since autumn 2024 (documented: the tutorials' common setup no longer makes one), and
one an account: whatever integration of this client is there serves, ours or not, and refusing CREATE says
that there is one. Whether SHOW lists Snowflake's own is not known, so nothing here relies on it.
"""

from collections.abc import Mapping

from spcs_milvus.hints import BUILT_IN
from spcs_milvus.kinds import base
from spcs_milvus.resource import ABSENT, Actual, Presence, Resource, Value
from spcs_milvus.steps import Effect, Row, Statement, Step
from spcs_milvus.templates import sql

# documented: SHOW INTEGRATIONS
_TYPE = "OAUTH - SNOWSERVICES_INGRESS"


def attributes(row: Row) -> Mapping[str, Value]:
    """What one row of SHOW SECURITY INTEGRATIONS tells."""
    return {"enabled": base.text_is_true(row["enabled"])}


def _read(resource: Resource, answers: base.Answers) -> Actual:
    """The one of our name, else any other of the same client."""
    actual = base.reader(attributes)(resource, answers)
    if actual is not ABSENT:
        return actual
    others = (row for row in answers["show"].rows if row["type"] == _TYPE)
    row = next(others, None)
    return Actual(Presence.PRESENT, attributes(row), row["comment"] or None) if row else ABSENT


def _create(resource: Resource) -> tuple[Step, ...]:
    statement = sql("security_integration", "create", base.values(resource))
    return (Statement(statement, resource.role, enough=BUILT_IN, effect=Effect.OURS),)


KIND = base.Kind(
    name="security_integration",
    title="security integration",
    attributes=("enabled",),
    looks=base.basic_looks,
    read=_read,
    create=_create,
    alter=base.basic_alter,
    drop=base.basic_drop,
    listed=True,
    built_in=True,
)
