"""Context functions: what a session is told about itself and the account.

In: a statement's context. Out: values. Touches nothing. Documented: Context functions, each on its page.
"""

import json
from datetime import date, datetime
from typing import Any

from spcs_emulator.account.access import assigned_roles
from spcs_emulator.account.context import Context
from spcs_emulator.faults import INVALID_VALUE
from spcs_emulator.identity import REGION, VERSION
from spcs_emulator.statement.values import ObjectKind

EDITION = "ENTERPRISE"


def available_roles(context: Context) -> str:
    """Return the names of the roles that the user may take, as a JSON list."""
    roles = assigned_roles(context.catalogue, context.session.user)
    return json.dumps(sorted(context.catalogue.name_of(role) for role in roles))


def secondary_roles(context: Context) -> str:
    """Return the secondary roles as a JSON object: their names, and ALL or nothing."""
    if not context.session.secondary or context.session.bound:
        return json.dumps({"roles": "", "value": ""})
    roles = assigned_roles(context.catalogue, context.session.user) - {context.access.primary}
    names = ",".join(sorted(context.catalogue.name_of(role) for role in roles))
    return json.dumps({"roles": names, "value": "ALL"})


def schemas(context: Context) -> str:
    """Return the search path, the current schema alone, as a JSON list."""
    schema = context.catalogue.get(context.session.schema)
    return json.dumps([context.catalogue.full_name(schema)] if schema else [])


def role_in_session(context: Context, name: Any) -> bool:
    """Whether the role, named as stored, is active: primary, secondary, or inherited by one of them."""
    role = context.catalogue.find(ObjectKind.ROLE, str(name))
    return role is not None and role.key in context.access.roles


def today(context: Context) -> date:
    """Return the date in UTC."""
    return context.now.date()


def now(context: Context) -> datetime:
    """Return the moment in which the statement began."""
    return context.now


def bootstrap_data(context: Context, what: Any) -> str:
    """Return what clients ask for at their start, as a JSON object. 001008 for another part of it."""
    if what != "ACCOUNT":
        raise INVALID_VALUE(name="request", value=what, why=": the local account knows 'ACCOUNT'")
    identity = context.world.identity
    account = {
        "accountName": identity.locator,
        "alias": identity.name,
        "organizationName": identity.organization,
        "region": REGION,
        "serviceLevelName": EDITION,
    }
    return json.dumps({"accountInfo": account, "serverVersion": VERSION})


def named(context: Context, key: str | None) -> str | None:
    """Return the name of the object with that key, None when there is none."""
    return context.catalogue.name_of(key) or None
