"""One container's life: start, readiness, crash, back-off, end; by whatever time it is told.

A job's container lives once: whatever its process ends with is its end (documented: EXECUTE JOB SERVICE).

In: the time, what its process and its probe answer. Out: a `ContainerState`, and when it wants to be called
again. Starts and ends its process through functions it is given. Used by one thread only, the supervisor's.

Back-off and the number of tries are assumed: Snowflake documents that it restarts containers, not when.
"""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import Protocol

from spcs_emulator.runtime.api import (
    COMPLETED,
    CRASHED,
    ENDED_BADLY,
    NOT_STARTED,
    PULL_FAILED,
    RETRYING,
    RUNNING,
    WAITING,
    ContainerState,
    ContainerStatus,
    ImageUnusableError,
)
from spcs_emulator.runtime.child import Child
from spcs_emulator.runtime.readiness import Readiness

FIRST_BACK_OFF_SECONDS = 1.0
LONGEST_BACK_OFF_SECONDS = 30.0
TRIES = 5
SETTLED_SECONDS = 10.0
GRACE_SECONDS = 10.0
STARTING_STEP_SECONDS = 0.05
STEP_SECONDS = 0.2
LOOK_SECONDS = 10.0
_COULD_NOT_EXECUTE = (126, 127)


class Work(Protocol):
    """What a life needs of the machine. Nothing but `start` may raise."""

    def start(self) -> Child:
        """Makes the container's disk and starts its process. Any exception means that it could not;
        ImageUnusableError, that there was no image to start it from.
        """

    def probe(self, readiness: Readiness) -> Future[bool]:
        """Begins to ask whether the service is ready."""

    def note(self, text: str) -> None:
        """Adds a line of the local account's own to the log."""

    def look_at_log(self) -> None:
        """Notes when the log grew, and shortens it when it has grown too long."""

    def clean(self) -> None:
        """Removes everything the container left on this machine."""


class Life:
    """See the module. `utc` gives the account's time, for what is shown only.

    Without `readiness` the container is ready when its process runs.
    """

    def __init__(
        self,
        name: str,
        readiness: Readiness | None,
        work: Work,
        utc: Callable[[], datetime],
        once: bool = False,
    ) -> None:
        self.name = name
        self._once = once
        self._finished = False
        self._readiness = readiness
        self._work = work
        self._utc = utc
        self._child: Child | None = None
        self._probe: Future[bool] | None = None
        self._ending = False
        self._gone = False
        self._failures = 0
        self._start_at = 0.0
        self._started_at = 0.0
        self._probe_at = 0.0
        self._look_at = 0.0
        self._kill_at = 0.0
        self._misses = 0
        self._status: ContainerStatus = "PENDING"
        self._message = WAITING
        self._restarts = 0
        self._start_time: datetime | None = None
        self._exit_code: int | None = None
        self._restart_time: datetime | None = None

    @property
    def gone(self) -> bool:
        """True when the life was ended and nothing of it is left."""
        return self._gone

    @property
    def ending(self) -> bool:
        """True from the moment `end` was called."""
        return self._ending

    def state(self) -> ContainerState:
        """What SHOW SERVICE CONTAINERS tells now."""
        return ContainerState(
            name=self.name,
            status=self._status,
            message=self._message,
            restart_count=self._restarts,
            start_time=self._start_time,
            last_exit_code=self._exit_code,
            last_restart_time=self._restart_time,
        )

    def end(self, now: float) -> None:
        """Begins the end: SIGTERM now, SIGKILL after the grace. `advance` finishes it."""
        if self._ending:
            return
        self._ending = True
        self._kill_at = now + GRACE_SECONDS
        if self._child is not None:
            self._child.terminate()

    def advance(self, now: float) -> float:
        """Does whatever is due; returns by when, on the same clock, it wants to be called again."""
        if self._gone:
            return now + LONGEST_BACK_OFF_SECONDS
        if self._child is None:
            return self._advance_without_process(now)
        code = self._child.exit_code()
        if code is None:
            return self._advance_running(now)
        if self._child.lingers():
            return now + STARTING_STEP_SECONDS
        verdict = self._child.verdict()
        self._child = None
        self._probe = None
        if not self._ending:
            self._failed(now, code, verdict)
        return now

    def _advance_without_process(self, now: float) -> float:
        if self._ending:
            self._work.clean()
            self._gone = True
            return now
        if self._finished:
            return now + LONGEST_BACK_OFF_SECONDS
        if now < self._start_at:
            return self._start_at
        if self._failures:
            self._restarts += 1
            self._restart_time = self._utc()
        try:
            self._child = self._work.start()
        except Exception as error:
            self._work.note(f"could not be started: {error}")
            self._failed(now, None, PULL_FAILED if isinstance(error, ImageUnusableError) else None)
            return now
        self._started_at = self._probe_at = now
        self._look_at = now + LOOK_SECONDS
        self._misses = 0
        self._start_time = self._utc()
        if self._readiness is None:
            self._status, self._message = "READY", RUNNING
        elif self._failures < TRIES:
            self._status, self._message = "PENDING", self._readiness.waiting
        return now + STARTING_STEP_SECONDS

    def _advance_running(self, now: float) -> float:
        assert self._child is not None
        self._work.look_at_log()
        if self._ending:
            if now >= self._kill_at:
                self._child.kill()
            return now + STARTING_STEP_SECONDS
        if now >= self._look_at:
            self._child.look()
            self._look_at = now + LOOK_SECONDS
        if self._readiness is not None:
            self._ask(now, self._readiness)
        return now + (STEP_SECONDS if self._status == "READY" else STARTING_STEP_SECONDS)

    def _ask(self, now: float, readiness: Readiness) -> None:
        if self._probe is None:
            if now >= self._probe_at:
                self._probe = self._work.probe(readiness)
            else:
                return
        if not self._probe.done():
            return
        answer = self._probe.exception() is None and self._probe.result()
        self._probe = None
        self._answered(answer, now, readiness)

    def _answered(self, ready: bool, now: float, readiness: Readiness) -> None:
        was_ready = self._status == "READY"
        self._misses = 0 if ready else self._misses + 1
        if ready:
            self._status, self._message = "READY", RUNNING
        elif was_ready and self._misses >= readiness.failure_threshold:
            self._status, self._message = "PENDING", readiness.waiting
        # Until it is ready it is asked far more often than on Snowflake: a person waits for it.
        period = readiness.period_seconds
        self._probe_at = now + (period if self._status == "READY" else min(period, STARTING_STEP_SECONDS))

    def _failed(self, now: float, code: int | None, verdict: str | None) -> None:
        """Takes note of a process that ended by itself, or could not be started (`code` None).

        `verdict` is the text for it where there is one of its own.
        """
        if self._once:
            self._finish(code, verdict)
            return
        settled = code is not None and now - self._started_at >= SETTLED_SECONDS
        self._failures = 1 if settled else self._failures + 1
        self._exit_code = self._exit_code if code is None else code
        # Documented: a container whose image cannot be pulled is PENDING.
        self._status = "PENDING" if verdict == PULL_FAILED else "FAILED"
        if verdict is not None:
            self._message = verdict
        elif self._failures < TRIES:
            self._message = RETRYING
        else:
            self._message = NOT_STARTED if code is None or code in _COULD_NOT_EXECUTE else CRASHED
        back_off = FIRST_BACK_OFF_SECONDS * 2 ** min(self._failures - 1, TRIES)
        self._start_at = now + min(back_off, LONGEST_BACK_OFF_SECONDS)

    def _finish(self, code: int | None, verdict: str | None) -> None:
        self._finished = True
        self._exit_code = code
        self._status = "DONE" if code == 0 else "FAILED"
        self._message = verdict or (COMPLETED if code == 0 else NOT_STARTED if code is None else ENDED_BADLY)
