"""What `down` sees in a database: every kind of object that others may keep there, by its own SHOW; and what
a role is seen to own.
"""

from typing import Any

import pytest
from tests.spcs_milvus.stack import by_address, declared

from spcs_milvus.kinds import database, kind_of
from spcs_milvus.steps import Answer

DATABASE = by_address(declared())["database.MILVUS_DEMO"]
HOLDS = kind_of("database").holds
PLACE = {"database_name": "MILVUS_DEMO", "schema_name": "PUBLIC"}
# documented: SHOW USER FUNCTIONS has the database in a column of another name
FUNCTION = {"catalog_name": "MILVUS_DEMO", "schema_name": "PUBLIC", "arguments": "X(NUMBER) RETURN NUMBER"}


def _found(part: str, *rows: dict[str, Any], refused: str | None = None) -> list[str]:
    assert HOLDS
    answers = {one: Answer() for one in HOLDS.looks(DATABASE)}
    answers[part] = Answer(rows, refused=refused)
    return [str(found.address) for found in HOLDS.read(DATABASE, answers)]


@pytest.mark.parametrize("part", database._CONTENTS)
def test_every_kind_is_seen(part: str) -> None:
    place = FUNCTION if part in ("functions", "procedures") else PLACE
    if part == "schemas":
        place = {"database_name": "MILVUS_DEMO"}
    (found,) = _found(part, {"name": "X", **place})
    kind, name = found.split(".", 1)
    assert kind == database._CONTENTS[part]
    assert name == ("MILVUS_DEMO.X" if part == "schemas" else "MILVUS_DEMO.PUBLIC.X")


def test_tables_and_views_say_what_they_are() -> None:
    rows = [{"name": "X", "kind": kind, **PLACE} for kind in ("TABLE", "VIEW")]
    assert _found("contents", *rows) == ["table.MILVUS_DEMO.PUBLIC.X", "view.MILVUS_DEMO.PUBLIC.X"]


def test_what_snowflake_copied_by_itself_is_nobodys() -> None:
    assert _found("snapshots", {"name": "SYS_BACKUP_ON_DELETE_MILVUS_0", **PLACE}) == []


def test_where_it_cannot_be_told_the_database_stays() -> None:
    assert _found("tasks", refused="the role may not see it") == ["unseen.MILVUS_DEMO.tasks"]


def test_every_look_may_be_newer_than_the_account() -> None:
    assert HOLDS
    assert all(look.newer for look in HOLDS.looks(DATABASE).values())


def test_where_it_cannot_be_told_what_a_role_owns_the_role_stays() -> None:
    role = by_address(declared())["role.MILVUS_DEMO_OWNER"]
    holds = kind_of("role").holds
    assert holds
    assert holds.read(role, {"grants": Answer()}) == ()
    (found,) = holds.read(role, {"grants": Answer(refused="the role may not see it")})
    assert str(found.address) == "unseen.MILVUS_DEMO_OWNER.things"
