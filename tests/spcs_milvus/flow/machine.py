"""The command line as a person has it, with a home of its own, and what really runs behind it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

EXAMPLES = Path(__file__).parents[3] / "examples"
QUICKSTART = EXAMPLES / "quickstart" / "spcs-milvus.yaml"


class Machine:
    """The command line with a home of its own, with a blank in its name."""

    def __init__(self, home: Path, project: Path = QUICKSTART, **environment: str) -> None:
        self.home = home
        self.project = project
        self._environment = {**os.environ, "SPCS_MILVUS_HOME": str(home), **environment}

    def run(self, *words: str, exit_code: int = 0) -> subprocess.CompletedProcess[str]:
        """A command that ends with the code."""
        result = subprocess.run(
            [sys.executable, "-m", "spcs_milvus", *words],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert result.returncode == exit_code, result.stderr
        return result

    def document(self, *words: str) -> dict[str, Any]:
        """What a command prints for scripts."""
        document: dict[str, Any] = json.loads(self.run(*words, "--output", "json").stdout)
        return document

    def on_stack(self, command: str) -> dict[str, Any]:
        """A command about the project."""
        return self.document(
            command, "-f", str(self.project), *(["--yes"] if command in ("up", "down", "pause") else [])
        )

    def url(self, endpoint: str) -> str:
        found = (shown for service in self.on_stack("status")["services"] for shown in service["endpoints"])
        return next(str(shown["url"]) for shown in found if shown["name"] == endpoint)

    def processes(self) -> list[psutil.Process]:
        """Every process that has this home on its command line or in its environment."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            words = [*process.cmdline(), *process.environ().values()]
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            return False
        return process.pid != os.getpid() and any(str(self.home) in word for word in words)
