"""Ten thousand names, comments, hosts, secrets and values of specifications: in each place that a user's text
can come to, it is one token to three who read it, and reads back as what it was.
"""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from random import Random

import pytest
from tests.fuzz.cases import Tally, run_all
from tests.fuzz.judges import counts, instead, said, understood
from tests.fuzz.places import Place, is_name, places, put
from tests.fuzz.texts import hostile
from tests.spcs_milvus.stack import QUICKSTART, as_declared, declared

from spcs_emulator.faults import SqlError
from spcs_milvus.kinds import KINDS, kind_of
from spcs_milvus.kinds.base import comment_step, rerunnable
from spcs_milvus.kinds.service import job_statements
from spcs_milvus.resource import Actual, Presence, Resource
from spcs_milvus.steps import Statement, Step, Upload

HARMLESS = "harmless text"
LONGEST_NAME = 255
SAID_ATTRIBUTES = {
    "value_list",
    "compute_pool",
    "query_warehouse",
    "external_access_integrations",
    "default_role",
}
SAID_DETAILS = {
    "specification",
    "value",
    "password",
    "stage",
    "on",
    "role",
    "service",
    "repository",
    "database",
}
Write = Callable[[Resource], list[str]]


def _steps(steps: tuple[Step, ...]) -> list[str]:
    texts = [step.text for step in steps if isinstance(step, Statement)]
    return texts + [step.sql for step in steps if isinstance(step, Upload)]


WRITES: tuple[Write, ...] = (
    lambda one: [look.sql for look in kind_of(one.address.kind).looks(one).values()],
    lambda one: _steps(kind_of(one.address.kind).create(one)),
    lambda one: _steps(kind_of(one.address.kind).create(rerunnable(one))),
    lambda one: _steps(kind_of(one.address.kind).drop(one, as_declared(one))),
    lambda one: _steps(kind_of(one.address.kind).alter(one, frozenset(kind_of(one.address.kind).attributes))),
    lambda one: _steps(kind_of(one.address.kind).alter(one, frozenset())),
    lambda one: _steps(kind_of(one.address.kind).renew(one, Actual(Presence.PRESENT), frozenset())),
    lambda one: _steps((*kind_of(one.address.kind).suspend(one), *kind_of(one.address.kind).resume(one))),
    lambda one: _steps((comment_step(one, str(one.mark)),)) if one.mark else [],
    lambda one: (
        _steps(job_statements(one)) if one.address.kind == "service" and "stage" not in one.detail else []
    ),
)


MORE = """
names: {schema: S}
ingress_integration: create
jupyter: {egress: [a.org, b.org]}
users: [{name: ALICE, password: '${env:KEY}'}]
secrets: {KEY: {generic_string: '${env:KEY}'}}
"""


@cache
def _said_places() -> tuple[tuple[Resource, Place, tuple[Write, ...]], ...]:
    """Every place of every kind whose text is in a statement, with what writes such statements;
    specifications are inline and on a stage.
    """
    stacks = [declared(QUICKSTART + MORE + how, KEY="x") for how in ("", "spec_delivery: stage\n")]
    every = [(one, place) for stack in stacks for one in stack for place in places(one)]
    found = ((one, place, tuple(_saying(put(one, place, HARMLESS)))) for one, place in every)
    return tuple(one for one in found if one[2])


def _saying(resource: Resource) -> Iterator[Write]:
    return (write for write in WRITES if any(HARMLESS in sql for sql in write(resource)))


def case(random: Random, _folder: Path) -> str:
    """One text in one place of one statement."""
    resource, place, writes = random.choice(_said_places())
    text, write = hostile(random), random.choice(writes)
    pairs = list(zip(write(put(resource, place, HARMLESS)), write(put(resource, place, text)), strict=True))
    refused = is_name(resource, place) and not 0 < len(text) <= LONGEST_NAME
    try:
        for beside, sql in pairs:
            _check(beside, sql, text)
    except SqlError as error:
        error.add_note(f"{resource.address} {place}: {text!r}")
        if not refused:
            raise
        return "rejected"
    except Exception as error:
        error.add_note(f"{resource.address} {place}: {text!r}")
        raise
    return "accepted"


def _check(harmless: str, sql: str, text: str) -> None:
    assert counts(sql) == counts(harmless), sql
    assert said(understood(sql)) == instead(said(understood(harmless)), HARMLESS, text), sql


def test_every_text_stays_one_token_wherever_it_stands(tell: Callable[[str, Tally], None]) -> None:
    tally = run_all("values", case)
    tell("values", tally)
    tally.hold(accepted=0.9)


def test_every_kind_has_places() -> None:
    found = _said_places()
    said = {place[:2] for _, place, _ in found}
    assert {resource.address.kind for resource, _, _ in found} == set(KINDS)
    assert ("mark",) in said
    assert said >= {("attributes", key) for key in SAID_ATTRIBUTES} | {
        ("detail", key) for key in SAID_DETAILS
    }


def test_each_judge_sees_what_is_not_one_token() -> None:
    right, wrong = "CREATE ROLE R COMMENT = 'a'", "CREATE ROLE R COMMENT = 'a' 'b'"
    assert all(one < other for one, other in zip(counts(right), counts(wrong), strict=True))


@pytest.mark.parametrize(
    "sql", ["CREATE ROLE R COMMENT = 'a'; DROP ROLE S", "CREATE ROLE R COMMENT = 'a' -- b"]
)
def test_a_second_statement_or_a_comment_is_seen(sql: str) -> None:
    with pytest.raises((AssertionError, ValueError)):
        _check("CREATE ROLE R COMMENT = 'harmless text'", sql, "a")
