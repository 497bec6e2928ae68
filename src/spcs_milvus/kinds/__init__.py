"""What an account is made of, one kind a file; this table is where a new kind is entered."""

from spcs_milvus.kinds import (
    compute_pool,
    database,
    grant,
    image,
    image_repository,
    role,
    schema,
    service,
    stage,
    warehouse,
)
from spcs_milvus.kinds.base import Kind

KINDS: dict[str, Kind] = {
    module.KIND.name: module.KIND
    for module in (
        role,
        grant,
        warehouse,
        database,
        schema,
        image_repository,
        stage,
        compute_pool,
        image,
        service,
    )
}


def kind_of(name: str) -> Kind:
    """The kind of that name. Raises KeyError for a name that is not in the table: a bug of ours."""
    return KINDS[name]
