"""What a statement says, as values: the account works on these and never sees SQL text.

In: what `statement.parse` read. Out: frozen values. Touches nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ObjectKind(StrEnum):
    """The kinds of object the account knows, named as in SQL."""

    ROLE = "ROLE"
    USER = "USER"
    WAREHOUSE = "WAREHOUSE"
    DATABASE = "DATABASE"
    SCHEMA = "SCHEMA"
    IMAGE_REPOSITORY = "IMAGE REPOSITORY"
    STAGE = "STAGE"
    COMPUTE_POOL = "COMPUTE POOL"
    SERVICE = "SERVICE"
    SERVICE_ROLE = "SERVICE ROLE"
    NETWORK_RULE = "NETWORK RULE"
    SECRET = "SECRET"  # noqa: S105 - a kind
    INTEGRATION = "INTEGRATION"
    # In statements only: what is kept of either is an INTEGRATION, as all types share one name space.
    EXTERNAL_ACCESS_INTEGRATION = "EXTERNAL ACCESS INTEGRATION"
    SECURITY_INTEGRATION = "SECURITY INTEGRATION"
    SNAPSHOT = "SNAPSHOT"
    SEQUENCE = "SEQUENCE"


@dataclass(frozen=True)
class Identifier:
    """One part of a name: as stored (upper case unless it was quoted), and whether it was quoted."""

    text: str
    quoted: bool = False

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Name:
    """An object's name of one to three parts, outermost first."""

    parts: tuple[Identifier, ...]

    def __str__(self) -> str:
        return ".".join(part.text for part in self.parts)

    @property
    def last(self) -> Identifier:
        """The object's own name."""
        return self.parts[-1]


Properties = Mapping[str, Any]


class Statement:
    """Any statement."""


@dataclass(frozen=True)
class Use(Statement):
    """USE ROLE, WAREHOUSE, DATABASE or SCHEMA."""

    kind: ObjectKind
    name: Name


@dataclass(frozen=True)
class UseSecondaryRoles(Statement):
    """USE SECONDARY ROLES ALL or NONE."""

    every: bool


@dataclass(frozen=True)
class AlterSession(Statement):
    """ALTER SESSION SET or UNSET."""

    set: Properties = field(default_factory=dict)
    unset: tuple[str, ...] = ()


@dataclass(frozen=True)
class Call:
    """A function call in a SELECT or CALL: upper-case name, constant arguments, and where it stands.

    `service` is the service whose method is called, as in `S!SPCS_CANCEL_JOB()`.
    """

    function: str
    arguments: tuple[Any, ...]
    line: int
    position: int
    service: Name | None = None


@dataclass(frozen=True)
class SelectItem:
    """One column of a SELECT: a call or a constant, and its heading."""

    value: Any
    heading: str


@dataclass(frozen=True)
class Select(Statement):
    """SELECT or CALL of functions and constants."""

    items: tuple[SelectItem, ...]


@dataclass(frozen=True)
class ResultScan(Statement):
    """SELECT * FROM TABLE(RESULT_SCAN(…)): of the query with that id or, where that is None, the one that
    LAST_QUERY_ID(`number`) tells.
    """

    query_id: str | None
    number: int = -1


@dataclass(frozen=True)
class ServiceTable(Statement):
    """SELECT * FROM TABLE(service!METHOD(name => constant, …)): the rows that a service's method returns."""

    service: Name
    method: str
    arguments: Properties = field(default_factory=dict)


@dataclass(frozen=True)
class StageLocation:
    """A place on a stage, as in `@db.schema.stage/path`.

    `path` is as written, without slashes before it; empty for the whole stage.
    `name` is None for the places that belong to no stage of a schema: `owner` says which, "~" (the user's) or
    "%" (a table's).
    """

    name: Name | None
    path: str = ""
    owner: str = ""


@dataclass(frozen=True)
class SpecificationSource:
    """Where a service's specification comes from: `text`, or `file` at a place on a stage.

    `using` holds the values of a template's keys; None when it is no template.
    """

    text: str = ""
    location: StageLocation | None = None
    file: str = ""
    using: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ExecuteJob(Statement):
    """EXECUTE JOB SERVICE. `properties` holds what was written, COMPUTE POOL and SPECIFICATION too."""

    properties: Properties


@dataclass(frozen=True)
class Create(Statement):
    """CREATE of any kind. `properties` holds only what was written."""

    kind: ObjectKind
    name: Name
    properties: Properties = field(default_factory=dict)
    if_not_exists: bool = False
    or_replace: bool = False
    or_alter: bool = False


@dataclass(frozen=True)
class Alter(Statement):
    """ALTER of any kind.

    `action` is SET, UNSET, RENAME or the statement's own words (SUSPEND, RESUME, STOP ALL, FROM, …).
    `properties` is what SET or the action's words gave, `unset` what UNSET named, `new_name` what RENAME TO
    said.
    """

    kind: ObjectKind
    name: Name
    action: str
    properties: Properties = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    new_name: Name | None = None
    if_exists: bool = False


@dataclass(frozen=True)
class Drop(Statement):
    """DROP of any kind. `option` is CASCADE, RESTRICT, FORCE or empty."""

    kind: ObjectKind
    name: Name
    if_exists: bool = False
    option: str = ""


@dataclass(frozen=True)
class Describe(Statement):
    """DESCRIBE of any kind."""

    kind: ObjectKind
    name: Name


@dataclass(frozen=True)
class Scope:
    """Where SHOW looks: word is ACCOUNT, DATABASE, SCHEMA, COMPUTE POOL, SERVICE, IMAGE REPOSITORY or NAME
    (a bare name whose kind is not said); `name` None means the session's own.
    """

    word: str
    name: Name | None = None


@dataclass(frozen=True)
class Show(Statement):
    """SHOW `what` (the plural words), narrowed. None means that the clause was not written.

    `jobs` True shows job services only, False leaves them out; `types` are those of OF TYPE.
    """

    what: str
    like: str | None = None
    scope: Scope | None = None
    starts_with: str | None = None
    limit: int | None = None
    limit_from: str | None = None
    terse: bool = False
    jobs: bool | None = None
    types: tuple[str, ...] = ()


@dataclass(frozen=True)
class PutFiles(Statement):
    """PUT. `local` is the path behind file://, a pattern perhaps; `options` holds only what was written."""

    local: str
    to: StageLocation
    options: Properties = field(default_factory=dict)


@dataclass(frozen=True)
class GetFiles(Statement):
    """GET. `local` is the folder behind file://."""

    source: StageLocation
    local: str
    options: Properties = field(default_factory=dict)


@dataclass(frozen=True)
class ListFiles(Statement):
    """LIST. `pattern` is the regular expression of PATTERN, None when it was not written."""

    source: StageLocation
    pattern: str | None = None


@dataclass(frozen=True)
class RemoveFiles(Statement):
    """REMOVE. `pattern` as in LIST."""

    source: StageLocation
    pattern: str | None = None


@dataclass(frozen=True)
class Target:
    """What a privilege is on: an object, or the account when `kind` is None.

    With `group` ALL or FUTURE it is every object of the kind in `place`, a schema or database.
    """

    kind: ObjectKind | None
    name: Name | None = None
    group: str = ""
    place: tuple[ObjectKind, Name] | None = None


@dataclass(frozen=True)
class GrantPrivileges(Statement):
    """GRANT or REVOKE of privileges. `privileges` is empty for ALL PRIVILEGES. `cascade` is REVOKE …
    CASCADE; RESTRICT is what happens without it.
    """

    revoke: bool
    privileges: tuple[str, ...]
    target: Target
    role: Name
    grant_option: bool = False
    cascade: bool = False


@dataclass(frozen=True)
class GrantRole(Statement):
    """GRANT or REVOKE of a role to a role or user. `service` is set for a service role of that service."""

    revoke: bool
    role: Name
    to_kind: ObjectKind
    to: Name
    service: Name | None = None


@dataclass(frozen=True)
class GrantOwnership(Statement):
    """GRANT OWNERSHIP. `current_grants` is COPY, REVOKE or empty."""

    target: Target
    role: Name
    current_grants: str = ""


@dataclass(frozen=True)
class ShowGrants(Statement):
    """SHOW GRANTS, and with `future` SHOW FUTURE GRANTS.

    `direction` is ON, TO, OF or IN; `target.kind` None means the account (ON) or, for TO without a name, the
    current user.
    """

    direction: str
    target: Target
    service: Name | None = None
    future: bool = False
