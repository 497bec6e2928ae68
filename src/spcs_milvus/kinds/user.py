"""USER: a person or a program that signs in, made by the user administrator.

documented: CREATE USER, ALTER USER, SHOW USERS. The password and whether it must be changed are given
when the user is made and never compared: Snowflake shows the one to nobody, and the person changes the
other. A SERVICE may have neither.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from spcs_milvus.kinds import base
from spcs_milvus.names import Keyword, Name
from spcs_milvus.resource import Actual, Presence, Resource, Value
from spcs_milvus.steps import Effect, Row, Statement, Step
from spcs_milvus.templates import sql


def attributes(row: Row) -> Mapping[str, Value]:
    """The settings of one row of SHOW USERS; a type of NULL is a person (documented)."""
    # documented sample: ["ALL"]
    secondary = re.findall(r"\w+", str(row["default_secondary_roles"] or ""))
    return {
        "type": row["type"] or "PERSON",
        "default_role": row["default_role"] or None,
        "default_secondary_roles": tuple(secondary),
    }


def _looks(resource: Resource) -> base.Looks:
    """documented: SHOW USERS lists every user to everybody."""
    return {"show": replace(base.basic_looks(resource)["show"], also=resource.role)}


def _read(resource: Resource, answers: base.Answers) -> Actual:
    """Whoever neither owns a user nor has MANAGE GRANTS is shown its name and nothing else (observed: the
    tests of the Terraform provider), so they cannot tell whose it is.
    """
    row = base.row_of(resource, answers["show"])
    if row is not None and row.get("disabled", "false") is None:
        return Actual(Presence.UNKNOWN, reason="who does not manage it is shown its name only")
    return base.reader(attributes)(resource, answers)


def _values(resource: Resource) -> dict[str, object]:
    attributes = resource.attributes
    return {
        **base.values(resource),
        "type": Keyword(attributes["type"]),
        "default_role": Name.of(attributes["default_role"]),
    }


def _create(resource: Resource) -> tuple[Step, ...]:
    """A password is part of the statement, so that there is no moment in which the user has none."""
    given = _values(resource)
    if given["password"] is None:
        return (Statement(sql("user", "create", given), resource.role, effect=Effect.OURS),)
    statement = base.secret_statement(resource, "create", given)
    return (replace(statement, generated=resource.detail["generated"], effect=Effect.OURS),)


def _alter(resource: Resource, _differing: frozenset[str]) -> tuple[Step, ...]:
    return (Statement(sql("user", "alter", _values(resource)), resource.role),)


KIND = base.Kind(
    name="user",
    title="user",
    attributes=("type", "default_role", "default_secondary_roles"),
    looks=_looks,
    read=_read,
    create=_create,
    alter=_alter,
    drop=base.basic_drop,
    listed=True,
)
