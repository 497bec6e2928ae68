"""The official CLI as a person has it: in a folder of its own, with a home and one connection, `local`.

In: words of a command line. Out: what it said. Runs it in a process of its own, untouched by what this
process has in its environment for it.
"""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LONGEST_COMMAND_SECONDS = 120


@dataclass(frozen=True)
class Snow:
    """`program` is run in `work`; `home` is where it finds its configuration."""

    program: Path
    home: Path
    work: Path

    def connect(self, options: dict[str, Any]) -> None:
        """Writes the connection. The CLI refuses files that others can read."""
        self.home.mkdir(mode=0o700)
        connection = "\n".join(f"{key} = {json.dumps(value)}" for key, value in options.items())
        for name, text in (
            ("connections.toml", f"[local]\n{connection}\n"),
            ("config.toml", "[cli]\nignore_new_version_warning = true\n"),
        ):
            (self.home / name).write_text(text, encoding="utf-8")
            (self.home / name).chmod(0o600)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs it to its end; rows are printed as JSON."""
        others = {key: value for key, value in os.environ.items() if not key.startswith("SNOWFLAKE_")}
        home = {"HOME": str(self.home), "SNOWFLAKE_HOME": str(self.home), "COLUMNS": "1000"}
        return subprocess.run(
            [str(self.program), *words, "-c", "local", "--format", "json"],
            cwd=self.work,
            env={**others, **home},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_COMMAND_SECONDS,
            check=False,
        )
