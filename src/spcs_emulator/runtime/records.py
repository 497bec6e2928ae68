"""Records of running processes on disk, by which a local account ends what a killed one left behind.

In: processes. Out: nothing. Writes one small file a container, and signals recorded processes, but only
those whose id and start both still match.
"""

import json
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from spcs_emulator.runtime.marks import Process, descendants, is_alive, send, send_to_group

GRACE_SECONDS = 5.0
_LOOK_SECONDS = 0.05


def write(path: Path, leader: Process, others: Iterable[Process]) -> None:
    """Records a container's first process and what it has started."""
    value = {"leader": _as_json(leader), "others": [_as_json(other) for other in others]}
    new = path.with_suffix(".new")
    new.write_text(json.dumps(value), encoding="utf-8")
    new.replace(path)


def read(path: Path) -> tuple[Process, frozenset[Process]] | None:
    """The recorded processes; None when the file is not a record."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        return _from_json(value["leader"]), frozenset(_from_json(other) for other in value["others"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def end_leftovers(folder: Path, grace_seconds: float = GRACE_SECONDS) -> int:
    """Ends every process that a record below `folder` names, and returns how many first processes were alive.

    They get SIGTERM, so that a database can close its files, and SIGKILL after `grace_seconds`. Returns
    when all are gone. A record whose process id now belongs to a stranger matches nothing.
    """
    found = [record for path in folder.glob("*/*.pid") if (record := read(path)) is not None]
    leaders = [leader for leader, _ in found if is_alive(leader)]
    others = {process for _, started in found for process in started}
    for leader in leaders:
        others |= descendants(leader.pid)
        send_to_group(leader, signal.SIGTERM)
    if not _gone_within(leaders, grace_seconds):
        for leader in leaders:
            send_to_group(leader, signal.SIGKILL)
    # The end of a container's first process is the end of all others in it.
    for process in others:
        send(process, signal.SIGKILL)
    _gone_within([*leaders, *others], GRACE_SECONDS)
    return len(leaders)


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
