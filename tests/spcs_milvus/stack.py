"""What the tests share: a declared stack, and what an account shows that has it."""

import hashlib
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from spcs_milvus import components
from spcs_milvus.config import load
from spcs_milvus.container_image import ContainerImage
from spcs_milvus.context import Context
from spcs_milvus.observe import Observation
from spcs_milvus.process_image import MANIFEST_TYPE, Blob, ProcessImage
from spcs_milvus.project import Project
from spcs_milvus.resource import ABSENT, Actual, Address, Presence, Resource
from spcs_milvus.secrets import Generated, Secret

QUICKSTART = "project: milvus-demo\nconnection: local\n"
CASES = Path(__file__).parent / "cases"


def project(text: str = QUICKSTART, **variables: str) -> Project:
    """The project that a file of this text is, in an environment with these variables."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "spcs-milvus.yaml"
        file.write_text(text, encoding="utf-8")
        return load(file, variables).project


def image(name: str) -> ProcessImage:
    """A process image whose digest depends on its name alone."""
    return ProcessImage((), Blob(MANIFEST_TYPE, name.encode()))


def container(name: str) -> ContainerImage:
    """A container image of three files whose digest depends on its name alone."""
    digest = "sha256:" + hashlib.sha256(name.encode()).hexdigest()
    return ContainerImage(Path("images", name), "Dockerfile", {}, digest, files=3, size_bytes=12_000)


def no_container(folder: Path, dockerfile: str, arguments: Mapping[str, str]) -> ContainerImage:
    """In place of what makes container images, where none is wanted."""
    raise AssertionError("no container image is wanted")


def declared(
    text: str = QUICKSTART,
    made: Callable[[str], ProcessImage | ContainerImage] = image,
    **variables: str,
) -> tuple[Resource, ...]:
    """The resources of a project file of this text, with images as they are ``made`` by their names; every
    password that is to be made up is ``made up``.
    """
    read = project(text, **variables)
    images = {name: made(name) for name in ("milvus", "jupyter")}
    made_up = {user.name: Generated(Secret("made up"), Path("kept")) for user in read.users if user.generated}
    context = Context(read.project, read.roles.security_admin, images, passwords=made_up)
    return components.resources(read, context)


def by_address(resources: Collection[Resource]) -> dict[str, Resource]:
    """Resources by the text of their address."""
    return {str(resource.address): resource for resource in resources}


def as_declared(resource: Resource, **changes: Any) -> Actual:
    """What observation says of a resource that is there and just as declared; services run."""
    live: dict[str, Any] = {"owner": resource.role}
    if resource.address.kind == "service":
        url = "https://a-b.snowflakecomputing.app"
        container = {"name": "main", "status": "READY", "message": "Running", "restarts": 0, "instance": "0"}
        endpoint = {"name": "page", "port": 8888, "protocol": "HTTP", "public": True, "url": url}
        live |= {"status": "RUNNING", "containers": [container], "endpoints": [endpoint]}
    comment = str(resource.mark) if resource.mark else None
    return replace(Actual(Presence.PRESENT, dict(resource.attributes), comment, live), **changes)


def seen(resources: Collection[Resource], other: Mapping[Address, Actual] | None = None) -> Observation:
    """An account that has everything as declared, but for what ``other`` says."""
    actual = {resource.address: as_declared(resource) for resource in resources}
    return Observation(actual | dict(other or {}), {})


def nothing(resources: Collection[Resource]) -> Observation:
    """An account that has none of it."""
    return Observation({resource.address: ABSENT for resource in resources}, {})
