"""The output of containers on disk: one file for the run that is on, one for the run before.

In: where the files are, and the time. Out: last lines, each with the time at which it was noticed. Writes,
turns and shortens these files; a runaway log never fills the disk. Beside each lies a file of marks, which
says how long it was when.
"""

import os
import struct
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from spcs_emulator.runtime.api import LogLine

KEPT_BYTES = 1024 * 1024
LONGEST_BYTES = 4 * KEPT_BYTES
PREFIX = "[local account] "
# A mark: how many bytes there were, and the time in seconds since 1970.
_MARK = struct.Struct("<qd")


@dataclass(frozen=True)
class Log:
    """The log files of one container."""

    current: Path
    previous: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file of the log."""
        logs = (self.current, self.previous)
        return (*logs, *(_marks_of(path) for path in logs))

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

    def mark(self, now: datetime) -> None:
        """Notes that what the log has grown by since the last mark was written by now."""
        size = _size(self.current)
        path = _marks_of(self.current)
        if size > _last_mark(path):
            with path.open("ab") as file:
                file.write(_MARK.pack(size, now.timestamp()))

    def turn(self) -> None:
        """Makes the current log the previous one."""
        if self.current.exists():
            self._shorten(KEPT_BYTES)
            _marks_of(self.previous).unlink(missing_ok=True)
            if _marks_of(self.current).exists():
                _marks_of(self.current).replace(_marks_of(self.previous))
            self.current.replace(self.previous)

    def keep_short(self) -> None:
        """Cuts the current log to its last MiB when it has grown beyond four."""
        self._shorten(LONGEST_BYTES)

    def lines(self, previous: bool) -> tuple[LogLine, ...]:
        """The last lines, a MiB at most; bytes that are not UTF-8 come out as U+FFFD."""
        path = self.previous if previous else self.current
        size = _size(path)
        marks = _read_marks(_marks_of(path))
        ends = [mark[0] for mark in marks]
        # What grew after the last mark is as old as the file.
        times = [datetime.fromtimestamp(mark[1], UTC) for mark in marks] + [_changed(path)]
        content = _tail(path, KEPT_BYTES)
        offset = max(0, size - len(content))
        found = []
        for line in content.splitlines(keepends=True):
            found.append(LogLine(times[bisect_right(ends, offset)], _text(line)))
            offset += len(line)
        return tuple(found)

    def _shorten(self, longest: int) -> None:
        size = _size(self.current)
        if size <= longest:
            return
        tail = _tail(self.current, KEPT_BYTES).partition(b"\n")[2]
        os.truncate(self.current, 0)
        descriptor = self.open()
        try:
            os.write(descriptor, tail)
        finally:
            os.close(descriptor)
        marks = _marks_of(self.current)
        gone = size - len(tail)
        left = [_MARK.pack(end - gone, time) for end, time in _read_marks(marks) if end > gone]
        marks.write_bytes(b"".join(left))


def log_of(folder: Path, container: str) -> Log:
    """Where the log of a container is below its instance's folder."""
    return Log(folder / f"{container}.log", folder / f"{container}.previous.log")


def _marks_of(log: Path) -> Path:
    return log.with_suffix(".marks")


def _read_marks(path: Path) -> list[tuple[int, float]]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    whole = len(content) // _MARK.size * _MARK.size
    return [(end, time) for end, time in _MARK.iter_unpack(content[:whole])]


def _last_mark(path: Path) -> int:
    last = _tail(path, _MARK.size)
    return int(_MARK.unpack(last)[0]) if len(last) == _MARK.size else 0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _changed(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return datetime.fromtimestamp(0, UTC)


def _text(line: bytes) -> str:
    return line.decode(errors="replace").rstrip("\r\n")


def _tail(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - size))
            return file.read(size)
    except FileNotFoundError:
        return b""
