"""What an account is made of, one kind a file; this table is where a new kind is entered."""

from spcs_milvus.kinds import (
    compute_pool,
    database,
    external_access_integration,
    grant,
    image,
    image_repository,
    network_rule,
    role,
    schema,
    secret,
    security_integration,
    service,
    stage,
    user,
    warehouse,
)
from spcs_milvus.kinds.base import Kind

KINDS: dict[str, Kind] = {
    module.KIND.name: module.KIND
    for module in (
        role,
        user,
        grant,
        warehouse,
        database,
        schema,
        image_repository,
        stage,
        secret,
        network_rule,
        external_access_integration,
        security_integration,
        compute_pool,
        image,
        service,
    )
}


def kind_of(name: str) -> Kind:
    """The kind of that name. Raises KeyError for a name that is not in the table: a bug of ours."""
    return KINDS[name]
