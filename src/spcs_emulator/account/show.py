"""SHOW of objects: where to look, who sees what, and the clauses that narrow it.

In: a statement's value. Out: rows. Documented: the SHOW page of each kind; without IN it is the current
database if there is one, else the account; 10 000 rows at most.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.jobs import is_job
from spcs_emulator.account.results import Result, pattern_matches, table, without
from spcs_emulator.account.show_empty import EMPTY
from spcs_emulator.account.show_parameters import show_parameters
from spcs_emulator.faults import CANNOT, INVALID_VALUE
from spcs_emulator.objects.compute_pool import USER_TYPE, check_types, show_families, show_nodes
from spcs_emulator.objects.image_repository import ImageRepository
from spcs_emulator.objects.kind import Kind
from spcs_emulator.objects.kinds import KINDS
from spcs_emulator.objects.service_views import (
    show_containers,
    show_endpoints,
    show_instances,
    show_roles,
    show_volumes,
)
from spcs_emulator.objects.user_tokens import show_tokens
from spcs_emulator.statement.values import Name, ObjectKind, Scope, Show

T = TypeVar("T")
ROW_LIMIT = 10_000
LISTED = {
    "ROLES": ObjectKind.ROLE,
    "USERS": ObjectKind.USER,
    "WAREHOUSES": ObjectKind.WAREHOUSE,
    "DATABASES": ObjectKind.DATABASE,
    "SCHEMAS": ObjectKind.SCHEMA,
    "IMAGE REPOSITORIES": ObjectKind.IMAGE_REPOSITORY,
    "STAGES": ObjectKind.STAGE,
    "COMPUTE POOLS": ObjectKind.COMPUTE_POOL,
    "SERVICES": ObjectKind.SERVICE,
    "NETWORK RULES": ObjectKind.NETWORK_RULE,
    "SECRETS": ObjectKind.SECRET,
    "INTEGRATIONS": ObjectKind.INTEGRATION,
    "EXTERNAL ACCESS INTEGRATIONS": ObjectKind.EXTERNAL_ACCESS_INTEGRATION,
    "SECURITY INTEGRATIONS": ObjectKind.SECURITY_INTEGRATION,
    "JOB SERVICES": ObjectKind.SERVICE,
    "SNAPSHOTS": ObjectKind.SNAPSHOT,
    "SEQUENCES": ObjectKind.SEQUENCE,
}
# Documented: SHOW SERVICES: the columns that JOB and EXCLUDE JOBS leave out.
JOB_COLUMNS: Mapping[bool | None, tuple[str, ...]] = {True: ("is_job",), False: ("is_job", "is_async_job")}
INSIDE = {
    "SERVICE CONTAINERS": show_containers,
    "SERVICE INSTANCES": show_instances,
    "SERVICE VOLUMES": show_volumes,
    "ENDPOINTS": show_endpoints,
    "ROLES IN SERVICE": show_roles,
}


def show(context: Context, statement: Show) -> Result:
    """Return the rows. 002043 for a place that is not there, 002003 for a service or repository that is
    not, 001008 for a LIMIT out of its range.
    """
    if statement.limit is not None and not 1 <= statement.limit <= ROW_LIMIT:
        raise INVALID_VALUE(name="LIMIT", value=statement.limit, why=f": between 1 and {ROW_LIMIT}")
    if statement.what in INSIDE:
        service = context.get(ObjectKind.SERVICE, _scope_name(statement))
        return _narrowed(INSIDE[statement.what](context, service), statement)
    if statement.what in OWN:
        return OWN[statement.what](context, statement)
    check_types(statement.types)
    places = _places(context, statement)
    if statement.what in EMPTY:
        return table(EMPTY[statement.what], [])
    kind = KINDS[LISTED[statement.what]]
    return without(_listed(context, kind, places, statement), JOB_COLUMNS.get(statement.jobs, ()))


def _images(context: Context, statement: Show) -> Result:
    repository = context.get(ObjectKind.IMAGE_REPOSITORY, _scope_name(statement))
    return ImageRepository().show_images(context, repository, statement.like)


def _nodes(context: Context, statement: Show) -> Result:
    return _narrowed(show_nodes(context, _scope_name(statement)), statement)


# What is no object of a kind, and no part of a service.
OWN: Mapping[str, Callable[[Context, Show], Result]] = {
    "COMPUTE POOL INSTANCE FAMILIES": lambda context, _: show_families(context),
    "IMAGES": _images,
    "NODES IN COMPUTE POOL": _nodes,
    "PARAMETERS": show_parameters,
    "USER TOKENS": lambda context, statement: show_tokens(context, _scope_name(statement)),
}


def _scope_name(statement: Show) -> Name:
    if statement.scope is None or statement.scope.name is None:
        raise ValueError(f"SHOW {statement.what} without a name")
    return statement.scope.name


def _listed(context: Context, kind: Kind, places: frozenset[str] | None, statement: Show) -> Result:
    entries = [
        entry
        for entry in context.catalogue.of_kind(kind.kind)
        if kind.covers(entry)
        and context.access.sees(entry)
        and (places is None or _lies_in(context, entry, places))
        and (statement.jobs is None or is_job(entry) is statement.jobs)
        and (not statement.types or USER_TYPE in statement.types)
    ]
    return kind.show(context, _limited(entries, lambda entry: entry.name, statement))


def _lies_in(context: Context, entry: AccountObject, places: frozenset[str]) -> bool:
    if entry.settings.get("COMPUTE POOL") in places:
        return True
    parent = context.catalogue.get(entry.parent)
    return parent is not None and (parent.key in places or _lies_in(context, parent, places))


def _named(name: str, statement: Show) -> bool:
    if statement.like is not None and not pattern_matches(statement.like, name):
        return False
    return statement.starts_with is None or name.startswith(statement.starts_with)


def _limited(rows: Sequence[T], name_of: Callable[[T], str], statement: Show) -> list[T]:
    """Return the rows that LIKE, STARTS WITH, LIMIT and FROM leave."""
    left = [row for row in rows if _named(name_of(row), statement)]
    after = statement.limit_from
    if after is not None:
        first = next((index for index, row in enumerate(left) if name_of(row).startswith(after)), len(left))
        left = left[first + 1 :]
    return left[: statement.limit or ROW_LIMIT]


def _narrowed(result: Result, statement: Show) -> Result:
    names = [column.name for column in result.columns]
    index = next(
        names.index(name)
        for name in ("volume_name", "container_name", "instance_id", "name")
        if name in names
    )
    rows = _limited(result.rows, lambda row: str(row[index] or ""), statement)
    return Result(result.columns, tuple(rows), result.family)


# Documented: Snowflake's own images are in the repository SNOWFLAKE.IMAGES.SNOWFLAKE_IMAGES, which every
# account shares; observed: the official CLI looks there for the registry. Assumed: nobody is shown it here.
_SHARED = "SNOWFLAKE.IMAGES"


def _places(context: Context, statement: Show) -> frozenset[str] | None:
    """Return the keys of where to look, None for everywhere."""
    kind = LISTED.get(statement.what)
    if kind in (
        ObjectKind.ROLE,
        ObjectKind.USER,
        ObjectKind.WAREHOUSE,
        ObjectKind.DATABASE,
        ObjectKind.COMPUTE_POOL,
        ObjectKind.INTEGRATION,
        ObjectKind.EXTERNAL_ACCESS_INTEGRATION,
        ObjectKind.SECURITY_INTEGRATION,
    ):
        return None
    scope = statement.scope
    if scope is None:
        database = context.catalogue.get(context.session.database)
        return frozenset({database.key}) if database else None
    if scope.word == "ACCOUNT":
        return None
    if kind is ObjectKind.IMAGE_REPOSITORY and str(scope.name) == _SHARED:
        return frozenset()
    return frozenset({_place(context, scope, statement.what).key})


def _place(context: Context, scope: Scope, what: str) -> AccountObject:
    word = scope.word
    if word == "NAME":
        word = "DATABASE" if what == "SCHEMAS" else "SCHEMA"
    kind = ObjectKind(word)
    if scope.name is not None:
        found = context.find(kind, scope.name)
    elif kind is ObjectKind.DATABASE:
        found = context.database(None, kind)
    else:
        found = context.schema((), kind)
    if found is None or not (context.access.sees(found)):
        raise CANNOT()
    return found
