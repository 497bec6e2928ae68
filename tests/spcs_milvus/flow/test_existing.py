"""What was there before us, over the wire: used, unchanged, and still there after down."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from spcs_milvus import deployment
from spcs_milvus.errors import RefusedError

from .conftest import QUICKSTART, Stack
from .test_up_down import done

SHARED = """
names: {database: SHARED}
warehouse: {name: COMPUTE_WH}
compute_pools: {milvus: {name: BIG}}
existing: [database.SHARED, warehouse.COMPUTE_WH, compute_pool.BIG]
"""
GUIDE = QUICKSTART + "roles: {owner: SYSADMIN}\nexisting: [role.SYSADMIN]\n"
BIND = "BIND SERVICE ENDPOINT ON ACCOUNT"


def _run(stack: Stack, role: str, *statements: str) -> None:
    with stack.session(role) as session:
        for statement in statements:
            session.run(statement)
    stack.pause(1)


@contextmanager
def _unchanged(stack: Stack) -> Iterator[None]:
    before = stack.local.dump()
    yield
    assert _without_snapshots(stack.local.dump()) == before


def _without_snapshots(dump: dict[str, Any]) -> dict[str, Any]:
    """Snowflake's own of a dropped block volume stay for seven days where the schema stays (documented)."""
    objects = [one for one in dump["objects"] if "SYS_BACKUP_ON_DELETE" not in one["name"]]
    return {**dump, "objects": objects}


def test_a_stack_among_things_of_others(stack: Stack) -> None:
    _run(stack, "SYSADMIN", "CREATE DATABASE SHARED", "CREATE WAREHOUSE COMPUTE_WH WAREHOUSE_SIZE = LARGE")
    pool = "CREATE COMPUTE POOL BIG MIN_NODES = 1 MAX_NODES = 3 INSTANCE_FAMILY = CPU_X64_L"
    _run(stack, "ACCOUNTADMIN", pool)
    stack.write(QUICKSTART + SHARED)
    with _unchanged(stack):
        report = done(stack.up())
        assert report.status is not None
        assert report.status.ready
        assert {str(address) for address in report.plan.existing} == {
            "compute_pool.BIG",
            "database.SHARED",
            "schema.SHARED.PUBLIC",
            "warehouse.COMPUTE_WH",
        }
        assert stack.up().counts.write == 0
        with stack.session("SECURITYADMIN") as session:
            (warehouse,) = session.run("SHOW WAREHOUSES")
        assert (warehouse["name"], warehouse["size"], warehouse["owner"]) == (
            "COMPUTE_WH",
            "Large",
            "SYSADMIN",
        )
        down = done(stack.down())
    assert ["snapshot" in str(problem.detail) for problem in down.plan.lasting] == [True]


def test_what_is_listed_and_not_there_is_refused_before_anything_is_written(stack: Stack) -> None:
    stack.write(QUICKSTART + SHARED)
    with _unchanged(stack):
        with pytest.raises(RefusedError) as refused:
            stack.up()
        assert {problem.place for problem in refused.value.problems} == {
            "compute_pool.BIG",
            "database.SHARED",
            "schema.SHARED.PUBLIC",
            "warehouse.COMPUTE_WH",
        }
        done(stack.down())


def test_an_owner_that_exists_without_a_privilege_is_refused_with_the_grant(stack: Stack) -> None:
    _run(stack, "ACCOUNTADMIN", "CREATE ROLE PLATFORM", "GRANT ROLE PLATFORM TO ROLE SYSADMIN")
    stack.write(GUIDE.replace("SYSADMIN", "PLATFORM"))
    with _unchanged(stack):
        with pytest.raises(RefusedError) as refused:
            stack.up()
        assert {problem.hint for problem in refused.value.problems} == {
            f"USE ROLE ACCOUNTADMIN; GRANT CREATE {what} ON ACCOUNT TO ROLE PLATFORM;"
            for what in ("DATABASE", "WAREHOUSE", "COMPUTE POOL")
        }


def test_an_owner_that_the_user_may_not_take_is_refused(stack: Stack) -> None:
    stack.write(GUIDE.replace("SYSADMIN", "PLATFORM"))
    with _unchanged(stack), pytest.raises(RefusedError, match="may not take the role PLATFORM"):
        stack.up()


def test_an_owner_that_exists_keeps_one_grant_which_down_tells(stack: Stack) -> None:
    before = stack.local.dump()
    stack.write(GUIDE)

    report = done(stack.up())

    assert [str(address) for address in report.plan.existing] == ["role.SYSADMIN"]
    assert report.status is not None
    assert report.status.ready
    assert stack.up().counts.write == 0
    stack.pause(60)
    gone = done(stack.down())
    (problem,) = gone.plan.lasting
    assert problem.hint == f"USE ROLE ACCOUNTADMIN; REVOKE {BIND} FROM ROLE SYSADMIN;"
    _run(stack, "ACCOUNTADMIN", f"REVOKE {BIND} FROM ROLE SYSADMIN")
    assert stack.local.dump() == before
    assert done(stack.down()).plan.lasting == ()


def test_what_the_owner_had_before_us_is_not_told(stack: Stack) -> None:
    _run(stack, "ACCOUNTADMIN", f"GRANT {BIND} TO ROLE SYSADMIN")
    stack.write(GUIDE)
    with _unchanged(stack):
        done(stack.up())
        stack.pause(60)
        assert done(stack.down()).plan.lasting == ()


def test_what_snowflake_copied_of_a_volume_keeps_no_role(stack: Stack) -> None:
    _run(stack, "SYSADMIN", "CREATE DATABASE SHARED")
    stack.write(QUICKSTART + "names: {database: SHARED}\nexisting: [database.SHARED]\n")
    with _unchanged(stack):
        done(stack.up())
        with stack.target() as on:
            plan = deployment.make_down_plan(on, targets=["service.SHARED.PUBLIC.MILVUS"])
            done(deployment.down(on, plan, stack.events.append, threading.Event()))
        done(stack.down())
