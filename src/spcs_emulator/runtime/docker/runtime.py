"""The runtime `docker`: services run as containers, pulled from the account's own registry.

In: instances. Out: states and logs. Makes containers, one network and volumes in the engine, all with the
account's label, and removes them again: at `stop`, at `close`, and when it is made, whatever an earlier local
account left. Block volumes alone stay until they are discarded. Nobody else's things are touched.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from spcs_emulator.registry.api import ImageStore, Source
from spcs_emulator.runtime.api import (
    CannotRunError,
    ContainerRequest,
    ContainerState,
    ImageUnusableError,
    InstanceRequest,
    LogLine,
    probe_failing,
    runs_elsewhere,
)
from spcs_emulator.runtime.docker import arguments, pod, volumes
from spcs_emulator.runtime.docker.container import ContainerWork
from spcs_emulator.runtime.docker.engine import ERRORS, Engine, answering, connect, text_of
from spcs_emulator.runtime.docker.images import Images
from spcs_emulator.runtime.docker.leftovers import remove_leftovers
from spcs_emulator.runtime.docker.pod import Pod
from spcs_emulator.runtime.life import Life
from spcs_emulator.runtime.ports import PortPool
from spcs_emulator.runtime.process_image import ARTIFACT_TYPE
from spcs_emulator.runtime.readiness import Readiness
from spcs_emulator.runtime.supervisor import Supervisor

_log = logging.getLogger(__name__)

_AT_ONCE = 8


class DockerRuntime:
    """See `runtime.api.Runtime`. `source` says where images are pulled from, `utc` the account's time."""

    def __init__(
        self,
        engine: Engine,
        images: ImageStore,
        source: Callable[[], Source],
        utc: Callable[[], datetime],
    ) -> None:
        """Removes whatever an earlier local account left, but block volumes, then is ready.

        An engine's error when it does not answer.
        """
        remove_leftovers(engine)
        self._engine = engine
        self._processors = int(engine.api.info()["NCPU"])
        self._store = images
        self._images = Images(engine.api, source)
        self._utc = utc
        self._ports = PortPool()
        self._probes = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="readiness")
        self._changed = threading.Condition()
        self._instances: dict[str, _Instance] = {}
        self._closed = False

    @property
    def name(self) -> str:
        return "docker"

    def refuse(self, request: InstanceRequest) -> str | None:
        try:
            self._check(request)
        except CannotRunError as error:
            return str(error)
        return None

    def allocate(self, count: int) -> list[int]:
        return self._ports.take(count)

    def start(self, request: InstanceRequest) -> None:
        """As promised. A key that is just ending is waited for. RuntimeError after `close`."""
        self._check(request)
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._is_ending(request.key))
            if self._closed:
                raise RuntimeError("the runtime is closed")
            if request.key not in self._instances:
                self._instances[request.key] = self._begin(request)

    def outdated(self, old: InstanceRequest, new: InstanceRequest) -> bool:
        """As promised. Names are looked up; only what leads nowhere is written down in each instance."""
        return arguments.opens_or_closes(old, new)

    def stop(self, key: str) -> None:
        with self._changed:
            instance = self._instances.get(key)
        if instance is None:
            return
        instance.end()
        with self._changed:
            if self._instances.get(key) is instance:
                del self._instances[key]
            self._changed.notify_all()

    def states(self, key: str) -> tuple[ContainerState, ...]:
        with self._changed:
            instance = self._instances.get(key)
        return instance.states() if instance else ()

    def logs(self, key: str, container: str, previous: bool) -> tuple[LogLine, ...]:
        with self._changed:
            instance = self._instances.get(key)
        return instance.logs(container, previous) if instance else ()

    def volumes(self) -> frozenset[str]:
        return volumes.keys(self._engine)

    def discard(self, volumes_: Collection[str]) -> None:
        volumes.discard(self._engine, volumes_)

    def save(self, volume: str, file: Path) -> None:
        volumes.save(self._engine, volume, file)

    def restore(self, file: Path, volume: str) -> None:
        volumes.restore(self._engine, file, volume)

    def close(self) -> None:
        with self._changed:
            if self._closed:
                return
            self._closed = True
            keys = list(self._instances)
            self._changed.notify_all()
        with ThreadPoolExecutor(_AT_ONCE) as together:
            list(together.map(self.stop, keys))
        self._probes.shutdown()
        try:
            pod.remove_networks(self._engine)
        except ERRORS as error:
            _log.warning("the network stays in the engine: %s", text_of(error))
        self._engine.api.close()

    def _is_ending(self, key: str) -> bool:
        return key in self._instances and self._instances[key].ending

    def _check(self, request: InstanceRequest) -> None:
        for container in request.containers:
            try:
                self._store.manifest(container.image.digest)
            except (KeyError, OSError) as error:
                raise ImageUnusableError(
                    f"container {container.name}: image {container.image.path} is not whole in the registry: "
                    f"{error}"
                ) from error
            if container.image.artifact_type == ARTIFACT_TYPE:
                raise ImageUnusableError(
                    f"container {container.name}: the runtime `docker` cannot start image "
                    f"{container.image.path}: {runs_elsewhere('a process image', 'process')}"
                )

    def _begin(self, request: InstanceRequest) -> "_Instance":
        probed = {container.readiness.port for container in request.containers if container.readiness}
        more = sorted(probed - request.ports.keys())
        # Asked from this machine, so every probed port has to be published, though it is no endpoint.
        ports = {**request.ports, **dict(zip(more, self.allocate(len(more)), strict=True))}
        shared = Pod(self._engine, request, ports, self._images)
        works = {
            container.name: ContainerWork(
                self._engine, shared, container, request.key, self._processors, self._probes, self._utc
            )
            for container in request.containers
        }
        lives = [
            Life(
                container.name,
                None if request.once else _readiness(container, ports),
                works[container.name],
                self._utc,
                request.once,
            )
            for container in request.containers
        ]
        return _Instance(request.key, shared, works, lives)


class _Instance:
    """One instance with a thread of its own, so that a pull of minutes holds up nobody else."""

    def __init__(self, key: str, shared: Pod, works: dict[str, ContainerWork], lives: list[Life]) -> None:
        self.ending = False
        self._ended = False
        self._ends = threading.Lock()
        self._key = key
        self._pod = shared
        self._works = works
        self._supervisor = Supervisor(time.monotonic)
        self._supervisor.begin(key, lambda: lives)
        self._thread = threading.Thread(target=self._supervisor.run, name=f"instance {key}", daemon=True)
        self._thread.start()

    def states(self) -> tuple[ContainerState, ...]:
        return self._supervisor.states(self._key)

    def logs(self, container: str, previous: bool) -> tuple[LogLine, ...]:
        """What the container has written; nothing while the engine does not answer."""
        if container not in self._works:
            return ()
        try:
            return self._works[container].log(previous)
        except ERRORS as error:
            _log.warning("log of container %s: %s", container, text_of(error))
            return ()

    def end(self) -> None:
        """Returns when nothing of it is left, or the engine does not answer. Whoever comes later waits."""
        self.ending = True
        self._pod.end_soon()
        with self._ends:
            if not self._ended:
                self._end()
            self._ended = True

    def _end(self) -> None:
        self._supervisor.close()
        self._thread.join()
        try:
            self._pod.remove()
        except ERRORS as error:
            _log.warning("instance %s leaves things in the engine: %s", self._key, text_of(error))


def open_docker(
    account: str, images: ImageStore, source: Callable[[], Source], utc: Callable[[], datetime]
) -> DockerRuntime:
    """The runtime on this machine's engine. NoEngineError when it does not answer."""
    engine = connect(account)
    with answering():
        return DockerRuntime(engine, images, source, utc)


def _readiness(container: ContainerRequest, ports: dict[int, int]) -> Readiness | None:
    probe = container.readiness
    if probe is None:
        return None
    waiting = probe_failing(probe.path, probe.port)
    return Readiness(
        ports[probe.port], probe.path, float(probe.period_seconds), probe.failure_threshold, waiting
    )
