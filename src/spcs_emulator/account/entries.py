"""What the catalogue holds: objects, grants, memberships, images and sessions, and each as a JSON document.

In and out: frozen values and JSON objects. Touches nothing. Entries point at each other by key, so that a
rename changes one entry only; keys are random and never used again.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from spcs_emulator.statement.values import ObjectKind

ACCOUNT = "ACCOUNT"
OWNERSHIP = "OWNERSHIP"


@dataclass(frozen=True)
class AccountObject:
    """One object.

    `parent` is the key of the database, schema or service it lives in, None at account level. `owner` is
    the key of the owning role, None for what Snowflake itself made. `comment` None means unset. `settings`
    holds the kind's own values as JSON.
    """

    key: str
    kind: ObjectKind
    name: str
    parent: str | None
    owner: str | None
    created_on: datetime
    comment: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The catalogue's id of this entry."""
        return self.key

    def with_settings(self, settings: Mapping[str, Any]) -> "AccountObject":
        """Return the object with other settings."""
        return replace(self, settings=settings)


@dataclass(frozen=True)
class Grant:
    """A privilege that the role `grantee` holds on the object `on` (a key, or ACCOUNT)."""

    privilege: str
    on: str
    grantee: str
    option: bool
    granted_by: str | None
    created_on: datetime

    @property
    def id(self) -> str:
        """The catalogue's id of this entry."""
        return f"{self.on}/{self.privilege}/{self.grantee}"


@dataclass(frozen=True)
class FutureGrant:
    """A privilege that the role `grantee` will hold on every object of `kind` made in `place` (a key)."""

    privilege: str
    kind: ObjectKind
    place: str
    grantee: str
    option: bool
    granted_by: str | None
    created_on: datetime

    @property
    def id(self) -> str:
        """The catalogue's id of this entry."""
        return f"{self.place}/{self.kind.value}/{self.privilege}/{self.grantee}"


@dataclass(frozen=True)
class Membership:
    """A role or service role (`role`) that another role or a user (`member`) holds."""

    role: str
    member: str
    granted_by: str | None
    created_on: datetime

    @property
    def id(self) -> str:
        """The catalogue's id of this entry."""
        return f"{self.role}/{self.member}"


@dataclass(frozen=True)
class StoredImage:
    """A manifest in the repository with key `repository`: the image's name and the tags that point at it;
    `platforms`, as "linux/amd64", are those it can run on.
    """

    repository: str
    name: str
    digest: str
    tags: tuple[str, ...]
    media_type: str
    artifact_type: str | None
    platforms: tuple[str, ...]
    created_on: datetime

    @property
    def id(self) -> str:
        """The catalogue's id of this entry."""
        return f"{self.repository}/{self.name}/{self.digest}"


@dataclass(frozen=True)
class Session:
    """One login. Keys point at objects; a `role` of None is a session whose role was dropped.

    `tokens` are the session tokens in force, newest last (RENEW and ISSUE add one), each with the time it
    ends. `client` is what the client calls itself, "name version". `bound` is the key of the one role that
    the session may take, None when it may take all the user's.
    """

    number: int
    user: str
    tokens: Mapping[str, datetime]
    master_token: str
    master_until: datetime
    role: str | None
    secondary: bool
    warehouse: str | None = None
    database: str | None = None
    schema: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    client: str = ""
    bound: str | None = None

    @property
    def id(self) -> str:
        """The catalogue's id of this entry."""
        return str(self.number)


def to_json(entry: Any) -> dict[str, Any]:
    """Return the entry as a JSON object; times become ISO 8601 texts."""
    return {name: _plain(value) for name, value in asdict(entry).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return value


def object_from_json(body: Mapping[str, Any]) -> AccountObject:
    """Return the object kept as `body`."""
    return AccountObject(
        **{**body, "kind": ObjectKind(body["kind"]), "created_on": _time(body["created_on"])}
    )


def grant_from_json(body: Mapping[str, Any]) -> Grant:
    """Return the grant kept as `body`."""
    return Grant(**{**body, "created_on": _time(body["created_on"])})


def future_grant_from_json(body: Mapping[str, Any]) -> FutureGrant:
    """Return the future grant kept as `body`."""
    return FutureGrant(**{**body, "kind": ObjectKind(body["kind"]), "created_on": _time(body["created_on"])})


def membership_from_json(body: Mapping[str, Any]) -> Membership:
    """Return the membership kept as `body`."""
    return Membership(**{**body, "created_on": _time(body["created_on"])})


def image_from_json(body: Mapping[str, Any]) -> StoredImage:
    """Return the image kept as `body`."""
    body = _with_platforms(body)
    lists = {name: tuple(body[name]) for name in ("tags", "platforms")}
    return StoredImage(**{**body, **lists, "created_on": _time(body["created_on"])})


def _with_platforms(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the image with `platforms` where an older catalogue has its `architecture`. One that named none
    was taken for any node then, and goes on being good for those that there are by default.
    """
    if "architecture" not in body:
        return body
    more = {name: value for name, value in body.items() if name != "architecture"}
    runs = [] if body["artifact_type"] else [f"linux/{body['architecture'] or 'amd64'}"]
    return {**more, "platforms": runs}


def session_from_json(body: Mapping[str, Any]) -> Session:
    """Return the session kept as `body`."""
    tokens = {token: _time(until) for token, until in body["tokens"].items()}
    return Session(**{**body, "tokens": tokens, "master_until": _time(body["master_until"])})


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
