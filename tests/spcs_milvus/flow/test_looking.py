"""What is looked at after ``up``: logs, the status as it changes, the page in the browser."""

import json
import os
import pty
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.spcs_milvus.stack import by_address

from spcs_milvus import looking
from spcs_milvus.components import jupyter
from spcs_milvus.errors import DeployError, StatementError
from spcs_milvus.kinds.service import job_statements
from spcs_milvus.logs import Log, Wanted
from spcs_milvus.status import StackStatus, public_address
from spcs_milvus.steps import Answer, Look

from .command_line import CommandLine
from .conftest import Stack
from .test_up_down import done

SECONDS = 5


# --- logs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", ["milvus", "Jupyter"])
@pytest.mark.parametrize("more", [{}, {"lines": 1, "previous": True, "timestamps": True, "instance": 0}])
def test_each_service_shows_its_log(stack: Stack, service: str, more: dict[str, int]) -> None:
    done(stack.up())
    with stack.target() as on:
        shown = looking.logs(on, Wanted(service, **more))  # type: ignore[arg-type]
        assert shown == Log(service.upper(), "0", service.lower(), "")
        assert on.account.writes == 0


def test_the_log_of_what_is_not_there_and_of_what_sleeps(stack: Stack) -> None:
    assert _refusal(stack) == "the service MILVUS is not there"
    done(stack.up())
    with stack.session("MILVUS_DEMO_MILVUS") as session:
        session.run("ALTER SERVICE MILVUS_DEMO.PUBLIC.MILVUS SUSPEND")
        stack.pause(60)
        assert _refusal(stack) == "the service MILVUS has no container while it is suspended"
        session.run("ALTER SERVICE MILVUS_DEMO.PUBLIC.MILVUS RESUME")
        stack.pause(60)
    with stack.target() as on:
        assert looking.logs(on, Wanted("milvus")).container == "milvus"


def _refusal(stack: Stack) -> str:
    with stack.target() as on, pytest.raises(DeployError) as caught:
        looking.logs(on, Wanted("milvus"))
    return caught.value.problem.summary


def test_logs_as_a_command(here: CommandLine) -> None:
    assert here.run("local", "start", "--runtime", "none").returncode == 0
    assert here.run("up", "--yes").returncode == 0

    said = here.run("logs", "MILVUS")
    assert (said.returncode, said.stdout) == (0, "")
    assert said.stderr.endswith("milvus of MILVUS has written nothing\n")
    document = json.loads(here.run("logs", "milvus", "milvus", "-o", "json").stdout)
    assert document == {
        "version": 1,
        "service": "MILVUS",
        "instance": "0",
        "container": "milvus",
        "lines": [],
    }
    unknown = here.run("logs", "mlvus", "-o", "json")
    assert (unknown.returncode, json.loads(unknown.stdout)["exit_code"]) == (2, 2)
    assert "hint: did you mean milvus?" in unknown.stderr


# --- status --watch -------------------------------------------------------------------------------------


def test_a_stack_is_seen_to_come_and_go(stack: Stack) -> None:
    """Its roles are made after the watcher has signed in."""
    with _watching(stack) as statuses:
        assert next(statuses).services[0]["status"] == "ABSENT"
        done(stack.up())
        shown = next(statuses)
        assert shown.ready
        assert [one["name"] for one in shown.services[0]["containers"]] == ["jupyter"]
        assert next(statuses) == shown
        done(stack.down())
        assert next(statuses).services[0]["status"] == "ABSENT"


def test_watching_stops_when_it_is_told_to(stack: Stack) -> None:
    stop = threading.Event()
    with stack.target() as on:
        statuses = looking.watch(on, SECONDS, stop)
        before = stack.local.clock.now()
        next(statuses)
        stop.set()
        assert list(statuses) == []
        assert (stack.local.clock.now() - before).total_seconds() == SECONDS


@contextmanager
def _watching(stack: Stack) -> Iterator[Iterator[StackStatus]]:
    with stack.target() as on:
        yield looking.watch(on, SECONDS, threading.Event())


def test_watching_until_it_is_ready(here: CommandLine) -> None:
    assert here.run("local", "start", "--runtime", "none", "--latency-ms", "20").returncode == 0
    with here.start("status", "--watch", "--every", "1", "--until-ready") as watch:
        assert watch.stdout
        first = watch.stdout.readline()
        assert here.run("up", "--yes").returncode == 0
        told = watch.stdout.read().splitlines()
    assert watch.returncode == 0
    assert first == "compute pool MILVUS_DEMO_JUPYTER_POOL: ABSENT\n"
    assert "service MILVUS: RUNNING" in told
    assert "container JUPYTER.jupyter: READY Running" in told
    assert told[-1] == "project milvus-demo: ready"


def test_ctrl_c_ends_watching(here: CommandLine) -> None:
    assert here.run("local", "start", "--runtime", "none").returncode == 0
    with here.start("status", "--watch") as watch:
        assert watch.stdout
        assert watch.stderr
        while not watch.stdout.readline().startswith("project milvus-demo"):
            pass
        watch.send_signal(signal.SIGINT)
        said = watch.stdout.read(), watch.stderr.read()
    assert (watch.returncode, said) == (130, ("", "\n"))


def test_a_reader_that_goes_away_ends_watching(here: CommandLine) -> None:
    assert here.run("local", "start", "--runtime", "none").returncode == 0
    with here.start("status", "--watch", "--every", "1") as watch:
        assert watch.stdout
        watch.stdout.close()
    assert watch.returncode == 1


# --- verify ---------------------------------------------------------------------------------------------


def _verify(stack: Stack, stop: threading.Event | None = None) -> DeployError:
    """Why the stack cannot be proved to answer: on this account nothing runs, so nothing does."""
    with stack.target() as on, pytest.raises(DeployError) as caught:
        looking.verify(on, lambda text: None, stop or threading.Event())
    return caught.value


def test_an_account_that_only_plays_the_job_proves_nothing_and_keeps_nothing(stack: Stack) -> None:
    assert _verify(stack).problem.summary == "the notebook's service is not there"
    done(stack.up())
    before = stack.local.dump()

    problem = _verify(stack).problem

    assert (problem.summary, problem.detail) == (
        "the stack did not answer",
        "the job ended as DONE; it wrote nothing",
    )
    assert stack.local.dump() == before


def test_ctrl_c_takes_the_job_away(stack: Stack) -> None:
    done(stack.up())
    before = stack.local.dump()
    stop = threading.Event()
    stop.set()
    assert _verify(stack, stop).exit_code == 130
    assert stack.local.dump() == before


def test_a_job_that_was_left_behind_is_told_by_plan_and_goes_with_down(stack: Stack) -> None:
    before = stack.local.dump()
    done(stack.up())
    with stack.target() as on:
        notebook = by_address(on.resources)["service.MILVUS_DEMO.PUBLIC.JUPYTER"]
        job = jupyter.verification(notebook)
        on.account.perform(job_statements(job)[0])

    assert [problem.place for problem in stack.plan().kept] == [str(job.address)]
    done(stack.down())

    assert stack.local.dump() == before


# --- open -------------------------------------------------------------------------------------------------


def test_the_address_of_the_notebook_once_there_is_one(stack: Stack) -> None:
    done(stack.up())
    shown = stack.status()
    (service,) = (one for one in shown.services if one["name"] == "JUPYTER")
    assert public_address(shown, None)["url"] == service["endpoints"][0]["url"] is not None


def test_open_prints_and_opens_on_a_terminal_only(here: CommandLine) -> None:
    assert here.run("local", "start", "--runtime", "none").returncode == 0
    early = here.run("open")
    assert (early.returncode, early.stdout) == (1, "")
    assert "hint: make what is missing with `spcs-milvus up`" in early.stderr
    assert here.run("up", "--yes").returncode == 0
    (service, _) = json.loads(here.run("status", "-o", "json").stdout)["services"]
    url = service["endpoints"][0]["url"]
    opened = here.folder / "opened"
    here.environment["BROWSER"] = f"{sys.executable} -c \"open(r'{opened}', 'a').write('%s')\""

    assert here.run("open").stdout == f"{url}\n"
    document = json.loads(here.run("open", "jupyter", "-o", "json").stdout)
    assert document == {"version": 1, "service": "JUPYTER", "endpoint": "jupyter", "url": url}
    assert here.run("open", "milvus").returncode == 2
    assert _on_a_terminal(here, "open", "--print") == f"{url}\r\n"
    assert not opened.exists()
    assert _on_a_terminal(here, "open") == f"{url}\r\n"
    assert opened.read_text() == url


def _on_a_terminal(here: CommandLine, *words: str) -> str:
    """What the command prints on a terminal."""
    ours, its = pty.openpty()
    with here.start(*words, stdout=its) as process:
        os.close(its)
        process.wait(timeout=60)
        printed = os.read(ours, 10_000).decode()
    os.close(ours)
    assert process.returncode == 0
    return printed


def test_what_an_account_does_not_know_it_has_none_of(stack: Stack) -> None:
    sql = "SHOW NONSENSE IN DATABASE SNOWFLAKE"
    with stack.target() as on:
        newer = Look(sql, "SECURITYADMIN", newer=True)
        assert on.account.query([newer]) == {newer: Answer()}
        with pytest.raises(StatementError) as caught:
            on.account.query([Look(sql, "SECURITYADMIN")])
    assert caught.value.errno == 1003
