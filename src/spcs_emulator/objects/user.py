"""USER: the built-in user, to be shown and described.

In: statements' values. Out: results. Columns documented: SHOW USERS, DESCRIBE USER.
"""

from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.results import Result, columns
from spcs_emulator.objects.kind import Kind, Row, true_false
from spcs_emulator.statement.values import Describe, ObjectKind


class User(Kind):
    """Users. CREATE, ALTER and DROP USER are not built yet."""

    kind = ObjectKind.USER
    title = "User"
    shape = columns(
        "SHOW USERS",
        "name created_on login_name display_name first_name last_name email mins_to_unlock "
        "days_to_expiry comment "
        "disabled must_change_password snowflake_lock default_warehouse default_namespace default_role "
        "default_secondary_roles ext_authn_duo ext_authn_uid mins_to_bypass_mfa owner last_success_login "
        "expires_at_time locked_until_time has_password has_rsa_public_key type has_mfa "
        "has_workload_identity",
        times="last_success_login expires_at_time locked_until_time",
        source="observed: SHOW USERS of real accounts, in the tests of the Terraform provider",
    )
    describe_shape = columns(
        "DESCRIBE USER",
        "property value default description",
        source="observed: DESCRIBE USER of real accounts, in the tests of the Terraform provider",
    )

    def describe(self, context: Context, statement: Describe) -> Result:
        """Describe the user; ownership, MONITOR or MANAGE GRANTS is needed (assumed: for oneself too)."""
        entry = context.get(self.kind, statement.name)
        if not context.access.on_account("MANAGE GRANTS"):
            context.access.require(entry, "MONITOR")
        return super().describe(context, statement)

    def row(self, context: Context, entry: AccountObject) -> Row:
        """Return the SHOW USERS row. What only the owner or MANAGE GRANTS sees is NULL for others."""
        row: Row = {column.name: None for column in self.shape}
        row.update(name=entry.name, created_on=entry.created_on)
        if context.access.owns(entry) or context.access.on_account("MANAGE GRANTS"):
            row.update(
                login_name=entry.name,
                display_name=entry.name,
                comment=entry.comment or "",
                disabled="false",
                snowflake_lock="false",
                default_role=entry.settings["DEFAULT_ROLE"],
                default_secondary_roles='["ALL"]',
                ext_authn_duo="false",
                owner=context.catalogue.name_of(entry.owner),
                has_rsa_public_key="false",
                type=entry.settings["TYPE"],
                has_mfa="false",
                has_workload_identity=true_false(False),
            )
            row.update({"must_change_password": "false", "has_password": "true"})
        return row

    def described(self, _context: Context, entry: AccountObject) -> list[Row]:
        """Return the DESCRIBE USER rows."""
        values = {
            "NAME": entry.name,
            "COMMENT": entry.comment,
            "DISPLAY_NAME": entry.name,
            "TYPE": entry.settings["TYPE"],
            "LOGIN_NAME": entry.name,
            "PASSWORD": "********",
            "MUST_CHANGE_PASSWORD": "false",
            "DISABLED": "false",
            "DEFAULT_WAREHOUSE": None,
            "DEFAULT_NAMESPACE": None,
            "DEFAULT_ROLE": entry.settings["DEFAULT_ROLE"],
            "DEFAULT_SECONDARY_ROLES": '["ALL"]',
        }
        return [
            {"property": name, "value": value, "default": None, "description": ""}
            for name, value in values.items()
        ]
