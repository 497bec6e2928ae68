"""STAGE (internal): its encryption can neither be altered nor read back; the mark's digest tells when it
changed.
"""

from spcs_milvus.kinds import base
from spcs_milvus.resource import Actual, Resource


def _loses(_resource: Resource, _actual: Actual) -> str:
    return "the files in it"


KIND = base.Kind(
    name="stage",
    title="stage",
    attributes=("encryption",),
    create_only=frozenset({"encryption"}),
    unreadable=frozenset({"encryption"}),
    looks=base.basic_looks,
    read=base.reader(lambda _row: {}),
    create=base.basic_create,
    alter=base.only_comment,
    drop=base.basic_drop,
    listed=True,
    loses=_loses,
)
