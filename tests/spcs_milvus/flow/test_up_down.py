"""Up, up again, change, down: over the wire, on an account whose clock the test turns."""

import threading

import pytest

from spcs_milvus import deployment
from spcs_milvus.errors import RefusedError
from spcs_milvus.plan import Action
from spcs_milvus.report import Report
from spcs_milvus.steps import Statement

from .conftest import QUICKSTART, Stack


def done(report: Report) -> Report:
    """The report, when everything in it was done."""
    assert [outcome.problem for outcome in report.outcomes if outcome.problem] == []
    assert report.leftovers == ()
    assert report.exit_code == 0
    return report


def test_up_makes_a_stack_that_is_ready(stack: Stack) -> None:
    report = done(stack.up())

    shown = stack.status()

    assert shown.ready
    assert report.status == shown
    assert {pool["name"]: pool["state"] for pool in shown.pools} == {
        "MILVUS_DEMO_JUPYTER_POOL": "ACTIVE",
        "MILVUS_DEMO_MILVUS_POOL": "ACTIVE",
    }
    assert [(service["name"], service["status"], service["ready"]) for service in shown.services] == [
        ("JUPYTER", "RUNNING", True),
        ("MILVUS", "RUNNING", True),
    ]


def test_what_is_shown_is_what_is_run(stack: Stack) -> None:
    with stack.target() as on:
        planned = deployment.make_plan(on)
        report = done(deployment.up(on, planned, stack.events.append, threading.Event()))
    steps = [step for change in planned.plan.changes for step in change.steps]
    assert report.plan.fingerprint == planned.plan.fingerprint
    assert report.counts.write == sum(isinstance(step, Statement) for step in steps)


def test_a_second_up_sends_no_write(stack: Stack) -> None:
    done(stack.up())

    second = done(stack.up())

    assert second.plan.changes == ()
    assert second.counts.write == 0


def test_down_leaves_the_account_as_it_was(stack: Stack) -> None:
    before = stack.local.dump()
    done(stack.up())
    assert stack.local.dump() != before

    done(stack.down())

    assert stack.local.dump() == before
    again = done(stack.down())
    assert again.counts.write == 0


def test_up_after_down_is_like_the_first_time(stack: Stack) -> None:
    first = done(stack.up())
    done(stack.down())

    again = done(stack.up())

    assert [change.address for change in again.plan.changes] == [
        change.address for change in first.plan.changes
    ]


@pytest.mark.parametrize(
    ("drift", "address", "attribute"),
    [
        ("ALTER WAREHOUSE MILVUS_DEMO_WAREHOUSE SET AUTO_SUSPEND = 60", "warehouse", "auto_suspend_seconds"),
        ("ALTER WAREHOUSE MILVUS_DEMO_WAREHOUSE SET WAREHOUSE_SIZE = MEDIUM", "warehouse", "size"),
        ("ALTER WAREHOUSE MILVUS_DEMO_WAREHOUSE SET AUTO_RESUME = FALSE", "warehouse", "auto_resume"),
        ("ALTER COMPUTE POOL MILVUS_DEMO_MILVUS_POOL SET MAX_NODES = 2", "compute_pool", "max_nodes"),
        (
            "ALTER COMPUTE POOL MILVUS_DEMO_MILVUS_POOL SET AUTO_SUSPEND_SECS = 60",
            "compute_pool",
            "auto_suspend_seconds",
        ),
        ("ALTER COMPUTE POOL MILVUS_DEMO_MILVUS_POOL SET AUTO_RESUME = FALSE", "compute_pool", "auto_resume"),
        ("ALTER SERVICE MILVUS_DEMO.PUBLIC.JUPYTER UNSET QUERY_WAREHOUSE", "service", "query_warehouse"),
    ],
)
def test_a_setting_changed_outside_is_named_and_set_back(
    stack: Stack, drift: str, address: str, attribute: str
) -> None:
    done(stack.up())
    before = stack.local.dump()
    role = "MILVUS_DEMO_JUPYTER" if address == "service" else "MILVUS_DEMO_OWNER"
    with stack.session(role) as session:
        session.run(drift)

    (change,) = (change for change in stack.plan().changes if change.action is not Action.WAIT)
    assert change.address.kind == address
    assert [difference.attribute for difference in change.differences] == [attribute]

    done(stack.up())
    assert stack.local.dump() == before


def test_a_grant_taken_away_is_given_again(stack: Stack) -> None:
    done(stack.up())
    before = stack.local.dump()
    with stack.session("SECURITYADMIN") as session:
        session.run("REVOKE USAGE ON DATABASE MILVUS_DEMO FROM ROLE MILVUS_DEMO_ROLE")

    report = done(stack.up())

    assert [str(change.address) for change in report.plan.changes] == [
        "grant.USAGE on database MILVUS_DEMO to MILVUS_DEMO_ROLE"
    ]
    assert stack.local.dump() == before


def test_a_changed_setting_alters_just_that_object(stack: Stack) -> None:
    done(stack.up())
    stack.write(QUICKSTART + "milvus: {settings: {log.level: warn}}\n")

    report = done(stack.up())

    assert [(str(change.address), change.action) for change in report.plan.changes] == [
        ("service.MILVUS_DEMO.PUBLIC.MILVUS", Action.UPDATE),
        ("ready.MILVUS_DEMO.PUBLIC.MILVUS", Action.WAIT),
    ]
    assert stack.plan().changes == ()


@pytest.mark.parametrize(
    "setting",
    [
        "milvus: {volume: {size: 40Gi}}",
        "milvus: {volume: {iops: 4000}}",
        "milvus: {volume: null, volatile: true}",
        "compute_pools: {milvus: {instance_family: CPU_X64_M}}",
        "stages: {FILES: {encryption: SNOWFLAKE_FULL}}",
    ],
)
def test_what_would_have_to_be_made_again_is_refused_before_anything_is_written(
    stack: Stack, setting: str
) -> None:
    done(stack.up())
    before = stack.local.dump()
    stack.write(f"{QUICKSTART}{setting}\n")

    with pytest.raises(RefusedError, match="would have to be made again"):
        stack.up()

    assert stack.local.dump() == before


def test_an_object_of_the_same_name_that_is_not_ours_stops_up_and_survives_down(stack: Stack) -> None:
    with stack.session("SYSADMIN") as session:
        session.run("CREATE WAREHOUSE MILVUS_DEMO_WAREHOUSE WAREHOUSE_SIZE = LARGE COMMENT = 'mine'")
    before = stack.local.dump()

    with pytest.raises(RefusedError, match="is there and is not ours") as refused:
        stack.up()

    assert refused.value.problem.place == "warehouse.MILVUS_DEMO_WAREHOUSE"
    assert stack.local.dump() == before
    stack.down()
    assert stack.local.dump() == before


def test_another_projects_objects_are_not_ours(stack: Stack) -> None:
    done(stack.up())
    before = stack.local.dump()
    stack.write("project: another\nnames: {prefix: MILVUS_DEMO, database: MILVUS_DEMO}\nconnection: local\n")

    with pytest.raises(RefusedError, match="is not ours"):
        stack.up()

    stack.down()
    assert stack.local.dump() == before


@pytest.mark.parametrize(
    ("stranger", "name"),
    [
        ("CREATE STAGE MILVUS_DEMO.PUBLIC.MINE", "stage MILVUS_DEMO.PUBLIC.MINE"),
        ("CREATE IMAGE REPOSITORY MILVUS_DEMO.PUBLIC.MINE", "image repository MILVUS_DEMO.PUBLIC.MINE"),
        ("CREATE SCHEMA MILVUS_DEMO.MINE", "schema MILVUS_DEMO.MINE"),
        ("CREATE SEQUENCE MILVUS_DEMO.PUBLIC.MINE", "sequence MILVUS_DEMO.PUBLIC.MINE"),
        (
            "CREATE SNAPSHOT MILVUS_DEMO.PUBLIC.MINE FROM SERVICE MILVUS_DEMO.PUBLIC.MILVUS "
            'VOLUME "data" INSTANCE 0',
            "snapshot MILVUS_DEMO.PUBLIC.MINE",
        ),
    ],
)
def test_a_database_that_holds_something_of_others_stays(stack: Stack, stranger: str, name: str) -> None:
    done(stack.up())
    with stack.session("MILVUS_DEMO_OWNER") as session:
        session.run(stranger)

    report = stack.down()

    assert report.exit_code == 4
    assert any(name in (problem.detail or "") for problem in report.leftovers)
    with stack.session("SECURITYADMIN") as session:
        databases = [row["name"] for row in session.run("SHOW DATABASES")]
        pools = session.run("SHOW COMPUTE POOLS")
    assert "MILVUS_DEMO" in databases
    assert pools == []


def test_a_schema_that_holds_something_of_others_stays_with_its_database(stack: Stack) -> None:
    stack.write("project: small\nconnection: local\njupyter: null\nnames: {schema: VECTORS}\n")
    done(stack.up())
    with stack.session("SMALL_OWNER") as session:
        session.run("CREATE STAGE SMALL.VECTORS.MINE")

    report = stack.down()

    assert report.exit_code == 4
    assert {problem.place for problem in report.leftovers} >= {"schema.SMALL.VECTORS", "database.SMALL"}
    with stack.session("SMALL_OWNER") as session:
        assert [row["name"] for row in session.run("SHOW STAGES IN DATABASE SMALL")] == ["MINE"]


def test_another_schema_and_no_notebook(stack: Stack) -> None:
    before = stack.local.dump()
    stack.write("project: small\nconnection: local\njupyter: null\nnames: {schema: VECTORS}\n")

    done(stack.up())

    assert [service["name"] for service in stack.status().services] == ["MILVUS"]
    assert stack.up().counts.write == 0
    done(stack.down())
    assert stack.local.dump() == before


def test_another_name_for_the_database_leaves_nothing_behind(stack: Stack) -> None:
    before = stack.local.dump()
    done(stack.up())
    stack.write(QUICKSTART + "names: {database: ELSEWHERE}\n")

    done(stack.down())

    assert stack.local.dump() == before


def test_a_role_that_owns_something_of_others_stays(stack: Stack) -> None:
    done(stack.up())
    with stack.session("MILVUS_DEMO_OWNER") as session:
        session.run("CREATE DATABASE MINE")

    report = stack.down()

    assert report.exit_code == 4
    assert [problem.place for problem in report.leftovers] == ["role.MILVUS_DEMO_OWNER"]
    with stack.session("SECURITYADMIN") as session:
        owners = {row["name"]: row["owner"] for row in session.run("SHOW DATABASES")}
    assert owners == {"MINE": "MILVUS_DEMO_OWNER"}


def test_two_projects_live_side_by_side(stack: Stack) -> None:
    done(stack.up())
    before = stack.local.dump()
    stack.write("project: second\nconnection: local\n")

    done(stack.up())
    done(stack.down())

    assert stack.local.dump() == before
