"""What every service of the stack has: an image, a role that owns it and may do just enough, the service
itself, and the wait.

Comes in: the foundation and what a part of the stack asks for. Goes out: resources. Touches nothing.

A container acts as the role that owns its service (documented: Snowpark Container Services, "Connecting to
Snowflake from inside"), so that role can reach what the service needs and can neither drop the stack nor make
pools.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from spcs_milvus import assets, templates
from spcs_milvus.components import integrations
from spcs_milvus.components.foundation import Foundation, service_role
from spcs_milvus.names import Name
from spcs_milvus.process_image import ProcessImage
from spcs_milvus.project import SPECIFICATIONS, ImageSource, Resources
from spcs_milvus.resource import Address, Resource
from spcs_milvus.specification import canonical, volumes


@dataclass(frozen=True)
class ServicePart:
    """What a part of the stack wants.

    ``name`` is the service's own name (``MILVUS``); ``image`` names its image and its specification's
    template; ``source`` is where the project file says the image comes from; ``pool`` is a key of
    ``compute_pools``. ``stages`` are mounted, ``calls`` are the services whose endpoints it uses, ``egress``
    the hosts (``host:port``) it is let out to. ``data`` is the folder in which it keeps what must not be lost
    (None: nothing); ``fixed`` are the variables of its environment that hold for that data (see ``guards``).
    Which secrets it reads stands in its specification.
    """

    name: str
    image: str
    source: ImageSource
    pool: str
    specification: Mapping[str, Any]
    query_warehouse: Name | None = None
    public: bool = False
    stages: tuple[Name, ...] = ()
    calls: tuple[str, ...] = ()
    egress: tuple[str, ...] = ()
    data: str | None = None
    fixed: Mapping[str, str] = field(default_factory=dict, hash=False)
    min_instances: int = 1
    max_instances: int = 1


def specification(
    foundation: Foundation,
    image: str,
    source: ImageSource,
    resources: Resources,
    values: Mapping[str, object],
) -> dict[str, Any]:
    """``specs/<image>.yaml.j2``, filled with ``values``, the image's path and what its container asks for."""
    return templates.specification(
        assets.specs() / f"{image}.yaml.j2",
        {
            **values,
            "image": image_path(foundation, image, source),
            "requests": {"cpu": f"{resources.cpu:g}", "memory": resources.memory},
        },
    )


def image_path(foundation: Foundation, image: str, source: ImageSource) -> str:
    """What a specification calls an image.

    Account-relative and lower case, so that it is known before the plan (documented: service specification,
    image).
    """
    if source.reference:
        return source.reference
    repository = "/".join(part.lower() for part in foundation.repository.parts)
    return f"/{repository}/{image}:{foundation.context.images[image].tag}"


def service_resources(foundation: Foundation, part: ServicePart) -> Iterator[Resource]:
    """Everything one service takes."""
    role = service_role(foundation.project, part.name)
    yield foundation.role(role)
    yield foundation.grant_role(role, foundation.owner)
    before = list(_grants(foundation, part, role))
    if part.egress:
        before += integrations.egress(foundation, part.name, part.egress, role)
    if part.source.reference is None:
        before.append(_image(foundation, part))
    secrets = _secrets(foundation, part.specification)
    before += [foundation.grant_object("READ", "secret", secret, role) for secret in secrets]
    yield from before
    # the secrets beside their grants: a service is started again when one that it needs is set again
    needs = {resource.address for resource in before} | {Address("secret", str(name)) for name in secrets}
    if part.public:
        needs |= {resource.address for resource in integrations.ingress(foundation)}
    yield _service(foundation, part, role, frozenset(needs))


def _grants(foundation: Foundation, part: ServicePart, role: str) -> Iterator[Resource]:
    yield from foundation.usage(role)
    yield foundation.grant_object("CREATE SERVICE", "schema", foundation.schema, role)
    yield foundation.grant_object("USAGE", "compute_pool", foundation.pool(part.pool), role)
    yield foundation.grant_object("READ", "image_repository", foundation.repository, role)
    if part.public:
        yield foundation.grant_account("BIND SERVICE ENDPOINT", role)
    if part.query_warehouse:
        yield foundation.grant_object("USAGE", "warehouse", part.query_warehouse, role)
    if foundation.project.spec_delivery == "stage":
        yield foundation.grant_object("READ", "stage", foundation.stage(SPECIFICATIONS), role)
    for stage in part.stages:
        yield from _stage_grants(foundation, stage, role)
    for called in part.calls:
        owner = service_role(foundation.project, called)
        yield foundation.grant_endpoints(foundation.schema.child(called), owner, role)


def _stage_grants(foundation: Foundation, stage: Name, role: str) -> Iterator[Resource]:
    """READ has to be there before WRITE is granted (documented: GRANT <privileges>, stage privileges)."""
    read = foundation.grant_object("READ", "stage", stage, role)
    write = foundation.grant_object("WRITE", "stage", stage, role)
    yield read
    yield Resource(
        write.address,
        write.name,
        write.role,
        write.seen_by,
        {},
        write.needs | {read.address},
        None,
        write.detail,
    )


def _image(foundation: Foundation, part: ServicePart) -> Resource:
    image = foundation.context.images[part.image]
    repository = foundation.repository
    address = Address("image", f"{repository}/{part.image}:{image.tag}")
    return Resource(
        address,
        Name.of(address.name),
        foundation.owner,
        foundation.owner,
        {"tag": image.tag, "digest": image.digest if isinstance(image, ProcessImage) else None},
        frozenset({Address("image_repository", str(repository))}),
        None,
        {"repository": repository, "image_name": part.image, "image": image, "source": part.source.context},
    )


def _secrets(foundation: Foundation, specification: Mapping[str, Any]) -> list[Name]:
    """The project's secrets that a specification names, in order (documented: service specification,
    ``snowflakeSecret``, a name or ``objectName``; a name in part is one of the service's own schema).
    """
    named = set()
    for text in _snowflake_secrets(specification):
        parts = tuple(part.upper() for part in text.replace('"', "").split("."))
        named.add(Name((*foundation.schema.parts[: 3 - len(parts)], *parts)))
    project = foundation.project
    ours = {foundation.secret(name) for name in project.secrets}
    return sorted(name for name in named if name in ours or _exists(foundation, name))


def _exists(foundation: Foundation, secret: Name) -> bool:
    return secret.parent == foundation.schema and foundation.project.exists("secret", *secret.parts)


def _snowflake_secrets(specification: Mapping[str, Any]) -> Iterator[str]:
    for container in specification["spec"].get("containers") or []:
        for entry in container.get("secrets") or []:
            given = entry.get("snowflakeSecret")
            name = given.get("objectName") if isinstance(given, Mapping) else given
            if name is not None:
                yield str(name)


def _service(foundation: Foundation, part: ServicePart, role: str, needs: frozenset[Address]) -> Resource:
    out = (integrations.egress_name(foundation, part.name).last,) if part.egress else ()
    attributes = {
        "compute_pool": foundation.pool(part.pool).last,
        "specification": canonical(part.specification),
        "volumes": volumes(part.specification),
        "query_warehouse": part.query_warehouse.last if part.query_warehouse else None,
        "external_access_integrations": out,
        "min_instances": part.min_instances,
        "max_instances": part.max_instances,
    }
    needs = needs | foundation.acts(role)
    detail = {"database": foundation.database, "specification": part.specification}
    own = integrations.egress_name(foundation, part.name).last
    detail |= {"data": part.data, "fixed": part.fixed, "integrations": (own,)}
    detail |= _delivery(foundation, part)
    return foundation.context.marked(
        "service", foundation.schema.child(part.name), role, attributes, needs, detail
    )


def _delivery(foundation: Foundation, part: ServicePart) -> dict[str, object]:
    """Where the specification is put, by a name that says what is in it: the plan knows everything."""
    if foundation.project.spec_delivery == "inline":
        return {}
    digest = hashlib.sha256(templates.canonical_json(part.specification).encode()).hexdigest()
    file = f"{part.image}-{digest[:12]}.yaml"
    return {"stage": foundation.stage(SPECIFICATIONS), "file": file, "uploader": foundation.owner}
