"""An object that was there before becomes ours, over the wire."""

import shlex
import threading

import pytest

from spcs_milvus import deployment
from spcs_milvus.errors import RefusedError
from spcs_milvus.report import Report

from .command_line import CommandLine
from .conftest import QUICKSTART, Stack
from .test_up_down import done

WAREHOUSE = "warehouse.MILVUS_DEMO_WAREHOUSE"
# with an owner that is there already, objects made by hand have the owner that they need
GUIDE = QUICKSTART + "roles: {owner: SYSADMIN}\nexisting: [role.SYSADMIN]\n"
# every kind that can be adopted
BY_HAND = {
    "role.MILVUS_DEMO_ROLE": ("USERADMIN", "CREATE ROLE MILVUS_DEMO_ROLE"),
    "user.ALICE": ("USERADMIN", "CREATE USER ALICE"),
    WAREHOUSE: ("SYSADMIN", "CREATE WAREHOUSE MILVUS_DEMO_WAREHOUSE"),
    "database.MILVUS_DEMO": ("SYSADMIN", "CREATE DATABASE MILVUS_DEMO"),
    "schema.MILVUS_DEMO.S": ("SYSADMIN", "CREATE SCHEMA MILVUS_DEMO.S"),
    "stage.MILVUS_DEMO.S.DATA": (
        "SYSADMIN",
        "CREATE STAGE MILVUS_DEMO.S.DATA ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')",
    ),
    "image_repository.MILVUS_DEMO.S.MILVUS_REPO": (
        "SYSADMIN",
        "CREATE IMAGE REPOSITORY MILVUS_DEMO.S.MILVUS_REPO ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')",
    ),
    "secret.MILVUS_DEMO.S.KEY": (
        "SYSADMIN",
        "CREATE SECRET MILVUS_DEMO.S.KEY TYPE = GENERIC_STRING SECRET_STRING = 'x'",
    ),
    "network_rule.MILVUS_DEMO.S.JUPYTER_EGRESS_RULE": (
        "SYSADMIN",
        "CREATE NETWORK RULE MILVUS_DEMO.S.JUPYTER_EGRESS_RULE "
        "TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('b.org')",
    ),
    "external_access_integration.MILVUS_DEMO_JUPYTER_EGRESS": (
        "ACCOUNTADMIN",
        "CREATE EXTERNAL ACCESS INTEGRATION MILVUS_DEMO_JUPYTER_EGRESS ALLOWED_NETWORK_RULES = "
        "(MILVUS_DEMO.S.JUPYTER_EGRESS_RULE) ENABLED = TRUE",
    ),
    "compute_pool.MILVUS_DEMO_MILVUS_POOL": (
        "SYSADMIN",
        "CREATE COMPUTE POOL MILVUS_DEMO_MILVUS_POOL MIN_NODES = 1 MAX_NODES = 2 INSTANCE_FAMILY = CPU_X64_S "
        "COMMENT = 'the team''s pool'",
    ),
}
EVERYTHING = GUIDE + (
    "names: {schema: S}\nusers: [{name: ALICE}]\njupyter: {egress: [a.org]}\n"
    "secrets: {KEY: {generic_string: '${env:KEY}'}}\n"
)


def _adopt(stack: Stack, address: str) -> Report:
    with stack.target() as on:
        return deployment.adopt(
            on, deployment.make_adoption(on, address), stack.events.append, threading.Event()
        )


def _comments(stack: Stack) -> dict[str, str]:
    with stack.session("ACCOUNTADMIN") as session:
        return {row["name"]: row["comment"] for row in session.run("SHOW COMPUTE POOLS")}


def test_what_was_made_by_hand_is_adopted_kept_by_up_and_dropped_by_down(stack: Stack) -> None:
    nothing = stack.local.dump()
    stack.write(EVERYTHING)
    stack.variables = {"KEY": "x"}
    for role, statement in BY_HAND.values():
        with stack.session(role) as session:
            session.run(statement)
    with pytest.raises(RefusedError, match="is not ours"):
        stack.up()

    for address in BY_HAND:
        report = done(_adopt(stack, address))
        assert report.counts.write == 1, address

    assert _comments(stack)["MILVUS_DEMO_MILVUS_POOL"].startswith("the team's pool spcs-milvus:milvus-demo/")
    made = done(stack.up()).plan.changes
    assert not {str(change.address) for change in made if change.action == "create"} & BY_HAND.keys()
    assert stack.plan().changes == ()
    report = stack.down()
    assert [problem.summary for problem in report.leftovers] == []
    left = stack.local.dump()
    assert stack.down().plan.changes == ()
    # what is lasting stays: a privilege for the role that was there before
    with stack.session("ACCOUNTADMIN") as session:
        session.run("REVOKE BIND SERVICE ENDPOINT ON ACCOUNT FROM ROLE SYSADMIN")
    assert left != nothing
    assert stack.local.dump() == nothing


def test_only_the_comment_changes(stack: Stack) -> None:
    stack.write(GUIDE)
    with stack.session("SYSADMIN") as session:
        session.run("CREATE WAREHOUSE MILVUS_DEMO_WAREHOUSE WAREHOUSE_SIZE = LARGE")
    before = stack.local.dump()

    done(_adopt(stack, WAREHOUSE))

    with stack.session("SYSADMIN") as session:
        session.run("ALTER WAREHOUSE MILVUS_DEMO_WAREHOUSE UNSET COMMENT")
    assert stack.local.dump() == before


def test_another_projects_object_is_refused_and_untouched(stack: Stack) -> None:
    done(stack.up())
    before = stack.local.dump()
    names = "names: {prefix: MILVUS_DEMO, database: MILVUS_DEMO}\n"
    stack.write(f"project: another\n{names}connection: local\n")

    for address in (WAREHOUSE, "role.MILVUS_DEMO_OWNER", "service.MILVUS_DEMO.PUBLIC.MILVUS"):
        with pytest.raises(RefusedError, match="marked by another project or environment"):
            _adopt(stack, address)

    assert stack.local.dump() == before


# what another role than ours made, and the role that is asked to manage it
OF_OTHERS = {
    WAREHOUSE: ("SYSADMIN", "CREATE WAREHOUSE MILVUS_DEMO_WAREHOUSE"),
    "database.MILVUS_DEMO": ("SYSADMIN", "CREATE DATABASE MILVUS_DEMO"),
    "compute_pool.MILVUS_DEMO_MILVUS_POOL": BY_HAND["compute_pool.MILVUS_DEMO_MILVUS_POOL"],
    "role.MILVUS_DEMO_ROLE": ("ACCOUNTADMIN", "CREATE ROLE MILVUS_DEMO_ROLE"),
}


@pytest.mark.parametrize("address", OF_OTHERS)
def test_what_another_role_owns_is_adopted_once_the_hint_was_followed(stack: Stack, address: str) -> None:
    before = stack.local.dump()
    role, statement = OF_OTHERS[address]
    with stack.session(role) as session:
        session.run(statement)
    with pytest.raises(RefusedError, match="belongs to the role") as refused:
        _adopt(stack, address)

    _follow(stack, str(refused.value.problem.hint))

    done(_adopt(stack, address))
    done(stack.up())
    assert stack.plan().changes == ()
    done(stack.down())
    assert stack.local.dump() == before


def _follow(stack: Stack, hint: str) -> None:
    """Does word for word what a hint says: the command in it, then its statements."""
    command, _, statements = hint.rpartition("` makes the role; then ")
    targets = shlex.split(command.removeprefix("`spcs-milvus up --target "))
    if targets:
        with stack.target() as on:
            planned = deployment.make_plan(on, targets=targets)
            done(deployment.up(on, planned, stack.events.append, threading.Event()))
    with stack.session("ACCOUNTADMIN") as session:
        for statement in statements.removesuffix(" and adopt it again").removesuffix(";").split("; "):
            session.run(statement)


def test_the_command_line_says_what_it_means(here: CommandLine) -> None:
    assert here.run("local", "start", "--runtime", "none").returncode == 0
    assert here.run("up", "--yes").returncode == 0
    result = here.run("adopt", "--yes", "warehouse.MILVUS_DEMO_WAREHOUSE")
    assert (result.returncode, "is ours already" in result.stderr) == (0, True)
    result = here.run("adopt", "--yes", "grant.role MILVUS_DEMO_OWNER to SYSADMIN")
    assert (result.returncode, "a grant has no mark: it is ours by its role" in result.stderr) == (1, True)
    result = here.run("adopt", "--yes", "warehouse.MILVUS_DEMO")
    assert (result.returncode, "did you mean warehouse.MILVUS_DEMO_WAREHOUSE?" in result.stderr) == (2, True)
    assert here.run("adopt", WAREHOUSE).returncode == 2
