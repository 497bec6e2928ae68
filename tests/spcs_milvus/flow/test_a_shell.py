"""A shell in the notebook acts as the role that owns JUPYTER and as no other: what it tries, as data."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import snowflake.connector
import yaml
from tests.spcs_milvus.stack import CASES

from spcs_emulator.clock import TurnedClock
from spcs_emulator.server import LocalAccount
from spcs_milvus.kinds import KINDS

from .conftest import QUICKSTART, Session, Stack

JUPYTER = "MILVUS_DEMO_JUPYTER"
# a role may not be taken, a warehouse not be used; not there or not authorised; not privileged
REFUSED = {2003, 2043, 3001, 3013}
PROJECTS = {
    "default": QUICKSTART,
    "everything": f"""{QUICKSTART}
jupyter: {{egress: ["models.example.com:443"]}}
secrets: {{KEY: {{generic_string: "${{env:KEY}}"}}}}
users: [{{name: ROBOT, type: SERVICE}}]
""",
}


def cases(name: str) -> Any:
    return yaml.safe_load((CASES / "shell" / f"{name}.yaml").read_text(encoding="utf-8"))


TRIED: dict[str, list[str]] = cases("refused")


@pytest.fixture(scope="module", params=PROJECTS)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that refused statements leave as it is, and a stranger's things beside it."""
    folder = tmp_path_factory.mktemp("built")
    with LocalAccount(folder / "account", TurnedClock()) as local:
        stack = Stack(local, folder)
        stack.variables = {"KEY": "a canary"}
        stack.write(PROJECTS[request.param])
        assert stack.up().exit_code == 0
        with stack.session("ACCOUNTADMIN") as admin:
            for statement in (
                "CREATE WAREHOUSE OTHERS_WAREHOUSE",
                "CREATE DATABASE OTHERS",
                # documented: a container signs in as a user of its service, with the owner's role alone
                "CREATE USER SHELL TYPE = SERVICE",
                f"GRANT ROLE {JUPYTER} TO USER SHELL",
            ):
                admin.run(statement)
        yield stack


@contextmanager
def shell(stack: Stack) -> Iterator[Session]:
    """A session with an OAuth token that is good for the service's role."""
    token = stack.local.oauth_token("SHELL", JUPYTER)
    options = {name: value for name, value in stack.local.connection.items() if name != "password"}
    options |= {"user": "SHELL", "authenticator": "oauth", "token": token, "login_timeout": 10}
    with snowflake.connector.connect(**options) as connection:
        yield Session(connection)


@pytest.mark.parametrize("secondary", ["NONE", "ALL"])
@pytest.mark.parametrize("about", TRIED)
def test_it_can_do_nothing_outside_its_own_service(built: Stack, about: str, secondary: str) -> None:
    before = built.local.dump()
    with shell(built) as session:
        session.run(f"USE SECONDARY ROLES {secondary}")
        done = {one: number for one in TRIED[about] if (number := session.errno(one)) not in REFUSED}
    assert done == {}
    assert built.local.dump() == before


def test_it_is_shown_what_it_was_granted(built: Stack) -> None:
    more = "everything" if "egress" in built.file.read_text(encoding="utf-8") else "nothing"
    with shell(built) as session:
        for case in cases("seen"):
            shown = {row["name"] for row in session.run(case["sql"])}
            assert shown == {*case["shows"], *case.get(more, ())}, case["why"]


def test_of_users_it_is_shown_the_names_alone(built: Stack) -> None:
    with shell(built) as session:
        rows = session.run("SHOW USERS")
    assert {name for row in rows for name, value in row.items() if value is not None} == {
        "name",
        "created_on",
    }


@pytest.mark.parametrize("project", PROJECTS)
def test_what_it_can_do_is_to_its_own_service(stack: Stack, project: str) -> None:
    stack.variables = {"KEY": "a canary"}
    stack.write(PROJECTS[project])
    assert stack.up().exit_code == 0
    with stack.session("ACCOUNTADMIN") as admin:
        admin.run("CREATE USER SHELL TYPE = SERVICE")
        admin.run(f"GRANT ROLE {JUPYTER} TO USER SHELL")
    with shell(stack) as session:
        refused = {case["sql"]: session.errno(case["sql"]) for case in cases("own")}
    assert set(refused.values()) == {None}, refused
    assert stack.up().exit_code == 0


def test_every_kind_is_tried() -> None:
    """A new kind needs its statements: making one, changing one, and dropping one."""
    tried = [statement for statements in TRIED.values() for statement in statements]
    # images and grants have no statements of their own kind; services are made in its own pool only
    for kind in KINDS.keys() - {"image", "grant"}:
        title = kind.replace("_", " ").upper().removeprefix("EXTERNAL ACCESS ")
        verbs = {one.split()[0] for one in tried if f" {title} " in f"{one} "}
        wanted = {"CREATE"} if kind == "security_integration" else {"CREATE", "ALTER", "DROP"}
        assert wanted <= verbs, kind
