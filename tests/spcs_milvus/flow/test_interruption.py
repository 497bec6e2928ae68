"""Ctrl-C in the middle of a run: it ends soon, says how to go on, and the same command does."""

import signal

from spcs_emulator import daemon

from .command_line import CommandLine


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
