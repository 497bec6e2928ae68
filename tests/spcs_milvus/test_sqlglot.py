"""Every statement that is rendered, read by a parser that is not ours: sqlglot's Snowflake dialect.

What the dialect does not know it refuses, or takes as a command whose words it does not look at. ``UNKNOWN``
names those, as patterns; each has to fit a statement and to be unknown indeed, so that the list gets shorter
when the dialect learns.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp
from tests.spcs_milvus.stack import QUICKSTART, as_declared, declared, nothing, seen

from spcs_milvus import assets
from spcs_milvus.kinds import KINDS, kind_of
from spcs_milvus.kinds.base import comment_step, rerunnable
from spcs_milvus.kinds.service import job_statements, log_look
from spcs_milvus.names import Keyword, Name
from spcs_milvus.observe import listing
from spcs_milvus.plan import plan_up
from spcs_milvus.resource import Actual, Presence, Resource
from spcs_milvus.steps import Statement, Step, Upload
from spcs_milvus.teardown import plan_down
from spcs_milvus.templates import literal, sql

UNKNOWN = """
ALTER COMPUTE POOL *
ALTER DATABASE * SET COMMENT *
ALTER EXTERNAL ACCESS INTEGRATION *
ALTER IMAGE REPOSITORY *
ALTER NETWORK RULE *
ALTER ROLE *
ALTER SCHEMA * SET COMMENT *
ALTER SECRET *
ALTER SECURITY INTEGRATION *
ALTER SERVICE *
ALTER STAGE *
ALTER USER *
ALTER WAREHOUSE *
CREATE COMPUTE POOL *
CREATE EXTERNAL ACCESS INTEGRATION *
CREATE IMAGE REPOSITORY *
CREATE NETWORK RULE *
CREATE OR ALTER NETWORK RULE *
CREATE ROLE *
CREATE SECRET *
CREATE SECURITY INTEGRATION *
CREATE SERVICE *
CREATE USER *
DESCRIBE EXTERNAL ACCESS INTEGRATION *
DESCRIBE SERVICE *
DROP COMPUTE POOL *
DROP EXTERNAL ACCESS INTEGRATION *
DROP IMAGE REPOSITORY *
DROP NETWORK RULE *
DROP SECRET *
DROP SECURITY INTEGRATION *
DROP SERVICE *
DROP USER *
EXECUTE JOB SERVICE *
GRANT * ON COMPUTE POOL *
GRANT * ON IMAGE REPOSITORY *
GRANT ROLE *
GRANT SERVICE ROLE *
REVOKE ROLE *
SHOW ALERTS IN DATABASE *
SHOW COMPUTE POOLS
SHOW DYNAMIC TABLES IN DATABASE *
SHOW ENDPOINTS *
SHOW EVENT TABLES IN DATABASE *
SHOW EXTERNAL ACCESS INTEGRATIONS
SHOW GIT REPOSITORIES IN DATABASE *
SHOW GRANTS *
SHOW IMAGE REPOSITORIES *
SHOW IMAGES *
SHOW MASKING POLICIES IN DATABASE *
SHOW MODELS IN DATABASE *
SHOW NETWORK RULES *
SHOW NOTEBOOKS IN DATABASE *
SHOW PIPES IN DATABASE *
SHOW ROLES
SHOW ROW ACCESS POLICIES IN DATABASE *
SHOW SECRETS *
SHOW SECURITY INTEGRATIONS
SHOW SERVICE CONTAINERS *
SHOW SERVICES *
SHOW SNAPSHOTS IN DATABASE *
SHOW STREAMLITS IN DATABASE *
SHOW STREAMS IN DATABASE *
SHOW TAGS IN DATABASE *
SHOW TASKS IN DATABASE *
SHOW USER FUNCTIONS IN DATABASE *
SHOW USER PROCEDURES IN DATABASE *
""".strip().splitlines()

# of every kind and form there is
STACK = declared(
    QUICKSTART + "names: {schema: S}\nspec_delivery: stage\ningress_integration: create\n"
    "users: [{name: ALICE, password: '${env:KEY}'}]\nsecrets: {KEY: {generic_string: '${env:KEY}'}}\n"
    "jupyter: {egress: [a.org]}\n",
    KEY="it's \\ a secret",
)
INLINE = declared()


def _sql(steps: tuple[Step, ...]) -> Iterator[str]:
    for step in steps:
        match step:
            case Statement():
                yield step.text
            case Upload():
                yield step.sql


def _of(resource: Resource) -> Iterator[str]:
    """Everything that may be sent about one resource."""
    kind = kind_of(resource.address.kind)
    there = as_declared(resource)
    yield from (look.sql for look in kind.looks(resource).values())
    if kind.holds:
        yield from (look.sql for look in kind.holds.looks(resource).values())
    for one in (resource, rerunnable(resource)):
        yield from _sql((*kind.create(one), *kind.drop(one, there)))
    for differing in (frozenset(kind.attributes), frozenset[str]()):
        yield from _sql(kind.alter(resource, differing))
    yield from _sql(kind.renew(resource, Actual(Presence.PRESENT), frozenset()))
    yield from _sql((*kind.suspend(resource), *kind.resume(resource)))
    if kind.marked:
        yield from _sql((comment_step(resource, "it's \\ ours"),))


def _statements() -> Iterator[str]:
    for stack in (STACK, INLINE):
        for plan in (plan_up(stack, nothing(stack)), plan_down(stack, seen(stack), {})):
            yield from (text for change in plan.changes for text in _sql(change.steps))
        for resource in stack:
            yield from _of(resource)
            if resource.address.kind == "service":
                yield log_look(resource, "0", "main", previous=True).sql
                inline = {key: value for key, value in resource.detail.items() if key != "stage"}
                yield from _sql(job_statements(replace(resource, detail=inline)))
    yield from (look.sql for look in listing("R", Name.of("D")).values())
    (role,) = (one for one in STACK if str(one.address) == "role.MILVUS_DEMO_ROLE")
    yield sql("role", "use", {"name": role.name})
    yield sql(
        "grant", "revoke_role", {"on": role.name, "grantee_kind": Keyword("USER"), "role": Name.of("BOB")}
    )


STATEMENTS = sorted(set(_statements()))


def _is_unknown(statement: str) -> bool:
    """Whether the dialect has no grammar for it."""
    try:
        return isinstance(sqlglot.parse_one(statement, dialect="snowflake"), exp.Command)
    except sqlglot.ParseError:
        return True


def _patterns(statement: str) -> list[str]:
    return [pattern for pattern in UNKNOWN if fnmatchcase(statement, pattern)]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """The dialect says of every command that it does not know it."""
    logger = logging.getLogger("sqlglot")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(before)


def test_statements_of_every_kind_are_among_them() -> None:
    assert {resource.address.kind for resource in STACK} == set(KINDS)
    assert len(STATEMENTS) > 150


BLOCK = re.compile(r"{% block (\w+) %}(.*?){% endblock %}", re.DOTALL)
BLOCKS = [
    (file.name, block, " ".join(text.split("{")[0].split()))
    for file in sorted(assets.templates().glob("*.sql.j2"))
    for block, text in BLOCK.findall(file.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(
    ("file", "block", "head"), BLOCKS, ids=[f"{file} {block}" for file, block, _ in BLOCKS]
)
def test_a_statement_of_every_block_is_among_them(file: str, block: str, head: str) -> None:
    assert any(statement.startswith(head) for statement in STATEMENTS)


@pytest.mark.parametrize("statement", [one for one in STATEMENTS if not _patterns(one)])
def test_what_the_dialect_knows_parses(statement: str) -> None:
    assert not _is_unknown(statement)


@pytest.mark.parametrize("pattern", UNKNOWN)
def test_what_is_listed_as_unknown_is_unknown(pattern: str) -> None:
    fitting = [statement for statement in STATEMENTS if pattern in _patterns(statement)]
    assert fitting, "nothing fits it any more"
    known = [statement for statement in fitting if not _is_unknown(statement)]
    assert not known, "the dialect has learnt it: take it out of the list"


@given(st.text())
def test_a_literal_is_the_same_text_to_another_parser(text: str) -> None:
    read = sqlglot.parse_one(f"SELECT {literal(text)}", dialect="snowflake")
    assert [(one.is_string, one.this) for one in read.find_all(exp.Literal)] == [(True, text)]


@given(st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_a_name_is_the_same_parts_to_another_parser(parts: list[str]) -> None:
    read = sqlglot.parse_one(f"SELECT 1 FROM {Name(tuple(parts))}", dialect="snowflake")
    (table,) = read.find_all(exp.Table)
    assert [part.name for part in table.parts] == parts
