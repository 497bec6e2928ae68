"""The files of snapshots: copied from volumes, and back.

In: folders. Out: nothing, or 300002 when the machine has no room. Writes and removes folders. A folder that
is copied is put in its place whole or not at all.
"""

import contextlib
import os
import shutil
import stat
from pathlib import Path

from spcs_emulator.faults import INTERNAL

_COPIED = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)


def copy_files(source: Path, target: Path) -> None:
    """Make `target` hold everything that is below `source`, and nothing when that is not there.

    A service may be writing meanwhile: what vanishes while it is copied is left out.
    """
    part = target.with_name(f"{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, part, symlinks=True, ignore=_special, copy_function=_copy)
        else:
            part.mkdir()
        put_in_place(part, target)
    except (OSError, shutil.Error) as error:
        shutil.rmtree(part, ignore_errors=True)
        raise INTERNAL(cause=f"the volume could not be copied: {error}") from error


def move_files(source: Path, target: Path) -> None:
    """Let `source` be `target`. Nothing to do when it was moved before."""
    if source.is_dir() and not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)


def put_in_place(source: Path, target: Path) -> None:
    """Let `source` replace `target`."""
    shutil.rmtree(target, ignore_errors=True)
    source.replace(target)


def _copy(source: str, target: str) -> str:
    with contextlib.suppress(FileNotFoundError):
        shutil.copy2(source, target, follow_symlinks=False)
    return target


def _special(folder: str, names: list[str]) -> list[str]:
    """Return what is no file, folder or link: sockets and pipes hold nothing."""
    return [name for name in names if not _is_copied(Path(folder) / name)]


def _is_copied(path: Path) -> bool:
    try:
        return stat.S_IFMT(os.lstat(path).st_mode) in _COPIED
    except FileNotFoundError:
        return False
