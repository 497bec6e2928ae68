"""A part of a stack at a time, over the wire."""

import json
import threading

from spcs_milvus import deployment
from spcs_milvus.report import Report

from .command_line import CommandLine
from .conftest import QUICKSTART, Stack
from .test_up_down import done

MILVUS = "service.MILVUS_DEMO.PUBLIC.MILVUS"
JUPYTER = "service.MILVUS_DEMO.PUBLIC.JUPYTER"


def _up(stack: Stack, *targets: str) -> Report:
    with stack.target() as on:
        planned = deployment.make_plan(on, targets=targets)
        return deployment.up(on, planned, stack.events.append, threading.Event())


def _down(stack: Stack, *targets: str) -> Report:
    with stack.target() as on:
        plan = deployment.make_down_plan(on, targets=targets)
        return deployment.down(on, plan, stack.events.append, threading.Event())


def test_one_service_at_a_time_comes_to_the_same(stack: Stack) -> None:
    before = stack.local.dump()
    done(_up(stack, MILVUS))
    assert [service["status"] for service in stack.status().services] == ["ABSENT", "RUNNING"]
    done(_up(stack, JUPYTER))
    done(stack.up())
    assert stack.plan().changes == ()

    done(_down(stack, JUPYTER))
    assert [service["status"] for service in stack.status().services] == ["ABSENT", "RUNNING"]
    done(_up(stack, JUPYTER))
    done(stack.down())
    assert stack.local.dump() == before


def test_what_is_left_out_is_not_touched(stack: Stack) -> None:
    done(stack.up())
    before = stack.local.dump()
    stack.write(QUICKSTART + "milvus: {settings: {log.level: warn}}\nwarehouse: {size: SMALL}\n")

    report = done(_up(stack, "compute_pool.MILVUS_DEMO_MILVUS_POOL"))

    assert report.plan.changes == ()
    assert sorted(map(str, report.plan.left_out)) == [MILVUS, "warehouse.MILVUS_DEMO_WAREHOUSE"]
    assert stack.local.dump() == before


def test_the_command_line_names_the_nearest_and_checks(here: CommandLine) -> None:
    assert here.run("local", "start", "--runtime", "none").returncode == 0
    for command in (("plan",), ("up", "--yes"), ("down", "--yes")):
        result = here.run(*command, "--target", "service.MILVUS")
        assert result.returncode == 2, result.stderr
        assert f"did you mean {MILVUS}?" in result.stderr
    result = here.run("plan", "--check", "--target", MILVUS)
    assert result.returncode == 3, result.stderr
    assert "left out: " in result.stdout
    assert f"  + service           {MILVUS.removeprefix('service.')}\n" in result.stdout


def test_a_graph_is_marked_where_an_account_is_reachable(here: CommandLine) -> None:
    offline = here.run("graph", "--offline")
    assert offline.returncode == 0
    assert MILVUS in offline.stdout
    assert not (here.folder / "home").exists()

    assert here.run("local", "start", "--runtime", "none").returncode == 0
    marked = json.loads(here.run("graph", "--output", "json").stdout)
    assert {node["state"] for node in marked["nodes"]} == {"create"}
    assert here.run("up", "--yes").returncode == 0
    diagram = here.run("graph", "--format", "mermaid").stdout
    assert diagram.startswith("flowchart LR\n")
    assert "unchanged" in diagram

    here.connect("gone", host="127.0.0.1", port=9, protocol="http", account="a", user="u", password="p")
    images = "milvus: {image: {reference: /d/s/r/m:1}}\njupyter: {image: {reference: /d/s/r/j:1}}\n"
    here.write(QUICKSTART + images)
    away = here.run("graph", "-c", "gone")
    assert away.returncode == 0, away.stderr
    assert "warning: the account cannot be reached" in away.stderr
    assert MILVUS in away.stdout
