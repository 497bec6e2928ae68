"""Every grant is needed, and all of them are enough: without any one something fails that has to work.

Which grant is for what stands in `docs/privileges.yaml`; a grant that is not there fails a test.
"""

import runpy
import threading

import pytest
import yaml

from spcs_milvus import deployment
from spcs_milvus.errors import DeployError, Problem
from spcs_milvus.hints import HINTS
from spcs_milvus.report import Report, failures

from .conftest import More, Stack
from .privileged import PROJECTS, ROOT, USES, every_grant, without, write

REFUSED = "up is refused"
TABLE: dict[str, str] = yaml.safe_load((ROOT / "docs" / "privileges.yaml").read_text(encoding="utf-8"))[
    "grants"
]


@pytest.fixture(scope="module")
def granted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Each grant, and the first project that makes it."""
    return {name: project for name, (project, _) in every_grant(tmp_path_factory.mktemp("all")).items()}


def test_every_grant_has_its_entry_and_every_entry_its_grant(granted: dict[str, str]) -> None:
    assert sorted(TABLE) == sorted(granted)


def test_the_page_is_of_the_table() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "privileges.py"))["page"]()
    assert (ROOT / "docs" / "privileges.md").read_text(encoding="utf-8") == page, "run docs/privileges.py"


@pytest.mark.parametrize("left_out", TABLE)
def test_without_any_one_grant_something_fails(stack: Stack, left_out: str, granted: dict[str, str]) -> None:
    project = granted[left_out]
    write(stack, project)
    assert TABLE[left_out] in failing(stack, project, without(left_out))


@pytest.mark.parametrize("project", PROJECTS)
def test_with_all_of_them_everything_works_and_goes(project: str, stack: Stack) -> None:
    write(stack, project)
    assert failing(stack, project, lambda resources: resources) == []
    for make in (deployment.make_pause_plan, deployment.make_resume_plan):
        with stack.target() as on:
            report = deployment.rest(on, make(on), stack.events.append, threading.Event())
            assert report.exit_code == 0, report.leftovers
    assert stack.down().exit_code == 0


def failing(stack: Stack, project: str, more: More) -> list[str]:
    """What does not work: ``up`` at all, changes of it for want of a right, or uses of what it made."""
    try:
        reports = [*_first_the_repository(stack, project, more), stack.up(more)]
    except DeployError as error:
        assert is_about_rights(error.problem)
        return [REFUSED]
    failed = [outcome for report in reports for outcome in failures(report.outcomes)]
    assert all(is_about_rights(outcome.problem) for outcome in failed)
    if failed or project != "everything":
        return [str(outcome.change.address) for outcome in failed]
    assert reports[-1].exit_code == 0, reports[-1].leftovers
    return [name for name, works in USES.items() if not works(stack)]


def _first_the_repository(stack: Stack, project: str, more: More) -> list[Report]:
    """In a database that was there the owner comes first: nobody whose rights it has is there by then."""
    if project != "in a database that was there":
        return []
    with stack.target(more) as on:
        planned = deployment.make_plan(on, targets=["image_repository.SHARED.PUBLIC.MILVUS_REPO"])
        return [deployment.up(on, planned, stack.events.append, threading.Event())]


# not there or not authorised, not privileged, a role that may not be taken, and WRITE where READ is missing
WANT_OF_RIGHTS = {2003, 2043, 3001, 3013, 3042, 390189}


def is_about_rights(problem: Problem | None) -> bool:
    """Whether Snowflake, or the plan, refused for want of a right, and nothing else went wrong."""
    said = f"{problem.summary} {problem.detail} {problem.hint}" if problem else ""
    numbers = any(f"{number:06d}" in said for number in WANT_OF_RIGHTS)
    return numbers or HINTS[3013] in said or "may not take the role" in said
