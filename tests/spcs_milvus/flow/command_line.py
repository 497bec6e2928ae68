"""The program as a process of its own, in a folder and with a home of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class CommandLine:
    """The program in a folder of its own, with a home of its own."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def start(
        self, *words: str, stdin: int = subprocess.DEVNULL, stdout: int = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        """Starts it; what it says can be read meanwhile. Only a terminal as ``stdin`` can be asked."""
        environment = {**os.environ, "SPCS_MILVUS_HOME": str(self.folder / "home"), "HOME": str(self.folder)}
        environment |= {"SNOWFLAKE_HOME": str(self.folder / "snowflake"), **self.environment}
        return subprocess.Popen(
            [sys.executable, "-m", "spcs_milvus", *words],
            cwd=self.folder,
            env=environment,
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs it to its end."""
        with self.start(*words) as process:
            try:
                out, err = process.communicate(timeout=120)
            finally:
                process.kill()
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def write(self, text: str) -> None:
        (self.folder / "spcs-milvus.yaml").write_text(text, encoding="utf-8")

    def connect(self, name: str, **options: Any) -> None:
        """Writes connections.toml, readable by its owner only."""
        lines = [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in options.items())]
        file = self.folder / "snowflake" / "connections.toml"
        file.parent.mkdir()
        file.write_text("\n".join(lines), encoding="utf-8")
        file.chmod(0o600)
