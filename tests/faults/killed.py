"""A client in a process of its own that is killed, -9, while the account has its statement.

In: a state, a command, and the statement. Out: the state that is left. The statement is held by the account
until its client is dead, which turns the clock of the account until then. Clients are forked from a process
with nearly everything in it (``preloaded``).
"""

import contextlib
import multiprocessing
import signal
import threading
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.faults.world import Ending, Listening, Run, State, account, bugs_of_the_account, copy, ended, kept
from tests.spcs_milvus.flow.conftest import Stack

from spcs_emulator.clock import TurnedClock
from spcs_emulator.script import Event
from spcs_emulator.server import LocalAccount

LONGEST_SECONDS = 60.0
KILLED = -signal.SIGKILL


class _Clock:
    """The clock of an account in another process, at the other end of a line."""

    def __init__(self, line: Connection) -> None:
        self._line = line
        self._lock = threading.Lock()

    def advance(self, seconds: float) -> None:
        """Turn it, and come back when it is turned."""
        with self._lock:
            self._line.send(seconds)
            self._line.recv()


@dataclass(frozen=True)
class _Elsewhere:
    """As much of a local account as its client needs, in another process."""

    connection: dict[str, Any]
    clock: _Clock

    def tick(self) -> None:
        """The account does so itself as its clock is turned."""


def kill(state: State, wanted: Run, event: Event, states: Path) -> Ending:
    """Run it on a copy of the state, and kill it at the statement of the event, which hangs."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.preloaded"])
    script = Listening([event])
    with copy(state, states) as work, bugs_of_the_account() as bugs, account(work, script) as local:
        ours, theirs = context.Pipe()
        client = context.Process(target=_client, args=(local.connection, theirs, work / "project", wanted))
        turning = threading.Thread(target=_turn, args=(local, ours, bugs))
        client.start()
        theirs.close()
        turning.start()
        try:
            script.hanging.wait(LONGEST_SECONDS)
        finally:
            client.kill()
            client.join()
            turning.join()
        left = kept(work, local, states)
    assert client.exitcode is not None
    return Ending(client.exitcode, "", "\n".join(bugs) or None, script.struck, left)


def _turn(local: LocalAccount[TurnedClock], line: Connection, bugs: list[str]) -> None:
    """Turn the account's clock while its client lives. What is wrong with the account goes to ``bugs``."""
    with line, contextlib.suppress(EOFError, OSError):
        while True:
            seconds = line.recv()
            try:
                local.clock.advance(seconds)
                local.tick()
            except Exception:
                bugs.append(traceback.format_exc())
            line.send(None)


def _client(connection: dict[str, Any], line: Connection, project: Path, wanted: Run) -> None:
    ended(Stack(_Elsewhere(connection, _Clock(line)), project), wanted)  # type: ignore[arg-type]
