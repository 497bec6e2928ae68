"""The output of containers on disk: one file for the run that is on, one for the run before.

In: where the files are. Out: last lines. Writes, turns and shortens these files; a runaway log never fills
the disk.
"""

import os
from dataclasses import dataclass
from pathlib import Path

KEPT_BYTES = 1024 * 1024
LONGEST_BYTES = 4 * KEPT_BYTES
PREFIX = "[local account] "


@dataclass(frozen=True)
class Log:
    """The two log files of one container."""

    current: Path
    previous: Path

    def open(self) -> int:
        """A descriptor that only ever appends, so the file may be shortened under a running process."""
        return os.open(self.current, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def note(self, text: str) -> None:
        """Adds lines of the local account's own, marked as such."""
        lines = "".join(f"{PREFIX}{line}\n" for line in text.splitlines())
        descriptor = self.open()
        try:
            os.write(descriptor, lines.encode(errors="replace"))
        finally:
            os.close(descriptor)

    def turn(self) -> None:
        """Makes the current log the previous one."""
        if self.current.exists():
            self._shorten(KEPT_BYTES)
            self.current.replace(self.previous)

    def keep_short(self) -> None:
        """Cuts the current log to its last MiB when it has grown beyond four."""
        self._shorten(LONGEST_BYTES)

    def last(self, lines: int, previous: bool) -> str:
        """The last lines as text; bytes that are not UTF-8 come out as U+FFFD."""
        text = _tail(self.previous if previous else self.current, KEPT_BYTES).decode(errors="replace")
        return "".join(text.splitlines(keepends=True)[-lines:]) if lines > 0 else ""

    def _shorten(self, longest: int) -> None:
        try:
            if self.current.stat().st_size <= longest:
                return
        except FileNotFoundError:
            return
        tail = _tail(self.current, KEPT_BYTES).partition(b"\n")[2]
        os.truncate(self.current, 0)
        descriptor = self.open()
        try:
            os.write(descriptor, tail)
        finally:
            os.close(descriptor)


def log_of(folder: Path, container: str) -> Log:
    """Where the log of a container is below its instance's folder."""
    return Log(folder / f"{container}.log", folder / f"{container}.previous.log")


def _tail(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - size))
            return file.read(size)
    except FileNotFoundError:
        return b""
