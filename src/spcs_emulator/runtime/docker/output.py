"""What a container has written, as the engine kept it.

In: an engine and a container. Out: lines with the times at which the engine got them. Reads only. The engine
keeps a little more than is shown, and forgets the rest by itself (`arguments.LOG`).
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from docker import APIClient
from docker.errors import NotFound

from spcs_emulator.runtime.api import LogLine
from spcs_emulator.runtime.logs import KEPT_BYTES

_MICROSECONDS = 6
# With its end, as much as is shown of a log.
_LONGEST_LINE_BYTES = KEPT_BYTES - 1


def read(api: APIClient, container: str) -> tuple[LogLine, ...]:
    """The last lines, a MiB at most, of both streams; empty when the container is gone.

    Bytes that are not UTF-8 come out as U+FFFD.
    """
    try:
        frames = api.logs(container, stdout=True, stderr=True, stream=True, timestamps=True, follow=False)
        return last(lines(frames))
    except NotFound:
        return ()


def lines(frames: Iterable[bytes]) -> Iterator[LogLine]:
    """Frames of the engine's log, each a time, a space and a piece of a line, as whole lines.

    A line is cut into several frames when it is long (16 KiB); its last one alone ends with its end. The last
    line of all may have none. Of a line of more than a MiB the end is left.
    """
    time, line = "", b""
    for frame in frames:
        stamp, _, piece = frame.partition(b" ")
        time = time or stamp.decode()
        line = (line + piece)[-_LONGEST_LINE_BYTES:]
        if piece.endswith(b"\n"):
            yield _line(time, line)
            time, line = "", b""
    if line:
        yield _line(time, line)


def last(found: Iterable[LogLine]) -> tuple[LogLine, ...]:
    """As many of the last lines as make a MiB, each with its end."""
    every = list(found)
    size, first = 0, len(every)
    while first and size + len(every[first - 1].text.encode()) < KEPT_BYTES:
        first -= 1
        size += len(every[first].text.encode()) + 1
    return tuple(every[first:])


def _line(time: str, line: bytes) -> LogLine:
    return LogLine(_time(time), line.decode(errors="replace").rstrip("\r\n"))


def _time(text: str) -> datetime:
    """A time with nanoseconds, which Python's own reader does not know."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    microseconds = fraction[:_MICROSECONDS].ljust(_MICROSECONDS, "0")
    return datetime.fromisoformat(f"{whole}.{microseconds}").replace(tzinfo=UTC)
