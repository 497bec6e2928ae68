"""A container's process and everything it started, from its first moment until nothing of it is left.

In: a `Launch` whose disk is made. Out: exit codes. Starts and signals processes, and writes the record by
which the next local account finds what a killed one left behind.
"""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path
from typing import Protocol

from spcs_emulator.runtime import gate, records
from spcs_emulator.runtime.launch import Launch
from spcs_emulator.runtime.marks import (
    TAG,
    Process,
    descendants,
    identify,
    is_alive,
    send,
    send_to_group,
    tagged,
)

_GATE = (sys.executable, "-I", "-S", str(Path(gate.__file__)))


class Child(Protocol):
    """What a container's life needs of its process."""

    def exit_code(self) -> int | None:
        """None while the process lives; once it has ended its code, 128 + number when a signal ended it."""

    def verdict(self) -> str | None:
        """Snowflake's own text for such an end where it has one beyond the exit code; None else."""

    def lingers(self) -> bool:
        """True after the end while something that it had started is still there.

        All of that is killed, as the end of a container's first process ends the container.
        """

    def terminate(self) -> None:
        """Asks the process group to end (SIGTERM)."""

    def kill(self) -> None:
        """Ends all of it (SIGKILL)."""

    def look(self) -> None:
        """Takes note of what the process has started so far; cheap enough for every few seconds."""


class ProcessChild:
    """A real process in a session of its own."""

    def __init__(self, launch: Launch) -> None:
        """Starts the command. OSError when the machine cannot."""
        self._record = launch.record
        self._tag = secrets.token_hex(16)
        output = launch.log.open()
        try:
            self._popen = subprocess.Popen(
                [*_GATE, *launch.command],
                cwd=launch.files,
                env={**launch.environment, TAG: self._tag},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        finally:
            os.close(output)
        self._leader = identify(self._popen.pid) or Process(self._popen.pid, "")
        self._others: frozenset[Process] = frozenset()
        self._code: int | None = None
        self._open_gate()

    def _open_gate(self) -> None:
        door = self._popen.stdin
        assert door is not None
        try:
            self._write()
            with contextlib.suppress(BrokenPipeError):
                door.write(b"go\n")
        except OSError:
            self._popen.kill()
            self._popen.wait()
            raise
        finally:
            with contextlib.suppress(BrokenPipeError):
                door.close()

    def exit_code(self) -> int | None:
        if self._code is None and not is_alive(self._leader):
            # Until it is reaped the dead leader keeps its id, so the group is still surely ours. (macOS
            # answers "not permitted" for a group of which only the dead leader is left.)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._popen.pid, signal.SIGKILL)
            code = self._popen.wait()
            self._code = 128 - code if code < 0 else code
        return self._code

    def verdict(self) -> str | None:
        """Nothing limits a process."""
        return None

    def lingers(self) -> bool:
        """As promised; kills what is left, and takes the record away with the last of it.

        Whoever had not been seen before the end, or has no parent left, is known by the tag.
        """
        left = frozenset(other for other in self._others if is_alive(other)) | tagged({self._tag})
        for other in left:
            send(other, signal.SIGKILL)
        if not left:
            self._record.unlink(missing_ok=True)
        return bool(left)

    def terminate(self) -> None:
        self.look()
        send_to_group(self._leader, signal.SIGTERM)

    def kill(self) -> None:
        self.look()
        send_to_group(self._leader, signal.SIGKILL)
        for other in self._others:
            send(other, signal.SIGKILL)

    def _write(self) -> None:
        records.write(self._record, records.Record(self._leader, self._others, self._tag))

    def look(self) -> None:
        found = descendants(self._leader.pid) if is_alive(self._leader) else frozenset()
        known = frozenset(other for other in self._others if is_alive(other)) | found
        if known != self._others:
            self._others = known
            # A full disk must not keep a process from being ended; the record on disk is then a little old.
            with contextlib.suppress(OSError):
                self._write()
