"""USER: properties, what each type may have, how a user signs in; SHOW and DESCRIBE.

In: statements' values. Out: results; the catalogue changes, sessions end. Documented: CREATE USER, ALTER
USER, DROP USER, DESCRIBE USER, SHOW USERS. Assumed: a user's properties are changed by its owner alone, so
nobody alters or drops the built-in user, whose password stands in the local account's own file.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from spcs_emulator.account import people
from spcs_emulator.account.context import Context
from spcs_emulator.account.credentials import check_new, fingerprint, hashed, public_key
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.people import value
from spcs_emulator.account.results import Result, columns
from spcs_emulator.faults import DENIED, EXISTS, INVALID_VALUE, NO_LEGACY, WRONG_TYPE
from spcs_emulator.objects.kind import Kind, Row, true_false
from spcs_emulator.objects.user_tokens import alter_token
from spcs_emulator.statement.values import Alter, Describe, Drop, ObjectKind

_TYPES = ("PERSON", "SERVICE", "LEGACY_SERVICE", "SERVICE_AGENT", "NULL")
_MASK = "********"
# What is kept as a moment, or not at all, and not as it was written.
_OTHERWISE = ("PASSWORD", "DAYS_TO_EXPIRY", "MINS_TO_UNLOCK", "MINS_TO_BYPASS_MFA")
_DESCRIBED = (
    "NAME COMMENT DISPLAY_NAME TYPE LOGIN_NAME FIRST_NAME MIDDLE_NAME LAST_NAME EMAIL PASSWORD "
    "MUST_CHANGE_PASSWORD DISABLED SNOWFLAKE_LOCK SNOWFLAKE_SUPPORT DAYS_TO_EXPIRY MINS_TO_UNLOCK "
    "DEFAULT_WAREHOUSE DEFAULT_NAMESPACE DEFAULT_ROLE DEFAULT_SECONDARY_ROLES EXT_AUTHN_DUO EXT_AUTHN_UID "
    "MINS_TO_BYPASS_MFA MINS_TO_BYPASS_NETWORK_POLICY RSA_PUBLIC_KEY RSA_PUBLIC_KEY_FP RSA_PUBLIC_KEY_2 "
    "RSA_PUBLIC_KEY_2_FP"
).split()


class User(Kind):
    """Users."""

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
    defaults: ClassVar[Mapping[str, Any]] = people.DEFAULTS

    def settings(self, context: Context, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return a new user's settings; a first password may be weak (documented)."""
        settings = {**self.defaults, **self._laid(context, properties)}
        if properties.get("PASSWORD") is not None:
            settings["password"] = hashed(properties["PASSWORD"])
        self._check_type(settings, properties)
        return settings

    def created(self, context: Context, entry: AccountObject) -> None:
        """Refuse a login name that another user has."""
        self._check_login(context, entry)

    def change(self, context: Context, entry: AccountObject, properties: Mapping[str, Any]) -> None:
        """Lay the properties over. 003002 for a password that is too weak or has been used; whoever is
        disabled is out at once.
        """
        changes = self._laid(context, properties)
        if "PASSWORD" in properties:
            changes |= _new_password(entry, properties["PASSWORD"])
        settings = {**self.defaults, **entry.settings, **changes}
        self._check_type(settings, properties)
        if settings["TYPE"] not in (None, "PERSON"):
            settings["password"] = None
        comment = properties.get("COMMENT", entry.comment)
        changed = context.put(entry.with_settings(settings), comment=comment)
        self._check_login(context, changed)
        if changes.get("DISABLED"):
            _end_sessions(context, entry)

    def unset_values(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Return what UNSET makes of the properties."""
        return {name: None if name in people.FOR_PEOPLE else self.defaults.get(name) for name in names}

    def alter(self, context: Context, statement: Alter) -> Result:
        """Change the user, or one of its tokens."""
        if statement.action.endswith(" TOKEN"):
            return alter_token(context, statement)
        return super().alter(context, statement)

    def rename(self, context: Context, entry: AccountObject, statement: Alter) -> None:
        """Rename the user; who signs in by its name does so by the new one."""
        super().rename(context, entry, statement)
        self._check_login(context, context.catalogue.the(entry.key))

    def check_drop(self, context: Context, entry: AccountObject, _statement: Drop) -> None:
        """Refuse the user of this very session (assumed)."""
        if entry.key == context.session.user:
            raise DENIED(kind="user", name=entry.name)

    def remove(self, context: Context, entry: AccountObject) -> None:
        """Drop the user; its sessions end."""
        _end_sessions(context, entry)
        super().remove(context, entry)

    def _laid(self, context: Context, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was written as it is kept, the password left out."""
        kept: dict[str, Any] = {
            name: given
            for name, given in properties.items()
            if name not in (*_OTHERWISE, "COMMENT", "TYPE", *people.KEYS)
        }
        if "DEFAULT_SECONDARY_ROLES" in kept:
            kept["DEFAULT_SECONDARY_ROLES"] = _secondary(kept["DEFAULT_SECONDARY_ROLES"])
        if "TYPE" in properties:
            kept["TYPE"] = _type(properties["TYPE"])
        for name in people.KEYS:
            if name in properties:
                kept[name] = public_key(properties[name]) if properties[name] is not None else None
        for name, moment, unit in (
            ("DAYS_TO_EXPIRY", "expires_at", timedelta(days=1)),
            ("MINS_TO_UNLOCK", "locked_until", timedelta(minutes=1)),
            ("MINS_TO_BYPASS_MFA", "bypass_until", timedelta(minutes=1)),
        ):
            if name in properties:
                kept[moment] = _moment(context.now, name, properties[name], unit)
        if "MINS_TO_UNLOCK" in properties:
            kept["failures"] = 0
        return kept

    def _check_type(self, settings: Mapping[str, Any], properties: Mapping[str, Any]) -> None:
        """Documented: what only people have cannot be set for a service."""
        wrong = [name for name in people.FOR_PEOPLE if properties.get(name) is not None]
        if wrong and settings["TYPE"] not in (None, "PERSON"):
            raise WRONG_TYPE(properties=", ".join(wrong), type=settings["TYPE"])

    def _check_login(self, context: Context, entry: AccountObject) -> None:
        login = str(value(entry, "LOGIN_NAME")).upper()
        for other in context.catalogue.unsorted(ObjectKind.USER):
            if other.key != entry.key and str(value(other, "LOGIN_NAME")).upper() == login:
                raise EXISTS(name=login)

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
        if not (context.access.owns(entry) or context.access.on_account("MANAGE GRANTS")):
            return row
        for name in ("login_name", "display_name", "first_name", "last_name", "email"):
            row[name] = value(entry, name.upper()) or ""
        for name in ("default_warehouse", "default_namespace", "default_role"):
            row[name] = value(entry, name.upper()) or ""
        for name in ("disabled", "must_change_password"):
            row[name] = true_false(value(entry, name.upper()))
        row.update(_left(context.now, entry))
        row.update(
            comment=entry.comment or "",
            snowflake_lock="false",
            default_secondary_roles=_listed(value(entry, "DEFAULT_SECONDARY_ROLES")),
            ext_authn_duo="false",
            ext_authn_uid="",
            owner=context.catalogue.name_of(entry.owner),
            last_success_login=people.moment(entry, "last_login"),
            expires_at_time=people.moment(entry, "expires_at"),
            locked_until_time=people.moment(entry, "locked_until"),
            has_password=true_false(value(entry, "password") is not None),
            has_rsa_public_key=true_false(any(value(entry, name) for name in people.KEYS)),
            type=value(entry, "TYPE"),
            has_mfa="false",
            has_workload_identity="false",
        )
        return row

    def described(self, context: Context, entry: AccountObject) -> list[Row]:
        """Return the DESCRIBE USER rows. Observed: what is not set says `null`."""
        shown = {name: value(entry, name) for name in _DESCRIBED if name in people.DEFAULTS}
        shown |= {name.upper(): left for name, left in _left(context.now, entry).items()}
        shown |= {f"{name}_FP": fingerprint(key) for name in people.KEYS if (key := value(entry, name))}
        shown["NAME"], shown["COMMENT"] = entry.name, entry.comment
        shown["PASSWORD"] = _MASK if value(entry, "password") else None
        shown["DEFAULT_SECONDARY_ROLES"] = _listed(value(entry, "DEFAULT_SECONDARY_ROLES"))
        shown |= dict.fromkeys(("SNOWFLAKE_LOCK", "SNOWFLAKE_SUPPORT", "EXT_AUTHN_DUO"), False)
        return [
            {"property": name, "value": _text(shown.get(name)), "default": "null", "description": ""}
            for name in _DESCRIBED
        ]


def _new_password(entry: AccountObject, password: str | None) -> dict[str, Any]:
    if password is None:
        return {"password": None}
    history = tuple(kept for kept in (*value(entry, "passwords"), value(entry, "password")) if kept)
    check_new(password, history)
    return {"password": hashed(password), "passwords": list(history[-5:]), "failures": 0}


def _end_sessions(context: Context, entry: AccountObject) -> None:
    sessions = context.catalogue.sessions
    for session in sessions.values():
        if session.user == entry.key:
            sessions.remove(session.id)


def _type(written: str | None) -> str | None:
    """Assumed: no user can be made LEGACY_SERVICE by ALTER either."""
    type_ = (written or "NULL").upper()
    if type_ not in _TYPES:
        raise INVALID_VALUE(name="TYPE", value=written, why="")
    if type_ == "LEGACY_SERVICE":
        raise NO_LEGACY()
    return None if type_ == "NULL" else type_


def _secondary(written: tuple[str, ...] | list[str]) -> list[str]:
    """Documented: ('ALL') or (), nothing else."""
    roles = [role.upper() for role in written]
    if roles not in ([], ["ALL"]):
        raise INVALID_VALUE(name="DEFAULT_SECONDARY_ROLES", value=", ".join(written), why="")
    return roles


def _moment(now: datetime, name: str, amount: int | None, unit: timedelta) -> str | None:
    if amount is None or (amount == 0 and name != "DAYS_TO_EXPIRY"):
        return None
    if not 0 <= amount <= 100_000:
        raise INVALID_VALUE(name=name, value=amount, why="")
    return (now + amount * unit).isoformat()


def _left(now: datetime, entry: AccountObject) -> Row:
    """What is left of each time that runs, in its own unit; None where none runs."""
    row: Row = {}
    for name, moment, unit in (
        ("days_to_expiry", "expires_at", timedelta(days=1)),
        ("mins_to_unlock", "locked_until", timedelta(minutes=1)),
        ("mins_to_bypass_mfa", "bypass_until", timedelta(minutes=1)),
    ):
        until = people.moment(entry, moment)
        row[name] = str((until - now) / unit) if until is not None and until > now else None
    return row


def _listed(roles: list[str]) -> str:
    return "[" + ",".join(f'"{role}"' for role in roles) + "]"


def _text(found: Any) -> str:
    if isinstance(found, bool):
        return true_false(found)
    return "null" if found is None else str(found)
