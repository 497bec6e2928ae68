"""What the account asks of a runtime, and what a runtime tells back.

In: an instance of a service, already checked by the account, with its images resolved to digests. Out: the
state and the log of each of its containers. The account decides *whether* an instance lives; a runtime only
knows *how* one is run. Values and one protocol; nothing is touched here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

ContainerStatus = Literal["PENDING", "READY", "FAILED", "DONE"]
VolumeSource = Literal["block", "local", "memory", "stage", "secret"]

# Snowflake's own texts (documented: SHOW SERVICE CONTAINERS IN SERVICE, column `message`).
WAITING = "Waiting to start"
RUNNING = "Running"
RETRYING = "Encountered fatal error, retrying"
CRASHED = "Encountered fatal error while running, check container logs"
NOT_STARTED = "Encountered fatal error while starting container"
PULL_FAILED = "Failed to pull image"
OOM_KILLED = "Container was OOMKilled due to resource usage"
COMPLETED = "Completed successfully"
ENDED_BADLY = "User application error, check container logs"


class CannotRunError(ValueError):
    """The runtime cannot run this instance. The text says why and what would help."""


class ImageUnusableError(CannotRunError):
    """An image of the instance is not whole in the registry, or of a kind that this runtime cannot start."""


class NoFreePortError(CannotRunError):
    """Too few free ports are left on this machine."""


class VolumeError(Exception):
    """What is kept for a volume could not be listed, read or written. The text says why."""


def probe_failing(path: str, port: int) -> str:
    """Snowflake's text for a container whose readiness probe fails (documented: SHOW SERVICE CONTAINERS)."""
    return f"Readiness probe is failing at path: {path}, port: {port}"


def runs_elsewhere(image: str, runtime: str) -> str:
    """Why a runtime does not start an image that `runtime` would, and how to get that one."""
    return (
        f"it is {image}, which the runtime `{runtime}` runs (spcs-milvus local stop, then "
        f"spcs-milvus local start --runtime {runtime})"
    )


@dataclass(frozen=True)
class Mount:
    """A container path and what is seen there.

    block, local, memory: `volume` is the key of a volume, whose content the runtime keeps until it is told to
    discard it; `folder` is None. A key is "service/name": letters, digits, "-", "_", "." and one "/". It is
    unique in the account, and that of a block volume is never used again.
    stage, secret: `folder` is the account's own on this machine, `volume` is "".

    `size_bytes` is None where the specification gives no size; `uid` and `gid` say whose the volume's root
    is, None where it does not say. `secrets` are the files, by name, that the account keeps in the folder of
    a secret; shown by nothing.
    """

    path: str
    source: VolumeSource
    volume: str = ""
    folder: Path | None = None
    read_only: bool = False
    size_bytes: int | None = None
    uid: int | None = None
    gid: int | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Probe:
    """The HTTP readiness probe of a service specification."""

    port: int
    path: str
    period_seconds: int
    failure_threshold: int


@dataclass(frozen=True)
class Image:
    """An image as the registry knows it.

    `path` is "db/schema/repo/name:tag" in lower case, `digest` that of the manifest; `artifact_type` is
    None for an ordinary container image.
    """

    path: str
    digest: str
    media_type: str
    artifact_type: str | None


@dataclass(frozen=True)
class ContainerRequest:
    """One container of an instance. `readiness` is None when the specification has no probe.

    `cpu_limit` (in cores) and `memory_limit_bytes` are None where the specification sets no limit: then the
    node is the limit (documented: Service specification reference, resources).

    `secret_environment` are the variables whose values are secrets: passed on as they are, shown by nothing.
    Documented: they are fixed when a container starts; assumed: one that is started again after a crash keeps
    those its instance began with.
    """

    name: str
    image: Image
    command: tuple[str, ...]
    args: tuple[str, ...]
    environment: Mapping[str, str]
    mounts: tuple[Mount, ...]
    readiness: Probe | None
    cpu_limit: float | None = None
    memory_limit_bytes: int | None = None
    secret_environment: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class InstanceRequest:
    """One instance of a service, with everything a runtime needs to run it.

    `key` is unique for the service object and never used again. `service` is "DB.SCHEMA.NAME". `ports` maps
    a declared endpoint port to the local port on 127.0.0.1 that stands for it. `peers` maps every
    "host:port" under which a container may know an endpoint to its local port; None when this service's
    role may not use that endpoint. `hosts` holds the bare host names of those peers. `name` is the service's
    full DNS name, `search` the domain in which its containers look short names up, so that those of its
    schema suffice. `unreachable` holds the full DNS names of services of which this service's role may use
    no endpoint. `once` is a job's: its containers run to their end and are not started again.
    """

    key: str
    service: str
    instance_id: int
    containers: tuple[ContainerRequest, ...]
    ports: Mapping[int, int]
    peers: Mapping[str, int | None]
    hosts: frozenset[str]
    name: str
    search: str
    unreachable: frozenset[str] = frozenset()
    once: bool = False


@dataclass(frozen=True)
class ContainerState:
    """What SHOW SERVICE CONTAINERS tells of one container; None for what did not happen yet.

    Times are aware UTC.
    """

    name: str
    status: ContainerStatus
    message: str
    restart_count: int
    start_time: datetime | None
    last_exit_code: int | None
    last_restart_time: datetime | None


@dataclass(frozen=True)
class LogLine:
    """A line of a container's output, without its end, and when it was noticed (aware UTC)."""

    time: datetime
    text: str


class Runtime(Protocol):
    """How service instances are run. Every method may be called from any thread."""

    @property
    def name(self) -> str:
        """`process`, `docker` or `none`."""

    def refuse(self, request: InstanceRequest) -> str | None:
        """Why this runtime cannot run the instance, for a person; None when it can. Changes nothing."""

    def allocate(self, count: int) -> list[int]:
        """`count` ports of 127.0.0.1 on which nothing listens now, given out before only if no other is left.

        NoFreePortError when there are not as many.
        """

    def start(self, request: InstanceRequest) -> None:
        """Starts the instance and returns at once. A key that runs already is left as it is.

        CannotRunError when `refuse` would refuse it now; nothing is started then.
        """

    def outdated(self, old: InstanceRequest, new: InstanceRequest) -> bool:
        """True when what was started as `old` has to be started again to find its peers where `new` has
        them.

        On Snowflake names are looked up at each connection, so a runtime does this only where it cannot do
        otherwise.
        """

    def stop(self, key: str) -> None:
        """Ends the instance and returns when nothing of it is left. An unknown key is nothing to do."""

    def states(self, key: str) -> tuple[ContainerState, ...]:
        """The containers' states in the order of the request; empty when the key is unknown."""

    def logs(self, key: str, container: str, previous: bool) -> tuple[LogLine, ...]:
        """The last lines of a container's output, a MiB at most; of the run before the last restart when
        `previous`.

        Empty when there is no such container or it has written nothing. Logs go with the instance at `stop`.
        """

    def volumes(self) -> frozenset[str]:
        """The keys of all volumes for which something is kept. VolumeError when they cannot be listed."""

    def discard(self, volumes: Collection[str]) -> None:
        """Removes what is kept for the volumes; an unknown one is nothing to do.

        None may be mounted by a running instance. What cannot be removed is still among `volumes`.
        """

    def save(self, volume: str, file: Path) -> None:
        """Makes `file` a tar archive of everything in the volume, whole or not at all.

        Names are relative to the volume's root. An unknown volume is an empty one. Sockets and pipes are left
        out. A container may be writing meanwhile. VolumeError when it cannot be done.
        """

    def restore(self, file: Path, volume: str) -> None:
        """Makes the volume, which is unknown so far, hold what the archive holds, whole or not at all.

        VolumeError when it cannot be done.
        """

    def close(self) -> None:
        """Ends every instance. Volumes stay. Nothing may be started afterwards."""
