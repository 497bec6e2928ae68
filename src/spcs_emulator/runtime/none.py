"""The runtime that runs nothing: containers become ready, and jobs end well, by the clock alone.

In: instances. Out: states PENDING, then READY half a second later; a job's are DONE a second after that.
Touches nothing but the ports it tries and the folders of volumes, which it makes and never writes to.
"""

import threading
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from pathlib import Path

from spcs_emulator.runtime.api import COMPLETED, RUNNING, WAITING, ContainerState, InstanceRequest, LogLine
from spcs_emulator.runtime.folders import FolderVolumes
from spcs_emulator.runtime.peers import moved
from spcs_emulator.runtime.ports import PortPool

READY_AFTER = timedelta(seconds=0.5)
DONE_AFTER = READY_AFTER + timedelta(seconds=1)


class NoneRuntime:
    """See `runtime.api.Runtime`. `now` gives the account's time."""

    def __init__(self, volumes: Path, now: Callable[[], datetime]) -> None:
        self._volumes = FolderVolumes(volumes)
        self._now = now
        self._ports = PortPool()
        self._lock = threading.Lock()
        self._started: dict[str, tuple[datetime, InstanceRequest]] = {}

    @property
    def name(self) -> str:
        return "none"

    def refuse(self, request: InstanceRequest) -> str | None:  # noqa: ARG002 - it can "run" everything
        return None

    def allocate(self, count: int) -> list[int]:
        return self._ports.take(count)

    def start(self, request: InstanceRequest) -> None:
        self._volumes.make(request)
        with self._lock:
            self._started.setdefault(request.key, (self._now(), request))

    def outdated(self, old: InstanceRequest, new: InstanceRequest) -> bool:
        return moved(old, new)

    def stop(self, key: str) -> None:
        with self._lock:
            self._started.pop(key, None)

    def states(self, key: str) -> tuple[ContainerState, ...]:
        with self._lock:
            found = self._started.get(key)
        if found is None:
            return ()
        since, request = found
        # A start in the future was before the clock was set back.
        now = self._now()
        lived = now - since if since <= now else DONE_AFTER
        return tuple(_state(container.name, since, lived, request.once) for container in request.containers)

    def logs(self, key: str, container: str, previous: bool) -> tuple[LogLine, ...]:  # noqa: ARG002
        """Nothing runs, and nothing says anything."""
        return ()

    def volumes(self) -> frozenset[str]:
        return self._volumes.volumes()

    def discard(self, volumes: Collection[str]) -> None:
        self._volumes.discard(volumes)

    def save(self, volume: str, file: Path) -> None:
        self._volumes.save(volume, file)

    def restore(self, file: Path, volume: str) -> None:
        self._volumes.restore(file, volume)

    def close(self) -> None:
        with self._lock:
            self._started.clear()


def _state(name: str, since: datetime, lived: timedelta, once: bool) -> ContainerState:
    if lived < READY_AFTER:
        return ContainerState(name, "PENDING", WAITING, 0, None, None, None)
    if once and lived >= DONE_AFTER:
        return ContainerState(name, "DONE", COMPLETED, 0, since + READY_AFTER, 0, None)
    return ContainerState(name, "READY", RUNNING, 0, since + READY_AFTER, None, None)
