"""The runtime that runs nothing: containers become ready by the clock alone.

In: instances. Out: states PENDING, then READY half a second later. Touches nothing but the ports it tries.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from spcs_emulator.runtime.api import RUNNING, WAITING, ContainerState, InstanceRequest
from spcs_emulator.runtime.ports import PortPool

READY_AFTER = timedelta(seconds=0.5)


class NoneRuntime:
    """See `runtime.api.Runtime`. `now` gives the account's time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._ports = PortPool()
        self._lock = threading.Lock()
        self._started: dict[str, tuple[datetime, tuple[str, ...]]] = {}

    @property
    def name(self) -> str:
        return "none"

    def refuse(self, request: InstanceRequest) -> str | None:  # noqa: ARG002 - it can "run" everything
        return None

    def allocate(self, count: int) -> list[int]:
        return self._ports.take(count)

    def start(self, request: InstanceRequest) -> None:
        names = tuple(container.name for container in request.containers)
        with self._lock:
            self._started.setdefault(request.key, (self._now(), names))

    def stop(self, key: str) -> None:
        with self._lock:
            self._started.pop(key, None)

    def states(self, key: str) -> tuple[ContainerState, ...]:
        with self._lock:
            found = self._started.get(key)
        if found is None:
            return ()
        since, names = found
        # A start in the future was before the clock was set back.
        ready = not since <= self._now() < since + READY_AFTER
        return tuple(_state(name, since + READY_AFTER if ready else None) for name in names)

    def logs(self, key: str, container: str, lines: int, previous: bool) -> str:  # noqa: ARG002 - nothing runs
        return ""

    def close(self) -> None:
        with self._lock:
            self._started.clear()


def _state(name: str, ready_since: datetime | None) -> ContainerState:
    return ContainerState(
        name=name,
        status="PENDING" if ready_since is None else "READY",
        message=WAITING if ready_since is None else RUNNING,
        restart_count=0,
        start_time=ready_since,
        last_exit_code=None,
        last_restart_time=None,
    )
