"""Volumes as folders of this machine, for runtimes that start no containers.

In: keys of volumes, and archives. Out: folders. Writes below one folder: the volume with the key
"service/name" is the folder "service/name" in it.
"""

import contextlib
import tarfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from spcs_emulator.runtime import archive, disk
from spcs_emulator.runtime.api import InstanceRequest, Mount, VolumeError

_PART = ".part"


class FolderVolumes:
    """See `runtime.api.Runtime` for what each method promises. `folder` need not be there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def folder(self, volume: str) -> Path:
        """The volume's folder, there or not."""
        return self._folder / volume

    def placed(self, request: InstanceRequest) -> InstanceRequest:
        """The request with a folder of this machine for each of its volumes."""
        containers = (
            replace(container, mounts=tuple(self._with_folder(mount) for mount in container.mounts))
            for container in request.containers
        )
        return replace(request, containers=tuple(containers))

    def _with_folder(self, mount: Mount) -> Mount:
        return replace(mount, folder=self.folder(mount.volume)) if mount.volume else mount

    def make(self, request: InstanceRequest) -> None:
        """Makes the folders of the request's volumes. OSError when the machine cannot."""
        for container in request.containers:
            for mount in container.mounts:
                if mount.volume:
                    self.folder(mount.volume).mkdir(parents=True, exist_ok=True)

    def volumes(self) -> frozenset[str]:
        return frozenset(path.relative_to(self._folder).as_posix() for path in self._folder.glob("*/*"))

    def discard(self, volumes: Collection[str]) -> None:
        for volume in volumes:
            with contextlib.suppress(OSError):
                disk.remove(self.folder(volume))
                self.folder(volume).parent.rmdir()

    def save(self, volume: str, file: Path) -> None:
        with _whole(file) as part:
            archive.pack(self.folder(volume), part)

    def restore(self, file: Path, volume: str) -> None:
        with _whole(self.folder(volume)) as part:
            archive.unpack(file, part)


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """Gives another name to write to, which becomes `target` when all went well, and is removed else."""
    part = target.with_name(f"{target.name}{_PART}")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        disk.remove(part)
        yield part
        part.replace(target)
    except (OSError, tarfile.TarError) as error:
        with contextlib.suppress(OSError):
            disk.remove(part)
        raise VolumeError(str(error)) from error
