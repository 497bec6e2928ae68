"""The runtime `process`: services run as programs of this machine, as their process images say.

In: instances. Out: states and logs. Starts and ends processes through one supervisor, keeps their disks,
logs and records below one folder and their volumes below another, and ends what an earlier local account
left there. Limits do not bind a process. Commands, arguments
and images of a container's own world do not run here: the process image's command stands for them.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from spcs_emulator.registry.api import ImageStore
from spcs_emulator.runtime import disk, records
from spcs_emulator.runtime.api import CannotRunError, ContainerState, InstanceRequest, LogLine
from spcs_emulator.runtime.child import Child, ProcessChild
from spcs_emulator.runtime.folders import FolderVolumes
from spcs_emulator.runtime.launch import Launch, plan, ports_of
from spcs_emulator.runtime.life import Life
from spcs_emulator.runtime.logs import log_of
from spcs_emulator.runtime.peers import moved
from spcs_emulator.runtime.ports import PortInUseError, PortPool, is_free
from spcs_emulator.runtime.readiness import Readiness, is_ready
from spcs_emulator.runtime.supervisor import Supervisor

_log = logging.getLogger(__name__)

_PROBES_AT_ONCE = 8


class ProcessRuntime:
    """See `runtime.api.Runtime`. `folder` and `volumes` are its own; `utc` gives the account's time."""

    def __init__(self, folder: Path, volumes: Path, images: ImageStore, utc: Callable[[], datetime]) -> None:
        """Ends whatever an earlier local account left running, waiting for it, then is ready."""
        records.end_leftovers(folder)
        disk.remove(folder)
        folder.mkdir(mode=0o700)
        self._folder = folder
        self._volumes = FolderVolumes(volumes)
        self._images = images
        self._utc = utc
        self._ports = PortPool()
        self._probes = ThreadPoolExecutor(_PROBES_AT_ONCE, thread_name_prefix="readiness")
        self._supervisor = Supervisor(time.monotonic)
        self._thread = threading.Thread(target=self._supervisor.run, name="supervisor", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        return "process"

    def refuse(self, request: InstanceRequest) -> str | None:
        try:
            ports = {port: request.ports.get(port, port) for port in ports_of(request, self._images)}
            plan(self._volumes.placed(request), ports, self._images, self._folder / request.key)
        except CannotRunError as error:
            return str(error)
        return None

    def allocate(self, count: int) -> list[int]:
        return self._ports.take(count)

    def start(self, request: InstanceRequest) -> None:
        """As promised. CannotRunError when `refuse` would have refused it."""
        self._supervisor.begin(request.key, lambda: self._lives(request))

    def outdated(self, old: InstanceRequest, new: InstanceRequest) -> bool:
        return moved(old, new)

    def stop(self, key: str) -> None:
        self._supervisor.end(key)

    def states(self, key: str) -> tuple[ContainerState, ...]:
        return self._supervisor.states(key)

    def logs(self, key: str, container: str, previous: bool) -> tuple[LogLine, ...]:
        if container not in {state.name for state in self.states(key)}:
            return ()
        return log_of(self._folder / key, container).lines(previous)

    def volumes(self) -> frozenset[str]:
        return self._volumes.volumes()

    def discard(self, volumes: Collection[str]) -> None:
        self._volumes.discard(volumes)

    def save(self, volume: str, file: Path) -> None:
        self._volumes.save(volume, file)

    def restore(self, file: Path, volume: str) -> None:
        self._volumes.restore(file, volume)

    def close(self) -> None:
        self._supervisor.close()
        self._thread.join()
        self._probes.shutdown()

    def _lives(self, request: InstanceRequest) -> list[Life]:
        ports = {port: request.ports.get(port) for port in ports_of(request, self._images)}
        missing = [port for port, local in ports.items() if local is None]
        more = dict(zip(missing, self.allocate(len(missing)), strict=True))
        every = {port: local if local is not None else more[port] for port, local in ports.items()}
        folder = self._folder / request.key
        launches = plan(self._volumes.placed(request), every, self._images, folder)
        folder.mkdir(mode=0o700, exist_ok=True)
        return [
            Life(
                launch.container,
                launch.readiness,
                LaunchWork(launch, self._probes, self._utc),
                self._utc,
                request.once,
            )
            for launch in launches
        ]


class LaunchWork:
    """What a life needs of this machine, done for one launch. See `life.Work`."""

    def __init__(self, launch: Launch, probes: Executor, utc: Callable[[], datetime]) -> None:
        self._launch = launch
        self._probes = probes
        self._utc = utc

    def start(self) -> Child:
        launch = self._launch
        launch.log.turn()
        for note in launch.notes:
            launch.log.note(note)
        for port, local in launch.ports.items():
            if not is_free(local):
                raise PortInUseError(port, local)
        disk.make(launch)
        return ProcessChild(launch)

    def probe(self, readiness: Readiness) -> Future[bool]:
        return self._probes.submit(is_ready, readiness.port, readiness.path)

    def note(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._launch.log.note(text)

    def look_at_log(self) -> None:
        with contextlib.suppress(OSError):
            self._launch.log.mark(self._utc())
            self._launch.log.keep_short()

    def clean(self) -> None:
        launch = self._launch
        try:
            disk.remove(launch.disk)
            for path in (*launch.log.files, launch.record):
                path.unlink(missing_ok=True)
        except OSError:
            _log.exception("container %s left files behind", launch.container)
        with contextlib.suppress(OSError):
            launch.disk.parent.rmdir()
