"""``down`` in all its forms over the wire: receipts, kept data, what others put there, what is gone."""

import json
import os
import signal
import threading
from collections.abc import Collection
from pathlib import Path

import pytest

from spcs_emulator import daemon
from spcs_emulator.script import Event as Arranged
from spcs_emulator.script import Script
from spcs_milvus import deployment
from spcs_milvus.cli.stopping import stopping
from spcs_milvus.errors import ConfigError
from spcs_milvus.events import Event
from spcs_milvus.plan import Action
from spcs_milvus.report import Report
from spcs_milvus.steps import Statement

from .command_line import CommandLine
from .conftest import QUICKSTART, Stack
from .test_pause import pause, resume
from .test_up_down import done

MILVUS = "service.MILVUS_DEMO.PUBLIC.MILVUS"
POOL = "compute_pool.MILVUS_DEMO_MILVUS_POOL"
STRANGER = "CREATE STAGE MILVUS_DEMO.PUBLIC.MINE"


def down(
    stack: Stack, agreed: Collection[str] = (), *, keep_data: bool = False, receipt: Path | None = None
) -> Report:
    """What the command does."""
    with stack.target() as on:
        plan = deployment.make_down_plan(on, agreed, keep_data=keep_data)
        notes = deployment.receipt(on, plan, receipt) if receipt else None
        emit = notes.beside(stack.events.append) if notes else stack.events.append
        report = deployment.down(on, plan, emit, threading.Event())
        if notes:
            notes.close(report)
        return report


def objects(stack: Stack) -> set[str]:
    """What the account holds, as addresses."""
    found = stack.local.dump()["objects"]
    return {f"{one['kind'].lower().replace(' ', '_')}.{one['name']}" for one in found}


# --- what is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        Script(events=[Arranged(1, "error after", "DROP SERVICE")]),
        Script(events=[Arranged(1, "cut after", "DROP WAREHOUSE")]),
    ],
    ids=["an error after its effect", "a connection that is cut"],
)
def test_an_answer_that_was_lost_is_settled_by_looking(stack: Stack) -> None:
    before = stack.local.dump()
    done(stack.up())
    done(down(stack))
    assert stack.local.dump() == before


def test_what_somebody_drops_meanwhile_is_gone(stack: Stack) -> None:
    before = stack.local.dump()
    done(stack.up())
    with stack.target() as on:
        plan = deployment.make_down_plan(on)
        with stack.session("MILVUS_DEMO_OWNER") as session:
            session.run("DROP WAREHOUSE MILVUS_DEMO_WAREHOUSE")
        report = done(deployment.down(on, plan, stack.events.append, threading.Event()))
    found = {str(outcome.change.address): outcome.found for outcome in report.outcomes if outcome.found}
    assert found == {"warehouse.MILVUS_DEMO_WAREHOUSE": "is gone already"}
    assert stack.local.dump() == before


NEVER_ANSWERED = [
    Arranged(at, "error before", "DROP SERVICE MILVUS_DEMO.PUBLIC.MILVUS") for at in range(1, 5)
]


@pytest.mark.parametrize("script", [Script(events=NEVER_ANSWERED)])
def test_what_stays_unknown_leaves_the_rest_to_go_and_is_told_with_its_sql(stack: Stack) -> None:
    done(stack.up())

    report = down(stack)

    assert report.exit_code == 4
    left = {problem.place: problem for problem in report.leftovers}
    assert set(left) <= objects(stack)
    (refused,) = (outcome for outcome in report.outcomes if outcome.status.value == "failed")
    assert str(refused.change.address) == MILVUS
    drop = "USE ROLE MILVUS_DEMO_MILVUS; DROP SERVICE MILVUS_DEMO.PUBLIC.MILVUS FORCE;"
    assert (left[MILVUS].summary, left[MILVUS].hint) == (f"{MILVUS} is still there", drop)
    assert left[POOL].detail == f"{MILVUS} was not done"
    assert left[POOL].hint == "USE ROLE MILVUS_DEMO_OWNER; DROP COMPUTE POOL MILVUS_DEMO_MILVUS_POOL;"
    assert "warehouse.MILVUS_DEMO_WAREHOUSE" not in objects(stack)
    done(down(stack))


# --- what others put among ours ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "agreed", ["database.MILVUS_DEMO", "schema.MILVUS_DEMO.PUBLIC", "stage.MILVUS_DEMO.PUBLIC.MINE"]
)
def test_what_others_put_there_goes_along_once_it_is_agreed(stack: Stack, agreed: str) -> None:
    before = stack.local.dump()
    done(stack.up())
    with stack.session("MILVUS_DEMO_OWNER") as session:
        session.run(STRANGER)
    held = down(stack)
    assert held.exit_code == 4
    (problem,) = (one for one in held.leftovers if one.place == "database.MILVUS_DEMO")
    assert "spcs-milvus down --delete-data database.MILVUS_DEMO" in str(problem.hint)

    report = done(down(stack, [agreed]))

    (database,) = (one for one in report.plan.changes if str(one.address) == "database.MILVUS_DEMO")
    assert str(database.loses).endswith("also what is not ours: stage MILVUS_DEMO.PUBLIC.MINE")
    assert stack.local.dump() == before


def test_agreeing_to_one_thing_is_not_agreeing_to_another(stack: Stack) -> None:
    done(stack.up())
    with stack.session("MILVUS_DEMO_OWNER") as session:
        session.run(STRANGER)
        session.run(STRANGER + "_TOO")
    report = down(stack, ["stage.MILVUS_DEMO.PUBLIC.MINE"])
    assert report.exit_code == 4
    (problem,) = (one for one in report.leftovers if one.place == "database.MILVUS_DEMO")
    assert problem.detail == "stage MILVUS_DEMO.PUBLIC.MINE_TOO"
    done(down(stack, ["stage.MILVUS_DEMO.PUBLIC.MINE", "stage.MILVUS_DEMO.PUBLIC.MINE_TOO"]))


def test_what_runs_on_our_pool_or_exists_is_never_agreed_away(stack: Stack) -> None:
    with stack.session("SYSADMIN") as session:
        session.run("CREATE DATABASE THEIRS")
        session.run("CREATE STAGE THEIRS.PUBLIC.NOTES")
    done(stack.up())
    with stack.session("MILVUS_DEMO_OWNER") as session:
        session.run("CREATE STAGE MILVUS_DEMO.PUBLIC.NOTES")
        session.run("CREATE DATABASE MINE")
    stack.write(QUICKSTART + "existing: [stage.MILVUS_DEMO.PUBLIC.NOTES]\n")
    report = down(stack, ["database.MILVUS_DEMO", "role.MILVUS_DEMO_OWNER", "database.MINE"])
    assert report.exit_code == 4
    assert objects(stack) >= {"stage.MILVUS_DEMO.PUBLIC.NOTES", "database.MINE", "role.MILVUS_DEMO_OWNER"}


def test_what_is_no_address(stack: Stack) -> None:
    with pytest.raises(ConfigError, match="`MILVUS_DEMO` is no address"):
        down(stack, ["MILVUS_DEMO"])


# --- kept data ---------------------------------------------------------------------------------------------

KEPT = {
    MILVUS,
    POOL,
    "database.MILVUS_DEMO",
    "schema.MILVUS_DEMO.PUBLIC",
    "schema.MILVUS_DEMO.INFORMATION_SCHEMA",
    "service_role.MILVUS_DEMO.PUBLIC.MILVUS!ALL_ENDPOINTS_USAGE",
    "image_repository.MILVUS_DEMO.PUBLIC.MILVUS_REPO",
    "stage.MILVUS_DEMO.PUBLIC.DATA",
    "stage.MILVUS_DEMO.PUBLIC.FILES",
    "role.MILVUS_DEMO_OWNER",
    "role.MILVUS_DEMO_MILVUS",
}


NEEDED = {POOL, "role.MILVUS_DEMO_OWNER", "role.MILVUS_DEMO_MILVUS"}


def test_what_holds_data_is_kept_asleep_and_up_wakes_it(stack: Stack) -> None:
    before = stack.local.dump()
    nothing = objects(stack)
    done(stack.up())
    whole = stack.local.dump()

    report = done(down(stack, keep_data=True))

    assert objects(stack) - nothing == KEPT
    assert stack.status().word == "only its data is kept"
    states = {one["name"]: one["state"] for one in stack.status().pools}
    assert states["MILVUS_DEMO_MILVUS_POOL"] == "SUSPENDED"
    kept = {problem.place: problem.detail for problem in report.plan.lasting}
    assert kept == dict.fromkeys(NEEDED, "what is kept needs it") | {
        MILVUS: "the data on its volume (data 20Gi)",
        "database.MILVUS_DEMO": "everything in it",
        "image_repository.MILVUS_DEMO.PUBLIC.MILVUS_REPO": "every image in it",
        "stage.MILVUS_DEMO.PUBLIC.DATA": "the files in it",
        "stage.MILVUS_DEMO.PUBLIC.FILES": "the files in it",
    }
    again = done(down(stack, keep_data=True))
    assert (again.plan.changes, again.counts.write) == ((), 0)

    up = done(stack.up())

    told = {str(one.address): one.action for one in up.plan.changes}
    assert (told[MILVUS], told[POOL]) == (Action.UPDATE, Action.UPDATE)
    assert told[MILVUS.replace("service", "ready")] is Action.WAIT
    assert stack.status().ready
    assert stack.local.dump() == whole
    assert stack.plan().changes == ()
    done(down(stack, keep_data=True))
    done(down(stack))
    assert stack.local.dump() == before


def test_data_of_a_paused_stack_is_kept(stack: Stack) -> None:
    done(stack.up())
    done(pause(stack))
    done(down(stack, keep_data=True))
    done(stack.up())
    assert stack.status().ready


def test_one_pool_for_both_rests_once_the_notebook_is_gone(stack: Stack) -> None:
    stack.write(QUICKSTART + "jupyter: {pool: milvus}\n")
    done(stack.up())
    done(down(stack, keep_data=True))
    assert [one["state"] for one in stack.status().pools] == ["SUSPENDED"]
    done(stack.up())
    assert stack.status().ready


def test_what_others_put_into_a_kept_database_is_no_reason_to_complain(stack: Stack) -> None:
    done(stack.up())
    with stack.session("MILVUS_DEMO_OWNER") as session:
        session.run(STRANGER)
    done(down(stack, keep_data=True))
    done(stack.up())


def test_a_change_of_the_file_is_made_while_it_is_woken(stack: Stack) -> None:
    done(stack.up())
    done(down(stack, keep_data=True))
    stack.write(QUICKSTART + "milvus: {settings: {log.level: warn}}\n")
    done(stack.up())
    assert stack.status().ready
    assert stack.plan().changes == ()


def test_kept_data_that_somebody_woke_up_is_taken_as_it_is(stack: Stack) -> None:
    done(stack.up())
    whole = stack.local.dump()
    done(down(stack, keep_data=True))
    with stack.session("MILVUS_DEMO_MILVUS") as session:
        session.run("ALTER SERVICE MILVUS_DEMO.PUBLIC.MILVUS RESUME")
    report = done(stack.up())
    (milvus,) = (one for one in report.plan.changes if str(one.address) == MILVUS)
    assert [step.sql.partition(" SET ")[0] for step in milvus.steps if isinstance(step, Statement)] == [
        "ALTER SERVICE MILVUS_DEMO.PUBLIC.MILVUS"
    ]
    assert stack.local.dump() == whole


def test_kept_data_that_was_resumed_is_kept_no_more(stack: Stack) -> None:
    done(stack.up())
    whole = stack.local.dump()
    done(down(stack, keep_data=True))
    assert resume(stack).exit_code == 4
    report = done(stack.up())
    assert MILVUS not in [str(one.address) for one in report.plan.changes]
    assert stack.local.dump() == whole


def test_a_milvus_without_a_volume_has_nothing_to_keep(stack: Stack) -> None:
    stack.write(QUICKSTART + "milvus: {volume: null, volatile: true}\n")
    done(stack.up())
    done(down(stack, keep_data=True))
    assert MILVUS not in objects(stack)
    assert "database.MILVUS_DEMO" in objects(stack)


@pytest.mark.parametrize("moment", range(0, 40, 4))
def test_keeping_data_can_be_interrupted_at_any_moment(stack: Stack, moment: int) -> None:
    before = stack.local.dump()
    done(stack.up())
    whole = stack.local.dump()
    heard: list[Event] = []

    def emit(event: Event) -> None:
        heard.append(event)
        if len(heard) == moment + 1:
            os.kill(os.getpid(), signal.SIGINT)

    with stopping() as stop, stack.target() as on:
        deployment.down(on, deployment.make_down_plan(on, keep_data=True), emit, stop)
    if moment % 8:
        done(down(stack, keep_data=True))
    done(stack.up())
    assert stack.local.dump() == whole
    done(down(stack))
    assert stack.local.dump() == before


# --- passwords ---------------------------------------------------------------------------------------------


def test_the_password_of_a_user_that_is_gone_is_removed_and_no_other(stack: Stack) -> None:
    people = "{name: ALICE, password: generate}, {name: BOB, password: generate}"
    stack.write(QUICKSTART + f"users: [{people}]\n")
    done(stack.up())
    folder = stack.file.parent / ".spcs-milvus"
    other = folder / "ALICE@elsewhere.password"
    other.write_text("x")
    (folder / "ALICE@local.password.draft").write_text("x")
    # whoever left the file is dropped as well
    stack.write(QUICKSTART + "users: [{name: ALICE, password: generate}]\n")

    report = done(down(stack))

    kept = {"ALICE@local.password", "ALICE@local.password.draft", "BOB@local.password"}
    assert {file.name for file in report.removed} == kept
    assert {file.name for file in folder.iterdir()} == {other.name, ".gitignore"}


@pytest.mark.parametrize("begin", ["up", "up again", "down"])
def test_a_password_whose_user_a_killed_run_has_dropped_is_removed(stack: Stack, begin: str) -> None:
    if begin != "up":
        done(stack.up())
    folder = stack.file.parent / ".spcs-milvus"
    folder.mkdir(exist_ok=True)
    for name in ("BOB@local.password", "ADMIN@local.password", "BOB@elsewhere.password"):
        (folder / name).write_text("x")

    report = done(down(stack) if begin == "down" else stack.up())

    assert [file.name for file in report.removed] == ["BOB@local.password"]
    left = {file.name for file in folder.glob("*.password")}
    assert left == {"ADMIN@local.password", "BOB@elsewhere.password"}


def test_the_password_of_a_user_that_never_came_to_be_is_removed(stack: Stack) -> None:
    """Whether its CREATE was done nobody knew, and so its password was kept."""
    stack.write(QUICKSTART + "users: [{name: ALICE, password: generate}]\n")
    folder = stack.file.parent / ".spcs-milvus"
    folder.mkdir()
    (folder / "ALICE@local.password").write_text("x")

    report = done(down(stack))

    assert [file.name for file in report.removed] == ["ALICE@local.password"]
    assert list(folder.iterdir()) == []


def test_the_password_of_a_user_that_stays_is_kept(stack: Stack) -> None:
    stack.write(QUICKSTART + "users: [{name: ALICE, password: generate}]\n")
    done(stack.up())
    with stack.session("USERADMIN") as session:
        session.run("ALTER USER ALICE SET COMMENT = 'mine now'")
    assert down(stack).removed == ()
    assert (stack.file.parent / ".spcs-milvus" / "ALICE@local.password").exists()


# --- the command -------------------------------------------------------------------------------------------


def test_the_command(here: CommandLine) -> None:
    assert here.run("local", "start", "--runtime", "none").returncode == 0
    before = daemon.dump(here.folder / "home")
    here.write(QUICKSTART + "users: [{name: ALICE, password: generate}]\n")
    assert here.run("up", "--yes").returncode == 0

    kept = here.run("down", "--yes", "--keep-data", "--receipt", "kept.json")

    assert kept.returncode == 0, kept.stderr
    assert f"stays: {MILVUS} is kept" in kept.stdout
    assert "removed" in kept.stdout
    receipt = json.loads((here.folder / "kept.json").read_text())
    assert {one["address"] for one in receipt["done"] if one["action"] == "pause"} == {MILVUS, POOL}
    assert receipt["files_removed"] == [".spcs-milvus/ALICE@local.password"]
    assert here.run("up", "--yes").returncode == 0
    document = json.loads(here.run("down", "--yes", "-o", "json").stdout)
    assert (document["exit_code"], len(document["files_removed"])) == (0, 1)
    assert daemon.dump(here.folder / "home") == before
    again = here.run("down", "--yes")
    assert (again.returncode, "nothing of milvus-demo is there" in again.stderr) == (0, True)
