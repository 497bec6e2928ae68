"""Users who may not take every role: stopped before any write, with the SQL for whoever may. Once that was
run they carry on to the end.
"""

import threading
from collections.abc import Callable

import pytest

from spcs_milvus import deployment
from spcs_milvus.errors import Problem, RefusedError

from .conftest import QUICKSTART, Stack

PASSWORD = "Correct horse 1"
EVERYTHING = f"""{QUICKSTART}
secrets: {{KEY: {{generic_string: "${{env:KEY}}"}}}}
jupyter: {{egress: ["models.example.com:443"]}}
users: [{{name: ALICE, password: "${{env:KEY}}"}}, {{name: ROBOT, type: SERVICE}}]
"""


def lesser(stack: Stack, *roles: str) -> None:
    """From now on the deployer signs in as LEO, who may take these roles and what they inherit."""
    with stack.session() as admin:
        admin.run(f"CREATE USER LEO PASSWORD = '{PASSWORD}' DEFAULT_ROLE = {roles[0]}")
        for role in roles:
            admin.run(f"GRANT ROLE {role} TO USER LEO")
    stack.options = {"user": "LEO", "password": PASSWORD}


def refused(stack: Stack, run: Callable[[], object]) -> Problem:
    """The one problem of a run that is refused and writes nothing."""
    before = stack.local.dump()
    with pytest.raises(RefusedError) as raised:
        run()
    assert stack.local.dump() == before
    (problem,) = raised.value.problems
    return problem


def handed_over(stack: Stack, problem: Problem, secret: str = "") -> list[str]:
    """An administrator runs the statements of a refusal as they stand, with the secrets they ask for."""
    lines = [
        line.removeprefix("-- with the secret in place of ***: ") for line in str(problem.detail).splitlines()
    ]
    statements = [line.replace("***", secret) for line in lines if not line.startswith("--")]
    with stack.session("ACCOUNTADMIN") as admin:
        for statement in statements:
            admin.run(statement.removesuffix(";"))
    return statements


@pytest.mark.parametrize("text", [QUICKSTART, EVERYTHING], ids=["quickstart", "everything"])
@pytest.mark.parametrize(
    "roles",
    [["SYSADMIN"], ["SYSADMIN", "USERADMIN"], ["SYSADMIN", "SECURITYADMIN"]],
    ids="+".join,
)
def test_once_others_have_done_their_part_up_carries_on(stack: Stack, roles: list[str], text: str) -> None:
    stack.variables = {"KEY": PASSWORD}
    stack.write(text)
    lesser(stack, *roles)
    problem = refused(stack, stack.up)
    assert "the user LEO may not take the role" in problem.summary
    assert PASSWORD not in str(problem)

    handed_over(stack, problem, PASSWORD)

    report = stack.up()
    assert report.exit_code == 0, report.leftovers
    plan = stack.plan()
    assert (plan.changes, plan.conflicts) == ((), ())


def test_who_may_never_take_the_owner_is_told_all_of_it(stack: Stack) -> None:
    lesser(stack, "USERADMIN")
    problem = refused(stack, stack.up)
    script = str(problem.detail)
    assert script.startswith("-- ")
    assert "may be there already: LEO cannot see whether they are\n" in script
    assert "CREATE SERVICE MILVUS_DEMO.PUBLIC.JUPYTER " in script
    assert "spcs-milvus images push milvus" in script
    assert str(problem.place).endswith("spcs-milvus.yaml: roles")


def test_what_is_missing_later_is_asked_for_with_what_it_needs_and_no_more(stack: Stack) -> None:
    assert stack.up().exit_code == 0
    lesser(stack, "SYSADMIN")
    stack.write(QUICKSTART + 'jupyter: {egress: ["models.example.com:443"]}\n')
    statements = handed_over(stack, refused(stack, stack.up))
    assert [" ".join(statement.split()[:3]) for statement in statements] == [
        "USE ROLE MILVUS_DEMO_OWNER;",
        "CREATE NETWORK RULE",
        "USE ROLE ACCOUNTADMIN;",
        "CREATE EXTERNAL ACCESS",
        "USE ROLE SECURITYADMIN;",
        "GRANT USAGE ON",
    ]
    assert stack.up().exit_code == 0
    assert stack.plan().changes == ()


def test_a_person_is_asked_for_once_and_told_of_afterwards(stack: Stack) -> None:
    """Whose a user is, only who manages it can tell; that somebody has the role shows."""
    assert stack.up().exit_code == 0
    lesser(stack, "SYSADMIN")
    stack.write(QUICKSTART + "users: [{name: ROBOT, type: SERVICE}]\n")
    problem = refused(stack, stack.up)
    assert "-- 1 of these may be there already" in str(problem.detail)
    handed_over(stack, problem)
    plan = stack.plan()
    assert (plan.changes, plan.conflicts) == ((), ())
    (told,) = plan.kept
    assert told.summary == "whether the user ROBOT is there cannot be told; it is for others to make"
    assert "CREATE USER ROBOT" in str(told.detail)


def test_a_lesser_user_pauses_resumes_and_leaves_taking_down_to_others(stack: Stack) -> None:
    assert stack.up().exit_code == 0
    lesser(stack, "SYSADMIN")
    with stack.target() as on:
        for make in (deployment.make_pause_plan, deployment.make_resume_plan):
            plan = make(on)
            assert plan.conflicts == ()
            report = deployment.rest(on, plan, stack.events.append, threading.Event())
            assert report.exit_code == 0, report.leftovers
    handed_over(stack, refused(stack, stack.down))
    report = stack.down()
    # what LEO is not shown may be in the database, which stays; nothing is said to be there that is gone
    told = {problem.summary.split(" ")[0] for problem in report.leftovers}
    assert told <= {"database.MILVUS_DEMO", "role.MILVUS_DEMO_OWNER", "whether"}, report.leftovers
    with stack.session() as admin:
        left = admin.run("SHOW SERVICES IN ACCOUNT") + admin.run("SHOW COMPUTE POOLS")
    assert left == []


@pytest.mark.parametrize("schema", ["PUBLIC", "S"])
def test_what_a_lesser_user_cannot_see_keeps_the_database(stack: Stack, schema: str) -> None:
    """Dropping it, or a schema in it, would take along what others put there."""
    stack.write(QUICKSTART + f"names: {{schema: {schema}}}\n")
    assert stack.up().exit_code == 0
    with stack.session("ACCOUNTADMIN") as admin:
        admin.run("CREATE ROLE OTHERS")
        admin.run("GRANT ROLE OTHERS TO ROLE ACCOUNTADMIN")
        for grant in ("USAGE ON DATABASE MILVUS_DEMO", f"USAGE, CREATE STAGE ON SCHEMA MILVUS_DEMO.{schema}"):
            admin.run(f"GRANT {grant} TO ROLE OTHERS")
    with stack.session("OTHERS") as others:
        others.run(f"CREATE STAGE MILVUS_DEMO.{schema}.THEIRS")
    lesser(stack, "SYSADMIN", "USERADMIN")

    left = {problem.place: problem for problem in stack.down().leftovers}

    with stack.session("OTHERS") as others:
        assert [one["name"] for one in others.run("SHOW STAGES IN DATABASE MILVUS_DEMO")] == ["THEIRS"]
    assert left["database.MILVUS_DEMO"] == Problem(
        "database.MILVUS_DEMO may hold things that are not ours",
        "tables, schemas, services, stages, image repositories and 20 more that this user is not shown",
        "database.MILVUS_DEMO",
        "run down as a user who may take the role SECURITYADMIN, which is shown all of it, or let all in it "
        "go along: spcs-milvus down --delete-data database.MILVUS_DEMO",
    )
    assert (f"schema.MILVUS_DEMO.{schema}" in left) is (schema == "S")
    with stack.session("OTHERS") as others:
        assert [one["name"] for one in others.run("SHOW STAGES IN DATABASE MILVUS_DEMO")] == ["THEIRS"]
    stack.options = {}
    theirs = f"stage MILVUS_DEMO.{schema}.THEIRS"
    (told,) = (one for one in stack.down().leftovers if one.place == "database.MILVUS_DEMO")
    assert (told.summary, told.detail) == ("database.MILVUS_DEMO holds things that are not ours", theirs)


def test_adopting_takes_the_role_that_would_own_it(stack: Stack) -> None:
    with stack.session("ACCOUNTADMIN") as admin:
        admin.run("CREATE ROLE MILVUS_DEMO_OWNER")
    lesser(stack, "SYSADMIN")
    with stack.target() as on:
        (problem,) = deployment.make_adoption(on, "role.MILVUS_DEMO_OWNER").conflicts
    assert "belongs to the role ACCOUNTADMIN" in problem.summary
    with stack.session("ACCOUNTADMIN") as admin:
        admin.run("GRANT OWNERSHIP ON ROLE MILVUS_DEMO_OWNER TO ROLE USERADMIN")
    with stack.target() as on:
        (problem,) = deployment.make_adoption(on, "role.MILVUS_DEMO_OWNER").conflicts
    assert problem.summary == "the user LEO may not take the role USERADMIN"
    assert str(problem.detail).startswith("USE ROLE USERADMIN;\nALTER ROLE MILVUS_DEMO_OWNER SET COMMENT = ")


def test_down_never_drops_the_role_of_its_own_session(stack: Stack) -> None:
    assert stack.up().exit_code == 0
    stack.options = {"role": "MILVUS_DEMO_OWNER"}
    assert stack.plan().conflicts == ()
    problem = refused(stack, stack.down)
    assert problem.summary == "role.MILVUS_DEMO_OWNER is what this session stands on"
