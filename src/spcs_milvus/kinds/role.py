"""ROLE: made by the user administrator; nothing of it but the comment can be altered (documented: ALTER
ROLE).

Everything granted to or on a role goes when the role goes. What it owns passes to whoever drops it
(documented: DROP ROLE), so a role that owns something of others is left where it is.
"""

from spcs_milvus.kinds import base
from spcs_milvus.names import Name
from spcs_milvus.resource import Address, Resource
from spcs_milvus.steps import Look
from spcs_milvus.templates import sql


def _looks(resource: Resource) -> base.Looks:
    # assumed: a role is shown what it owns itself
    look = Look(sql("role", "grants", base.values(resource)), resource.seen_by, also=resource.name.last)
    return {"grants": look}


def _owned(resource: Resource, answers: base.Answers) -> tuple[base.Found, ...]:
    """What a role owns, by SHOW GRANTS TO ROLE; ``granted_on`` is the kind in capitals with underscores."""
    if answers["grants"].refused:
        # nobody knows whether it owns anything, so it stays
        return (base.unseen(resource, "things"),)
    owned = [row for row in answers["grants"].rows if row["privilege"] == "OWNERSHIP"]
    names = [Name(tuple(str(row["name"]).replace('"', "").split("."))) for row in owned]
    return tuple(
        base.Found(Address(str(row["granted_on"]).lower(), str(name)), name, row)
        for name, row in zip(names, owned, strict=True)
        if not name.last.startswith(base.AUTOMATIC_SNAPSHOT)
    )


KIND = base.Kind(
    name="role",
    title="role",
    attributes=(),
    looks=base.basic_looks,
    read=base.reader(lambda _row: {}),
    create=base.basic_create,
    alter=base.only_comment,
    drop=base.basic_drop,
    holds=base.Holds(_looks, _owned),
)
