"""What is wrong with a project although each value is right: contradictions, and what is unwise.

Comes in: the project and its document (for places). Goes out: problems, and warnings for what is allowed but
unwise. Touches nothing.
"""

import re
from collections.abc import Iterator

from spcs_milvus.document import Document, Path_
from spcs_milvus.errors import Problem
from spcs_milvus.families import FAMILIES, Family
from spcs_milvus.project import (
    ROCKSMQ,
    SPECIFICATIONS,
    WOODPECKER,
    Milvus,
    Pool,
    Project,
    Resources,
    User,
    nearest,
    old_queue,
    service_name,
    setting_name,
)
from spcs_milvus.secrets import looks_secret

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?:-.*)?")
# CVE-2026-26190: the REST API and /expr answered without a sign-in before these
SECURITY_FLOOR = {(2, 5): (2, 5, 27), (2, 6): (2, 6, 10)}
# documented: Snowpark Container Services, limits
MOST_HOSTS = 100

# where Milvus keeps vectors, and what finds them again after a restart
_KEEPS_VECTORS = frozenset(
    map(
        setting_name,
        """DEPLOY_MODE ETCD_USE_EMBED ETCD_DATA_DIR ETCD_CONFIG_PATH ETCD_ENDPOINTS COMMON_STORAGETYPE
        LOCALSTORAGE_PATH ROCKSMQ_PATH WOODPECKER_STORAGE_TYPE
        WOODPECKER_STORAGE_ROOTPATH""".split(),
    )
)


def contradictions(project: Project, document: Document) -> Iterator[Problem]:
    """Values that do not go together."""
    yield from _lengths(project, document)
    yield from _pools(project, document)
    yield from _services(project, document)
    yield from _own_roles(project, document)
    yield from _existing(project, document)
    yield from _grantees(project, document)
    yield from _users(project, document)
    yield from _egress(project, document)
    yield from _ways_out(project, document)
    yield from _folded(document)
    yield from _settings(project.milvus, document)
    yield from _images(project, document)
    if project.milvus.volume is None and not project.milvus.volatile:
        yield Problem(
            "without a volume, vectors are lost at every restart",
            None,
            document.place(("milvus", "volume")),
            "give it a size, or add `volatile: true` if that is meant",
        )
    if project.jupyter is not None and project.jupyter.files not in project.stages:
        yield Problem(
            f"the notebook's files go to the stage {project.jupyter.files}, which is not declared",
            None,
            document.place(("jupyter", "files")),
            f"declare it under `stages:` ({', '.join(project.stages) or 'none yet'})",
        )


def _images(project: Project, document: Document) -> Iterator[Problem]:
    """An image is built from a folder, or is there already."""
    for name, image in project.images.items():
        path: Path_ = (*project.image_path(name), "image")
        how = [key for key in ("context", "dockerfile", "arguments") if getattr(image, key)]
        if image.reference is None and image.context is None:
            ours = "FOLDER" if name in project.services else f"images/{name}"
            yield Problem(
                "the image names neither a folder nor a reference",
                None,
                document.place(path),
                f"write a build folder, {{context: {ours}}}, or {{reference: /db/schema/repo/name:tag}}",
            )
        if image.reference and how:
            yield Problem(
                "the image is there already, and is to be built",
                f"with `reference`: {', '.join(f'`{key}`' for key in how)}",
                document.place((*path, how[0])),
                "leave out `reference`, or everything beside it",
            )
        for argument in filter(looks_secret, image.arguments):
            yield Problem(
                f"the build argument `{argument}` looks like a secret",
                "it can be read in the history of the image",
                document.place((*path, "arguments", argument)),
                "leave it out, and give the secret to the service, under `secrets:`",
            )


def _grantees(project: Project, document: Document) -> Iterator[Problem]:
    """Each gets the users' role once, and the project's own roles never: they would reach each other."""
    ours = {f"role {role}" for role in _our_roles(project)}
    seen: set[str] = set()
    for index, grantee in enumerate(project.roles.grant_to):
        place = document.place(("roles", "grant_to", index))
        if grantee in ours:
            yield Problem(
                f"the {grantee} is the project's own", None, place, "grant to people and roles of your own"
            )
        if grantee == "role PUBLIC":
            # documented: Overview of access control, every role inherits PUBLIC; assumed: that makes a circle
            hint = "name the people, or a role that they have"
            yield Problem("every role inherits PUBLIC, and so would the project's own", None, place, hint)
        if grantee in seen:
            yield Problem(f"the {grantee} stands twice", None, place, "leave one of them out")
        seen.add(grantee)


def _users(project: Project, document: Document) -> Iterator[Problem]:
    seen: set[str] = set()
    known = [project.users_role, *_existing_roles(project)]
    for index, user in enumerate(project.users):
        path: Path_ = ("users", index)
        if user.name in seen:
            place = document.place((*path, "name"))
            yield Problem(f"the user {user.name} stands twice", None, place, "leave one of them out")
        seen.add(user.name)
        if f"user {user.name}" in project.roles.grant_to:
            at = project.roles.grant_to.index(f"user {user.name}")
            place = document.place(("roles", "grant_to", at))
            hint = "leave it out; a user that we make gets the role anyway"
            yield Problem(f"the user {user.name} is made by us", None, place, hint)
        if user.default_role not in (None, *known):
            yield Problem(
                f"the default role {user.default_role} is not one for people",
                f"known: {', '.join(known)}",
                document.place((*path, "default_role")),
                "leave the line out, or list the role under `existing:`",
            )
        yield from _password(user, path, document)


def _existing_roles(project: Project) -> list[str]:
    return [address[5:].upper() for address in project.existing if address.startswith("role.")]


def _password(user: User, path: Path_, document: Document) -> Iterator[Problem]:
    """documented: CREATE USER; a user of the type SERVICE has neither password nor anything about one."""
    if user.type == "SERVICE":
        for key in ("password", "must_change_password"):
            if key in user.model_fields_set and getattr(user, key):
                hint = "leave it out, and give it a key or a token; or make it a PERSON"
                yield Problem(
                    f"a user of the type SERVICE has no `{key}`", None, document.place((*path, key)), hint
                )
    elif user.password is None and "must_change_password" in user.model_fields_set:
        place = document.place((*path, "must_change_password"))
        yield Problem("there is no password to be changed", None, place, "add a password, or leave it out")


def _egress(project: Project, document: Document) -> Iterator[Problem]:
    listed: list[tuple[Path_, tuple[str, ...]]] = [
        (("services", key, "egress"), service.egress) for key, service in project.services.items()
    ]
    if project.jupyter is not None:
        listed.insert(0, (("jupyter", "egress"), project.jupyter.egress))
    for path, hosts in listed:
        for index, host in enumerate(hosts):
            if host in hosts[:index]:
                place = document.place((*path, index))
                yield Problem(f"{host} stands twice", None, place, "leave one of them out")
        if len(hosts) > MOST_HOSTS:
            summary = f"an integration lets out to {MOST_HOSTS} hosts at most"
            yield Problem(summary, f"{len(hosts)} are listed", document.place(path), "list fewer")


def _ways_out(project: Project, document: Document) -> Iterator[Problem]:
    """Each service has a way out of its own: with one for two, both would reach what either may."""
    others = [service for service in project.egress if service != "JUPYTER"]
    if "JUPYTER" not in project.egress:
        return
    for key, name in (
        ("jupyter_egress_rule", project.egress_rule),
        ("jupyter_egress_integration", project.egress_integration),
    ):
        if name("JUPYTER") in map(name, others):
            place = document.place(("names", key))
            hint = "give it another name, or leave the line out for the default"
            yield Problem(f"the name {name('JUPYTER')} is that of another service's", None, place, hint)


def _our_roles(project: Project) -> tuple[str, ...]:
    return (
        project.owner_role,
        project.users_role,
        *(f"{project.prefix}_{name}" for name in ("MILVUS", "JUPYTER", *map(service_name, project.services))),
    )


def _folded(document: Document) -> Iterator[Problem]:
    """Keys that are names are one name in any case, although YAML sees two keys."""
    for section in ("stages", "secrets"):
        names: dict[str, str] = {}
        for key in document.data.get(section, {}):
            other = names.setdefault(key.upper(), key)
            if other != key:
                yield Problem(
                    f"two {section} have one name",
                    f"{key.upper()}: {other} and {key}",
                    document.place((section, key)),
                    "leave one of them out",
                )


def _settings(milvus: Milvus, document: Document) -> Iterator[Problem]:
    """Settings become the container's environment, where anyone who may see the service can read them."""
    names: dict[str, str] = {}
    for key in milvus.settings:
        place = document.place(("milvus", "settings", key))
        name = setting_name(key)
        other = names.setdefault(name, key)
        if other != key:
            yield Problem("two settings have one name", f"{other} and {key}", place, "leave one of them out")
        if looks_secret(key):
            yield Problem(
                f"the setting `{key}` looks like a secret",
                "what stands here can be read in the service's specification",
                place,
                "leave it out; a secret belongs under `secrets:`, for a service that mounts it",
            )
        if name == setting_name("MQ_TYPE"):
            yield from _queue(milvus, key, place)
        if name in _KEEPS_VECTORS:
            yield Problem(
                f"the setting `{key}` is not yours to make",
                "it decides where vectors are kept; another value loses them at a restart",
                place,
                "leave it out",
            )


def _queue(milvus: Milvus, key: str, place: str) -> Iterator[Problem]:
    """The queues that keep their messages on the volume (documented: Milvus, Message Queue Overview)."""
    known = (ROCKSMQ,) if old_queue(milvus.version) else (ROCKSMQ, WOODPECKER)
    if milvus.settings[key] not in known:
        yield Problem(
            f"the setting `{key}` names a queue that does not keep its messages on the volume",
            f"{milvus.settings[key]}; Milvus {milvus.version} has {' and '.join(known)}",
            place,
            "leave it out; it is for a volume that has the other queue",
        )


def _own_roles(project: Project, document: Document) -> Iterator[Problem]:
    """Each of the project's roles has a purpose of its own; one for two would let the notebook drop the
    stack.
    """
    named: dict[Path_, str] = {
        ("roles", "owner"): project.owner_role,
        ("roles", "users"): project.users_role,
        ("names", "prefix"): f"{project.prefix}_MILVUS",
        ("jupyter",): f"{project.prefix}_JUPYTER",
    }
    named |= {("services", key): f"{project.prefix}_{name}" for name, key in _extra_names(project).items()}
    administrators = {project.roles.account_admin, project.roles.security_admin, project.roles.user_admin}
    taken = administrators | {"SYSADMIN", "PUBLIC"}
    if project.owner_exists:
        # it is what the file says it is, and the services have no roles of their own
        taken = administrators | {"PUBLIC"}
        named = {path: role for path, role in named.items() if path[0] == "roles"}
    for path, role in named.items():
        if role in taken:
            hint = "give it a name of its own, or leave the line out for the default"
            yield Problem(f"the role {role} has another purpose already", None, document.place(path), hint)
        taken.add(role)


def _extra_names(project: Project) -> dict[str, str]:
    """The names of the user's own services, each with the first key that gives it."""
    names = {service_name(key): key for key in reversed(project.services)}
    return {name: key for name, key in names.items() if name not in ("MILVUS", "JUPYTER")}


def _existing(project: Project, document: Document) -> Iterator[Problem]:
    """What was there before us is used and never changed, and what is not ours is listed."""
    for index, address in enumerate(project.existing):
        place = document.place(("existing", index))
        if address in project.existing[:index]:
            yield Problem(f"{address} stands twice", None, place, "leave one of them out")
        kind, *parts = address.split(".")
        if kind == "schema" and parts[0] == project.database and not project.exists("database", parts[0]):
            hint = f"list database.{parts[0]} too, or another schema"
            yield Problem(
                "a schema that exists stands in a database that is to be made", address, place, hint
            )
        folders = [str(image.context) for image in project.images_built.values()]
        if address == f"image_repository.{_in_schema(project, project.names.image_repository)}" and folders:
            yield Problem(
                "images cannot be pushed into a repository that is not ours",
                f"none can be taken out again; built from a folder: {', '.join(folders)}",
                place,
                "push them by hand and name each, `image: {reference: /db/schema/repo/name:tag}`",
            )
        if address == f"stage.{_in_schema(project, SPECIFICATIONS)}" and project.spec_delivery == "stage":
            hint = "leave it out, or write `spec_delivery: inline`"
            yield Problem("specifications cannot be put on a stage that is not ours", address, place, hint)
    for path, warehouse in _warehouses(project):
        if warehouse != project.warehouse_name and not project.exists("warehouse", warehouse):
            yield Problem(
                f"the warehouse {warehouse} is not the project's",
                None,
                document.place(path),
                f"list warehouse.{warehouse} under `existing:`, or leave the line out",
            )


def _warehouses(project: Project) -> Iterator[tuple[Path_, str]]:
    """The warehouses that services query with, and where the file says so."""
    if project.jupyter and project.jupyter.query_warehouse:
        yield ("jupyter", "query_warehouse"), project.jupyter.query_warehouse
    for key, extra in project.services.items():
        if extra.query_warehouse:
            yield ("services", key, "query_warehouse"), extra.query_warehouse


def _in_schema(project: Project, name: str) -> str:
    return f"{project.database}.{project.names.schema_}.{name}"


def _lengths(project: Project, document: Document) -> Iterator[Problem]:
    """Names in the file were checked one by one; those made from the prefix can grow too long."""
    pools = map(project.pool_name, project.compute_pools)
    out = map(project.egress_integration, project.egress)
    longest = max((*_our_roles(project), project.warehouse_name, *pools, *out), key=len)
    if len(longest) > 255:
        yield Problem(
            "a name has at most 255 characters",
            f"{longest[:20]}…{longest[-20:]} has {len(longest)}",
            document.place(("names", "prefix")),
            "choose a shorter prefix, or a shorter key of the pool or service",
        )


def _pools(project: Project, document: Document) -> Iterator[Problem]:
    names: dict[str, str] = {}
    for key, pool in project.compute_pools.items():
        path: Path_ = ("compute_pools", key)
        if pool.min_nodes > pool.max_nodes:
            yield Problem(
                "min_nodes is above max_nodes",
                f"{pool.min_nodes} > {pool.max_nodes}",
                document.place((*path, "min_nodes")),
                f"set max_nodes to {pool.min_nodes} or more",
            )
        if not re.fullmatch(r"[a-z][a-z0-9_-]*", key):
            yield Problem("a pool's key is lower case letters, digits, - and _", key, document.place(path))
        name = project.pool_name(key)
        if name in names:
            yield Problem(
                "two compute pools have one name", f"{name}: {names[name]} and {key}", document.place(path)
            )
        names[name] = key


def _services(project: Project, document: Document) -> Iterator[Problem]:
    sections: list[tuple[Path_, str, Resources | None]] = [
        (("milvus",), project.milvus.pool, project.milvus.resources)
    ]
    if project.jupyter is not None:
        sections.append((("jupyter",), project.jupyter.pool, project.jupyter.resources))
    sections += [(("services", key), extra.pool, None) for key, extra in project.services.items()]
    for path, pool, resources in sections:
        if pool not in project.compute_pools:
            known = ", ".join(project.compute_pools) or "none"
            yield Problem(
                f"there is no compute pool `{pool}`",
                f"declared: {known}",
                document.place((*path, "pool")),
                nearest(
                    f"declare it under `compute_pools:`, or name one of: {known}", pool, project.compute_pools
                ),
            )
        elif resources is not None:
            yield from _fits(project.compute_pools[pool], resources, document.place((*path, "resources")))
    taken = {"MILVUS", "JUPYTER"} if project.jupyter is not None else {"MILVUS"}
    for key, extra in project.services.items():
        name = service_name(key)
        if extra.min_instances > extra.max_instances:
            yield Problem(
                "min_instances is above max_instances",
                f"{extra.min_instances} > {extra.max_instances}",
                document.place(("services", key, "min_instances")),
                f"set max_instances to {extra.min_instances} or more",
            )
        if name in taken:
            yield Problem(
                "two services have one name", name, document.place(("services", key)), "rename yours"
            )
        taken.add(name)


def _fits(pool: Pool, resources: Resources, place: str) -> Iterator[Problem]:
    family: Family = FAMILIES[pool.instance_family]
    number, unit = re.fullmatch(r"(\d+)(\w+)", resources.memory).groups()  # type: ignore[union-attr]
    gib = int(number) * {"M": 1e6, "Mi": 2**20, "G": 1e9, "Gi": 2**30}[unit] / 2**30
    if resources.cpu > family.cpus or gib > family.memory_gib:
        yield Problem(
            "no node of the pool is large enough for the container",
            f"asked: {resources.cpu:g} cores, {resources.memory}; "
            f"{pool.instance_family} gives {family.cpus} cores, {family.memory_gib}Gi",
            place,
            "ask for less, or take a larger instance_family",
        )


def warnings(project: Project, document: Document) -> Iterator[Problem]:
    """What is allowed but unwise."""
    yield from _old_milvus(project, document)
    if project.owner_exists:
        yield Problem(
            f"containers act as {project.owner_role}, which owns their services",
            "whoever opens a shell in the notebook can do what that role can",
            document.place(("roles", "owner")),
            "leave the line out: then each service has a role of its own that can do next to nothing",
        )
    for index, user in enumerate(project.users):
        if user.type == "LEGACY_SERVICE":
            yield Problem(
                f"the user {user.name} is a LEGACY_SERVICE, which most accounts no longer make",
                "documented: the end of sign-ins by password alone, phase 2",
                document.place(("users", index, "type")),
                "make it a SERVICE, with a key or a token",
            )


def _old_milvus(project: Project, document: Document) -> Iterator[Problem]:
    match = _VERSION.fullmatch(project.milvus.version)
    if match is None:
        return
    version = tuple(map(int, match.groups()))
    floor = SECURITY_FLOOR.get(version[:2], (2, 6, 10) if version < (2, 5) else None)  # type: ignore[arg-type]
    if floor and version < floor:
        yield Problem(
            f"Milvus {project.milvus.version} has a known hole (CVE-2026-26190)",
            "port 9091 answers the whole REST API without a sign-in",
            document.place(("milvus", "version")),
            f"use v{'.'.join(map(str, floor))} or later",
        )
