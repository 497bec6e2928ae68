"""Administrators of one's own under ``roles:``: the privileges they need, each proven necessary, and all
together sufficient, as `docs/privileges.yaml` has them.
"""

import json
import threading

import pytest
import yaml

from spcs_milvus import deployment
from spcs_milvus.apply import Status
from spcs_milvus.errors import RefusedError
from spcs_milvus.report import failures

from .conftest import QUICKSTART, Stack
from .privileged import ROOT

NAMES = {
    "account_admin": "PLATFORM_ADMIN",
    "security_admin": "PLATFORM_GRANTS",
    "user_admin": "PLATFORM_USERS",
}
PLATFORM = f"roles: {json.dumps(NAMES)}\n"
EVERYTHING = f"""{QUICKSTART}{PLATFORM}
jupyter: {{egress: ["models.example.com:443"]}}
users: [{{name: ROBOT, type: SERVICE}}]
"""
TABLE = yaml.safe_load((ROOT / "docs" / "privileges.yaml").read_text(encoding="utf-8"))["administrators"]
PRIVILEGES = [(NAMES[role], right) for role, rights in TABLE.items() for right in rights]


def granted(role: str, right: str) -> str:
    privilege, option, _ = right.partition(" WITH GRANT OPTION")
    return f"GRANT {privilege} ON ACCOUNT TO ROLE {role}{option}"


def platform(stack: Stack, *left_out: tuple[str, str]) -> None:
    """The three roles with their privileges, and PAT, who may take them and SYSADMIN."""
    with stack.session("ACCOUNTADMIN") as admin:
        admin.run("CREATE USER PAT PASSWORD = 'Correct horse 1' DEFAULT_ROLE = SYSADMIN")
        for role in NAMES.values():
            admin.run(f"CREATE ROLE {role}")
            # what an administrator makes with a rule of the project, it sees by way of SYSADMIN
            admin.run(f"GRANT ROLE {role} TO USER PAT")
        admin.run("GRANT ROLE SYSADMIN TO ROLE PLATFORM_ADMIN")
        for one in PRIVILEGES:
            if one not in left_out:
                admin.run(granted(*one))
    stack.options = {"user": "PAT", "password": "Correct horse 1"}
    stack.write(EVERYTHING)


def test_all_of_them_are_enough(stack: Stack) -> None:
    platform(stack)
    before = stack.local.dump()
    assert stack.up().exit_code == 0
    assert stack.plan().changes == ()
    report = stack.down()
    assert report.exit_code == 0, report.leftovers
    assert stack.local.dump() == before


@pytest.mark.parametrize("left_out", PRIVILEGES, ids=": ".join)
def test_without_any_one_of_them_up_stops_before_any_write_with_the_grant(
    stack: Stack, left_out: tuple[str, str]
) -> None:
    platform(stack, left_out)
    before = stack.local.dump()
    with pytest.raises(RefusedError) as raised:
        stack.up()
    assert stack.local.dump() == before
    (problem,) = raised.value.problems
    role, _ = left_out
    assert problem.summary == f"the role {role} lacks what its part of this takes"
    assert problem.detail == f"USE ROLE ACCOUNTADMIN;\n{granted(*left_out)};"

    with stack.session("ACCOUNTADMIN") as admin:
        admin.run(granted(*left_out))
    assert stack.plan().conflicts == ()


ONLY_SOME = {
    "all but one that has nothing to do": "REVOKE ROLE PLATFORM_ADMIN FROM USER PAT",
    "all but the one that sees everything": "REVOKE ROLE PLATFORM_GRANTS FROM USER PAT",
    "the one that the connection is good for": "ALTER USER PAT ADD PAT T ROLE_RESTRICTION = 'PLATFORM_USERS'",
}


@pytest.mark.parametrize("some", ONLY_SOME)
def test_whoever_may_take_only_some_of_them_is_stopped_before_any_write_too(stack: Stack, some: str) -> None:
    platform(stack)
    assert stack.up().exit_code == 0
    with stack.session("ACCOUNTADMIN") as admin:
        admin.run("GRANT ROLE SYSADMIN TO USER PAT")
        admin.run("REVOKE CREATE USER ON ACCOUNT FROM ROLE PLATFORM_USERS")
        (row,) = admin.run(ONLY_SOME[some])
    if token := row.get("token_secret"):
        stack.options = {"user": "PAT", "authenticator": "PROGRAMMATIC_ACCESS_TOKEN", "token": token}
    stack.write(EVERYTHING.replace("users: [", "users: [{name: SECOND, type: SERVICE}, "))
    before = stack.local.dump()

    with pytest.raises(RefusedError) as raised:
        stack.up()

    assert stack.local.dump() == before
    lacking = [one.detail for one in raised.value.problems if "lacks what its part" in one.summary]
    assert lacking == [f"USE ROLE ACCOUNTADMIN;\n{granted('PLATFORM_USERS', 'CREATE USER')};"]


def test_what_a_role_inherits_counts_and_nothing_is_asked_of_the_built_in_ones(stack: Stack) -> None:
    with stack.target() as on:
        reads = on.account.reads
        deployment.make_plan(on)
        ordinary = on.account.reads - reads
    with stack.session("ACCOUNTADMIN") as admin:
        for role in (*NAMES.values(), "MIDDLE"):
            admin.run(f"CREATE ROLE {role}")
            admin.run(f"GRANT ROLE {role} TO ROLE SYSADMIN")
        admin.run("GRANT ROLE USERADMIN TO ROLE PLATFORM_USERS")
        admin.run("GRANT ROLE MIDDLE TO ROLE PLATFORM_GRANTS")
        admin.run("GRANT MANAGE GRANTS ON ACCOUNT TO ROLE MIDDLE")
    stack.write(QUICKSTART + PLATFORM.replace("PLATFORM_ADMIN", "ACCOUNTADMIN"))
    with stack.target() as on:
        reads = on.account.reads
        plan = deployment.make_plan(on).plan
        assert plan.conflicts == ()
        assert on.account.reads - reads == ordinary + 3 + 1


def test_a_privilege_that_goes_meanwhile_skips_what_needs_it_and_the_refusal_has_the_grant(
    stack: Stack,
) -> None:
    platform(stack)
    with stack.target() as on:
        planned = deployment.make_plan(on)
        with stack.session("ACCOUNTADMIN") as admin:
            admin.run("REVOKE CREATE USER ON ACCOUNT FROM ROLE PLATFORM_USERS")
        report = deployment.up(on, planned, stack.events.append, threading.Event())
    (failed,) = failures(report.outcomes)
    assert failed.problem
    assert failed.problem.hint == (
        "USE ROLE ACCOUNTADMIN; GRANT CREATE USER ON ACCOUNT TO ROLE PLATFORM_USERS;"
    )
    skipped = {str(one.change.address) for one in report.outcomes if one.status is Status.SKIPPED}
    assert skipped == {"grant.role MILVUS_DEMO_ROLE to user ROBOT"}
    with stack.session("ACCOUNTADMIN") as admin:
        admin.run("GRANT CREATE USER ON ACCOUNT TO ROLE PLATFORM_USERS")
    assert stack.up().exit_code == 0
