"""Ctrl-C, a reader or an account that goes away: the run ends soon, tells what it did, and can go on."""

import os
import pty
import signal

import psutil
import pytest

from spcs_emulator import daemon
from spcs_milvus import deployment
from spcs_milvus.cli.stopping import stopping
from spcs_milvus.events import Event

from .command_line import CommandLine
from .conftest import Stack


def test_ctrl_c_while_waiting_and_up_again(here: CommandLine) -> None:
    assert here.run("local", "start", "--runtime", "none", "--latency-ms", "20").returncode == 0
    before = daemon.dump(here.folder / "home")
    with here.start("up", "--yes") as up:
        assert up.stderr
        for line in up.stderr:
            if "ready.MILVUS_DEMO.PUBLIC.MILVUS:" in line:
                break
        up.send_signal(signal.SIGINT)
        said = up.stderr.read()

    assert up.returncode == 130, said
    assert "Traceback" not in said
    assert here.run("up", "--yes").returncode == 0
    assert here.run("plan", "--check").returncode == 0
    assert here.run("down", "--yes").returncode == 0
    assert daemon.dump(here.folder / "home") == before


@pytest.mark.parametrize("moment", [0, 1, 2, 5, 10, 20, 40, 60, 80])
def test_ctrl_c_at_any_moment_ends_the_run_and_the_next_one_finishes_it(stack: Stack, moment: int) -> None:
    """The signal comes with the event of that number, from whichever thread tells it."""
    before = stack.local.dump()
    heard: list[Event] = []

    def emit(event: Event) -> None:
        heard.append(event)
        if len(heard) == moment + 1:
            os.kill(os.getpid(), signal.SIGINT)

    with stopping() as stop, stack.target() as on:
        report = deployment.up(on, deployment.make_plan(on), emit, stop)

    assert report.exit_code == 130
    assert {outcome.status.value for outcome in report.outcomes} <= {"done", "interrupted"}
    assert stack.up().exit_code == 0
    assert stack.plan().changes == ()
    assert stack.down().exit_code == 0
    assert stack.local.dump() == before


def test_a_second_ctrl_c_ends_the_program_at_once(here: CommandLine) -> None:
    assert here.run("local", "start", "--runtime", "none", "--latency-ms", "300").returncode == 0
    account = psutil.Process(daemon.start(here.folder / "home").pid)
    with here.start("up", "--yes", "--output", "json") as up:
        assert up.stderr
        for line in up.stderr:
            if "created" in line:
                break
        account.suspend()
        try:
            up.send_signal(signal.SIGINT)
            for line in up.stderr:
                if "stopping" in line:
                    break
            up.send_signal(signal.SIGINT)
            up.communicate(timeout=20)
        finally:
            account.resume()
    assert up.returncode == -signal.SIGINT


def test_a_reader_that_goes_away_changes_nothing(here: CommandLine) -> None:
    assert here.run("local", "start", "--runtime", "none").returncode == 0
    with here.start("up", "--yes", "--output", "json") as up:
        assert up.stderr
        assert up.stdout
        up.stderr.readline()
        up.stderr.close()
        document = up.stdout.read()
    assert up.returncode == 0
    assert '"exit_code": 0' in document
    assert here.run("plan", "--check").returncode == 0


def test_an_account_that_goes_away_is_told_with_what_was_done(here: CommandLine) -> None:
    assert here.run("local", "start", "--runtime", "none", "--latency-ms", "200").returncode == 0
    account = psutil.Process(daemon.start(here.folder / "home").pid)
    with here.start("up", "--yes", "--output", "json") as up:
        assert up.stderr
        assert up.stdout
        for line in up.stderr:
            if "compute_pool" in line and "created" in line:
                break
        account.kill()
        up.stderr.close()
        document = up.stdout.read()
    assert up.returncode == 4
    assert '"status": "done"' in document
    assert '"status": "failed"' in document
    assert here.run("local", "start", "--runtime", "none").returncode == 0
    assert here.run("up", "--yes").returncode == 0


@pytest.mark.parametrize(
    ("command", "answer"), [("up", b"\x04"), ("up", b"n\n"), ("down", b"\x04"), ("down", b"no\n")]
)
def test_a_person_who_says_no(here: CommandLine, command: str, answer: bytes) -> None:
    assert here.run("local", "start", "--runtime", "none").returncode == 0
    if command == "down":
        assert here.run("up", "--yes").returncode == 0
    before = daemon.dump(here.folder / "home")
    person, terminal = pty.openpty()
    with here.start(command, stdin=terminal) as run:
        os.close(terminal)
        os.write(person, answer)
        out, err = run.communicate(timeout=60)
    os.close(person)
    assert run.returncode == 1, out + err
    assert "nothing was changed" in err
    assert "bug" not in err
    assert daemon.dump(here.folder / "home") == before
