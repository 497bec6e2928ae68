"""USE and ALTER SESSION.

In: statements' values. Out: a result; the session changes. Documented: USE ROLE, USE SECONDARY ROLES, USE
WAREHOUSE, USE DATABASE, USE SCHEMA, ALTER SESSION.
"""

from dataclasses import replace

from spcs_emulator.account.access import session_roles
from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.results import SUCCESS, Result, status
from spcs_emulator.account.session_parameters import SECONDS, SESSION_PARAMETERS
from spcs_emulator.faults import CANNOT, INVALID_PARAMETER, INVALID_VALUE, NOT_FOUND, ROLE_NOT_ASSIGNED
from spcs_emulator.statement.values import AlterSession, Name, ObjectKind, Use, UseSecondaryRoles


def use(context: Context, statement: Use) -> Result:
    """Change the session's role, warehouse, database or schema.

    002043 when it is not there or not to be used, 003013 for a role that is there and not the user's
    (002003 for one that is not there at all).
    """
    match statement.kind:
        case ObjectKind.ROLE:
            role = _role(context, statement.name)
            context.update_session(replace(context.session, role=role.key))
        case ObjectKind.WAREHOUSE:
            warehouse = _usable(context, ObjectKind.WAREHOUSE, statement.name, "USAGE")
            context.update_session(replace(context.session, warehouse=warehouse.key))
        case ObjectKind.DATABASE:
            database = _usable(context, ObjectKind.DATABASE, statement.name, "USAGE")
            context.update_session(
                replace(context.session, database=database.key, schema=_public(context, database))
            )
        case _:
            schema = _usable(context, ObjectKind.SCHEMA, statement.name, "USAGE")
            context.update_session(replace(context.session, database=schema.parent, schema=schema.key))
    return status(SUCCESS)


def _role(context: Context, name: Name) -> AccountObject:
    role = context.catalogue.find(ObjectKind.ROLE, name.last.text)
    if role is None:
        raise NOT_FOUND(kind="Role", name=name)
    if role.key not in session_roles(context.catalogue, context.session):
        raise ROLE_NOT_ASSIGNED(name=name)
    return role


def _usable(context: Context, kind: ObjectKind, name: Name, *privileges: str) -> AccountObject:
    found = context.find(kind, name)
    if found is None or not context.access.usable(found, *privileges):
        raise CANNOT()
    return found


def _public(context: Context, database: AccountObject) -> str | None:
    """Return the key of PUBLIC if the session may use it (documented: USE DATABASE makes PUBLIC current)."""
    public = context.catalogue.find(ObjectKind.SCHEMA, "PUBLIC", database.key)
    return public.key if public and context.access.usable(public, "USAGE") else None


def use_secondary_roles(context: Context, statement: UseSecondaryRoles) -> Result:
    """Turn all the user's other roles on or off."""
    context.update_session(replace(context.session, secondary=statement.every))
    return status(SUCCESS)


def alter_session(context: Context, statement: AlterSession) -> Result:
    """Keep the parameters. 001006 for one that no session has, 001008 for seconds that are none. Assumed: any
    other value is taken, as none but the time that a statement may wait changes what the local account does.
    """
    for name in (*statement.set, *statement.unset):
        if name not in SESSION_PARAMETERS:
            raise INVALID_PARAMETER(name=name)
    for name in SECONDS & set(statement.set):
        value = statement.set[name]
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise INVALID_VALUE(name=name, value=value, why="")
    parameters = {
        name: value
        for name, value in {**context.session.parameters, **statement.set}.items()
        if name not in statement.unset
    }
    context.update_session(replace(context.session, parameters=parameters))
    return status(SUCCESS)
