"""Records of running processes on disk, by which a local account ends what a killed one left behind.

In: processes. Out: nothing. Writes one small file a container, and signals recorded processes, but only
those whose id and start both still match, and those that bear the tag of a recorded container.
"""

import json
import signal
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from spcs_emulator.runtime.marks import Process, descendants, is_alive, send, send_to_group, tagged

GRACE_SECONDS = 5.0
_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Record:
    """A container's first process, what it was seen to have started, and the tag that all of it bears.

    `tag` is "" where none is known.
    """

    leader: Process
    others: frozenset[Process]
    tag: str


def write(path: Path, record: Record) -> None:
    """Writes the record, whole or not at all."""
    others = [_as_json(other) for other in record.others]
    value = {"leader": _as_json(record.leader), "others": others, "tag": record.tag}
    new = path.with_suffix(".new")
    new.write_text(json.dumps(value), encoding="utf-8")
    new.replace(path)


def read(path: Path) -> Record | None:
    """The record; None when the file is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        others = frozenset(_from_json(other) for other in value["others"])
        return Record(_from_json(value["leader"]), others, str(value["tag"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def end_leftovers(folder: Path, grace_seconds: float = GRACE_SECONDS) -> int:
    """Ends every process that a record below `folder` names, and returns how many first processes were alive.

    They get SIGTERM, so that a database can close its files, and SIGKILL after `grace_seconds`. Returns
    when all are gone. A record whose process id now belongs to a stranger matches nothing.
    """
    found = [record for path in folder.glob("*/*.pid") if (record := read(path)) is not None]
    leaders = [record.leader for record in found if is_alive(record.leader)]
    others = {process for record in found for process in record.others}
    for leader in leaders:
        others |= descendants(leader.pid)
        send_to_group(leader, signal.SIGTERM)
    if not _gone_within(leaders, grace_seconds):
        for leader in leaders:
            send_to_group(leader, signal.SIGKILL)
    # The end of a container's first process is the end of all others in it.
    tags = {record.tag for record in found if record.tag}
    end = time.monotonic() + GRACE_SECONDS
    while (left := _left(others, tags)) and time.monotonic() < end:
        for process in left:
            send(process, signal.SIGKILL)
        _gone_within(left, GRACE_SECONDS)
    _gone_within(leaders, GRACE_SECONDS)
    return len(leaders)


def _left(others: Iterable[Process], tags: Collection[str]) -> frozenset[Process]:
    """What is still there; looked for anew each time, as a process may start another as it is ended."""
    return frozenset(other for other in others if is_alive(other)) | tagged(tags)


def _gone_within(processes: Iterable[Process], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while any(is_alive(process) for process in processes):
        if time.monotonic() >= end:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def _as_json(process: Process) -> dict[str, object]:
    return {"pid": process.pid, "mark": process.mark}


def _from_json(value: dict[str, object]) -> Process:
    pid, mark = value["pid"], value["mark"]
    if not isinstance(pid, int) or not isinstance(mark, str):
        raise TypeError("not a process")
    return Process(pid, mark)
