"""Which process is meant: a process id together with a mark of when that process started.

In: process ids. Out: marks, equal only for one and the same process, across restarts of the machine too.
Reads the process table; signals nothing but processes whose mark still holds.
"""

import contextlib
import os
import signal
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import psutil

PROC = Path("/proc")

# The environment variable by which everything that a container's process starts is known as the container's,
# wherever it went in the process table. Its value is made anew at every start and is nobody else's.
TAG = "SPCS_EMULATOR_PROCESS"


@dataclass(frozen=True)
class Process:
    """A process and the mark of its start."""

    pid: int
    mark: str


def mark_of(pid: int, proc: Path = PROC) -> str | None:
    """The mark of the living process `pid`; None when there is none, or only a zombie that nobody has reaped.

    Where the kernel tells start ticks (`proc` is a Linux process table), the mark is boot id and ticks,
    which no change of the date moves. Elsewhere it is psutil's creation time.
    """
    if not (proc / "self" / "stat").exists():
        return _psutil_mark(pid)
    try:
        fields = (proc / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        boot = (proc / "sys/kernel/random/boot_id").read_text().strip()
        # The first thread of a killed process is a zombie a moment before the others let go of files and
        # locks.
        threads = len(list((proc / str(pid) / "task").iterdir()))
    except OSError:
        return None
    return None if fields[0] in "ZXx" and threads < 2 else f"{boot}:{fields[19]}"


def _psutil_mark(pid: int) -> str | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else repr(process.create_time())
    except psutil.Error:
        return None


def identify(pid: int) -> Process | None:
    """The living process `pid` with its mark; None when there is none."""
    mark = mark_of(pid)
    return None if mark is None else Process(pid, mark)


def is_alive(process: Process) -> bool:
    """True while exactly this process lives; a stranger that got its id later does not count."""
    return mark_of(process.pid) == process.mark


def descendants(pid: int) -> frozenset[Process]:
    """Every living process below `pid`, in its group or not."""
    try:
        children = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return frozenset()
    return frozenset(found for child in children if (found := identify(child.pid)))


def tagged(tags: Collection[str]) -> frozenset[Process]:
    """Every living process whose environment at its start had one of these tags.

    Those whose environment may not be read are nobody's. Looks at every process of the machine: some
    milliseconds.
    """
    return frozenset(found for pid in psutil.pids() if tags and (found := _bearer(pid, tags)))


def _bearer(pid: int, tags: Collection[str]) -> Process | None:
    # The mark comes first: should the id change hands meanwhile, the mark fits nobody any more.
    process = identify(pid)
    try:
        if process is not None and psutil.Process(pid).environ().get(TAG) in tags:
            return process
    except (psutil.Error, OSError):
        return None
    return None


def send(process: Process, number: signal.Signals) -> None:
    """Signals exactly this process; nothing when it is gone."""
    if is_alive(process):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)


def send_to_group(leader: Process, number: signal.Signals) -> None:
    """Signals the group that `leader` leads, or only it when it leads none; nothing when it is gone."""
    if not is_alive(leader):
        return
    with contextlib.suppress(ProcessLookupError):
        if os.getpgid(leader.pid) == leader.pid:
            os.killpg(leader.pid, number)
        else:
            os.kill(leader.pid, number)
