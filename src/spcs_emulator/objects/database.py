"""DATABASE and SCHEMA: columns and rules.

In: statements' values. Out: results; the catalogue and the session's current place change. Documented:
CREATE DATABASE (makes PUBLIC, becomes the current database), CREATE SCHEMA, SHOW and DESCRIBE of both.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.privileges import words
from spcs_emulator.account.results import columns
from spcs_emulator.faults import INVALID_GRANT, INVALID_VALUE, SERVICE_STATE
from spcs_emulator.objects.kind import Kind, Row, check_plain, owner_cells, yes_no
from spcs_emulator.statement.values import Alter, Drop, ObjectKind

INFORMATION_SCHEMA = "INFORMATION_SCHEMA"


class Container(Kind):
    """What databases and schemas share."""

    fixed = ("TRANSIENT",)
    set_needs = ("MODIFY",)
    describe_shape = columns(
        "DESCRIBE DATABASE",
        "created_on name kind",
        source="observed: DESCRIBE DATABASE of real accounts, in the tests of the Terraform provider",
    )
    defaults: ClassVar[Mapping[str, Any]] = {
        "DATA_RETENTION_TIME_IN_DAYS": 1,
        "MAX_DATA_EXTENSION_TIME_IN_DAYS": 14,
        "TRANSIENT": False,
        "MANAGED ACCESS": False,
    }

    def check(self, settings: Mapping[str, Any]) -> None:
        """Refuse days out of their range (documented: 0–90; 0–1 for retention when transient)."""
        days = settings["DATA_RETENTION_TIME_IN_DAYS"]
        if not 0 <= days <= (1 if settings["TRANSIENT"] else 90):
            raise INVALID_VALUE(name="DATA_RETENTION_TIME_IN_DAYS", value=days, why="")
        extension = settings["MAX_DATA_EXTENSION_TIME_IN_DAYS"]
        if not 0 <= extension <= 90:
            raise INVALID_VALUE(name="MAX_DATA_EXTENSION_TIME_IN_DAYS", value=extension, why="")

    def rename(self, context: Context, entry: AccountObject, statement: Alter) -> None:
        """Rename, unless services are inside, or repositories and the new name needs quotes.

        Documented: a database or schema with services must not be renamed; assumed: it is refused. Observed:
        an image repository's database and schema must be unquoted identifiers.
        """
        kinds = {child.kind: child for child in _all_inside(context, entry)}
        service = kinds.get(ObjectKind.SERVICE)
        if service is not None:
            name = context.catalogue.full_name(service)
            raise SERVICE_STATE(name=name, why=f"its {words(entry.kind).lower()} cannot be renamed")
        if ObjectKind.IMAGE_REPOSITORY in kinds and statement.new_name is not None:
            check_plain(statement.new_name.last)
        super().rename(context, entry, statement)

    def check_drop(self, context: Context, entry: AccountObject, statement: Drop) -> None:
        """RESTRICT refuses when something is inside (assumed: the objects of schemas count, PUBLIC does
        not).
        """
        if statement.option == "RESTRICT" and _holds_something(context, entry):
            raise INVALID_GRANT(
                why=f"{words(entry.kind)} '{entry.name}' is not empty, and RESTRICT was asked for"
            )

    def described(self, context: Context, entry: AccountObject) -> list[Row]:
        """Return a row for each thing inside (documented: DESCRIBE DATABASE lists schemas)."""
        inside = [child for child in context.catalogue.children(entry.key) if context.access.sees(child)]
        return [
            {"created_on": child.created_on, "name": child.name, "kind": child.kind.value}
            for child in sorted(inside, key=lambda child: child.name)
        ]

    def _cells(self, context: Context, entry: AccountObject) -> Row:
        options = ["TRANSIENT"] if entry.settings["TRANSIENT"] else []
        options += ["MANAGED ACCESS"] if entry.settings["MANAGED ACCESS"] else []
        return {
            "created_on": entry.created_on,
            "name": entry.name,
            "is_default": "N",
            "comment": entry.comment or "",
            "options": ", ".join(options),
            "retention_time": str(entry.settings["DATA_RETENTION_TIME_IN_DAYS"]),
            **owner_cells(context, entry),
        }


class Database(Container):
    """Databases."""

    kind = ObjectKind.DATABASE
    title = "Database"
    shape = columns(
        "SHOW DATABASES",
        "created_on name is_default is_current origin owner comment options retention_time kind "
        "owner_role_type",
        source="observed: SHOW DATABASES of real accounts, in the tests of the Terraform provider",
    )

    def created(self, context: Context, entry: AccountObject) -> None:
        """Make PUBLIC and INFORMATION_SCHEMA, and take the session there."""
        settings = {**self.defaults, "TRANSIENT": entry.settings["TRANSIENT"]}
        public = context.new_object(ObjectKind.SCHEMA, "PUBLIC", entry.key, None, settings)
        comment = "Views describing the contents of schemas in this database"
        views = context.new_object(
            ObjectKind.SCHEMA, INFORMATION_SCHEMA, entry.key, comment, dict(self.defaults)
        )
        context.catalogue.objects.put(public)
        context.catalogue.objects.put(replace(views, owner=None))
        context.update_session(replace(context.session, database=entry.key, schema=public.key))

    def row(self, context: Context, entry: AccountObject) -> Row:
        """Return the SHOW DATABASES row."""
        return {
            **self._cells(context, entry),
            "is_current": yes_no(context.session.database == entry.key),
            "origin": "",
            "kind": "TRANSIENT" if entry.settings["TRANSIENT"] else "STANDARD",
        }


class Schema(Container):
    """Schemas."""

    kind = ObjectKind.SCHEMA
    title = "Schema"
    shape = columns(
        "SHOW SCHEMAS",
        "created_on name is_default is_current database_name owner comment options retention_time "
        "owner_role_type",
        source="observed: SHOW SCHEMAS of real accounts, in the tests of the Terraform provider",
    )

    def created(self, context: Context, entry: AccountObject) -> None:
        """Take the session there."""
        context.update_session(replace(context.session, database=entry.parent, schema=entry.key))

    def perform(self, context: Context, entry: AccountObject, statement: Alter) -> None:
        """ENABLE or DISABLE MANAGED ACCESS; ownership is needed."""
        context.access.require(entry)
        context.put(entry, **{"MANAGED ACCESS": statement.action.startswith("ENABLE")})

    def row(self, context: Context, entry: AccountObject) -> Row:
        """Return the SHOW SCHEMAS row."""
        return {
            **self._cells(context, entry),
            "is_current": yes_no(context.session.schema == entry.key),
            "database_name": context.catalogue.name_of(entry.parent),
        }


def _all_inside(context: Context, entry: AccountObject) -> Iterator[AccountObject]:
    for child in context.catalogue.children(entry.key):
        yield child
        yield from _all_inside(context, child)


def _holds_something(context: Context, entry: AccountObject) -> bool:
    return any(
        child.kind is not ObjectKind.SCHEMA or _holds_something(context, child)
        for child in context.catalogue.children(entry.key)
    )
