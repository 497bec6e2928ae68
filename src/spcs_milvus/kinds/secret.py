"""SECRET: a text that services read, of the type GENERIC_STRING.

documented: CREATE SECRET, ALTER SECRET, SHOW SECRETS. Snowflake never shows the value, and no digest of it
stands in the comment, where it could be guessed from: it is set when the secret is made, and again with
``--rotate``. The type is fixed at creation.
"""

from dataclasses import replace

from spcs_milvus.kinds import base
from spcs_milvus.names import Keyword
from spcs_milvus.resource import Actual, Resource
from spcs_milvus.steps import Effect, Step


def _create(resource: Resource) -> tuple[Step, ...]:
    given = {**base.values(resource), "type": Keyword(resource.attributes["type"])}
    return (replace(base.secret_statement(resource, "create", given), effect=Effect.OURS),)


def _renew(resource: Resource, _actual: Actual, _differing: frozenset[str]) -> tuple[Step, ...]:
    return (base.secret_statement(resource, "renew", base.values(resource)),)


KIND = base.Kind(
    name="secret",
    title="secret",
    attributes=("type",),
    create_only=frozenset({"type"}),
    looks=base.basic_looks,
    read=base.reader(lambda row: {"type": row["secret_type"]}),
    create=_create,
    alter=base.only_comment,
    drop=base.basic_drop,
    listed=True,
    renew=_renew,
)
