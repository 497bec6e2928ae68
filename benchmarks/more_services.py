"""More services than the example has: copies of MILVUS under other names, on a pool that is big enough.

Comes in: the declared resources. Goes out: those and the copies. Touches nothing.
"""

from collections.abc import Callable
from dataclasses import replace

from spcs_milvus.names import Name
from spcs_milvus.resource import Address, Resource, mark_of

EXAMPLE_SERVICES = 2

Resources = tuple[Resource, ...]


def with_services(count: int) -> Callable[[Resources], Resources]:
    """A function that adds as many copies of MILVUS as make ``count`` services; count ≥ 2, as the example has
    two.
    """

    def more(resources: Resources) -> Resources:
        milvus = next(one for one in resources if one.address.kind == "service" and one.name.last == "MILVUS")
        pool = Address("compute_pool", str(Name.of(milvus.attributes["compute_pool"])))
        copies = tuple(_copy(milvus, number) for number in range(count - EXAMPLE_SERVICES))
        return (*(_roomy(one, count) if one.address == pool else one for one in resources), *copies)

    return more


def _copy(service: Resource, number: int) -> Resource:
    name = Name((*service.name.parts[:-1], f"{service.name.last}_{number}"))
    return replace(service, address=Address("service", str(name)), name=name)


def _roomy(pool: Resource, nodes: int) -> Resource:
    """The pool with a node for each service."""
    assert pool.mark
    attributes = {**pool.attributes, "max_nodes": nodes}
    mark = mark_of(pool.mark.project, pool.mark.environment, attributes)
    return replace(pool, attributes=attributes, mark=mark)
