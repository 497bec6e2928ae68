"""``pause`` and ``resume`` over the wire: in order, nothing lost, no difference, and told."""

import json
import os
import signal
import threading
from collections.abc import Collection

import pytest

from spcs_emulator import daemon
from spcs_milvus import deployment
from spcs_milvus.cli.stopping import stopping
from spcs_milvus.errors import ConfigError, RefusedError
from spcs_milvus.events import Event, Stage
from spcs_milvus.plan import Action, Plan
from spcs_milvus.report import Report

from .command_line import CommandLine
from .conftest import QUICKSTART, Stack
from .test_services import PROCESS, TEMPLATE
from .test_up_down import done

MILVUS = "service.MILVUS_DEMO.PUBLIC.MILVUS"
JUPYTER = "service.MILVUS_DEMO.PUBLIC.JUPYTER"
POOLS = ("compute_pool.MILVUS_DEMO_JUPYTER_POOL", "compute_pool.MILVUS_DEMO_MILVUS_POOL")
VOLATILE = "milvus: {volume: null, volatile: true}\n"
SCRATCH = """
  volumes:
  - {name: scratch, source: memory, size: 1Gi}
"""


def pause(stack: Stack, agreed: Collection[str] = ()) -> Report:
    """What the command does."""
    with stack.target() as on:
        plan = deployment.make_pause_plan(on, agreed)
        return deployment.rest(on, plan, stack.events.append, threading.Event())


def resume(stack: Stack) -> Report:
    """What the command does."""
    with stack.target() as on:
        plan = deployment.make_resume_plan(on)
        return deployment.rest(on, plan, stack.events.append, threading.Event())


def states(stack: Stack) -> set[str]:
    """The states of all pools and services."""
    shown = stack.status()
    return {one["state"] for one in shown.pools} | {one["status"] for one in shown.services}


def told(plan: Plan) -> list[tuple[str, Action]]:
    return [(str(change.address), change.action) for change in plan.changes]


def test_pause_and_resume_lose_nothing(stack: Stack) -> None:
    done(stack.up())
    before = stack.local.dump()

    paused = done(pause(stack))

    assert {address for address, _ in told(paused.plan)} == {MILVUS, JUPYTER, *POOLS}
    assert states(stack) == {"SUSPENDED"}
    again = done(pause(stack))
    assert (again.plan.changes, again.counts.write) == ((), 0)

    resumed = done(resume(stack))

    assert stack.status().ready
    assert resumed.status
    assert resumed.status.ready
    assert stack.local.dump() == before
    again = done(resume(stack))
    assert (again.plan.changes, again.counts.write) == ((), 0)


def test_pools_rest_after_their_services_and_wake_before_them(stack: Stack) -> None:
    done(stack.up())
    stack.events.clear()
    done(pause(stack))
    ended = [str(event.address) for event in stack.events if event.stage is Stage.DONE]
    assert ended.index(MILVUS) < ended.index(POOLS[1])
    assert ended.index(JUPYTER) < ended.index(POOLS[0])
    stack.events.clear()
    done(resume(stack))
    ended = [str(event.address) for event in stack.events if event.stage is Stage.DONE]
    assert ended.index(POOLS[1]) < ended.index(MILVUS) < ended.index(MILVUS.replace("service", "ready"))


def test_a_paused_stack_is_no_difference_and_up_does_not_start_it(stack: Stack) -> None:
    done(stack.up())
    done(pause(stack))

    report = done(stack.up())

    assert (report.plan.changes, report.counts.write) == ((), 0)
    assert {problem.place for problem in report.plan.kept} == {MILVUS, JUPYTER}
    assert all("`spcs-milvus resume`" in str(problem.hint) for problem in report.plan.kept)
    assert report.status
    assert report.status.paused
    assert states(stack) == {"SUSPENDED"}


def test_a_change_of_a_paused_stack_is_made_and_does_not_start_it(stack: Stack) -> None:
    done(stack.up())
    done(pause(stack))
    stack.write(QUICKSTART + "milvus: {settings: {log.level: warn}}\n")

    report = done(stack.up())

    assert told(report.plan) == [(MILVUS, Action.UPDATE)]
    assert states(stack) == {"SUSPENDED"}
    assert stack.plan().changes == ()
    done(resume(stack))
    assert stack.plan().changes == ()


def test_down_takes_a_paused_stack_away(stack: Stack) -> None:
    before = stack.local.dump()
    done(stack.up())
    done(pause(stack))
    done(stack.down())
    assert stack.local.dump() == before


def test_a_pool_that_does_not_start_by_itself_is_started(stack: Stack) -> None:
    stack.write(QUICKSTART + "compute_pools: {milvus: {auto_resume: false}, jupyter: {auto_resume: false}}\n")
    done(stack.up())
    done(pause(stack))
    done(resume(stack))
    assert stack.status().ready


def test_what_costs_while_it_is_paused(stack: Stack) -> None:
    done(stack.up())
    with stack.session("MILVUS_DEMO_MILVUS") as session:
        session.run("ALTER SERVICE MILVUS_DEMO.PUBLIC.MILVUS SUSPEND")
    with stack.session("MILVUS_DEMO_JUPYTER") as session:
        session.run("ALTER SERVICE MILVUS_DEMO.PUBLIC.JUPYTER SUSPEND")
    stack.pause(2)
    shown = stack.status()
    assert (shown.paused, shown.word) == (True, "paused")
    volume = "storage of volume data 20Gi of MILVUS"
    assert shown.costs == (
        "compute pool MILVUS_DEMO_JUPYTER_POOL (IDLE)",
        "compute pool MILVUS_DEMO_MILVUS_POOL (IDLE)",
        volume,
    )
    done(pause(stack))
    assert stack.status().costs == (volume,)


# --- what would be lost ------------------------------------------------------------------------------------


def test_vectors_on_no_volume_are_not_lost_unasked(stack: Stack) -> None:
    stack.write(QUICKSTART + VOLATILE)
    done(stack.up())

    with pytest.raises(RefusedError, match="would lose data while it is paused") as refused:
        pause(stack)

    problem = refused.value.problem
    assert problem.detail == "everything in /var/lib/milvus, which is on no block volume"
    assert f"--lose {MILVUS}" in str(problem.hint)
    assert "SUSPENDED" not in states(stack)
    report = done(pause(stack, [MILVUS]))
    assert next(change.loses for change in report.plan.changes if str(change.address) == MILVUS)
    assert states(stack) == {"SUSPENDED"}


def test_a_service_of_ones_own_with_a_volume_in_memory(stack: Stack) -> None:
    folder = stack.file.parent
    (folder / "images" / "page").mkdir(parents=True)
    (folder / "images" / "page" / "process.yaml").write_text(PROCESS, encoding="utf-8")
    mounted = TEMPLATE.rstrip().replace(
        "    image: {{ image }}\n",
        "    image: {{ image }}\n    volumeMounts:\n    - {name: scratch, mountPath: /tmp/scratch}\n",
    )
    (folder / "page.yaml.j2").write_text(mounted + SCRATCH, encoding="utf-8")
    stack.write(QUICKSTART + "services: {page: {image: images/page, spec: page.yaml.j2, pool: jupyter}}\n")
    done(stack.up())

    with pytest.raises(RefusedError) as refused:
        pause(stack)

    assert refused.value.problem.place == "service.MILVUS_DEMO.PUBLIC.PAGE"
    assert refused.value.problem.detail == "what is on its volume scratch (source memory)"
    done(pause(stack, ["service.MILVUS_DEMO.PUBLIC.PAGE"]))


def test_only_a_service_can_be_agreed_on(stack: Stack) -> None:
    with stack.target() as on, pytest.raises(ConfigError) as caught:
        deployment.make_pause_plan(on, ["service.MILVUS_DEMO.PUBLIC.MILVIS"])
    assert caught.value.problem.hint == f"did you mean {MILVUS}?"


# --- others ------------------------------------------------------------------------------------------------


def test_a_pool_that_runs_a_service_of_others_stays_up(stack: Stack) -> None:
    done(stack.up())
    with stack.session("MILVUS_DEMO_MILVUS") as session:
        image = "/milvus_demo/public/milvus_repo/" + _image(stack)
        session.run(
            "CREATE SERVICE MILVUS_DEMO.PUBLIC.MINE IN COMPUTE POOL MILVUS_DEMO_MILVUS_POOL "
            f"FROM SPECIFICATION $$spec: {{containers: [{{name: a, image: {image}}}]}}$$"
        )

    report = pause(stack)

    assert report.exit_code == 4
    (problem,) = report.leftovers
    assert (problem.place, problem.detail) == (POOLS[1], "MILVUS_DEMO.PUBLIC.MINE")
    shown = stack.status()
    assert {one["name"]: one["state"] for one in shown.pools}["MILVUS_DEMO_MILVUS_POOL"] == "ACTIVE"
    assert {one["status"] for one in shown.services} == {"SUSPENDED"}


def test_a_pool_that_is_not_ours_is_left_alone(stack: Stack) -> None:
    with stack.session("SYSADMIN") as session:
        session.run(
            "CREATE COMPUTE POOL SHARED MIN_NODES = 1 MAX_NODES = 2 INSTANCE_FAMILY = CPU_X64_M "
            "AUTO_RESUME = FALSE"
        )
    pools = "compute_pools: {milvus: {name: SHARED, instance_family: CPU_X64_M, max_nodes: 2}}\n"
    stack.write(QUICKSTART + pools + "jupyter: {pool: milvus}\nexisting: [compute_pool.SHARED]\n")
    done(stack.up())

    report = done(pause(stack))

    assert [problem.place for problem in report.plan.lasting] == ["compute_pool.SHARED"]
    assert {one["state"] for one in stack.status().pools} == {"IDLE"}
    with stack.session("SYSADMIN") as session:
        session.run("ALTER COMPUTE POOL SHARED SUSPEND")
        with stack.target() as on:
            (kept,) = deployment.make_resume_plan(on).kept
        assert kept.place == "compute_pool.SHARED"
        assert "ALTER COMPUTE POOL SHARED RESUME" in str(kept.hint)
        session.run("ALTER COMPUTE POOL SHARED RESUME")
    done(resume(stack))
    assert stack.status().ready


def _image(stack: Stack) -> str:
    (image,) = [one for one in stack.local.dump()["images"] if one["name"] == "milvus"]
    return f"milvus:{image['tags'][0]}"


def test_resume_makes_nothing(stack: Stack) -> None:
    before = stack.local.dump()
    report = resume(stack)
    assert report.exit_code == 4
    assert {problem.place for problem in report.leftovers} == {MILVUS, JUPYTER, *POOLS}
    assert stack.local.dump() == before
    assert done(pause(stack)).plan.changes == ()


# --- interruption ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", range(7))
def test_ctrl_c_at_any_moment_and_once_more(stack: Stack, moment: int) -> None:
    done(stack.up())
    before = stack.local.dump()
    for make, finish in (
        (deployment.make_pause_plan, pause),
        (deployment.make_resume_plan, resume),
    ):
        heard: list[Event] = []

        def emit(event: Event, heard: list[Event] = heard) -> None:
            heard.append(event)
            if len(heard) == moment + 1:
                os.kill(os.getpid(), signal.SIGINT)

        with stopping() as stop, stack.target() as on:
            report = deployment.rest(on, make(on), emit, stop)
        assert report.exit_code == 130
        done(finish(stack))
        assert states(stack) == {"SUSPENDED"} or stack.status().ready
    assert stack.local.dump() == before


def test_the_commands(here: CommandLine) -> None:
    assert here.run("local", "start", "--runtime", "none").returncode == 0
    assert here.run("up", "--yes").returncode == 0
    before = daemon.dump(here.folder / "home")
    assert here.run("pause").returncode == 2

    paused = here.run("pause", "--yes")

    assert paused.returncode == 0, paused.stderr
    assert f"✓ {MILVUS} paused" in paused.stderr
    assert "still costs: storage of volume data 20Gi of MILVUS" in paused.stdout
    assert paused.stdout.rstrip().endswith("paused; `spcs-milvus resume` starts it again")
    assert here.run("plan", "--check").returncode == 0
    status = here.run("status")
    assert "paused; `spcs-milvus resume` starts it again" in status.stdout
    shown = json.loads(here.run("status", "-o", "json").stdout)
    assert (shown["ready"], shown["paused"]) == (False, True)
    up = here.run("up", "--yes")
    assert "paused; `spcs-milvus resume` starts it again" in up.stdout
    document = json.loads(here.run("resume", "-o", "json").stdout)
    assert {one["action"] for one in document["changes"]} == {"resume", "wait"}
    assert document["exit_code"] == 0
    assert daemon.dump(here.folder / "home") == before
