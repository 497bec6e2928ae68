"""ROLE: made by the user administrator; nothing of it but the comment can be altered (documented: ALTER
ROLE).

Everything granted to or on a role goes when the role goes (documented: DROP ROLE).
"""

from spcs_milvus.kinds import base

KIND = base.Kind(
    name="role",
    title="role",
    attributes=(),
    looks=base.basic_looks,
    read=base.reader(lambda _row: {}),
    create=base.basic_create,
    alter=base.basic_alter,
    drop=base.basic_drop,
)
