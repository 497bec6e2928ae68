"""Container images over the wire: built and pushed once, found again, listed; the engine is a fake."""

import json
import shutil
import threading
from pathlib import Path

import pytest

from spcs_milvus import assets, deployment, image_deployment
from spcs_milvus.cli.stopping import stopping
from spcs_milvus.errors import ConfigError, ConnectError, DeployError, RefusedError
from spcs_milvus.events import Stage
from spcs_milvus.image_plans import Allowed
from spcs_milvus.plan import Action
from spcs_milvus.report import Report
from spcs_milvus.steps import Push

from .command_line import CommandLine
from .conftest import QUICKSTART, Stack
from .fake_engine import FakeEngine

NO_BUILD = Allowed(build=False, words=" -f p.yaml")
NO_PUSH = Allowed(push=False, words=" -f p.yaml")
MILVUS = "service.MILVUS_DEMO.PUBLIC.MILVUS"
GONE = ConnectError("no Docker engine answers", hint="start it")


@pytest.fixture
def engine(stack: Stack) -> FakeEngine:
    """The engine that the stack builds with."""
    stack.engine = FakeEngine()
    return stack.engine


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """The images' folders, beside the project file."""
    return Path(shutil.copytree(assets.images(), tmp_path / "images"))


def done(report: Report) -> Report:
    """The report, when everything in it was done."""
    assert [outcome.problem for outcome in report.outcomes if outcome.problem] == []
    assert (report.leftovers, report.exit_code) == ((), 0)
    return report


def changed(report: Report) -> dict[str, Action]:
    """What was changed, by kind and the last part of the name without a tag; waits are left out."""

    def short(name: str) -> str:
        return name.rpartition("/")[2].rpartition(".")[2].partition(":")[0]

    changes = (one for one in report.plan.changes if one.action is not Action.WAIT)
    return {f"{one.address.kind} {short(one.address.name)}": one.action for one in changes}


def push(stack: Stack, *names: str) -> Report:
    with stack.target() as on:
        planned = image_deployment.make_push_plan(on, names)
        return image_deployment.push(on, planned, stack.events.append, threading.Event())


# --- up --------------------------------------------------------------------------------------------------


def test_up_builds_and_pushes_what_the_repository_does_not_have(stack: Stack, engine: FakeEngine) -> None:
    report = done(stack.up())

    assert stack.status().ready
    assert sorted(engine.asked[1:]) == sorted(
        f"{what} {name}" for what in ("find", "build", "push") for name in ("milvus", "jupyter")
    )
    assert set(report.spent) == {"build", "push", "start"}
    assert {login.user for login in engine.logins} == {"0sessiontoken"}
    assert all(json.loads(login.password.reveal())["token"] for login in engine.logins)


def test_a_second_up_asks_the_engine_nothing(stack: Stack, engine: FakeEngine) -> None:
    done(stack.up())
    engine.asked.clear()

    second = done(stack.up())

    assert (engine.asked, second.plan.changes, second.counts.write) == ([], (), 0)


@pytest.mark.parametrize(("name", "file"), [("milvus", "user.yaml"), ("jupyter", "TestMilvus.ipynb")])
def test_a_changed_file_makes_that_image_anew_and_alters_its_service(
    stack: Stack, engine: FakeEngine, folders: Path, name: str, file: str
) -> None:
    done(stack.up())
    engine.asked.clear()
    with (folders / name / file).open("a", encoding="utf-8") as stream:
        stream.write("\n")

    report = done(stack.up())

    assert engine.asked == [f"find {name}", f"find {name}", f"build {name}", f"push {name}"]
    assert changed(report) == {f"image {name}": Action.CREATE, f"service {name.upper()}": Action.UPDATE}
    assert stack.status().ready


def test_another_version_of_milvus_is_another_image(stack: Stack, engine: FakeEngine) -> None:
    done(stack.up())
    stack.write(QUICKSTART + "milvus: {version: v2.6.26}\n")

    report = done(stack.up())

    assert changed(report) == {"image milvus": Action.CREATE, "service MILVUS": Action.UPDATE}


def test_a_part_takes_its_own_image_along_and_asks_for_no_other(stack: Stack, engine: FakeEngine) -> None:
    with stack.target() as on:
        (problem,) = deployment.make_plan(on, targets=[MILVUS], images=NO_BUILD).plan.conflicts
        assert problem.hint == "spcs-milvus images build milvus -f p.yaml"
        planned = deployment.make_plan(on, targets=[MILVUS])
        report = done(deployment.up(on, planned, stack.events.append, threading.Event()))

    assert changed(report)["image milvus"] is Action.CREATE
    assert {asked.rpartition(" ")[2] for asked in engine.asked} == {"milvus"}


def test_data_that_is_kept_keeps_the_image_that_reads_it(stack: Stack, engine: FakeEngine) -> None:
    done(stack.up())
    with stack.target() as on:
        plan = deployment.make_down_plan(on, keep_data=True)
        done(deployment.down(on, plan, stack.events.append, threading.Event()))
    engine.asked.clear()

    done(stack.up())

    assert engine.asked == []
    assert stack.status().ready


def test_what_the_engine_has_is_pushed_as_it_is(stack: Stack, engine: FakeEngine) -> None:
    done(stack.up())
    done(stack.down())
    engine.asked.clear()

    done(stack.up())

    assert "build milvus" not in engine.asked
    assert {"push milvus", "push jupyter"} <= set(engine.asked)
    told = [event for event in stack.events if event.text == "is in the engine already"]
    assert {event.stage for event in told} == {Stage.PROGRESS}


def test_a_login_that_ends_in_a_push_is_followed_by_another(stack: Stack, engine: FakeEngine) -> None:
    engine.signs_in = 3

    done(stack.up())

    assert len(engine.logins) == 6
    assert len({login.password.reveal() for login in engine.logins}) == 6


def test_without_an_engine_nothing_is_written(stack: Stack, engine: FakeEngine) -> None:
    before = stack.local.dump()
    engine.fails["find"] = GONE

    with pytest.raises(ConnectError, match="no Docker engine answers"):
        stack.up()

    assert stack.local.dump() == before
    assert stack.plan().conflicts == ()


def test_a_build_that_fails_holds_up_its_service_only(stack: Stack, engine: FakeEngine) -> None:
    engine.fails["build jupyter"] = DeployError("the image could not be built", hint="mend it")

    report = stack.up()

    assert report.exit_code == 4
    (failed,) = (one for one in report.outcomes if one.problem and one.problem.hint == "mend it")
    assert failed.change.address.name.startswith("MILVUS_DEMO.PUBLIC.MILVUS_REPO/jupyter:ctx-")
    states = {service["name"]: service["status"] for service in stack.status().services}
    assert states == {"MILVUS": "RUNNING", "JUPYTER": "ABSENT"}
    engine.fails.clear()
    assert changed(done(stack.up())).keys() >= {"image jupyter", "service JUPYTER"}


@pytest.mark.parametrize("moment", ["build milvus", "push milvus"])
def test_ctrl_c_ends_a_build_or_a_push_and_the_next_run_goes_on(
    stack: Stack, engine: FakeEngine, moment: str
) -> None:
    with stopping() as stop, stack.target() as on:
        engine.at_work = lambda what: stop.set() if what == moment else None
        report = deployment.up(on, deployment.make_plan(on), stack.events.append, stop)

    assert report.exit_code == 130
    cut = {str(one.change.address) for one in report.outcomes if one.status.value == "interrupted"}
    assert any("/milvus:ctx-" in address for address in cut)
    engine.at_work = lambda _what: None
    engine.asked.clear()
    done(stack.up())
    assert ("build milvus" in engine.asked) == (moment == "build milvus")
    assert stack.plan().changes == ()


# --- --no-build, --no-push -------------------------------------------------------------------------------


def test_what_may_not_be_built_is_refused_before_anything_is_written(
    stack: Stack, engine: FakeEngine
) -> None:
    before = stack.local.dump()

    with pytest.raises(RefusedError) as refused:
        stack.up(images=NO_BUILD)

    summaries = [problem.summary for problem in refused.value.problems]
    assert [text.partition(":")[0] for text in summaries] == [
        "neither the image repository nor the engine has milvus",
        "neither the image repository nor the engine has jupyter",
    ]
    assert refused.value.problem.hint == "spcs-milvus images build milvus -f p.yaml"
    assert stack.local.dump() == before
    assert stack.plan(NO_BUILD).conflicts == refused.value.problems


def test_what_may_not_be_built_is_pushed_where_the_engine_has_it(stack: Stack, engine: FakeEngine) -> None:
    done(stack.up())
    done(stack.down())
    engine.asked.clear()

    steps = [
        type(step)
        for one in stack.plan(NO_BUILD).changes
        if one.address.kind == "image"
        for step in one.steps
    ]
    assert steps == [Push, Push]
    done(stack.up(images=NO_BUILD))

    assert not [asked for asked in engine.asked if asked.startswith("build")]


def test_what_may_not_be_pushed_is_refused_without_asking_the_engine(
    stack: Stack, engine: FakeEngine
) -> None:
    before = stack.local.dump()

    with pytest.raises(RefusedError) as refused:
        stack.up(images=NO_PUSH)

    assert [problem.hint for problem in refused.value.problems] == [
        "spcs-milvus images push milvus -f p.yaml",
        "spcs-milvus images push jupyter -f p.yaml",
    ]
    assert (engine.asked, stack.local.dump()) == ([], before)
    assert stack.plan(NO_PUSH).conflicts == refused.value.problems


@pytest.mark.parametrize("images", [NO_BUILD, NO_PUSH])
def test_where_the_repository_has_everything_nothing_is_refused(
    stack: Stack, engine: FakeEngine, images: Allowed
) -> None:
    done(stack.up())
    engine.asked.clear()

    assert done(stack.up(images=images)).plan.changes == ()
    assert engine.asked == []


def test_a_process_image_that_may_not_be_pushed(stack: Stack) -> None:
    with pytest.raises(RefusedError, match="the image repository does not have milvus:proc-"):
        stack.up(images=NO_PUSH)


# --- images list, push -----------------------------------------------------------------------------------


def test_images_are_pushed_by_themselves(stack: Stack, engine: FakeEngine, folders: Path) -> None:
    done(stack.up())
    for name in ("milvus", "jupyter"):
        (folders / name / "new").touch()
    services = stack.status().services

    report = done(push(stack, "jupyter"))

    assert changed(report) == {"image jupyter": Action.CREATE}
    assert stack.status().services == services
    with pytest.raises(RefusedError, match="does not have milvus:"):
        stack.up(images=NO_PUSH)
    done(push(stack))
    assert set(changed(done(stack.up(images=NO_PUSH)))) == {"service MILVUS", "service JUPYTER"}
    assert push(stack).plan.changes == ()


def test_process_images_are_pushed_by_themselves_too(stack: Stack) -> None:
    done(stack.up())
    stack.write(QUICKSTART + "services: {}\n")
    assert done(push(stack)).plan.changes == ()


def test_there_is_no_push_without_a_repository(stack: Stack, engine: FakeEngine) -> None:
    before = stack.local.dump()

    with pytest.raises(RefusedError, match="the image repository is not there") as refused:
        push(stack)

    assert refused.value.problem.place == "image_repository.MILVUS_DEMO.PUBLIC.MILVUS_REPO"
    assert "spcs-milvus render" in str(refused.value.problem.hint)
    assert (stack.local.dump(), engine.asked) == (before, [])


def test_an_image_that_is_none_of_the_project(stack: Stack, engine: FakeEngine) -> None:
    with pytest.raises(ConfigError, match="the project builds no image `jupiter`") as refused:
        push(stack, "jupiter")
    assert refused.value.problem.hint == "did you mean jupyter?"


def test_the_list_says_where_each_image_is(stack: Stack, engine: FakeEngine) -> None:
    stack.write(QUICKSTART + "jupyter: {image: {context: images/jupyter}}\n")

    def listed() -> list[tuple[str, str, bool, bool]]:
        with stack.target() as on:
            shown = image_deployment.look(on)
        assert shown.blind is None
        return [(one.name, one.source, bool(one.engine), bool(one.repository)) for one in shown.images]

    rows = [("milvus", "images/milvus"), ("jupyter", "images/jupyter")]
    assert listed() == [(*row, False, False) for row in rows]
    done(stack.up())
    assert listed() == [(*row, True, True) for row in rows]
    engine.built.clear()
    assert listed() == [(*row, False, True) for row in rows]


def test_the_list_without_an_engine_says_so(stack: Stack, engine: FakeEngine) -> None:
    engine.fails["find"] = GONE
    with stack.target() as on:
        shown = image_deployment.look(on)
    assert shown.blind == GONE.problem
    assert [(one.engine, one.repository) for one in shown.images] == [(None, None), (None, None)]


# --- the command line, where no engine answers -----------------------------------------------------------


@pytest.fixture
def nowhere(here: CommandLine) -> CommandLine:
    """The command line on a machine without a Docker engine."""
    here.environment["DOCKER_HOST"] = f"unix://{here.folder}/none.sock"
    assert here.run("local", "start", "--runtime", "none").returncode == 0
    return here


def test_the_images_of_the_local_account_take_no_engine(nowhere: CommandLine) -> None:
    refused = nowhere.run("images", "push")
    assert (refused.returncode, "the image repository is not there" in refused.stderr) == (1, True)
    assert nowhere.run("up", "--yes").returncode == 0
    pushed = nowhere.run("images", "push", "milvus", "--output", "json")
    assert (pushed.returncode, json.loads(pushed.stdout)["changes"]) == (0, [])
    shown = nowhere.run("images", "list")
    assert shown.returncode == 0, shown.stderr
    assert [line.split()[0] for line in shown.stdout.splitlines()] == ["NAME", "milvus", "jupyter"]
    listed = json.loads(nowhere.run("images", "list", "--output", "json").stdout)["images"]
    assert [image["name"] for image in listed] == ["milvus", "jupyter"]
    assert all(image["repository"].startswith("sha256:") for image in listed)


def test_a_build_takes_no_account_and_needs_an_engine(nowhere: CommandLine) -> None:
    nowhere.write("project: demo\nconnection: nobody-wrote-this-down\n")

    result = nowhere.run("images", "build", "jupyter", "--output", "json")

    assert result.returncode == 1
    document = json.loads(result.stdout)
    (change,) = document["changes"]
    assert change["address"].startswith("image.jupyter:ctx-")
    assert change["status"] == "failed"
    assert document["errors"][0]["hint"]
    assert "Traceback" not in result.stderr


def test_no_push_says_what_to_paste(nowhere: CommandLine) -> None:
    refused = nowhere.run("plan", "--no-push", "-c", "local")
    assert refused.returncode == 1
    assert "hint: spcs-milvus images push jupyter -c local" in refused.stderr


def test_what_makes_no_image_needs_no_image_folder(nowhere: CommandLine) -> None:
    folders = Path(shutil.copytree(assets.images(), nowhere.folder / "images"))
    assert nowhere.run("up", "--yes").returncode == 0
    for part in ("process.yaml", "Dockerfile"):
        (folders / "milvus" / part).unlink()
    assert nowhere.run("plan").returncode == 2
    for words in (("status",), ("logs", "milvus"), ("open", "--print"), ("down", "--yes")):
        ended = nowhere.run(*words)
        assert ended.returncode == 0, ended.stderr
