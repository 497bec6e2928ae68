"""SCHEMA: only for a schema of another name than PUBLIC, which comes with the database (documented: CREATE
DATABASE).
"""

from spcs_milvus.kinds import base

KIND = base.Kind(
    name="schema",
    title="schema",
    attributes=(),
    looks=base.basic_looks,
    read=base.reader(lambda _row: {}),
    create=base.basic_create,
    alter=base.only_comment,
    drop=base.basic_drop,
    listed=True,
)
