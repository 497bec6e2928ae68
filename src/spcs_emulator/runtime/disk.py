"""A container's own disk: fresh at every start, gone with the container.

In: a `Launch`. Out: nothing. Writes below `launch.disk` only; volumes are never emptied here.
"""

import shutil
import stat
import tarfile
from pathlib import Path, PurePosixPath

from spcs_emulator.runtime.launch import Launch, folder_of


class UnsafeLayerError(Exception):
    """The layer holds something other than plain files and folders below its root."""


def make(launch: Launch) -> None:
    """Makes the disk anew: home, temporary folder, the image's files, places for mounts.

    A read-only mount becomes a copy without write permission, taken now: what changes on the stage
    afterwards is seen at the next start. (Snowflake shows it at once. Permissions do not bind a process
    that runs as root.) OSError when the machine has no room; UnsafeLayerError when the image's layer holds
    more than files.
    """
    remove(launch.disk)
    for name in ("home", "tmp", "files"):
        (launch.disk / name).mkdir(parents=True, mode=0o700)
    if launch.layer is not None:
        _unpack(launch.layer, launch.files)
    for path, mount in sorted(launch.mounts.items()):
        place = folder_of(path, mount, launch.disk)
        source = mount.folder if mount is not None and mount.read_only else None
        if source is not None and source.is_dir():
            _copy_read_only(source, place)
        else:
            place.mkdir(parents=True, exist_ok=True)


def remove(folder: Path) -> None:
    """Removes a folder with everything in it, read-only or not; nothing when it is not there."""
    if not folder.is_dir() or folder.is_symlink():
        folder.unlink(missing_ok=True)
        return
    for inner in (folder, *_folders_below(folder)):
        inner.chmod(0o700)
    shutil.rmtree(folder)


def _folders_below(folder: Path) -> list[Path]:
    found: list[Path] = []
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
            found += [path, *_folders_below(path)]
    return found


def _copy_read_only(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True)
    for path in [target, *target.rglob("*")]:
        if not path.is_symlink():
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o222)


def _unpack(layer: Path, target: Path) -> None:
    # Not tarfile's own filter: Python 3.11.2 (Debian 12) does not have it yet, and plain files are all we
    # allow.
    with tarfile.open(layer, mode="r:") as archive:
        for member in archive:
            name = PurePosixPath(member.name)
            if name.is_absolute() or ".." in name.parts or not (member.isfile() or member.isdir()):
                raise UnsafeLayerError(
                    f"the image's layer holds {member.name!r}, which is no plain file below its root"
                )
            place = target / name
            content = archive.extractfile(member)
            if content is None:
                place.mkdir(parents=True, exist_ok=True)
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("wb") as file:
                shutil.copyfileobj(content, file)
            place.chmod(0o700 if member.mode & 0o100 else 0o600)
