"""What must not change while a service has data on a block volume, though Snowflake would let it.

Comes in: a service as declared, and as it is there. Goes out: why ``up`` must not go on, if so. Touches
nothing.
"""

from typing import Any

from spcs_milvus.errors import Problem
from spcs_milvus.resource import Actual, Resource


def forbidden(service: Resource, actual: Actual) -> Problem | None:
    """Why a service may not become as declared; None when it may, or when its specification is not shown.

    ``fixed`` in its detail maps the environment variables that hold for a volume from its first start on to
    what keeps one as it is; ``{}`` in it stands for the value that is there.
    """
    shown = actual.live.get("specification")
    if not shown or not actual.attributes.get("volumes"):
        return None
    there, declared = _environment(shown), _environment(service.attributes["specification"])
    for name, way in service.detail["fixed"].items():
        if name in there and there[name] != declared.get(name):
            return Problem(
                f"{name} of {service.address} holds for the data on its volume, and would become another",
                f"it is {there[name]}, and {declared.get(name, 'not set')} from now on",
                str(service.address),
                way.format(there[name]),
            )
    return None


def _environment(specification: Any) -> dict[str, str]:
    containers = specification["spec"]["containers"]
    return {name: value for container in containers for name, value in (container.get("env") or {}).items()}
