"""What every account has from the first day: the system roles, their privileges, and one user.

In: an empty catalogue. Out: the same with roles and user. Documented: Access control: system-defined roles,
and which of them holds which account privilege. Observed: SYSADMIN holds CREATE COMPUTE POOL, as the Milvus
guide uses it and Snowcap's table of default holders has it. Assumed: BIND SERVICE ENDPOINT is with
ACCOUNTADMIN only (the stricter of two readings).
"""

import uuid
from datetime import datetime
from typing import Any

from spcs_emulator.account import people
from spcs_emulator.account.catalogue import Catalogue
from spcs_emulator.account.credentials import fits, hashed
from spcs_emulator.account.entries import ACCOUNT, AccountObject, Grant, Membership
from spcs_emulator.account.privileges import GLOBAL
from spcs_emulator.identity import Identity
from spcs_emulator.statement.values import ObjectKind

ROLES = {
    "ACCOUNTADMIN": "Account administrator can manage all aspects of the account.",
    "SECURITYADMIN": "Security administrator can manage security aspects of the account.",
    "USERADMIN": "User administrator can create and manage users and roles.",
    "SYSADMIN": "System administrator can create and manage databases and warehouses.",
    "PUBLIC": "Public role is automatically available to every user in the account.",
}
# Granted role to the role that inherits it.
HIERARCHY = (("SECURITYADMIN", "ACCOUNTADMIN"), ("SYSADMIN", "ACCOUNTADMIN"), ("USERADMIN", "SECURITYADMIN"))
# Each privilege with whether it may be passed on.
HELD: dict[str, dict[str, bool]] = {
    "ACCOUNTADMIN": dict.fromkeys((name for name in GLOBAL if name != "MANAGE GRANTS"), True),
    "SECURITYADMIN": {"MANAGE GRANTS": True},
    "USERADMIN": {"CREATE ROLE": True, "CREATE USER": True},
    "SYSADMIN": {"CREATE COMPUTE POOL": False, "CREATE DATABASE": False, "CREATE WAREHOUSE": False},
}
_DEFAULT_ROLE = "ACCOUNTADMIN"


def build_account(catalogue: Catalogue, identity: Identity, now: datetime) -> None:
    """Make what is missing of roles and user. Call inside a transaction."""
    known = catalogue.find(ObjectKind.USER, identity.user)
    if known is not None:
        if not fits(identity.password, people.value(known, "password")):
            password = {"password": hashed(identity.password)}
            catalogue.objects.put(known.with_settings({**known.settings, **password}))
        return
    keys = {name: _put(catalogue, ObjectKind.ROLE, name, comment, {}, now) for name, comment in ROLES.items()}
    for role, member in HIERARCHY:
        catalogue.memberships.put(Membership(keys[role], keys[member], None, now))
    for role, privileges in HELD.items():
        for privilege, option in privileges.items():
            catalogue.grants.put(Grant(privilege, ACCOUNT, keys[role], option, None, now))
    settings = {
        **people.DEFAULTS,
        "DEFAULT_ROLE": _DEFAULT_ROLE,
        "TYPE": "PERSON",
        "password": hashed(identity.password),
    }
    user = _put(catalogue, ObjectKind.USER, identity.user, None, settings, now)
    catalogue.memberships.put(Membership(keys[_DEFAULT_ROLE], user, None, now))


def _put(
    catalogue: Catalogue,
    kind: ObjectKind,
    name: str,
    comment: str | None,
    settings: dict[str, Any],
    now: datetime,
) -> str:
    key = uuid.uuid4().hex
    catalogue.objects.put(AccountObject(key, kind, name, None, None, now, comment, settings))
    return key
