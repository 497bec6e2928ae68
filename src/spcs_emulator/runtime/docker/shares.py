"""The account's own folders as containers see them: who may read there, and write.

In: a mount of a stage or of secrets. Out: nothing. Opens files and folders here to whatever user an
image runs as; nobody else gets to them, as the data folder around them is its owner's alone.
"""

import contextlib
from pathlib import Path

from spcs_emulator.runtime.api import Mount


def open_up(mount: Mount) -> None:
    """Lets every user of a container read what is in the mount's folder now.

    Every one may write, too, where the specification names an owner other than root. Without one only root
    may. (Assumed: on Snowflake exactly the one named may, here whoever it is cannot be told apart.)
    """
    assert mount.folder is not None
    writes = not mount.read_only and bool(mount.uid or mount.gid)
    for path in (mount.folder, *mount.folder.rglob("*")):
        # What a container made is its user's, and open to it already.
        with contextlib.suppress(OSError):
            _open(path, writes)


def _open(path: Path, writes: bool) -> None:
    if not path.is_symlink():
        mode = 0o755 if path.is_dir() else 0o644
        path.chmod(path.stat().st_mode | mode | (0o022 if writes else 0))
