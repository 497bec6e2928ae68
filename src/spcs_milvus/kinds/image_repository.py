"""IMAGE REPOSITORY: its encryption is fixed at creation (documented: ALTER IMAGE REPOSITORY sets only comment
and tags).
"""

from spcs_milvus.kinds import base
from spcs_milvus.resource import Actual, Resource


def _loses(_resource: Resource, _actual: Actual) -> str:
    return "every image in it"


KIND = base.Kind(
    name="image_repository",
    title="image repository",
    attributes=("encryption",),
    create_only=frozenset({"encryption"}),
    looks=base.basic_looks,
    read=base.reader(lambda row: {"encryption": row["encryption"]} if row.get("encryption") else {}),
    create=base.basic_create,
    alter=base.only_comment,
    drop=base.basic_drop,
    loses=_loses,
)
