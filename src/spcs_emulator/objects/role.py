"""ROLE: columns and rules.

In: statements' values. Out: results; the catalogue changes. Columns documented: SHOW ROLES.
"""

from spcs_emulator.account.access import check_role_owner
from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.results import columns
from spcs_emulator.faults import DENIED, INVALID_GRANT
from spcs_emulator.objects.kind import Kind, Row, yes_no
from spcs_emulator.statement.values import Drop, ObjectKind


class Role(Kind):
    """Roles. The built-in ones have no owner, so nobody can alter or drop them."""

    kind = ObjectKind.ROLE
    title = "Role"
    shape = columns(
        "SHOW ROLES",
        "created_on name is_default is_current is_inherited assigned_to_users granted_to_roles granted_roles "
        "owner comment",
        fixed="assigned_to_users granted_to_roles granted_roles",
        source="observed: SHOW ROLES of real accounts, in the tests of the Terraform provider",
    )

    def row(self, context: Context, entry: AccountObject) -> Row:
        """Return the SHOW ROLES row."""
        catalogue = context.catalogue
        user = catalogue.the(context.session.user)
        memberships = catalogue.memberships.values()
        holders = [catalogue.get(held.member) for held in memberships if held.role == entry.key]
        return {
            "created_on": entry.created_on,
            "name": entry.name,
            "is_default": yes_no(user.settings["DEFAULT_ROLE"] == entry.name),
            "is_current": yes_no(context.access.primary == entry.key),
            "is_inherited": yes_no(entry.key in context.access.roles and context.access.primary != entry.key),
            "assigned_to_users": sum(1 for holder in holders if holder and holder.kind is ObjectKind.USER),
            "granted_to_roles": sum(1 for holder in holders if holder and holder.kind is ObjectKind.ROLE),
            "granted_roles": sum(1 for held in memberships if held.member == entry.key),
            "owner": catalogue.name_of(entry.owner),
            "comment": entry.comment or "",
        }

    def check_drop(self, context: Context, entry: AccountObject, _statement: Drop) -> None:
        """Refuse the session's own role, one that owns services, and one whose drop would make a role its own
        owner.

        Assumed: a service cannot change hands (documented), so its role cannot go before it; and a session
        cannot take away the role that all it drops goes to.
        """
        if entry.key == context.access.primary:
            raise DENIED(kind="role", name=entry.name)
        for owned in context.catalogue.of_kind(ObjectKind.ROLE):
            if owned.owner == entry.key:
                check_role_owner(context.catalogue, owned, context.access.primary)
        for service in context.catalogue.of_kind(ObjectKind.SERVICE):
            if service.owner == entry.key:
                name = context.catalogue.full_name(service)
                raise INVALID_GRANT(why=f"role {entry.name} owns service {name}, which cannot change owner")

    def remove(self, context: Context, entry: AccountObject) -> None:
        """Drop the role; what it owned goes to the dropping role (observed), what it was granted is gone."""
        for owned in context.catalogue.objects.values():
            if owned.owner == entry.key:
                context.put(owned, owner=context.access.primary)
        super().remove(context, entry)
