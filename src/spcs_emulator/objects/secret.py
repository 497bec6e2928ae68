"""SECRET: columns, types, and what is kept of a secret.

In: statements' values. Out: results; the catalogue changes, and files of running services follow. Documented:
CREATE SECRET, ALTER SECRET, DROP SECRET, SHOW SECRETS, DESCRIBE SECRET. A value goes in and comes out in the
containers of services only: no statement shows it.
"""

from collections.abc import Mapping
from typing import Any

from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.results import columns
from spcs_emulator.faults import INVALID_VALUE, MISSING_OPTION
from spcs_emulator.objects.kind import Kind, Row, owner_cells, place_cells
from spcs_emulator.statement.values import ObjectKind

# Documented: what each type is made of. The other types are refused where statements are read.
PARTS: Mapping[str, tuple[str, ...]] = {
    "GENERIC_STRING": ("SECRET_STRING",),
    "PASSWORD": ("USERNAME", "PASSWORD"),
}


class Secret(Kind):
    """Secrets. The type cannot be changed; only the owner changes or drops one."""

    kind = ObjectKind.SECRET
    title = "Secret"
    # Documented: DESCRIBE SECRET.
    describe_needs = ("USAGE",)
    shape = columns(
        "SHOW SECRETS",
        "created_on name schema_name database_name owner comment secret_type oauth_scopes owner_role_type",
        source="observed: SHOW SECRETS of real accounts, in the tests of the Terraform provider",
    )
    describe_shape = columns(
        "DESCRIBE SECRET",
        "created_on name schema_name database_name owner comment secret_type username "
        "oauth_access_token_expiry_time oauth_refresh_token_expiry_time oauth_scopes integration_name",
        source="observed: DESCRIBE SECRET of real accounts, in the tests of the Terraform provider",
    )

    def normalise(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return the type in upper case. 001008 for one that Snowflake does not have."""
        values = dict(properties)
        if "TYPE" in values:
            values["TYPE"] = str(values["TYPE"]).upper()
            if values["TYPE"] not in PARTS:
                raise INVALID_VALUE(name="TYPE", value=values["TYPE"], why="")
        return values

    def check(self, settings: Mapping[str, Any]) -> None:
        """Refuse a secret that lacks a part of its type, or has one of another. No value is repeated."""
        if "TYPE" not in settings:
            raise MISSING_OPTION(names="TYPE")
        parts = PARTS[settings["TYPE"]]
        missing = [name for name in parts if name not in settings]
        if missing:
            raise MISSING_OPTION(names=", ".join(missing))
        for name in settings:
            if name != "TYPE" and name not in parts:
                why = f": a secret of type {settings['TYPE']} has none"
                raise INVALID_VALUE(name=name, value="***", why=why)

    def change(self, context: Context, entry: AccountObject, properties: Mapping[str, Any]) -> None:
        """Lay the properties over. Documented: files in running containers follow, variables do not."""
        super().change(context, entry, properties)
        context.world.life.refresh_secrets()

    def created(self, context: Context, _entry: AccountObject) -> None:
        """Let running containers have the value of a secret that took another's place."""
        context.world.life.refresh_secrets()

    def row(self, context: Context, entry: AccountObject) -> Row:
        """Return the SHOW SECRETS row."""
        return {
            "created_on": entry.created_on,
            "name": entry.name,
            "comment": entry.comment,
            "secret_type": entry.settings["TYPE"],
            "oauth_scopes": None,
            **place_cells(context, entry),
            **owner_cells(context, entry),
        }

    def described(self, context: Context, entry: AccountObject) -> list[Row]:
        """Return the DESCRIBE SECRET row: the user name is no secret, as on Snowflake."""
        row: Row = {column.name: None for column in self.describe_shape}
        shown = self.row(context, entry)
        row.update({name: shown[name] for name in row if name in shown})
        row["username"] = entry.settings.get("USERNAME")
        return [row]
