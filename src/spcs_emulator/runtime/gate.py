"""Run as a script: waits for one line on standard input, then becomes the program given as arguments.

The local account sends the line once it has recorded this process. When it is killed before that, the line
never comes and this process ends by itself: no service can run that no record knows. Replaces its own
process, so process id and start stay the same. Imports nothing of the package.

On Linux the program inherits whatever its descendants leave without a parent, as the first process of a
container does, so that the local account finds daemons below it.
"""

import ctypes
import os
import sys

_PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    """Exits with 127, as a shell does, when the program cannot be started."""
    if not sys.stdin.readline():
        os._exit(1)
    if sys.platform == "linux":
        # Outlives execvp (documented: prctl(2)). Where it fails, the environment still tells.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    try:
        os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - a list of words, and no shell is wanted
    except OSError as error:
        sys.stderr.write(f"{sys.argv[1]}: {error.strerror}\n")
        sys.stderr.flush()
        os._exit(127)


if __name__ == "__main__":
    main()
