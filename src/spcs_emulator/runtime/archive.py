"""A folder with all that is in it as one tar archive, and back.

In: folders and files. Out: nothing, or OSError and tarfile.TarError. Writes the archive, or the folder. Used
for volumes, whose files a service may be writing meanwhile.
"""

import contextlib
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

_KEPT = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)


def pack(folder: Path, file: Path) -> None:
    """Write everything below `folder` to the archive `file`; nothing when the folder is not there.

    Sockets and pipes hold nothing and are left out, and so is what vanishes meanwhile.
    """
    with tarfile.open(file, "w") as archive:
        for path in _below(folder):
            with contextlib.suppress(FileNotFoundError):
                _add(archive, path, path.relative_to(folder).as_posix())


def unpack(file: Path, folder: Path) -> None:
    """Make `folder`, which is not there yet, and lay in it what the archive holds.

    Links come last, so that nothing is written through one. tarfile.TarError for a name that leads out.
    """
    folder.mkdir(parents=True)
    with tarfile.open(file) as archive:
        # Python 3.14 would refuse links that lead out; a volume may hold any. Older ones know no filter.
        archive.extraction_filter = lambda member, _: member
        members = sorted(archive, key=lambda member: member.issym() or member.islnk())
        for member in members:
            name = PurePosixPath(member.name)
            if name.is_absolute() or ".." in name.parts:
                raise tarfile.ReadError(f"{member.name!r} leads out of the volume")
        archive.extractall(folder, members, numeric_owner=True)  # noqa: S202 - names are checked


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder, onerror=_raise_if_there):
        yield from (Path(place) / name for name in sorted((*folders, *files)))


def _raise_if_there(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    found = path.lstat()
    if stat.S_IFMT(found.st_mode) not in _KEPT:
        return
    if not stat.S_ISREG(found.st_mode):
        archive.add(path, name, recursive=False)
        return
    with path.open("rb") as file:
        member = archive.gettarinfo(arcname=name, fileobj=file)
        # Each name of a file with several is a file of its own: simple, and right after all.
        member.type, member.linkname = tarfile.REGTYPE, ""
        member.size = os.fstat(file.fileno()).st_size
        archive.addfile(member, _Filled(file))


class _Filled:
    """A file that goes on with zeros where it has become shorter than its size in the archive."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, count: int = -1, /) -> bytes:
        return self._file.read(count).ljust(count, b"\0")
