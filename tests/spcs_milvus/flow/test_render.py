"""The rendered files through the real connector: they make what `up` makes, may run again, and undo it."""

import json
from collections.abc import Collection

import pytest
import snowflake.connector
from tests.spcs_milvus.stack import no_container

from spcs_emulator import daemon
from spcs_milvus.config import load
from spcs_milvus.declaration import declare
from spcs_milvus.plan import Action
from spcs_milvus.rendering import File, render

from .command_line import CommandLine
from .conftest import QUICKSTART, Stack

PROJECTS = {
    "two lines": QUICKSTART,
    "another schema, one pool": QUICKSTART + "names: {schema: VECTORS}\njupyter: {pool: milvus}\n",
    "no notebook": QUICKSTART + "jupyter: null\n",
    "what a template of the official CLI would take": QUICKSTART
    + "milvus: {settings: {log.level: 'a &b <% c %> {# d #} $$'}}\n",
}


def rendered(stack: Stack) -> tuple[File, ...]:
    return render("milvus-demo", declare(load(stack.file, {}), "local", "process", no_container))


def run(stack: Stack, files: Collection[File]) -> None:
    """Runs each file with a session of its own, as a person does; what starts in between goes on."""
    for file in files:
        with stack.session() as session:
            for cursor in session.connection.execute_string(file.text, remove_comments=True):
                cursor.fetchall()
        stack.pause(60)


def before_services(files: Collection[File]) -> list[File]:
    return [file for file in _making(files) if not file.services]


def undoing(files: Collection[File]) -> list[File]:
    return [file for file in files if file.path.startswith("undo/")]


def _making(files: Collection[File]) -> list[File]:
    return [file for file in files if file.role and not file.path.startswith("undo/")]


@pytest.fixture(params=PROJECTS)
def project(stack: Stack, request: pytest.FixtureRequest) -> Stack:
    stack.write(PROJECTS[request.param])
    return stack


def test_after_the_files_before_the_services_up_makes_images_and_services_only(project: Stack) -> None:
    run(project, before_services(rendered(project)))

    report = project.up()

    assert report.exit_code == 0
    left = {change.address for change in report.plan.changes if change.action is not Action.WAIT}
    # a service's own role is there while the service is, so it cannot be granted before
    endpoints = {address for address in left if address.name.startswith("endpoints of service")}
    assert {address.kind for address in left - endpoints} == {"image", "service"}
    assert all(change.action in (Action.CREATE, Action.WAIT) for change in report.plan.changes)
    assert project.plan().changes == ()


def test_all_the_files_make_what_up_makes(project: Stack) -> None:
    """The services' scripts find the images that a first `up` pushed."""
    files = rendered(project)
    project.up()
    wanted = project.local.dump()
    services = [file for file in undoing(files) if file.services]
    run(project, services)
    assert project.local.dump() != wanted

    run(project, _making(files))

    assert not project.plan().writes


def test_every_file_may_run_again(project: Stack) -> None:
    files = _making(rendered(project))
    project.up()
    before = project.local.dump()

    run(project, files)

    assert project.local.dump() == before


def test_the_undo_scripts_bring_the_account_back(project: Stack) -> None:
    before = project.local.dump()
    files = rendered(project)
    run(project, before_services(files))
    assert project.up().exit_code == 0

    run(project, undoing(files))

    assert project.local.dump() == before


def test_the_whole_way_on_the_command_line(here: CommandLine) -> None:
    started = here.run("local", "start", "--runtime", "none", "--output", "json")
    options = json.loads(started.stdout)["connection"]
    before = daemon.dump(here.folder / "home")
    written = here.run("render", "--out", "sql", "--output", "json")
    assert written.returncode == 0, written.stderr
    files = [file for file in json.loads(written.stdout)["files"] if file["role"]]

    def by_hand(wanted: list[str]) -> None:
        for path in wanted:
            with snowflake.connector.connect(**options) as connection:
                text = (here.folder / "sql" / path).read_text(encoding="utf-8")
                list(connection.execute_string(text, remove_comments=True))

    making = [file["path"] for file in files if not file["services"] and not file["path"].startswith("undo/")]
    by_hand(making)
    up = here.run("up", "--yes", "--output", "json")
    assert up.returncode == 0, up.stderr
    made = {change["address"].split(".")[0] for change in json.loads(up.stdout)["changes"]}
    assert made == {"image", "service", "ready", "grant"}
    assert here.run("plan", "--check").returncode == 0
    by_hand([file["path"] for file in files if file["path"].startswith("undo/")])
    assert daemon.dump(here.folder / "home") == before
