"""What goes on by itself: pools get nodes, instances get started, idle pools suspend.

In: the catalogue, the clock, what the runtime tells. Out: states, and instances started and ended in the
runtime. Durable facts (suspended, since when) stay in the catalogue; which instance runs now is known in
memory only, so a local account that was killed starts everything again.

Assumed times: a pool is STARTING for 1 s, an instance waits 0.5 s for its container, an ingress URL appears
0.5 s after that, a suspended service is SUSPENDING and a cancelled job CANCELLING for 0.5 s. On Snowflake
these are minutes. What the runtime could not start is tried again every 30 s; a job has failed then.
"""

import contextlib
import logging
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from spcs_emulator.account.catalogue import Catalogue
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.families import FAMILIES
from spcs_emulator.account.jobs import (
    Instance,
    ended_instances,
    ended_on,
    instance_status,
    is_job,
    is_over,
    outcome_of,
)
from spcs_emulator.account.requests import RequestBuilder, jobs_of, workloads_of
from spcs_emulator.account.scheduling import Demand, Placement, place
from spcs_emulator.account.secrets import secret_folders, write_files
from spcs_emulator.account.services import instance_keys, lost_volumes, specification_of
from spcs_emulator.clock import Clock
from spcs_emulator.runtime.api import (
    NOT_STARTED,
    PULL_FAILED,
    WAITING,
    CannotRunError,
    ContainerState,
    ImageUnusableError,
    InstanceRequest,
    Runtime,
)
from spcs_emulator.statement.values import ObjectKind

POOL_START = timedelta(seconds=1)
CONTAINER_START = timedelta(seconds=0.5)
ENDPOINTS = timedelta(seconds=0.5)
SUSPENDING = timedelta(seconds=0.5)
RETRY = timedelta(seconds=30)
NO_NODES = "Compute pool node(s) are being provisioned"
_log = logging.getLogger(__name__)


class Life:
    """States by the clock, and the moves that follow from them. Call inside a transaction."""

    def __init__(
        self, catalogue: Catalogue, clock: Clock, runtime: Runtime, requests: RequestBuilder
    ) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._runtime = runtime
        self._requests = requests
        self._placed: dict[str, datetime] = {}
        self._refused: dict[str, str] = {}
        self._running: dict[str, tuple[InstanceRequest, datetime]] = {}
        self._broken: dict[str, tuple[str, datetime]] = {}
        self._nodes: dict[str, int] = {}
        self._idle_since: dict[str, datetime] = {}
        self._seen_version = -1

    def tick(self) -> None:
        """Make every move that is due."""
        now = self._clock.now()
        for pool in self._catalogue.unsorted(ObjectKind.COMPUTE_POOL):
            if self._has_nodes(pool, now):
                self._schedule(pool, now)
                self._suspend_idle(pool, now)
        for service in self._catalogue.unsorted(ObjectKind.SERVICE):
            if not _wants_nodes(service):
                continue
            if is_job(service):
                self._settle(service, now)
            else:
                self._suspend_unused(service, now)
        self._reconnect()

    def _has_nodes(self, pool: AccountObject, now: datetime) -> bool:
        resumed = datetime.fromisoformat(pool.settings["resumed_on"])
        return not pool.settings["suspended"] and not _within(now, resumed, POOL_START)

    def _schedule(self, pool: AccountObject, now: datetime) -> None:
        services = [entry for entry in workloads_of(self._catalogue, pool) if _wants_nodes(entry)]
        owners = {key: service for service in services for key in instance_keys(service)}
        placement = self._place(pool, services)
        self._nodes[pool.key] = placement.nodes
        for key, service in owners.items():
            if key in placement.placed and key not in self._placed:
                waited = self._refused.pop(key, None)
                self._placed[key] = now if waited else max(_ready_on(pool), _since(service))
            elif key in placement.refused:
                self._refused[key] = placement.refused[key]
            if self._is_due(key, now):
                self._start(service, key, now)
            if key in self._running and service.settings["provisioned_on"] is None:
                settings = {**service.settings, "provisioned_on": self._running[key][1].isoformat()}
                self._catalogue.objects.put(replace(service, settings=settings))

    def _suspend_unused(self, service: AccountObject, now: datetime) -> None:
        """Suspend a service after AUTO_SUSPEND_SECS without traffic of service functions.

        Documented: nothing else counts. The local account has no service functions, so time begins to count
        when the last instance was started.
        """
        seconds = service.settings["AUTO_SUSPEND_SECS"]
        if not seconds:
            return
        started = [self._running[key][1] for key in instance_keys(service) if key in self._running]
        if started and now >= max(started) + timedelta(seconds=seconds):
            moment = {"suspended": True, "suspended_on": now.isoformat(), "updated_on": now.isoformat()}
            self._catalogue.objects.put(replace(service, settings={**service.settings, **moment}))
            self.end(service)

    def _is_due(self, key: str, now: datetime) -> bool:
        if key not in self._placed or key in self._running:
            return False
        if key in self._broken:
            return not _within(now, self._broken[key][1], RETRY)
        return not _within(now, self._placed[key], CONTAINER_START)

    def _place(self, pool: AccountObject, services: Sequence[AccountObject]) -> Placement:
        demands = [
            Demand(key, specification.cpu, specification.memory, specification.gpus)
            for service in services
            for specification in (specification_of(service),)
            for key in instance_keys(service)
        ]
        demands.sort(key=lambda demand: demand.key not in self._placed)
        return place(FAMILIES[pool.settings["INSTANCE_FAMILY"]], pool.settings["MAX_NODES"], demands)

    def _start(self, service: AccountObject, key: str, now: datetime) -> None:
        """Start the instance. One that cannot be started shows why, and takes no other with it."""
        try:
            request = self._requests.build(service, int(key.rsplit("-", 1)[1]))
            _make_folders(request)
            write_files(request)
            self._runtime.start(request)
        except Exception as error:
            if not isinstance(error, CannotRunError):
                _log.exception("instance %s of service %s", key, service.name)
            head = PULL_FAILED if isinstance(error, ImageUnusableError) else NOT_STARTED
            self._broken[key] = (f"{head}: {error}", now)
            return
        self._broken.pop(key, None)
        self._running[key] = (request, now)

    def _settle(self, job: AccountObject, now: datetime) -> None:
        """Keep how the job ended once all its containers have; its node is free then, and nothing reads its
        secrets any more.
        """
        outcome = outcome_of(self.instances(job), now)
        if outcome is not None:
            self._catalogue.objects.put(replace(job, settings={**job.settings, "outcome": outcome}))
            self.forget(job)
            for key in instance_keys(job):
                self._catalogue.afterwards(partial(self._remove_secrets, key))

    def cancel(self, job: AccountObject) -> None:
        """End a job that is not over; nothing of it is started again."""
        now = self._clock.now().isoformat()
        settings = {**job.settings, "cancelled_on": now, "updated_on": now}
        self._catalogue.objects.put(replace(job, settings=settings))
        self.end(job)

    def forget(self, service: AccountObject) -> None:
        """Free the nodes of the service's instances; what runs of it is not ended."""
        for key in instance_keys(service):
            self._placed.pop(key, None)
            self._refused.pop(key, None)

    def release(self, pool: AccountObject) -> None:
        """Let the pool's jobs that have not been started wait for it to resume (documented: ALTER COMPUTE
        POOL … SUSPEND lets running jobs finish).
        """
        for job in jobs_of(self._catalogue, pool):
            if not any(key in self._running for key in instance_keys(job)):
                self.forget(job)

    def _suspend_idle(self, pool: AccountObject, now: datetime) -> None:
        if self.is_active(pool):
            self._idle_since.pop(pool.key, None)
            return
        since = self._idle_since.get(pool.key, now)
        if since > now or since < _ready_on(pool) <= now:
            since = now
        self._idle_since[pool.key] = since
        seconds = pool.settings["AUTO_SUSPEND_SECS"]
        if seconds and now >= since + timedelta(seconds=seconds):
            settings = {**pool.settings, "suspended": True, "updated_on": now.isoformat()}
            self._catalogue.objects.put(replace(pool, settings=settings))
            self._idle_since.pop(pool.key, None)

    def _reconnect(self) -> None:
        """Start again what cannot find an endpoint that has moved or changed hands since it was started."""
        if self._seen_version == self._catalogue.version:
            return
        self._seen_version = self._catalogue.version
        for key, (request, _) in list(self._running.items()):
            service = self._catalogue.get(key.rsplit("-", 1)[0])
            if service is None or not _wants_nodes(service):
                continue
            # What runs goes on without a secret that is gone.
            with contextlib.suppress(CannotRunError):
                if self._runtime.outdated(request, self._requests.build(service, request.instance_id)):
                    self._catalogue.afterwards(partial(self._end, key, frozenset()))

    def refresh_secrets(self) -> None:
        """Write the files with secrets of what runs anew, once the transaction is stored."""
        self._catalogue.afterwards(self._rewrite_secrets)

    def _rewrite_secrets(self) -> None:
        with self._catalogue.transaction():
            for key, (request, _) in self._running.items():
                service = self._catalogue.get(key.rsplit("-", 1)[0])
                if service is None or is_over(service) or not secret_folders(request):
                    continue
                try:
                    write_files(self._requests.build(service, request.instance_id))
                except (OSError, CannotRunError):
                    _log.exception("secrets of instance %s of service %s", key, service.name)

    def end(self, service: AccountObject) -> None:
        """End the instances once the transaction is stored; what is not on block volumes is lost."""
        for number, key in enumerate(instance_keys(service)):
            self._catalogue.afterwards(partial(self._end, key, lost_volumes(service, number)))

    def _end(self, key: str, volumes: frozenset[str]) -> None:
        self._runtime.stop(key)
        with self._catalogue.transaction():
            if self._runtime.states(key):
                # Another statement has ended it too, and it was started anew since.
                return
            self._runtime.discard(volumes)
            self._running.pop(key, None)
            self._placed.pop(key, None)
            self._refused.pop(key, None)
            self._broken.pop(key, None)
            self._remove_secrets(key)

    def _remove_secrets(self, key: str) -> None:
        shutil.rmtree(self._requests.secret_folder(key), ignore_errors=True)

    def is_active(self, pool: AccountObject) -> bool:
        """Whether an instance of any service has a node of the pool."""
        return any(
            key in self._placed
            for service in workloads_of(self._catalogue, pool)
            if _wants_nodes(service)
            for key in instance_keys(service)
        )

    def is_full(self, pool: AccountObject) -> bool:
        """Whether an instance waits because all nodes the pool may have are taken."""
        return any(
            key in self._refused
            for service in workloads_of(self._catalogue, pool)
            if _wants_nodes(service)
            for key in instance_keys(service)
        )

    def pool_state(self, pool: AccountObject) -> str:
        """Return SUSPENDED, STOPPING (its jobs still run), STARTING, ACTIVE or IDLE."""
        if pool.settings["suspended"]:
            return "STOPPING" if self.is_active(pool) else "SUSPENDED"
        if not self._has_nodes(pool, self._clock.now()):
            return "STARTING"
        return "ACTIVE" if self.is_active(pool) else "IDLE"

    def pool_nodes(self, pool: AccountObject) -> tuple[int, int, int]:
        """Return the pool's active, idle and target nodes."""
        least = int(pool.settings["MIN_NODES"])
        match self.pool_state(pool):
            case "SUSPENDED":
                return 0, 0, 0
            case "STOPPING":
                return self._nodes.get(pool.key, 0), 0, 0
            case "STARTING":
                return 0, 0, least
        active = self._nodes.get(pool.key, 0) if self.is_active(pool) else 0
        return active, max(0, least - active), max(least, active)

    def instances(self, service: AccountObject) -> list[Instance]:
        """Return the service's instances; none while it is suspended. Those of a job that is over are as they
        ended.
        """
        if is_over(service):
            return ended_instances(service)
        if service.settings["suspended"]:
            return []
        return [self._instance(service, number, key) for number, key in enumerate(instance_keys(service))]

    def _instance(self, service: AccountObject, number: int, key: str) -> Instance:
        running = self._running.get(key)
        if running is None:
            return self._not_running(service, number, key)
        states = self._runtime.states(key)
        return Instance(number, instance_status(states), running[1], states)

    def _not_running(self, service: AccountObject, number: int, key: str) -> Instance:
        status: Literal["FAILED", "PENDING"] = "PENDING"
        if key in self._broken:
            message = self._broken[key][0]
            # Documented: SHOW SERVICE CONTAINERS; assumed: a job has failed then.
            waits = message.startswith(PULL_FAILED) and not is_job(service)
            status = "PENDING" if waits else "FAILED"
        else:
            message = WAITING if key in self._placed else self._refused.get(key, NO_NODES)
        names = [container.name for container in specification_of(service).containers]
        states = tuple(ContainerState(name, status, message, 0, None, None, None) for name in names)
        return Instance(number, status, None, states)

    def service_status(self, service: AccountObject) -> str:
        """Return PENDING, RUNNING, FAILED, SUSPENDING, SUSPENDED, or a job's DONE, CANCELLING, CANCELLED."""
        if is_job(service):
            return self._job_status(service)
        if service.settings["suspended"]:
            since = datetime.fromisoformat(service.settings["suspended_on"])
            return "SUSPENDING" if _within(self._clock.now(), since, SUSPENDING) else "SUSPENDED"
        instances = self.instances(service)
        ready = sum(1 for instance in instances if instance.status == "READY")
        if ready >= service.settings["MIN_READY_INSTANCES"]:
            return "RUNNING"
        return "FAILED" if any(instance.status == "FAILED" for instance in instances) else "PENDING"

    def _job_status(self, job: AccountObject) -> str:
        """A job is RUNNING once every instance of it was started (assumed)."""
        if job.settings["outcome"] is not None:
            return str(job.settings["outcome"]["status"])
        over = ended_on(job)
        if over is not None:
            return "CANCELLING" if _within(self._clock.now(), over, SUSPENDING) else "CANCELLED"
        waits = any(instance.status == "PENDING" for instance in self.instances(job))
        return "PENDING" if waits else "RUNNING"

    def endpoints_ready(self, service: AccountObject) -> bool:
        """Whether the service's public endpoints have got their URL."""
        since = service.settings["provisioned_on"]
        return since is not None and not _within(self._clock.now(), datetime.fromisoformat(since), ENDPOINTS)


def _within(now: datetime, since: datetime, length: timedelta) -> bool:
    """Whether `since` was less than `length` ago. One in the future was written before the machine's clock
    was set back, and counts as long ago."""
    return since <= now < since + length


def _wants_nodes(service: AccountObject) -> bool:
    return not service.settings["suspended"] and not is_over(service)


def _make_folders(request: InstanceRequest) -> None:
    for container in request.containers:
        for mount in container.mounts:
            if mount.folder is not None:
                # Where it cannot be made the runtime's own failure is what SHOW tells.
                with contextlib.suppress(OSError):
                    mount.folder.mkdir(parents=True, exist_ok=True)


def _ready_on(pool: AccountObject) -> datetime:
    return datetime.fromisoformat(pool.settings["resumed_on"]) + POOL_START


def _since(service: AccountObject) -> datetime:
    return datetime.fromisoformat(service.settings["since"])
