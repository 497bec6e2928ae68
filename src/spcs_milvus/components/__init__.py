"""What the stack is made of, one part a file; a new part is entered in :func:`resources`."""

from spcs_milvus.components import integrations, jupyter, milvus, services, users
from spcs_milvus.components.existing import settled
from spcs_milvus.components.foundation import Foundation
from spcs_milvus.context import Context
from spcs_milvus.project import Project
from spcs_milvus.resource import Resource


def resources(project: Project, context: Context) -> tuple[Resource, ...]:
    """Everything the project declares, each address once.

    Raises ConfigError for a specification of the user's own that cannot be rendered.
    """
    foundation = Foundation(project, context)
    declared = [*foundation.resources(), *users.resources(foundation), *integrations.ingress(foundation)]
    declared += milvus.resources(foundation)
    if project.jupyter:
        declared += jupyter.resources(foundation, project.jupyter)
    for key, extra in project.services.items():
        declared += services.resources(foundation, key, extra)
    return settled(foundation, list({resource.address: resource for resource in declared}.values()))
