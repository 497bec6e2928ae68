"""What components need to know beside the project file: whose objects these are, and which images to run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spcs_milvus.container_image import ContainerImage
from spcs_milvus.names import Name
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT
from spcs_milvus.process_image import ProcessImage
from spcs_milvus.resource import Address, Resource, Value, mark_of
from spcs_milvus.secrets import Generated


@dataclass(frozen=True)
class Context:
    """``images`` maps an image's name (``milvus``) to what is to be run under that name; ``specifications``
    has the template of each service of the user's own, by its key; ``passwords`` the one made up for a user,
    by its name.
    """

    project: str
    security_admin: str
    images: Mapping[str, ProcessImage | ContainerImage]
    environment: str = DEFAULT_ENVIRONMENT
    specifications: Mapping[str, Path] = field(default_factory=dict)
    passwords: Mapping[str, Generated] = field(default_factory=dict)

    def marked(
        self,
        kind: str,
        name: Name,
        role: str,
        attributes: Mapping[str, Value],
        needs: frozenset[Address] = frozenset(),
        detail: Mapping[str, Any] | None = None,
    ) -> Resource:
        """A resource of a kind whose objects carry our mark in their comment."""
        mark = mark_of(self.project, self.environment, attributes)
        address = Address(kind, str(name))
        return Resource(address, name, role, self.security_admin, attributes, needs, mark, detail or {})
