"""What is wrong with a project although each value is right: contradictions, and what is unwise.

Comes in: the project and its document (for places). Goes out: problems, and warnings for what is allowed but
unwise. Touches nothing.
"""

import re
from collections.abc import Iterator

from spcs_milvus.document import Document, Path_
from spcs_milvus.errors import Problem
from spcs_milvus.project import SPECIFICATIONS, Project, User
from spcs_milvus.project_values import service_name
from spcs_milvus.service_rules import about_services

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?:-.*)?")
# CVE-2026-26190: the REST API and /expr answered without a sign-in before these
SECURITY_FLOOR = {(2, 5): (2, 5, 27), (2, 6): (2, 6, 10)}


def contradictions(project: Project, document: Document) -> Iterator[Problem]:
    """Values that do not go together."""
    yield from _lengths(project, document)
    yield from about_services(project, document)
    yield from _own_roles(project, document)
    yield from _existing(project, document)
    yield from _grantees(project, document)
    yield from _users(project, document)
    yield from _folded(document)


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
