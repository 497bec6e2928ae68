"""INTEGRATION: what all types of integration share, and the statements that name no type.

In: statements' values. Out: results; the catalogue changes. Documented: SHOW INTEGRATIONS, DESCRIBE
INTEGRATION, DROP INTEGRATION. All types share one name space; the only type that can be made here is
EXTERNAL_ACCESS, so what is shown of a type is shown of that one.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from spcs_emulator.account.catalogue import Catalogue
from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.results import columns
from spcs_emulator.faults import IN_USE
from spcs_emulator.objects.kind import Kind, Row, true_false
from spcs_emulator.statement.reader import written
from spcs_emulator.statement.values import Drop, ObjectKind

# Observed: DESCRIBE of real accounts, in the tests of the Terraform provider; assumed: types and defaults.
_DESCRIBED: Mapping[str, tuple[str, str]] = {
    "ENABLED": ("Boolean", "true"),
    "ALLOWED_NETWORK_RULES": ("List", "[]"),
    "ALLOWED_API_AUTHENTICATION_INTEGRATIONS": ("List", "[]"),
    "ALLOWED_AUTHENTICATION_SECRETS": ("List", "[]"),
}


class Integration(Kind):
    """Integrations of any type."""

    kind = ObjectKind.INTEGRATION
    title = "Integration"
    types: ClassVar[tuple[str, ...]] = ("EXTERNAL_ACCESS",)
    shape = columns(
        "SHOW INTEGRATIONS",
        "name type category enabled comment created_on",
        source="documented: SHOW INTEGRATIONS; observed: the tests of the Terraform provider",
    )
    describe_shape = columns(
        "DESCRIBE INTEGRATION",
        "property property_type property_value property_default",
        source="observed: DESCRIBE INTEGRATION of real accounts, in the tests of the Terraform provider",
    )

    def covers(self, entry: AccountObject) -> bool:
        """Whether the integration is of a type that the statement is about."""
        return entry.settings["TYPE"] in self.types

    def check_drop(self, context: Context, entry: AccountObject, _statement: Drop) -> None:
        """Refuse while a service uses the integration (assumed: neither DROP nor OR REPLACE takes the way
        out from a service; teardown in practice drops services first).
        """
        used = [
            context.catalogue.full_name(service)
            for service in context.catalogue.of_kind(ObjectKind.SERVICE)
            if entry.key in service.settings.get("EXTERNAL_ACCESS_INTEGRATIONS", ())
        ]
        if used:
            raise IN_USE(kind="integration", name=entry.name, users=f"service {', '.join(used)}")

    def row(self, _context: Context, entry: AccountObject) -> Row:
        """Return the SHOW INTEGRATIONS row."""
        return {
            "name": entry.name,
            "type": entry.settings["TYPE"],
            "category": entry.settings["TYPE"],
            "enabled": true_false(entry.settings["ENABLED"]),
            "comment": entry.comment or "",
            "created_on": entry.created_on,
        }

    def described(self, context: Context, entry: AccountObject) -> list[Row]:
        """Return a row for each property."""
        rows = [
            (name, type_, _shown(context.catalogue, entry.settings[name]), default)
            for name, (type_, default) in _DESCRIBED.items()
        ]
        names = [column.name for column in self.describe_shape]
        every = [*rows, ("COMMENT", "String", entry.comment or "", "")]
        return [dict(zip(names, row, strict=True)) for row in every]


def _shown(catalogue: Catalogue, value: Any) -> str:
    """Return a boolean as text, a word as it is, and a list of keys as full names with commas between."""
    if isinstance(value, bool):
        return true_false(value)
    if isinstance(value, str):
        return value
    entries = [catalogue.the(key) for key in value]
    return ",".join(".".join(map(written, catalogue.path(entry))) for entry in entries)
