"""Services of the user's own: an image, a specification beside the project file, and no more rights than that
specification asks for.

Comes in: the foundation, a key of ``services:`` and what stands there. Goes out: the resources of the service
KEY. Reads the specification's template.

What a role may do follows from what the specification says: a public endpoint has to be bound and is opened
to the users' role, a mounted stage read and written, ``milvus:19530`` called.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from spcs_milvus.components import milvus
from spcs_milvus.components.foundation import Foundation, service_role
from spcs_milvus.components.service import ServicePart, image_path, service_resources
from spcs_milvus.errors import ConfigError
from spcs_milvus.names import Name
from spcs_milvus.project import ExtraService
from spcs_milvus.project_values import service_name
from spcs_milvus.resource import Resource
from spcs_milvus.specification import volumes
from spcs_milvus.templates import users_specification

_MILVUS = f"{milvus.SERVICE.lower()}:{milvus.PORT}"


def resources(foundation: Foundation, key: str, extra: ExtraService) -> Iterator[Resource]:
    """The service, its image, its role and what that role may do, and who may open it.

    Raises ConfigError for a template that cannot be rendered, mounts a stage the project does not have, or
    has a block volume although the number of instances may change.
    """
    name = service_name(key)
    specification = _rendered(foundation, key, extra)
    _check_instances(foundation, key, extra, specification)
    public = any(endpoint.get("public") is True for endpoint in _items(specification, "endpoints"))
    part = ServicePart(
        name,
        key,
        extra.image,
        extra.pool,
        specification,
        query_warehouse=Name.of(extra.query_warehouse) if extra.query_warehouse else None,
        public=public,
        stages=tuple(_stages(foundation, key, specification)),
        calls=(milvus.SERVICE,) if _calls_milvus(specification) else (),
        egress=extra.egress,
        min_instances=extra.min_instances,
        max_instances=extra.max_instances,
    )
    yield from service_resources(foundation, part)
    if public:
        owner = service_role(foundation.project, name)
        yield foundation.grant_endpoints(foundation.schema.child(name), owner, foundation.users)


def _rendered(foundation: Foundation, key: str, extra: ExtraService) -> dict[str, Any]:
    """The specification. A template has the ``image``, ``milvus_uri`` (how to call Milvus) and each of the
    ``stages`` as a volume names it.
    """
    return users_specification(
        foundation.context.specifications[key],
        {
            "image": image_path(foundation, key, extra.image),
            "milvus_uri": f"http://{_MILVUS}",
            "secrets": {name: str(foundation.secret(name)) for name in foundation.project.secrets},
            "stages": {name: f"@{foundation.stage(name)}" for name in foundation.project.stages},
        },
    )


def _check_instances(
    foundation: Foundation, key: str, extra: ExtraService, specification: Mapping[str, Any]
) -> None:
    """documented: Using block storage volumes: MIN_INSTANCES and MAX_INSTANCES have to be the same."""
    held = ", ".join(volumes(specification))
    if held and extra.min_instances != extra.max_instances:
        numbers = f"min_instances is {extra.min_instances}, max_instances is {extra.max_instances}"
        raise ConfigError(
            f"the number of instances of `{key}` cannot change, as each has a block volume of its own",
            detail=f"{numbers}; the volumes: {held}",
            place=str(foundation.context.specifications[key]),
            hint="give both the same number under `services:`, or keep the data on a stage",
        )


def _items(specification: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    return specification["spec"].get(key) or []


def _calls_milvus(specification: Mapping[str, Any]) -> bool:
    """Whether a container's environment names Milvus as services of one schema reach each other (documented:
    service-to-service communication).
    """
    given = (container.get("env") or {} for container in _items(specification, "containers"))
    return any(_MILVUS in str(value) for env in given for value in env.values())


def _stages(foundation: Foundation, key: str, specification: Mapping[str, Any]) -> Iterator[Name]:
    """The stages that are mounted, each once, in either form (documented: service specification, volumes)."""
    found = []
    for volume in _items(specification, "volumes"):
        source = str(volume.get("source"))
        written = (volume.get("stageConfig") or {}).get("name") if source == "stage" else source
        if source == "stage" or source.startswith("@"):
            found.append(_stage(foundation, key, str(written)))
    yield from dict.fromkeys(found)


def _stage(foundation: Foundation, key: str, written: str) -> Name:
    """``@DB.SCHEMA.STAGE/folder`` → the stage; a name without database and schema is one of ours."""
    parts = [part.upper() for part in written.lstrip("@").split("/")[0].replace('"', "").split(".")]
    name = Name(tuple(parts)) if len(parts) == 3 else foundation.stage(parts[-1])
    project = foundation.project
    declared = name in map(foundation.stage, project.stages)
    existing = name.parent == foundation.schema and project.exists("stage", *name.parts)
    if not declared and not existing:
        raise ConfigError(
            "the specification mounts a stage the project does not have",
            detail=f"{written}; declared: {', '.join(project.stages)}",
            place=str(foundation.context.specifications[key]),
            hint="declare it under `stages:`, and write {{ stages.NAME }} in the template",
        )
    return name
