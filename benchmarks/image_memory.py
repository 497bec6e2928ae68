"""``python -m benchmarks.image_memory FOLDER REFERENCE USER``: builds and pushes one image, and says what
that took.

Comes in: a build context, where the image goes, the password on standard input. Goes out: one JSON
object: seconds of the build and of the push, and the most memory that this process held, in bytes. A
process of its own, since what another held before cannot be told apart.
"""

import json
import sys
import time
from pathlib import Path

from spcs_milvus.images import Engine, Login, container_image
from spcs_milvus.secrets import Secret
from spcs_milvus.transfer import Transfer

KIBIBYTE = 1024


def main(folder: str, reference: str, user: str) -> None:
    """Measures one build and one push."""
    login = Login(user, Secret(sys.stdin.readline().strip()))
    name = reference.rpartition(":")[0].rpartition("/")[2]
    begun = time.monotonic()
    image = container_image(Path(folder))
    with Engine() as engine:
        engine.build(name, image, _nothing)
        built = time.monotonic()
        engine.push(name, image, reference, lambda: login, _nothing)
    figures = {
        "build_seconds": built - begun,
        "push_seconds": time.monotonic() - built,
        "peak_bytes": peak_bytes(),
    }
    print(json.dumps(figures))


def peak_bytes(process: str = "self") -> int:
    """The most memory that a process has held, this one or that with a number. Not `ru_maxrss`, in which
    Linux counts what started it as well.
    """
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * KIBIBYTE


def _nothing(_: Transfer) -> None:
    """Whoever watches nothing holds nothing."""


if __name__ == "__main__":
    main(*sys.argv[1:])
