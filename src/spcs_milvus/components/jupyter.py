"""The notebook server: a public HTTP endpoint behind Snowflake's sign-in, files on a stage, Milvus by its
name in the schema.

Comes in: the project and the foundation. Goes out: the resources of the service JUPYTER, and the endpoint for
the users' role. Touches nothing. No password stands in its environment: inside Snowflake it signs in with the
session token it finds there.
"""

import secrets
from collections.abc import Iterator
from dataclasses import replace

from spcs_milvus import assets, templates
from spcs_milvus.components import milvus
from spcs_milvus.components.foundation import Foundation, service_role
from spcs_milvus.components.service import ServicePart, service_resources, specification
from spcs_milvus.names import Name
from spcs_milvus.project import Jupyter
from spcs_milvus.resource import Address, Resource

SERVICE = "JUPYTER"
VERIFY = "verify"
"""The container of the job that runs the notebook."""

_VERIFY_REQUESTS = {"cpu": "0.3", "memory": "1Gi"}


def resources(foundation: Foundation, jupyter: Jupyter) -> Iterator[Resource]:
    """The service, its image, its role and what that role may do, and who may open it."""
    warehouse = Name.of(jupyter.query_warehouse) if jupyter.query_warehouse else foundation.warehouse
    files = foundation.stage(jupyter.files)
    # services of one schema reach each other by their bare names (documented: service-to-service
    # communication)
    environment = {"MILVUS_URI": f"http://{milvus.SERVICE.lower()}:{milvus.PORT}"}
    values = {"environment": environment, "files": {"name": f"@{files}"}}
    part = ServicePart(
        SERVICE,
        "jupyter",
        jupyter.image,
        jupyter.pool,
        specification(foundation, "jupyter", jupyter.image, jupyter.resources, values),
        query_warehouse=warehouse,
        public=True,
        stages=(files,),
        calls=(milvus.SERVICE,),
        egress=jupyter.egress,
    )
    yield from service_resources(foundation, part)
    owner = service_role(foundation.project, SERVICE)
    yield foundation.grant_endpoints(foundation.schema.child(SERVICE), owner, foundation.users)


def verification(service: Resource) -> Resource:
    """The job that runs the notebook from top to bottom where ``service`` runs, with its image and as its
    owner. The name is a new one each time: a job keeps its own until it is dropped.

    It asks for less than the service, so that its node has room for both. MODE tells the program of a process
    image, which has one command only, what the container's command says.
    """
    (container,) = service.detail["specification"]["spec"]["containers"]
    given = {
        "image": container["image"],
        "environment": {**container["env"], "MODE": VERIFY},
        "requests": _VERIFY_REQUESTS,
    }
    rendered = templates.specification(assets.specs() / f"{VERIFY}.yaml.j2", given)
    name = service.name.parent.child(f"{VERIFY}_{secrets.token_hex(4)}".upper())
    return replace(
        service,
        address=Address("service", str(name)),
        name=name,
        attributes={**service.attributes, "volumes": ()},
        # without the stage that the service's own specification may be put on
        detail={"database": service.detail["database"], "specification": rendered},
    )
