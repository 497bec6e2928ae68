"""STAGE: internal stages, their columns and rules.

In: statements' values. Out: results; the catalogue changes. Documented: CREATE STAGE, SHOW STAGES, DESCRIBE
STAGE.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.results import columns
from spcs_emulator.objects.image_repository import check_encryption
from spcs_emulator.objects.kind import Kind, Row, owner_cells, place_cells, true_false, yes_no
from spcs_emulator.statement.values import ObjectKind


class Stage(Kind):
    """Internal stages. Encryption cannot be changed."""

    kind = ObjectKind.STAGE
    title = "Stage area"
    fixed = ("ENCRYPTION",)
    defaults: ClassVar[Mapping[str, Any]] = {"ENCRYPTION": "SNOWFLAKE_FULL", "DIRECTORY": False}
    shape = columns(
        "SHOW STAGES",
        "created_on name database_name schema_name url has_credentials has_encryption_key owner "
        "comment region type "
        "cloud notification_channel storage_integration endpoint owner_role_type directory_enabled",
        source="observed: SHOW STAGES of real accounts, in the tests of the Terraform provider",
    )
    describe_shape = columns(
        "DESCRIBE STAGE",
        "parent_property property property_type property_value property_default",
        source="observed: DESCRIBE STAGE of real accounts, in the tests of the Terraform provider",
    )

    def normalise(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse an unknown encryption."""
        check_encryption(properties)
        return dict(properties)

    def row(self, context: Context, entry: AccountObject) -> Row:
        """Return the SHOW STAGES row."""
        row: Row = {column.name: None for column in self.shape}
        row.update(place_cells(context, entry), **owner_cells(context, entry))
        row.update(
            created_on=entry.created_on,
            name=entry.name,
            url="",
            has_credentials="N",
            has_encryption_key="N",
            comment=entry.comment or "",
            type="INTERNAL" if entry.settings["ENCRYPTION"] == "SNOWFLAKE_FULL" else "INTERNAL NO CSE",
            directory_enabled=yes_no(entry.settings["DIRECTORY"]),
        )
        return row

    def described(self, _context: Context, entry: AccountObject) -> list[Row]:
        """Return the DESCRIBE STAGE rows that an internal stage without a file format has."""
        enabled = true_false(entry.settings["DIRECTORY"])
        rows = (
            ("STAGE_LOCATION", "URL", "String", "", ""),
            ("DIRECTORY", "ENABLE", "Boolean", enabled, "false"),
            ("DIRECTORY", "AUTO_REFRESH", "Boolean", "false", "false"),
        )
        names = [column.name for column in self.describe_shape]
        return [dict(zip(names, row, strict=True)) for row in rows]
