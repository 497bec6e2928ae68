"""Environments of one project on one account: each has what it names, and down of one leaves the others."""

import pytest

from spcs_milvus.errors import RefusedError

from .conftest import QUICKSTART, Stack
from .test_up_down import done

TWO = """
environments:
  prod: {names: {prefix: PROD}, warehouse: {size: SMALL}}
  same: {warehouse: {size: SMALL}}
"""


def _names(stack: Stack, kind: str) -> set[str]:
    with stack.session("SECURITYADMIN") as session:
        return {row["name"] for row in session.run(f"SHOW {kind}")}


def test_two_environments_live_side_by_side(stack: Stack) -> None:
    stack.write(QUICKSTART + TWO)
    done(stack.up())
    alone = stack.local.dump()

    stack.environment = "prod"
    done(stack.up())

    assert _names(stack, "DATABASES") == {"MILVUS_DEMO", "PROD"}
    with stack.session("SECURITYADMIN") as session:
        comments = {row["name"]: row["comment"] for row in session.run("SHOW WAREHOUSES")}
        sizes = {row["name"]: row["size"] for row in session.run("SHOW WAREHOUSES")}
    assert sizes == {"MILVUS_DEMO_WAREHOUSE": "X-Small", "PROD_WAREHOUSE": "Small"}
    assert comments["PROD_WAREHOUSE"].startswith("spcs-milvus:milvus-demo/prod#")
    assert comments["MILVUS_DEMO_WAREHOUSE"].startswith("spcs-milvus:milvus-demo/default#")
    assert stack.up().counts.write == 0

    done(stack.down())
    assert stack.local.dump() == alone
    stack.environment = "default"
    assert stack.up().counts.write == 0


def test_two_environments_with_the_same_names_are_refused_and_neither_is_touched(stack: Stack) -> None:
    stack.write(QUICKSTART + TWO)
    done(stack.up())
    before = stack.local.dump()
    stack.environment = "same"

    with pytest.raises(RefusedError, match="is there and is not ours") as refused:
        stack.up()

    assert "it belongs to milvus-demo/default" in (refused.value.problem.detail or "")
    assert "names of their own" in (refused.value.problem.hint or "")
    report = done(stack.down())
    assert report.plan.finds_nothing
    assert report.counts.write == 0
    assert stack.local.dump() == before


def test_an_environment_that_was_never_made_has_nothing_that_down_could_leave(stack: Stack) -> None:
    stack.write(QUICKSTART + "environments: {x: {names: {prefix: THEIRS, database: THEIRS}}}\n")
    with stack.session("SYSADMIN") as session:
        session.run("CREATE WAREHOUSE THEIRS_WAREHOUSE")
        session.run("CREATE DATABASE THEIRS")
    before = stack.local.dump()
    stack.environment = "x"

    report = done(stack.down())

    assert report.plan.finds_nothing
    assert [(one.place, one.detail) for one in report.plan.strange] == [
        (at, "it carries no mark of this project; its owner is SYSADMIN")
        for at in ("warehouse.THEIRS_WAREHOUSE", "database.THEIRS")
    ]
    assert stack.local.dump() == before
