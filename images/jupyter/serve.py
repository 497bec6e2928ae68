"""Runs Jupyter as a plain process, where there is no container to lay out `/workspace`.

In go the folder to serve, the folder that stands for the mounted stage, and Jupyter's own arguments. Makes
the link `files` in the first that leads to the second, as the mount at `/workspace/files` does in the
container, then becomes Jupyter: same process id, same signals. With MODE=verify in the environment it becomes
`verify.py` instead, which is what a job's specification asks of the container by its command.
"""

import os
import sys
from pathlib import Path


def main(workspace: str, stage: str, *arguments: str) -> None:
    """Link `stage` into `workspace` and replace this process by Jupyter, or by the verification.

    Raises FileExistsError when something other than this link is called `files` there, OSError when the link
    cannot be made.
    """
    if os.environ.get("MODE") == "verify":
        os.execv(sys.executable, [sys.executable, str(Path(workspace, "verify.py"))])  # noqa: S606 - no shell
    link = Path(workspace, "files")
    if not (link.is_symlink() and link.readlink() == Path(stage)):
        link.symlink_to(stage, target_is_directory=True)
    os.execv(sys.executable, [sys.executable, "-m", "notebook", *arguments])  # noqa: S606 - words, no shell


if __name__ == "__main__":
    main(*sys.argv[1:])
