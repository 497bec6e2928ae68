"""What others have in the account, and how to tell it from what is ours.

Comes in: the data of a project file, and dumps of accounts. Goes out: the statements that make the things of
others, and the part of a dump that is theirs. Touches nothing.
"""

from collections.abc import Iterator
from typing import Any

from .sections import Data

MARKS = {
    "another project": "spcs-milvus:another/default#1.0123456789ab",
    "another environment": "spcs-milvus:{project}/elsewhere#1.0123456789ab",
    "almost ours": "spcs-milvus:{project}2/default#1.0123456789ab",
    "none": "",
}
"""Comments of things that are not ours, whatever they look like."""

_BESIDE = (
    ("USERADMIN", "CREATE ROLE THEIRS_{n} COMMENT = '{mark}'"),
    ("SYSADMIN", "CREATE WAREHOUSE THEIRS_{n} COMMENT = '{mark}'"),
    ("SYSADMIN", "CREATE DATABASE THEIRS_{n} COMMENT = '{mark}'"),
    ("SYSADMIN", "CREATE STAGE THEIRS_{n}.PUBLIC.DATA COMMENT = '{mark}'"),
    ("SYSADMIN", "CREATE STAGE THEIRS_{n}.PUBLIC.FILES COMMENT = '{mark}'"),
    ("SYSADMIN", "CREATE IMAGE REPOSITORY THEIRS_{n}.PUBLIC.MILVUS_REPO COMMENT = '{mark}'"),
    (
        "SYSADMIN",
        "CREATE SECRET THEIRS_{n}.PUBLIC.FIRST TYPE = GENERIC_STRING SECRET_STRING = 'x' COMMENT = '{mark}'",
    ),
    (
        "SYSADMIN",
        "CREATE NETWORK RULE THEIRS_{n}.PUBLIC.JUPYTER_EGRESS_RULE TYPE = HOST_PORT MODE = EGRESS "
        "VALUE_LIST = ('their.org') COMMENT = '{mark}'",
    ),
    ("SECURITYADMIN", "GRANT USAGE ON DATABASE THEIRS_{n} TO ROLE THEIRS_{n}"),
)


def theirs(data: Data) -> Iterator[tuple[str, ...]]:
    """Objects of others with the names that ours have in their schemas, each role with its statements."""
    by_role: dict[str, list[str]] = {}
    for number, mark in enumerate(MARKS.values()):
        for role, sql in _BESIDE:
            text = sql.format(n=number, mark=mark.format(project=data["project"]))
            by_role.setdefault(role, []).append(text)
    yield from ((role, *statements) for role, statements in by_role.items())


def others(dump: Data, mark: str, adopted: str | None = None) -> Data:
    """The part of a dump that is not ours, nor came with what is ours.

    ``mark`` is how our marks begin; ``adopted`` is the address of what becomes ours meanwhile.
    """
    name = adopted.split(".", 1)[1] if adopted else None
    ours = {one["name"] for one in dump["objects"] if mark in (one["comment"] or "") or one["name"] == name}

    def is_ours(text: str) -> bool:
        return text in ours or text.partition("!")[0] in ours or _came_along(text, ours)

    objects = [_by_itself(one) for one in dump["objects"] if not is_ours(one["name"])]
    grants = [one for one in dump["grants"] if not is_ours(one["on"]) and not is_ours(one["to"])]
    members = [one for one in dump["memberships"] if not is_ours(one["role"]) and not is_ours(one["to"])]
    return {
        "objects": objects,
        "grants": [one for one in grants if not _lasts(one)],
        "memberships": members,
        **{part: [one for one in dump[part] if not _of_ours(one, ours)] for part in _PARTS},
    }


_PARTS = ("images", "stage_files", "volumes")


def _by_itself(one: dict[str, Any]) -> dict[str, Any]:
    """A service of others may use what is ours, and does without it from then on."""
    used = ("QUERY_WAREHOUSE", "EXTERNAL_ACCESS_INTEGRATIONS") if one["kind"] == "SERVICE" else ()
    return {**one, "settings": {key: value for key, value in one["settings"].items() if key not in used}}


def _came_along(name: str, ours: set[str]) -> bool:
    """The schemas of a new database; the copy that Snowflake keeps of a dropped volume."""
    database, _, rest = name.partition(".")
    return (database in ours and rest in ("PUBLIC", "INFORMATION_SCHEMA")) or "SYS_BACKUP_ON_DELETE" in name


def _lasts(grant: dict[str, Any]) -> bool:
    """An owner that was there before keeps the right to bind endpoints (decision 5)."""
    return bool(grant["privilege"] == "BIND SERVICE ENDPOINT" and grant["to"] in ("SYSADMIN", "PLATFORM"))


def _of_ours(one: dict[str, Any], ours: set[str]) -> bool:
    return any(one.get(key) in ours for key in ("repository", "stage", "service"))
