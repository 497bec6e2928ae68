"""Programs under observation, and a local account of this process that they work on as `-c local`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.canaries.commands import Program

from spcs_emulator.clock import Clock, RealClock
from spcs_emulator.script import Script
from spcs_emulator.server import LocalAccount


@contextmanager
def accompanied(folder: Path, script: Script | None = None) -> Iterator[tuple[Program, LocalAccount[Clock]]]:
    """A program with everything planted, and the account it finds running under `-c local`."""
    program = Program(folder)
    program.plant()
    with LocalAccount[Clock](program.home, RealClock(), script=script) as local:
        yield program, local
