"""Who the local account is: organisation, account name, locator, its one user and that user's password.

In: nothing, or what was kept in the data folder. Out: an `Identity`. Touches nothing; the server keeps it.
"""

import secrets
import string
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

# Documented: CURRENT_REGION, a cloud and a region of it; assumed: AWS, for peers want a cloud they know.
REGION = "AWS_LOCAL"
VERSION = "10.40.0"


@dataclass(frozen=True)
class Identity:
    """The account's names, in upper case as Snowflake shows them, and how to log in to it."""

    organization: str
    name: str
    locator: str
    user: str
    password: str = field(repr=False)

    @property
    def account(self) -> str:
        """The account identifier as a client's connection names it, in lower case: organization-name."""
        return f"{self.organization}-{self.name}".lower()


def create_identity() -> Identity:
    """Return a new identity with a password nobody else knows."""
    alphabet = string.ascii_letters + string.digits
    password = "".join(secrets.choice(alphabet) for _ in range(24))
    return Identity("LOCAL", "ACCOUNT", "LC00001", "ADMIN", password)


def identity_to_json(identity: Identity) -> dict[str, str]:
    """Return the identity, its password included, as a JSON object of strings."""
    return asdict(identity)


def identity_from_json(value: Mapping[str, object]) -> Identity:
    """Return the identity kept in `value`. KeyError when a part is missing; other keys are ignored."""
    parts = ("organization", "name", "locator", "user", "password")
    return Identity(*(str(value[part]) for part in parts))
