"""Records the picture in the README: runs ``up`` and ``status`` on a fresh account into ``docs/up.svg``.

Run it as ``.venv/bin/python docs/record.py`` from the top of the repository. Starts and stops a local account
of its own.
"""

import os
import re
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

PROJECT = "examples/quickstart/spcs-milvus.yaml"
WIDTH = 110
# colours without the moving lines, so that the text is what stays on the screen
TERMINAL = {"TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "0", "COLUMNS": str(WIDTH)}
PLAN_LINES = ("  + ", "  . ")


def main() -> None:
    """Writes the picture."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, **TERMINAL, "SPCS_MILVUS_HOME": home}
        try:
            up = run(environment, "up", "--yes", "-f", PROJECT)
            status = run(environment, "status", "-f", PROJECT)
        finally:
            run(environment, "local", "stop")
    console = Console(record=True, width=WIDTH, file=StringIO())
    console.print(
        Text.from_ansi(f"$ spcs-milvus up\n{without_most_of_the_plan(up)}\n\n$ spcs-milvus status\n{status}")
    )
    # the picture must not fetch fonts from anywhere
    picture = re.sub(r"@font-face \{.*?\}", "", console.export_svg(title="spcs-milvus"), flags=re.DOTALL)
    Path("docs/up.svg").write_text(picture, encoding="utf-8")


def run(environment: dict[str, str], *words: str) -> str:
    """What a command shows, on both streams together."""
    command = [sys.executable, "-m", "spcs_milvus", *words]
    result = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
    )
    return result.stdout


def without_most_of_the_plan(shown: str) -> str:
    """The picture has room for a few lines of the plan; the cut is marked."""
    lines = shown.splitlines()
    planned = [line for line in lines if Text.from_ansi(line).plain.startswith(PLAN_LINES)]
    cut = set(planned[5:-2])
    kept = [line for line in lines if line not in cut]
    kept.insert(5, f"    … {len(cut)} more lines of the plan …")
    return "\n".join(kept)


if __name__ == "__main__":
    main()
