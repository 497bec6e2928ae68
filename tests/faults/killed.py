"""A client in a process of its own that is killed, -9, while the account has its statement.

In: a state, a command, and the statement. Out: the state that is left. The statement is held by the account
until its client is dead. Clients are forked from a process with nearly everything in it (``preloaded``).
"""

import multiprocessing
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.world import Ending, Listening, Run, State, account, bugs_of_the_account, copy, ended, kept
from tests.spcs_milvus.flow.conftest import Stack

from spcs_emulator.clock import TurnedClock
from spcs_emulator.script import Event

LONGEST_SECONDS = 60.0
A_LITTLE_SECONDS = 0.05
KILLED = -signal.SIGKILL


class Hurrying(Listening):
    """A script whose account is a little older after each statement: its client cannot turn the clock. So
    little that a client asks at least as often as one that turns it, and comes to every statement of that.
    """

    clock: TurnedClock

    def __init__(self, event: Event) -> None:
        super().__init__([event])

    def at_statement(self, text: str) -> Event | None:
        """As the script does."""
        self.clock.advance(A_LITTLE_SECONDS)
        return super().at_statement(text)


@dataclass(frozen=True)
class _Elsewhere:
    """As much of a local account as its client needs, in another process."""

    connection: dict[str, Any]
    clock: TurnedClock = field(default_factory=TurnedClock)

    def tick(self) -> None:
        """The account does so itself at each statement."""


def kill(state: State, wanted: Run, event: Event, states: Path) -> Ending:
    """Run it on a copy of the state, and kill it at the statement of the event, which hangs."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.preloaded"])
    script = Hurrying(event)
    with copy(state, states) as work, bugs_of_the_account() as bugs, account(work, script) as local:
        script.clock = local.clock
        client = context.Process(target=_client, args=(local.connection, work / "project", wanted))
        client.start()
        script.hanging.wait(LONGEST_SECONDS)
        client.kill()
        client.join()
        left = kept(work, local, states)
    assert client.exitcode is not None
    return Ending(client.exitcode, "", "\n".join(bugs) or None, script.struck, left)


def _client(connection: dict[str, Any], project: Path, wanted: Run) -> None:
    ended(Stack(_Elsewhere(connection), project), wanted)  # type: ignore[arg-type]
