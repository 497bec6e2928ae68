"""Volumes of the account as volumes of the engine, and their contents as archives.

In: keys of volumes, and archives. Out: volumes, archives. What is in a volume is read and written by the
engine through a container that is never started, so this works wherever the engine keeps its volumes. A
volume's size is kept to for memory only.
"""

import contextlib
import io
import logging
import tarfile
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import IO, cast

from docker.errors import NotFound

from spcs_emulator.runtime.api import Mount, VolumeError
from spcs_emulator.runtime.docker import arguments, pause
from spcs_emulator.runtime.docker.engine import ERRORS, SOURCE, VOLUME, Engine, text_of

LOST = ("local", "memory")
_PLACE = "volume"
_log = logging.getLogger(__name__)


def make(engine: Engine, mount: Mount) -> None:
    """Makes the volume unless it is there. An engine's error when it cannot be made."""
    name = arguments.volume_of(engine.account, mount.volume)
    with contextlib.suppress(NotFound):
        engine.api.inspect_volume(name)
        return
    _create(engine, mount.volume, mount.source, arguments.volume(mount))
    if mount.source != "memory" and (mount.uid or mount.gid):
        root = tarfile.TarInfo()
        root.uid, root.gid, root.mode = mount.uid or 0, mount.gid or 0, 0o755
        with _held(engine, mount.volume) as holder:
            _own(engine, holder, root)


def keys(engine: Engine) -> frozenset[str]:
    """The keys of all volumes of the account. VolumeError when the engine does not say."""
    try:
        found = engine.api.volumes(filters=engine.filters({}))["Volumes"] or []
    except ERRORS as error:
        raise VolumeError(text_of(error)) from error
    return frozenset(volume["Labels"][VOLUME] for volume in found)


def discard(engine: Engine, volumes: Collection[str]) -> None:
    """Removes volumes; an unknown one is nothing to do, and one that cannot be removed stays."""
    for volume in volumes:
        name = arguments.volume_of(engine.account, volume)
        try:
            engine.api.remove_volume(name)
        except NotFound:
            continue
        except ERRORS as error:
            _log.warning("volume %s (%s) stays in the engine: %s", volume, name, text_of(error))


def discard_lost(engine: Engine) -> None:
    """Removes every volume of the account that does not outlive its instance."""
    for source in LOST:
        found = engine.api.volumes(filters=engine.filters({SOURCE: source}))["Volumes"] or []
        discard(engine, [volume["Labels"][VOLUME] for volume in found])


def save(engine: Engine, volume: str, file: Path) -> None:
    """See `runtime.api.Runtime.save`."""
    part = file.with_name(f"{file.name}.part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        _write(engine, volume, part)
        part.replace(file)
    except (*ERRORS, OSError, tarfile.TarError) as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise VolumeError(text_of(error)) from error


def restore(engine: Engine, file: Path, volume: str) -> None:
    """See `runtime.api.Runtime.restore`."""
    try:
        with file.open("rb") as archive:
            root = _root(file)
            _create(engine, volume, "block", {})
            with _held(engine, volume) as holder:
                engine.api.put_archive(holder, f"/{_PLACE}", archive)
                if root is not None:
                    _own(engine, holder, root)
    except (*ERRORS, OSError, tarfile.TarError) as error:
        discard(engine, [volume])
        raise VolumeError(text_of(error)) from error


def _create(engine: Engine, key: str, source: str, options: dict[str, str]) -> None:
    labels = engine.labels(**{VOLUME: key, SOURCE: source})
    name = arguments.volume_of(engine.account, key)
    engine.api.create_volume(name, driver="local", driver_opts=options, labels=labels)


@contextlib.contextmanager
def _held(engine: Engine, volume: str) -> Iterator[str]:
    """A container that is never started, with the volume in it."""
    image = pause.ensure(engine.api)
    body = arguments.holder(engine.account, image, volume, f"/{_PLACE}", engine.labels())
    holder = str(engine.api.create_container_from_config(body)["Id"])
    try:
        yield holder
    finally:
        with contextlib.suppress(*ERRORS):
            engine.remove(holder)


def _own(engine: Engine, holder: str, root: tarfile.TarInfo) -> None:
    """Gives the volume's root its owner and mode: it is a folder like any other when seen from above."""
    member = tarfile.TarInfo(_PLACE)
    member.type, member.uid, member.gid, member.mode = tarfile.DIRTYPE, root.uid, root.gid, root.mode
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(member)
    engine.api.put_archive(holder, "/", out.getvalue())


def _root(file: Path) -> tarfile.TarInfo | None:
    """What the archive, whose first entry it would be, says of the volume's root."""
    with tarfile.open(file) as archive:
        first = archive.next()
    return first if first is not None and first.name == "." else None


def _write(engine: Engine, volume: str, file: Path) -> None:
    """Writes what the engine gives, without pipes and devices, which hold nothing and no folder can take."""
    if volume not in keys(engine):
        tarfile.open(file, "w").close()
        return
    with _held(engine, volume) as holder:
        chunks, _ = engine.api.get_archive(holder, f"/{_PLACE}/.")
        stream = cast(IO[bytes], _Chunks(chunks))
        with tarfile.open(fileobj=stream, mode="r|") as given, tarfile.open(file, "w") as kept:
            for member in given:
                if member.isreg() or member.isdir() or member.issym() or member.islnk():
                    kept.addfile(member, given.extractfile(member) if member.isreg() else None)


class _Chunks:
    """Chunks of bytes as something to read from, a piece of a chunk at a time."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._chunk = b""
        self._read = 0

    def read(self, count: int) -> bytes:
        if self._read == len(self._chunk):
            self._chunk, self._read = next(self._chunks, b""), 0
        piece = self._chunk[self._read : self._read + count]
        self._read += len(piece)
        return piece
