"""GRANT and REVOKE of privileges and ownership.

In: statements' values. Out: a result; the catalogue changes. Documented: GRANT <privileges> … TO ROLE,
REVOKE, GRANT OWNERSHIP. Who may grant: the object's owner, a role that holds the privilege with grant
option, or MANAGE GRANTS for anything but account privileges (documented: those are granted by ACCOUNTADMIN,
which holds them so).
"""

from dataclasses import replace
from functools import partial

from spcs_emulator.account.access import check_role_owner
from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import ACCOUNT, AccountObject, Grant
from spcs_emulator.account.future_grants import check_known, grant_future, objects_in
from spcs_emulator.account.privileges import NEEDS_FIRST, privileges_on, words
from spcs_emulator.account.results import SUCCESS, Result, status
from spcs_emulator.faults import DENIED, INVALID_GRANT, NOT_FOUND, PARTIAL_GRANT, SqlError
from spcs_emulator.statement.values import GrantOwnership, GrantPrivileges, Name, ObjectKind, Target


def role_named(context: Context, name: Name) -> AccountObject:
    """Return the role. 002003 when there is none."""
    return context.get(ObjectKind.ROLE, name)


def target_object(context: Context, target: Target) -> AccountObject | None:
    """Return the object a grant is on, None for the account. 002003 when it is not there or not seen."""
    if target.kind is None or target.name is None:
        return None
    return context.get(target.kind, target.name)


def grant_privileges(context: Context, statement: GrantPrivileges) -> Result:
    """Grant or revoke each privilege.

    003008 for one that the kind does not have, 003001 for one that may not be granted, 003011 when ALL
    PRIVILEGES leaves some out.
    """
    context.access.require_role()
    target = statement.target
    entries = objects_in(context, target) if target.group == "ALL" else [target_object(context, target)]
    role = role_named(context, statement.role)
    known = privileges_on(target.kind)
    check_known(statement, known)
    if target.group == "FUTURE":
        return grant_future(context, statement, statement.privileges or known, role)
    for entry in entries:
        _grant_on(context, entry, statement, role)
    return status(SUCCESS)


def _grant_on(
    context: Context, entry: AccountObject | None, statement: GrantPrivileges, role: AccountObject
) -> None:
    known = privileges_on(statement.target.kind)
    wanted = statement.privileges or known
    allowed = [name for name in wanted if _may_grant(context, entry, name)]
    if not allowed or (statement.privileges and len(allowed) < len(wanted)):
        raise _refusal(context, entry)
    if statement.revoke:
        _revoke(context, entry, allowed, role, statement.grant_option, statement.cascade)
    else:
        _grant(context, entry, allowed, role, statement.grant_option)
    if len(allowed) < len(wanted):
        left = ", ".join(name for name in wanted if name not in allowed)
        context.catalogue.afterwards(partial(_say, PARTIAL_GRANT(privileges=left)))


def _say(error: SqlError) -> None:
    """Raise once the grants that were possible are stored (observed: the statement is executed in part)."""
    raise error


def _may_grant(context: Context, entry: AccountObject | None, privilege: str) -> bool:
    if entry is None:
        return context.access.may_grant(ACCOUNT, privilege)
    if context.access.on_account("MANAGE GRANTS"):
        return True
    schema = _managed_schema(context, entry)
    if schema is not None:
        return context.access.owns(schema)
    return context.access.may_grant(entry.key, privilege)


def _managed_schema(context: Context, entry: AccountObject) -> AccountObject | None:
    """Return the schema of managed access that the object lies in.

    Documented: CREATE SCHEMA … WITH MANAGED ACCESS: its owner and MANAGE GRANTS grant on what is inside, the
    objects' owners do not.
    """
    parent = context.catalogue.get(entry.parent)
    managed = parent is not None and parent.kind is ObjectKind.SCHEMA and parent.settings["MANAGED ACCESS"]
    return parent if managed else None


def _refusal(context: Context, entry: AccountObject | None) -> SqlError:
    if entry is None:
        return DENIED(kind="account", name="ACCOUNT")
    return context.access.refusal(entry)


def _grant(
    context: Context, entry: AccountObject | None, privileges: list[str], role: AccountObject, option: bool
) -> None:
    on = entry.key if entry else ACCOUNT
    for privilege in privileges:
        first = NEEDS_FIRST.get((entry.kind, privilege)) if entry else None
        if (
            first
            and first not in privileges
            and context.catalogue.grants.get(f"{on}/{first}/{role.key}") is None
        ):
            raise INVALID_GRANT(why=f"{first} must be granted before {privilege}")
        old = context.catalogue.grants.get(f"{on}/{privilege}/{role.key}")
        if old is None:
            by = context.access.primary
            context.catalogue.grants.put(Grant(privilege, on, role.key, option, by, context.now))
        elif option and not old.option:
            context.catalogue.grants.put(replace(old, option=True))


def _revoke(
    context: Context,
    entry: AccountObject | None,
    privileges: list[str],
    role: AccountObject,
    only_option: bool,
    cascade: bool,
) -> None:
    """Take the privileges away; those not held are passed over. READ does not go before a WRITE that needs
    it.
    """
    on = entry.key if entry else ACCOUNT
    for privilege in privileges:
        grant = context.catalogue.grants.get(f"{on}/{privilege}/{role.key}")
        if grant is not None:
            _take(context, entry, grant, only_option, cascade)
    if entry is not None:
        _check_order(context, entry)


def _take(
    context: Context, entry: AccountObject | None, grant: Grant, only_option: bool, cascade: bool
) -> None:
    """Take one grant away, or its grant option.

    Documented: REVOKE <privileges>: what the grantee granted further by it goes too with CASCADE; without,
    the statement fails. Assumed: what Snowflake itself granted to the built-in roles cannot be revoked.
    """
    grants = context.catalogue.grants
    if grant.granted_by is None:
        raise _refusal(context, entry)
    if only_option:
        grants.put(replace(grant, option=False))
    else:
        grants.remove(grant.id)
    if not grant.option or (entry is not None and entry.owner == grant.grantee):
        return
    further = [
        other
        for other in grants.values()
        if (other.on, other.privilege, other.granted_by) == (grant.on, grant.privilege, grant.grantee)
    ]
    if further and not cascade:
        name = context.catalogue.name_of(grant.grantee)
        raise INVALID_GRANT(why=f"role {name} has granted {grant.privilege} further; use CASCADE")
    for other in further:
        _take(context, entry, other, False, cascade)


def _check_order(context: Context, entry: AccountObject) -> None:
    grants = context.catalogue.grants
    for grant in grants.values():
        needed = NEEDS_FIRST.get((entry.kind, grant.privilege)) if grant.on == entry.key else None
        if needed and grants.get(f"{entry.key}/{needed}/{grant.grantee}") is None:
            raise INVALID_GRANT(why=f"{needed} cannot be revoked before {grant.privilege}")


def grant_ownership(context: Context, statement: GrantOwnership) -> Result:
    """Give the object to another role.

    Documented: the owner (in a schema of managed access the schema's owner) or MANAGE GRANTS may; not for
    services, nor (assumed) for the built-in user; fails while other roles hold privileges unless COPY or
    REVOKE CURRENT GRANTS says what happens to them.
    """
    context.access.require_role()
    entry = target_object(context, statement.target)
    role = role_named(context, statement.role)
    if entry is None:
        raise NOT_FOUND(kind="Object", name=str(statement.target.name))
    if entry.kind is ObjectKind.SERVICE or (entry.kind is ObjectKind.USER and entry.owner is None):
        raise INVALID_GRANT(
            why=f"ownership of {words(entry.kind).lower()} '{entry.name}' cannot be transferred"
        )
    ruler = _managed_schema(context, entry) or entry
    if entry.owner is None or not (context.access.owns(ruler) or context.access.on_account("MANAGE GRANTS")):
        raise context.access.refusal(entry)
    if entry.kind is ObjectKind.ROLE:
        check_role_owner(context.catalogue, entry, role.key)
    held = [grant for grant in context.catalogue.grants.values() if grant.on == entry.key]
    if held and not statement.current_grants:
        raise INVALID_GRANT(why="dependent grants exist; use COPY CURRENT GRANTS or REVOKE CURRENT GRANTS")
    if statement.current_grants == "REVOKE":
        for grant in held:
            context.catalogue.grants.remove(grant.id)
    context.put(entry, owner=role.key)
    return status(SUCCESS)
