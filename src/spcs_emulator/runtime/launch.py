"""What it takes to run one container as a process: checked before anything happens, then made at every start.

In: a container's request and its process image. Out: a `Launch`, or `CannotRunError` with a text for a
person. Planning touches nothing but the two blobs it reads.
"""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from spcs_emulator.registry.api import ImageStore
from spcs_emulator.runtime.api import (
    CannotRunError,
    ContainerRequest,
    ImageUnusableError,
    InstanceRequest,
    Mount,
    probe_failing,
)
from spcs_emulator.runtime.logs import Log, log_of
from spcs_emulator.runtime.peers import bare_host, with_local_addresses
from spcs_emulator.runtime.placeholders import Meanings, UnknownPlaceholderError, fill
from spcs_emulator.runtime.process_image import NotAProcessImageError, ProcessImage, parse, parts_of
from spcs_emulator.runtime.readiness import Readiness

# The defaults of a specification's readinessProbe (documented: Service specification reference).
_PERIOD_SECONDS = 5.0
_FAILURE_THRESHOLD = 3

_CONTAINER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


@dataclass(frozen=True)
class Launch:
    """One container, ready to be started as often as needed.

    `disk` is the container's own disk: emptied at every start, as Snowflake does (documented: container
    storage is ephemeral). `ports` maps container ports to local ports. `notes` go to the log at every start.
    """

    container: str
    disk: Path
    log: Log
    record: Path
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    layer: Path | None
    mounts: Mapping[str, Mount | None]
    ports: Mapping[int, int]
    readiness: Readiness | None
    notes: tuple[str, ...]

    @property
    def files(self) -> Path:
        """Where the image's files are unpacked to; also the working directory."""
        return self.disk / "files"


def plan(
    request: InstanceRequest, ports: Mapping[int, int], images: ImageStore, folder: Path
) -> list[Launch]:
    """How each container of the instance is started; `folder` is the instance's own.

    Every mount must have a folder, and `ports` a local port for every port of every container's image.
    CannotRunError when one cannot be started.
    """
    return [_launch(request, container, ports, images, folder) for container in request.containers]


def ports_of(request: InstanceRequest, images: ImageStore) -> tuple[int, ...]:
    """Every port that the instance's containers listen on. CannotRunError when two listen on the same one.

    Containers of one instance share a network, on Snowflake and here.
    """
    ports = [port for container in request.containers for port in load(container, images)[0].ports]
    twice = sorted(port for port in set(ports) if ports.count(port) > 1)
    if twice:
        raise CannotRunError(f"two containers of {request.service} listen on port {twice[0]}")
    return tuple(ports)


def load(container: ContainerRequest, images: ImageStore) -> tuple[ProcessImage, Path | None]:
    """A container's process image and the file of its layer; ImageUnusableError when it is not whole."""
    try:
        parts = parts_of(images.manifest(container.image.digest))
        image = parse(images.blob(parts.config).read_bytes())
        return image, images.blob(parts.layer) if parts.layer else None
    except NotAProcessImageError as error:
        raise ImageUnusableError(
            f"container {container.name}: the runtime `process` cannot start image {container.image.path}: "
            f"{error}"
        ) from error
    except (KeyError, OSError) as error:
        raise ImageUnusableError(
            f"container {container.name}: image {container.image.path} is not whole in the registry: {error}"
        ) from error


def _launch(
    request: InstanceRequest,
    container: ContainerRequest,
    ports: Mapping[int, int],
    images: ImageStore,
    folder: Path,
) -> Launch:
    image, layer = load(container, images)
    if not _CONTAINER_NAME.fullmatch(container.name):
        raise CannotRunError(f"container name {container.name!r} cannot name a file of this machine")
    disk = folder / container.name
    mounts = _mounts(container, image)
    own_ports = {port: ports[port] for port in image.ports}
    meanings = Meanings(sys.executable, str(disk / "files"), own_ports, _folders(mounts, disk))
    environment, notes = _environment(request, container, image, meanings)
    try:
        command = tuple(fill(word, meanings) for word in image.command)
    except UnknownPlaceholderError as error:
        raise CannotRunError(f"container {container.name}: {error}") from error
    return Launch(
        container=container.name,
        disk=disk,
        log=log_of(folder, container.name),
        record=folder / f"{container.name}.pid",
        command=command,
        environment={**_base_environment(disk), **environment, **container.secret_environment},
        layer=layer,
        mounts=mounts,
        ports=own_ports,
        readiness=None if request.once else _readiness(container, image, ports),
        notes=(*notes, *_unasked(container, image)),
    )


def _mounts(container: ContainerRequest, image: ProcessImage) -> dict[str, Mount | None]:
    wanted = {mount.path.rstrip("/") or "/": mount for mount in container.mounts}
    known = {path.rstrip("/") or "/": path for path in image.mounts}
    strange = sorted(wanted.keys() - known.keys())
    if strange:
        places = ", ".join(sorted(image.mounts)) or "none"
        raise CannotRunError(
            f"container {container.name}: the volume at {strange[0]} cannot be mounted: image "
            f"{container.image.path} stands for a program of this machine, which knows these paths only: "
            f"{places}"
        )
    return {path: wanted.get(plain) for plain, path in known.items()}


def _folders(mounts: Mapping[str, Mount | None], disk: Path) -> dict[str, str]:
    """Where each container path is on this machine: the volume itself, or a copy when read-only."""
    return {path: str(folder_of(path, mount, disk)) for path, mount in mounts.items()}


def folder_of(path: str, mount: Mount | None, disk: Path) -> Path:
    """The folder a process gets for a container path: the volume, or a place on its own disk."""
    if mount is not None and mount.folder is not None and not mount.read_only:
        return mount.folder
    return disk / "mounts" / path.strip("/")


def _environment(
    request: InstanceRequest, container: ContainerRequest, image: ProcessImage, meanings: Meanings
) -> tuple[dict[str, str], tuple[str, ...]]:
    environment = dict(container.environment)
    for name, template in image.environment.items():
        environment.pop(name, None)
        if template is not None:
            try:
                environment[name] = fill(template, meanings)
            except UnknownPlaceholderError as error:
                raise CannotRunError(
                    f"container {container.name}: environment variable {name}: {error}"
                ) from error
    split = bare_host(environment, request.hosts)
    if split is not None:
        raise CannotRunError(
            f"container {container.name}: environment variable {split} is the bare host name "
            f"{environment[split]!r}. Services run as programs of this machine here, each on a port of its "
            "own, so host and port must stand together in one value, as in http://host:port"
        )
    missing: set[str] = set()
    for name, value in environment.items():
        environment[name], unreachable = with_local_addresses(value, request.peers)
        missing |= unreachable
    notes = tuple(
        f"{peer} cannot be reached: the owner role of {request.service} holds no service role that has this "
        "endpoint (GRANT SERVICE ROLE … TO ROLE …)"
        for peer in sorted(missing)
    )
    return environment, notes


def _base_environment(disk: Path) -> dict[str, str]:
    """The little that every program needs; nothing else of our own environment is passed on."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {"PATH": programs, "HOME": str(disk / "home"), "TMPDIR": str(disk / "tmp"), "LANG": "C.UTF-8"}


def _readiness(
    container: ContainerRequest, image: ProcessImage, ports: Mapping[int, int]
) -> Readiness | None:
    """The specification's probe where the image listens on its port, else the image's own readiness."""
    probe, own = container.readiness, image.readiness
    if probe is not None and probe.port in image.ports:
        waiting = probe_failing(probe.path, probe.port)
        period, threshold = float(probe.period_seconds), probe.failure_threshold
        return Readiness(ports[probe.port], probe.path, period, threshold, waiting)
    if own is None:
        return None
    # Not Snowflake's words: there, nobody asks for a TCP connect.
    waiting = f"Waiting until port {own.port} accepts connections"
    if own.path is not None:
        waiting = probe_failing(own.path, own.port)
    return Readiness(ports[own.port], own.path, _PERIOD_SECONDS, _FAILURE_THRESHOLD, waiting)


def _unasked(container: ContainerRequest, image: ProcessImage) -> tuple[str, ...]:
    probe, own = container.readiness, image.readiness
    if probe is None or probe.port in image.ports:
        return ()
    asked = f"port {own.port} accepts connections" if own else "process runs"
    if own and own.path is not None:
        asked = f"port {own.port} answers {own.path}"
    return (
        f"the specification's readiness probe (port {probe.port}, path {probe.path}) is not asked, because "
        f"the image's program does not listen there; it is ready when its {asked}",
    )
