"""GRANT and REVOKE of privileges and ownership.

In: statements' values. Out: a result; the catalogue changes. Documented: GRANT <privileges> … TO ROLE,
REVOKE, GRANT OWNERSHIP. Who may grant: the object's owner, a role that holds the privilege with grant
option, or MANAGE GRANTS for anything but account privileges (documented: those are granted by ACCOUNTADMIN,
which holds them so).
"""

from dataclasses import replace
from functools import partial

from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import ACCOUNT, AccountObject, Grant
from spcs_emulator.account.privileges import NEEDS_FIRST, privileges_on, words
from spcs_emulator.account.results import SUCCESS, Result, status
from spcs_emulator.faults import DENIED, INVALID_GRANT, INVALID_PRIVILEGE, NOT_FOUND, PARTIAL_GRANT, SqlError
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
    entry = target_object(context, statement.target)
    role = role_named(context, statement.role)
    known = privileges_on(statement.target.kind)
    for privilege in statement.privileges:
        if privilege not in known:
            kind = statement.target.kind.value if statement.target.kind else "ACCOUNT"
            raise INVALID_PRIVILEGE(kind=kind, privilege=privilege)
    wanted = statement.privileges or known
    allowed = [name for name in wanted if _may_grant(context, entry, name)]
    if not allowed or (statement.privileges and len(allowed) < len(wanted)):
        raise _refusal(context, entry)
    if statement.revoke:
        _revoke(context, entry, allowed, role, statement.grant_option)
    else:
        _grant(context, entry, allowed, role, statement.grant_option)
    if len(allowed) < len(wanted):
        left = ", ".join(name for name in wanted if name not in allowed)
        context.catalogue.afterwards(partial(_say, PARTIAL_GRANT(privileges=left)))
    return status(SUCCESS)


def _say(error: SqlError) -> None:
    """Raise once the grants that were possible are stored (observed: the statement is executed in part)."""
    raise error


def _may_grant(context: Context, entry: AccountObject | None, privilege: str) -> bool:
    if entry is None:
        return context.access.may_grant(ACCOUNT, privilege)
    return context.access.on_account("MANAGE GRANTS") or context.access.may_grant(entry.key, privilege)


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
) -> None:
    """Take the privileges away; those not held are passed over. READ does not go before a WRITE that needs
    it.
    """
    on = entry.key if entry else ACCOUNT
    for privilege in privileges:
        grant = context.catalogue.grants.get(f"{on}/{privilege}/{role.key}")
        if grant is None:
            continue
        if only_option:
            context.catalogue.grants.put(replace(grant, option=False))
            continue
        for later, needed in _dependants(entry, privilege):
            held = context.catalogue.grants.get(f"{on}/{later}/{role.key}")
            if held is not None and later not in privileges:
                raise INVALID_GRANT(why=f"{needed} cannot be revoked before {later}")
        context.catalogue.grants.remove(grant.id)


def _dependants(entry: AccountObject | None, privilege: str) -> list[tuple[str, str]]:
    return [
        (later, needed)
        for (kind, later), needed in NEEDS_FIRST.items()
        if entry is not None and entry.kind is kind and needed == privilege
    ]


def grant_ownership(context: Context, statement: GrantOwnership) -> Result:
    """Give the object to another role.

    Documented: the owner or MANAGE GRANTS may; not for services; fails while other roles hold privileges
    unless COPY or REVOKE CURRENT GRANTS says what happens to them.
    """
    entry = target_object(context, statement.target)
    role = role_named(context, statement.role)
    if entry is None:
        raise NOT_FOUND(kind="Object", name=str(statement.target.name))
    if entry.kind in (ObjectKind.SERVICE, ObjectKind.USER):
        raise INVALID_GRANT(
            why=f"ownership of {words(entry.kind).lower()} '{entry.name}' cannot be transferred"
        )
    if entry.owner is None or not (context.access.owns(entry) or context.access.on_account("MANAGE GRANTS")):
        raise context.access.refusal(entry)
    held = [grant for grant in context.catalogue.grants.values() if grant.on == entry.key]
    if held and not statement.current_grants:
        raise INVALID_GRANT(why="dependent grants exist; use COPY CURRENT GRANTS or REVOKE CURRENT GRANTS")
    if statement.current_grants == "REVOKE":
        for grant in held:
            context.catalogue.grants.remove(grant.id)
    context.put(entry, owner=role.key)
    return status(SUCCESS)
