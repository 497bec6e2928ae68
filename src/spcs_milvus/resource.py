"""What is declared and what is there: the values that every stage passes on.

A *resource* is declared by us; an *object* is what the account has. Both are compared as flat attributes in
canonical form, so the differ knows nothing about kinds. Ownership travels in the object's comment as a
*mark*.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from spcs_milvus.errors import ConfigError
from spcs_milvus.names import Name
from spcs_milvus.templates import canonical_json

MARK_VERSION = 1
MARKED = "spcs-milvus:"
"""What every mark begins with."""
_MARK = re.compile(
    MARKED + r"(?P<project>[a-z][a-z0-9-]{1,39})/(?P<environment>[a-z][a-z0-9-]*)"
    r"#(?P<version>\d+)\.(?P<digest>[0-9a-f]{12})$"
)

KEPT = "kept by `spcs-milvus down --keep-data`"
"""The note of what is asleep until ``up`` wants it again."""
RESTARTING = "being restarted by `spcs-milvus up --rotate`"
"""The note of a service that is to start again: from before it is suspended until it was resumed."""

Value = Any
"""An attribute's value in canonical form: str, int, bool, tuple, or plain JSON data; None means not set."""


@dataclass(frozen=True, order=True)
class Address:
    """Names one node of the graph: ``compute_pool.MILVUS_DEMO_MILVUS_POOL``."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}"


def address(text: str) -> Address:
    """The address that a person wrote. Raises ConfigError for what is none."""
    kind, dot, name = text.partition(".")
    if not (kind and dot and name):
        raise ConfigError(
            f"`{text}` is no address", hint="write it as the plan does, say database.MILVUS_DEMO"
        )
    return Address(kind, name)


@dataclass(frozen=True)
class Mark:
    """Whose an object is (``project`` and ``environment``) and a digest of the attributes it was given.

    ``note`` is what stands in front of it in the comment: empty, one of ours (:data:`KEPT`,
    :data:`RESTARTING`), or somebody's own words.
    """

    project: str
    environment: str
    digest: str
    version: int = MARK_VERSION
    note: str = ""

    def __str__(self) -> str:
        mark = f"{MARKED}{self.project}/{self.environment}#{self.version}.{self.digest}"
        return f"{self.note} {mark}" if self.note else mark

    def same_owner(self, other: "Mark") -> bool:
        """Whether both belong to one environment of one project."""
        return (self.project, self.environment) == (other.project, other.environment)


@dataclass(frozen=True)
class Resource:
    """Something that should be there.

    ``role`` makes, changes and drops it; ``seen_by`` can see it whenever it is there. ``attributes`` are
    canonical; ``detail`` holds what the kind needs beside them (an image's content, a grant's parts) and is
    never compared. ``needs`` are the resources that must be there first; ``mark`` is None for kinds without a
    comment. An ``existing`` one was there before us: it has to be there, and is never made, changed or
    dropped. A ``lasting`` one is made where it is missing, and nothing of ours takes it along.
    """

    address: Address
    name: Name
    role: str
    seen_by: str
    attributes: Mapping[str, Value] = field(hash=False)
    needs: frozenset[Address] = frozenset()
    mark: Mark | None = None
    detail: Mapping[str, Any] = field(default_factory=dict, hash=False)
    existing: bool = False
    lasting: bool = False


class Presence(StrEnum):
    """What observation could prove."""

    ABSENT = "absent"
    PRESENT = "present"
    UNKNOWN = "cannot tell"


@dataclass(frozen=True)
class Actual:
    """What the account shows of one resource.

    ``attributes`` has a key for each attribute that could be read; a missing key means unreadable.
    ``comment`` is None when the object has none. ``live`` holds what nobody declares (owner, age, states,
    containers, endpoints). ``reason`` says why we cannot tell.
    """

    presence: Presence
    attributes: Mapping[str, Value] = field(default_factory=dict)
    comment: str | None = None
    live: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None


ABSENT = Actual(Presence.ABSENT)


def mark_of(project: str, environment: str, attributes: Mapping[str, Value]) -> Mark:
    """The mark for a resource with these attributes; the digest is over canonical data, never over text."""
    digest = hashlib.sha256(canonical_json(_plain(dict(attributes))).encode()).hexdigest()
    return Mark(project, environment, digest[:12])


def read_mark(comment: str | None) -> Mark | None:
    """The mark a comment ends in; None when there is none."""
    match = _MARK.search(comment) if comment else None
    if match is None:
        return None
    note = match.string[: match.start()].rstrip()
    return Mark(match["project"], match["environment"], match["digest"], int(match["version"]), note)


def _plain(value: Value) -> Value:
    match value:
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case frozenset() | set():
            return sorted(_plain(item) for item in value)
        case tuple() | list():
            return [_plain(item) for item in value]
        case Name():
            return str(value)
    return value
