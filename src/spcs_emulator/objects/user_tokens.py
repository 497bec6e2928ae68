"""Programmatic access tokens of users: made, changed, rotated, removed, shown.

In: statements' values. Out: results; a token's text is in the answer that makes it alone, and in memory as
long as the history keeps that (RESULT_SCAN, a request sent again); its hash is what is stored. Documented:
ALTER USER … PROGRAMMATIC ACCESS TOKEN, SHOW USER PROGRAMMATIC ACCESS TOKENS, Using programmatic access
tokens.
"""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from spcs_emulator.account import people
from spcs_emulator.account.authentication import PAT
from spcs_emulator.account.context import Context
from spcs_emulator.account.credentials import token_hash
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.people import UserToken
from spcs_emulator.account.results import SUCCESS, Result, columns, status, table
from spcs_emulator.faults import EXISTS, INVALID_VALUE, NOT_FOUND, TOKEN_LIMIT, TOKEN_NEEDS_ROLE
from spcs_emulator.statement.users import SELF
from spcs_emulator.statement.values import Alter, Name, ObjectKind

_PRIVILEGE = "MODIFY PROGRAMMATIC AUTHENTICATION METHODS"
_DAYS, _MOST_DAYS = 15, 365
_HOURS = 24
_LIMIT = 15
_SHOWN_AFTER = timedelta(days=30)

ADDED = columns(
    "ALTER USER … ADD PROGRAMMATIC ACCESS TOKEN",
    "token_name token_secret",
    source="documented: ALTER USER … ADD PROGRAMMATIC ACCESS TOKEN",
)
ROTATED = columns(
    "ALTER USER … ROTATE PROGRAMMATIC ACCESS TOKEN",
    "token_name token_secret rotated_token_name",
    source="documented: ALTER USER … ROTATE PROGRAMMATIC ACCESS TOKEN",
)
SHOWN = columns(
    "SHOW USER PROGRAMMATIC ACCESS TOKENS",
    "name user_name role_restriction expires_at status comment created_on created_by "
    "mins_to_bypass_network_policy_requirement rotated_to",
    times="expires_at",
    source="documented: SHOW USER PROGRAMMATIC ACCESS TOKENS",
)


def alter_token(context: Context, statement: Alter) -> Result:
    """Do what ALTER USER says of a token. 002003 for a token that is not there, 002002 for a name in use."""
    if (
        statement.if_exists
        and statement.name != SELF
        and context.find(ObjectKind.USER, statement.name) is None
    ):
        return status(SUCCESS)
    user = _user(context, statement.name)
    match statement.action:
        case "ADD TOKEN":
            return _add(context, user, statement)
        case "ROTATE TOKEN":
            return _rotate(context, user, statement)
        case "REMOVE TOKEN":
            found = _token(user, statement)
            _keep(context, user, *(token for token in people.tokens(user) if token != found))
        case _:
            _modify(context, user, statement)
    return status(SUCCESS)


def show_tokens(context: Context, name: Name) -> Result:
    """Return the user's tokens, those included that expired in the last thirty days (documented)."""
    user = _user(context, name)
    rows = [
        {
            "name": token.name,
            "user_name": user.name,
            "role_restriction": context.catalogue.name_of(token.role) or None,
            "expires_at": datetime.fromisoformat(token.expires_at),
            "status": _status(context, user, token),
            "comment": token.comment,
            "created_on": datetime.fromisoformat(token.created_on),
            "created_by": token.created_by,
            "mins_to_bypass_network_policy_requirement": token.bypass_minutes,
            "rotated_to": token.rotated_to,
        }
        for token in people.tokens(user)
        if token.sort == PAT and datetime.fromisoformat(token.expires_at) > context.now - _SHOWN_AFTER
    ]
    return table(SHOWN, rows)


def _user(context: Context, name: Name) -> AccountObject:
    """Return the user. Documented: one's own tokens are one's own business; those of others need ownership or
    the privilege.
    """
    own = context.catalogue.the(context.session.user)
    user = own if name == SELF else context.get(ObjectKind.USER, name)
    context.access.require_role()
    if user != own:
        context.access.require(user, _PRIVILEGE)
    return user


def _token(user: AccountObject, statement: Alter) -> UserToken:
    name = statement.properties["NAME"]
    for token in people.tokens(user):
        if token.sort == PAT and token.name == name:
            return token
    raise NOT_FOUND(kind="Programmatic access token", name=name)


def _check_free(user: AccountObject, name: str) -> None:
    if any(token.name == name for token in people.tokens(user)):
        raise EXISTS(name=name)


def _add(context: Context, user: AccountObject, statement: Alter) -> Result:
    """Documented: a service's token needs a role; fifteen tokens a user; fifteen days if none are said."""
    given = statement.properties
    _check_free(user, given["NAME"])
    if len([token for token in people.tokens(user) if token.sort == PAT]) >= _LIMIT:
        raise TOKEN_LIMIT(name=user.name, limit=_LIMIT)
    restriction = given.get("ROLE_RESTRICTION")
    if restriction is None and not people.is_person(user):
        raise TOKEN_NEEDS_ROLE()
    days = given.get("DAYS_TO_EXPIRY", _DAYS)
    if not 1 <= days <= _MOST_DAYS:
        raise INVALID_VALUE(name="DAYS_TO_EXPIRY", value=days, why=f": between 1 and {_MOST_DAYS}")
    secret = _secret()
    token = UserToken(
        PAT,
        given["NAME"],
        token_hash(secret),
        _role(context, restriction),
        (context.now + timedelta(days=days)).isoformat(),
        context.now.isoformat(),
        context.catalogue.name_of(context.session.user),
        given.get("COMMENT"),
        bypass_minutes=given.get("MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT"),
    )
    _keep(context, user, *people.tokens(user), token)
    return table(ADDED, [{"token_name": token.name, "token_secret": secret}], "ddl")


def _role(context: Context, name: str | None) -> str | None:
    """Return the role's key. 002003 when there is none; that the user holds it counts at the sign-in."""
    if name is None:
        return None
    role = context.catalogue.find(ObjectKind.ROLE, name)
    if role is None:
        raise NOT_FOUND(kind="Role", name=name)
    return role.key


def _rotate(context: Context, user: AccountObject, statement: Alter) -> Result:
    """Documented: the new token has the name, the role and as many days as the old; the old one gets another
    name and ends after some hours.
    """
    old = _token(user, statement)
    hours = statement.properties.get("EXPIRE_ROTATED_TOKEN_AFTER_HOURS", _HOURS)
    if hours < 0:
        raise INVALID_VALUE(name="EXPIRE_ROTATED_TOKEN_AFTER_HOURS", value=hours, why="")
    until = min(datetime.fromisoformat(old.expires_at), context.now + timedelta(hours=hours))
    secret = _secret()
    lasts = datetime.fromisoformat(old.expires_at) - datetime.fromisoformat(old.created_on)
    fresh = replace(
        old,
        hash=token_hash(secret),
        created_on=context.now.isoformat(),
        expires_at=(context.now + lasts).isoformat(),
    )
    others = [token for token in people.tokens(user) if token != old]
    retired = f"{old.name}_ROTATED_{len(others)}"
    ended = replace(old, name=retired, expires_at=until.isoformat(), rotated_to=old.name)
    _keep(context, user, *others, ended, fresh)
    row = {"token_name": old.name, "token_secret": secret, "rotated_token_name": retired}
    return table(ROTATED, [row], "ddl")


def _modify(context: Context, user: AccountObject, statement: Alter) -> None:
    old = _token(user, statement)
    if statement.new_name is not None:
        _check_free(user, statement.new_name.last.text)
        changed = replace(old, name=statement.new_name.last.text)
    else:
        said = {**dict.fromkeys(statement.unset), **statement.properties}
        bypass = said.get("MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT", old.bypass_minutes)
        changed = replace(
            old,
            disabled=bool(said.get("DISABLED", old.disabled)),
            comment=said.get("COMMENT", old.comment),
            bypass_minutes=bypass,
        )
    _keep(context, user, *(changed if token == old else token for token in people.tokens(user)))


def _keep(context: Context, user: AccountObject, *tokens: UserToken) -> None:
    context.put(user, tokens=people.kept(tokens))


def _status(context: Context, user: AccountObject, token: UserToken) -> str:
    if token.expired(context.now):
        return "EXPIRED"
    return "DISABLED" if token.disabled or people.value(user, "DISABLED") else "ACTIVE"


def _secret() -> str:
    return secrets.token_urlsafe(48)
