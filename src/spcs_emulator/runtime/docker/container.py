"""One container of an instance, as `life` drives it: each start is a new container with a fresh disk.

In: a container's request and its pod. Out: exit codes and log lines. Makes and removes containers; the one
before the last start is kept for its log.
"""

import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import datetime

from docker.errors import APIError, NotFound

from spcs_emulator.runtime.api import OOM_KILLED, ContainerRequest, LogLine
from spcs_emulator.runtime.child import Child
from spcs_emulator.runtime.docker import arguments, output
from spcs_emulator.runtime.docker.engine import AWAY, CONTAINER, ERRORS, Engine, text_of
from spcs_emulator.runtime.docker.pod import Pod
from spcs_emulator.runtime.logs import PREFIX
from spcs_emulator.runtime.readiness import Readiness, is_ready

_log = logging.getLogger(__name__)

# What a container has ended with that was killed; also when it was removed by somebody else, or lost.
KILLED = 137
_NOT_EXECUTED = (126, 127)


@dataclass
class Run:
    """One start: the container, None when none could be made, and what the account has to say of it."""

    container: str | None = None
    notes: list[LogLine] = field(default_factory=list)


class ContainerWork:
    """What a life needs of the engine, done for one container. See `life.Work`."""

    def __init__(
        self,
        engine: Engine,
        pod: Pod,
        request: ContainerRequest,
        key: str,
        processors: int,
        probes: Executor,
        utc: Callable[[], datetime],
    ) -> None:
        self._engine = engine
        self._pod = pod
        self._request = request
        self._key = key
        self._processors = processors
        self._probes = probes
        self._utc = utc
        self._starts = 0
        self._current = Run()
        self._previous: Run | None = None

    def start(self) -> Child:
        self._turn()
        pause = self._pod.ensure()
        image = self._pod.pull(self._request)
        labels = self._pod.labels(**{CONTAINER: self._request.name})
        engine = self._engine
        body = arguments.container(self._request, engine.account, image, pause, self._processors, labels)
        name = arguments.name_of(engine.account, self._key, self._request.name, self._starts)
        made = str(engine.api.create_container_from_config(body, name)["Id"])
        self._current.container = made
        try:
            engine.api.start(made)
        except APIError as error:
            # Tells by its exit code, if its program could not be executed.
            if engine.api.inspect_container(made)["State"]["ExitCode"] not in _NOT_EXECUTED:
                raise
            self.note(text_of(error))
        return EngineChild(engine, made, pause)

    def probe(self, readiness: Readiness) -> Future[bool]:
        return self._probes.submit(is_ready, readiness.port, readiness.path)

    def note(self, text: str) -> None:
        now = self._utc()
        self._current.notes += [LogLine(now, f"{PREFIX}{line}") for line in text.splitlines()]

    def look_at_log(self) -> None:
        """The engine keeps it short."""

    def clean(self) -> None:
        for run in (self._current, self._previous):
            try:
                self._remove(run)
            except ERRORS as error:
                _log.warning("container %s stays in the engine: %s", self._request.name, text_of(error))

    def log(self, previous: bool) -> tuple[LogLine, ...]:
        """See `runtime.api.Runtime.logs`; what the account has to say stands first."""
        run = self._previous if previous else self._current
        if run is None:
            return ()
        written = output.read(self._engine.api, run.container) if run.container else ()
        return (*run.notes, *written)

    def _turn(self) -> None:
        if self._starts:
            self._remove(self._previous)
            self._previous, self._current = self._current, Run()
        self._starts += 1

    def _remove(self, run: Run | None) -> None:
        if run is not None and run.container is not None:
            self._engine.remove(run.container)


class EngineChild:
    """A container that was started in the network of the container `pause`. See `child.Child`."""

    def __init__(self, engine: Engine, container: str, pause: str) -> None:
        self._engine = engine
        self._container = container
        self._pause = pause
        self._code: int | None = None
        self._out_of_memory = False

    def exit_code(self) -> int | None:
        """As promised. Nothing is known while the engine does not answer: then the container still lives.

        Without the network that it joined it can be reached by nobody: it is killed, to be started anew.
        """
        if self._code is None:
            try:
                self._look()
            except ERRORS:
                _log.debug("container %s", self._container, exc_info=True)
        return self._code

    def verdict(self) -> str | None:
        """As promised. An engine misses some of these kills, mostly of first processes (seen with 20.10)."""
        return OOM_KILLED if self._out_of_memory else None

    def lingers(self) -> bool:
        """Nothing outlives the first process of a container."""
        return False

    def terminate(self) -> None:
        self._signal("SIGTERM")

    def kill(self) -> None:
        """As promised. An engine that does not answer is not waited for: what it still runs is removed when
        the runtime starts again.
        """
        try:
            self._engine.api.kill(self._container, "SIGKILL")
        except AWAY as error:
            _log.warning("container %s is given up: %s", self._container, text_of(error))
            self._code = KILLED
        except ERRORS:
            _log.debug("container %s", self._container, exc_info=True)

    def look(self) -> None:
        """Whatever it starts ends with it."""

    def _look(self) -> None:
        try:
            state = self._engine.api.inspect_container(self._container)["State"]
        except NotFound:
            self._code = KILLED
            return
        if not state["Running"]:
            self._out_of_memory = bool(state["OOMKilled"])
            self._code = int(state["ExitCode"])
        elif not self._engine.runs(self._pause):
            self._signal("SIGKILL")

    def _signal(self, name: str) -> None:
        with contextlib.suppress(*ERRORS):
            self._engine.api.kill(self._container, name)
