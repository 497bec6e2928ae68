"""How long the command line takes to start, against the library it is made with.

Comes in: nothing. Goes out: figures. Touches nothing; starts short processes, one after the other.
"""

import statistics
import subprocess
import sys
import time

from benchmarks.account import ROOT
from benchmarks.figures import Figure

RUNS = 15
HELP = ("-m", "spcs_milvus", "--help")
IMPORT = ("-c", "import typer")
GOAL = 2.5


def startup() -> list[Figure]:
    """``--help`` against ``import typer``, in turns, so that what else the machine does hits both."""
    _seconds(HELP), _seconds(IMPORT)
    pairs = [(_seconds(HELP), _seconds(IMPORT)) for _ in range(RUNS)]
    shown, imported = (statistics.median(taken) for taken in zip(*pairs, strict=True))
    return [
        Figure(
            "--help / import typer",
            shown / imported,
            "x",
            f"medians of {RUNS} runs in turns: {shown * 1000:.0f} ms / {imported * 1000:.0f} ms",
            GOAL,
        )
    ]


def _seconds(arguments: tuple[str, ...]) -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began
