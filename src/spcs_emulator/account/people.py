"""A user's properties as the sign-in, SHOW and DESCRIBE read them, and the user's tokens.

In: a USER of the catalogue. Out: its properties, defaults laid under, and its tokens. Touches nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from spcs_emulator.account.catalogue import Catalogue
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.statement.values import ObjectKind

# documented: CREATE USER: what a user is without the property
DEFAULTS: Mapping[str, Any] = {
    "LOGIN_NAME": None,
    "DISPLAY_NAME": None,
    "FIRST_NAME": None,
    "MIDDLE_NAME": None,
    "LAST_NAME": None,
    "EMAIL": None,
    "TYPE": None,
    "MUST_CHANGE_PASSWORD": False,
    "DISABLED": False,
    "DEFAULT_WAREHOUSE": None,
    "DEFAULT_NAMESPACE": None,
    "DEFAULT_ROLE": None,
    "DEFAULT_SECONDARY_ROLES": ["ALL"],
    "RSA_PUBLIC_KEY": None,
    "RSA_PUBLIC_KEY_2": None,
    "password": None,
    "passwords": [],
    "tokens": [],
    "failures": 0,
    "locked_until": None,
    "expires_at": None,
    "bypass_until": None,
    "last_login": None,
}
KEYS = ("RSA_PUBLIC_KEY", "RSA_PUBLIC_KEY_2")
# documented: SERVICE users: what only people have
FOR_PEOPLE = (
    "PASSWORD",
    "FIRST_NAME",
    "MIDDLE_NAME",
    "LAST_NAME",
    "MUST_CHANGE_PASSWORD",
    "MINS_TO_BYPASS_MFA",
)


@dataclass(frozen=True)
class UserToken:
    """A programmatic access token (`sort` PAT) or an OAuth access token (`sort` OAUTH) of a user.

    Only its hash is kept. `role` is the key of the one role it is good for, None for all the user's. Times
    are ISO 8601.
    """

    sort: str
    name: str
    hash: str
    role: str | None
    expires_at: str
    created_on: str
    created_by: str
    comment: str | None = None
    disabled: bool = False
    bypass_minutes: int | None = None
    rotated_to: str | None = None

    def expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return datetime.fromisoformat(self.expires_at) <= now


def value(user: AccountObject, name: str) -> Any:
    """Return the user's property; LOGIN_NAME and DISPLAY_NAME are the name where nothing else was said."""
    found = user.settings.get(name, DEFAULTS[name])
    return user.name if found is None and name in ("LOGIN_NAME", "DISPLAY_NAME") else found


def moment(user: AccountObject, name: str) -> datetime | None:
    """Return a time among the user's properties, None where there is none."""
    found = value(user, name)
    return datetime.fromisoformat(found) if found else None


def tokens(user: AccountObject) -> tuple[UserToken, ...]:
    """Return the user's tokens, oldest first."""
    return tuple(UserToken(**kept) for kept in value(user, "tokens"))


def kept(of_user: tuple[UserToken, ...]) -> list[dict[str, Any]]:
    """Return the tokens as they are kept in the catalogue."""
    return [asdict(token) for token in of_user]


def user_of_login(catalogue: Catalogue, login: str) -> AccountObject | None:
    """Return the user that signs in with that name, in whatever case, None when there is none."""
    wanted = login.upper()
    users = catalogue.unsorted(ObjectKind.USER)
    return next((user for user in users if str(value(user, "LOGIN_NAME")).upper() == wanted), None)


def is_person(user: AccountObject) -> bool:
    """Whether a person stands behind the user (documented: TYPE unset is a person)."""
    return value(user, "TYPE") in (None, "PERSON")


def tokens_by_hash(catalogue: Catalogue, wanted: str) -> Iterator[tuple[AccountObject, UserToken]]:
    """Yield the user and the token with that hash, if there is one."""
    for user in catalogue.unsorted(ObjectKind.USER):
        for token in tokens(user):
            if token.hash == wanted:
                yield user, token
