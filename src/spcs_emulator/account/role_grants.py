"""GRANT and REVOKE of roles and service roles, and SHOW GRANTS.

In: statements' values. Out: results; the catalogue changes. Documented: GRANT ROLE, GRANT SERVICE ROLE,
SHOW GRANTS.
"""

from typing import Any

from spcs_emulator.account.access import closure
from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import ACCOUNT, OWNERSHIP, AccountObject, Grant, Membership
from spcs_emulator.account.future_grants import show_future
from spcs_emulator.account.privilege_grants import role_named, target_object
from spcs_emulator.account.results import SUCCESS, Result, columns, status, table
from spcs_emulator.faults import DENIED, INVALID_GRANT, NOT_FOUND
from spcs_emulator.statement.values import GrantRole, Name, ObjectKind, ShowGrants

ON_OR_TO = columns(
    "SHOW GRANTS",
    "created_on privilege granted_on name granted_to grantee_name grant_option granted_by",
    source="observed: SHOW GRANTS of real accounts, in the tests of the Terraform provider",
)
TO_USER = columns(
    "SHOW GRANTS TO USER",
    "created_on role granted_to grantee_name granted_by",
    source="observed: SHOW GRANTS TO USER of real accounts, in the tests of the Terraform provider",
)
OF_ROLE = TO_USER
TO_SERVICE_ROLE = columns(
    "SHOW GRANTS TO SERVICE ROLE",
    "created_on privilege granted_on name granted_to grantee_name",
    source="observed: SHOW GRANTS TO SERVICE ROLE of real accounts, in the tests of the Terraform provider",
)


def service_role(context: Context, service: Name, role: Name) -> tuple[AccountObject, AccountObject]:
    """Return the service and its service role. 002003 when either is not there or not seen."""
    owner = context.get(ObjectKind.SERVICE, service)
    found = context.catalogue.find(ObjectKind.SERVICE_ROLE, role.last.text, owner.key)
    if found is None:
        raise NOT_FOUND(kind="Service role", name=f"{context.catalogue.full_name(owner)}!{role}")
    return owner, found


def grant_role(context: Context, statement: GrantRole) -> Result:
    """Grant or revoke a role or service role.

    Documented: a role's owner or MANAGE GRANTS may grant it; a service role only the service's owner.
    003042 for a role granted to itself or in a circle. Assumed: what Snowflake itself made, the hierarchy of
    the built-in roles, cannot be revoked (003001).
    """
    context.access.require_role()
    if statement.service is not None:
        service, role = service_role(context, statement.service, statement.role)
        if not context.access.owns(service):
            raise context.access.refusal(service)
    else:
        role = role_named(context, statement.role)
        if not (context.access.owns(role) or context.access.on_account("MANAGE GRANTS")):
            raise DENIED(kind="role", name=role.name)
    member = context.get(statement.to_kind, statement.to)
    known = context.catalogue.memberships.get(f"{role.key}/{member.key}")
    if statement.revoke:
        if known is not None:
            if known.granted_by is None:
                raise DENIED(kind="role", name=role.name)
            context.catalogue.memberships.remove(known.id)
        return status(SUCCESS)
    if member.key in closure(context.catalogue, [role.key]) - _public(context) or member.key == role.key:
        raise INVALID_GRANT(
            why=f"role {role.name} inherits role {member.name}, so it cannot be granted to it"
        )
    if known is None:
        by = context.access.primary
        context.catalogue.memberships.put(Membership(role.key, member.key, by, context.now))
    return status(SUCCESS)


def _public(context: Context) -> set[str]:
    public = context.catalogue.find(ObjectKind.ROLE, "PUBLIC")
    return {public.key} if public else set()


def show_grants(context: Context, statement: ShowGrants) -> Result:
    """Return the grants on an object, to a role or user, or of a role.

    003001 for those of a role that no active role is, inherits, owns or has a privilege on, unless one has
    MANAGE GRANTS. Assumed: no page says who is shown the grants to a role or of one (the stricter reading).
    """
    target = statement.target
    if statement.future:
        return show_future(context, statement)
    if statement.service is not None and target.name is not None:
        _, role = service_role(context, statement.service, target.name)
        return _of(context, role) if statement.direction == "OF" else _to_service_role(context, role)
    entry = target_object(context, target)
    if statement.direction == "ON":
        return _on(context, entry)
    if entry is None:
        entry = context.catalogue.the(context.session.user)
    if entry.kind is ObjectKind.ROLE and not _knows(context, entry):
        raise DENIED(kind="role", name=entry.name)
    if statement.direction == "OF":
        return _of(context, entry)
    return _to_user(context, entry) if entry.kind is ObjectKind.USER else _to_role(context, entry)


def _knows(context: Context, role: AccountObject) -> bool:
    access = context.access
    return role.key in access.roles or access.holds_any(role) or access.on_account("MANAGE GRANTS")


def _on(context: Context, entry: AccountObject | None) -> Result:
    on = entry.key if entry else ACCOUNT
    rows = [_grant_row(context, grant) for grant in context.catalogue.grants.values() if grant.on == on]
    if entry is not None and entry.owner is not None:
        rows.append(_owner_row(context, entry))
    return table(ON_OR_TO, _sorted(rows))


def _to_role(context: Context, role: AccountObject) -> Result:
    catalogue = context.catalogue
    rows = [_grant_row(context, grant) for grant in catalogue.grants.values() if grant.grantee == role.key]
    rows += [
        _owner_row(context, entry)
        for entry in catalogue.objects.values()
        if entry.owner == role.key and entry.kind is not ObjectKind.SERVICE_ROLE
    ]
    for held in catalogue.memberships.values():
        if held.member == role.key:
            granted = catalogue.the(held.role)
            rows.append(
                {
                    "created_on": held.created_on,
                    "privilege": "USAGE",
                    "granted_on": _underscored(granted.kind),
                    "name": catalogue.full_name(granted),
                    "granted_to": "ROLE",
                    "grantee_name": role.name,
                    "grant_option": "false",
                    "granted_by": catalogue.name_of(held.granted_by),
                }
            )
    return table(ON_OR_TO, _sorted(rows))


def _to_user(context: Context, user: AccountObject) -> Result:
    rows = [
        _member_row(context, held)
        for held in context.catalogue.memberships.values()
        if held.member == user.key
    ]
    return table(TO_USER, rows)


def _of(context: Context, role: AccountObject) -> Result:
    rows = [
        _member_row(context, held) for held in context.catalogue.memberships.values() if held.role == role.key
    ]
    return table(OF_ROLE, rows)


def _to_service_role(context: Context, role: AccountObject) -> Result:
    service = context.catalogue.full_name(context.catalogue.the(role.parent))
    rows = [
        {
            "created_on": role.created_on,
            "privilege": "USAGE",
            "granted_on": "SERVICE_ENDPOINT",
            "name": f"{service}!{endpoint}",
            "granted_to": "SERVICE_ROLE",
            "grantee_name": role.name,
        }
        for endpoint in role.settings["endpoints"]
    ]
    return table(TO_SERVICE_ROLE, rows)


def _member_row(context: Context, held: Membership) -> dict[str, Any]:
    catalogue = context.catalogue
    member = catalogue.the(held.member)
    return {
        "created_on": held.created_on,
        "role": catalogue.full_name(catalogue.the(held.role)),
        "granted_to": member.kind.value,
        "grantee_name": member.name,
        "granted_by": catalogue.name_of(held.granted_by),
    }


def _grant_row(context: Context, grant: Grant) -> dict[str, Any]:
    catalogue = context.catalogue
    entry = catalogue.get(grant.on)
    return {
        "created_on": grant.created_on,
        "privilege": grant.privilege,
        "granted_on": _underscored(entry.kind) if entry else ACCOUNT,
        "name": catalogue.full_name(entry) if entry else context.world.identity.name,
        "granted_to": "ROLE",
        "grantee_name": catalogue.name_of(grant.grantee),
        "grant_option": "true" if grant.option else "false",
        "granted_by": catalogue.name_of(grant.granted_by),
    }


def _owner_row(context: Context, entry: AccountObject) -> dict[str, Any]:
    owner = context.catalogue.name_of(entry.owner)
    return {
        "created_on": entry.created_on,
        "privilege": OWNERSHIP,
        "granted_on": _underscored(entry.kind),
        "name": context.catalogue.full_name(entry),
        "granted_to": "ROLE",
        "grantee_name": owner,
        "grant_option": "true",
        "granted_by": owner,
    }


def _underscored(kind: ObjectKind) -> str:
    return kind.value.replace(" ", "_")


def _sorted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(
        rows, key=lambda row: (row["granted_on"], row["name"], row["privilege"], row["grantee_name"])
    )
