"""The default plan grants what is needed and no more: without any one of its grants something fails."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from spcs_emulator.clock import TurnedClock
from spcs_emulator.server import LocalAccount
from spcs_milvus import components
from spcs_milvus.config import load
from spcs_milvus.context import Context
from spcs_milvus.errors import DeployError, Problem
from spcs_milvus.hints import HINTS
from spcs_milvus.process_image import process_image
from spcs_milvus.report import failures
from spcs_milvus.resource import Address, Resource

from .conftest import QUICKSTART, More, Stack

JUPYTER = "MILVUS_DEMO_JUPYTER"
FORBIDDEN = {2003, 2043, 3001}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that refused statements leave as it is, so that many tests can use one."""
    folder = tmp_path_factory.mktemp("built")
    with LocalAccount(folder / "account", TurnedClock()) as local:
        stack = Stack(local, folder)
        assert stack.up().exit_code == 0
        yield stack


# --- remove one, and something fails ------------------------------------------------------------------


def declared() -> tuple[Resource, ...]:
    """The resources of the two-line project, read as the command line reads them."""
    file = Path(__file__).parents[3] / "examples" / "quickstart" / "spcs-milvus.yaml"
    assert file.read_text(encoding="utf-8") == QUICKSTART
    project = load(file, {}).project
    root = Path(__file__).parents[3]
    images = {name: process_image(root / "images" / name) for name in project.images_built}
    return components.resources(project, Context(project.project, project.roles.security_admin, images))


# needs the real notebook to write a file: tests/spcs_milvus/flow/test_real_stack.py
PROVEN_THERE = "grant.WRITE on stage MILVUS_DEMO.PUBLIC.FILES to MILVUS_DEMO_JUPYTER"
GRANTS = [str(resource.address) for resource in declared() if resource.address.kind == "grant"]


def test_every_grant_is_tried_here_or_there() -> None:
    assert PROVEN_THERE in GRANTS


def without(grant: str) -> More:
    """Leaves out the grant of that address, and every need of it."""
    gone = Address("grant", grant.removeprefix("grant."))

    def kept(resources: tuple[Resource, ...]) -> tuple[Resource, ...]:
        others = (resource for resource in resources if resource.address != gone)
        return tuple(replace(resource, needs=resource.needs - {gone}) for resource in others)

    return kept


@pytest.mark.parametrize("left_out", [grant for grant in GRANTS if grant != PROVEN_THERE])
def test_without_any_one_grant_something_fails(stack: Stack, left_out: str) -> None:
    try:
        report = stack.up(without(left_out))
    except DeployError as error:
        assert is_about_rights(error.problem)
        return
    if report.exit_code != 0:
        assert any(is_about_rights(outcome.problem) for outcome in failures(report.outcomes))
        return
    failing = [name for name, works in USES.items() if not works(stack)]
    assert failing, f"everything works without {left_out}"


# beside what is forbidden: a role that may not be taken, and WRITE on a stage where READ is missing
WANT_OF_RIGHTS = FORBIDDEN | {3013, 3042, 390189}


def is_about_rights(problem: Problem | None) -> bool:
    """Whether Snowflake refused for want of a right, and nothing else went wrong."""
    said = f"{problem.detail} {problem.hint}" if problem else ""
    return any(f"{number:06d}" in said for number in WANT_OF_RIGHTS) or (HINTS[3013] in said)


def test_with_all_of_them_everything_works(built: Stack) -> None:
    assert [name for name, works in USES.items() if not works(built)] == []


def _as(role: str, statement: str) -> Callable[[Stack], bool]:
    """A use: that a role, reached as people reach it, can run a statement."""

    def works(stack: Stack) -> bool:
        with stack.session("SYSADMIN") as session:
            return session.errno(f"USE ROLE {role}") is None and session.errno(statement) is None

    return works


def _reaches(role: str, service: str) -> Callable[[Stack], bool]:
    """A use: that a role may connect to a service's endpoints.

    SHOW ENDPOINTS lists those a role may use, to a role that may know of the service (documented: behaviour
    change 1611), which is why the test lets it know.
    """

    def works(stack: Stack) -> bool:
        with stack.session("SECURITYADMIN") as session:
            session.run(f"GRANT USAGE ON SERVICE MILVUS_DEMO.PUBLIC.{service} TO ROLE {role}")
        with stack.session("SYSADMIN") as session:
            statement = f"SHOW ENDPOINTS IN SERVICE MILVUS_DEMO.PUBLIC.{service}"
            may = session.errno(f"USE ROLE {role}") is None and session.errno(statement) is None
            return may and bool(session.run(statement))

    return works


# What people and services do with a stack that is up, each by name.
USES: dict[str, Callable[[Stack], bool]] = {
    "the notebook reaches Milvus": _reaches(JUPYTER, "MILVUS"),
    "a person opens the notebook": _reaches("MILVUS_DEMO_ROLE", "JUPYTER"),
    "a person queries": _as("MILVUS_DEMO_ROLE", "USE WAREHOUSE MILVUS_DEMO_WAREHOUSE"),
    "a person uses the schema": _as("MILVUS_DEMO_ROLE", "USE SCHEMA MILVUS_DEMO.PUBLIC"),
    "the notebook queries": _as(JUPYTER, "USE WAREHOUSE MILVUS_DEMO_WAREHOUSE"),
}
