"""The program under observation: a folder, a home and a temporary folder of its own, and ears everywhere.

Comes in: words for the command line. Goes out: what was said, and everything that can be seen afterwards. A
``sitecustomize`` of the test's own tells which processes are started, and where it is asked for, turns
Python's logging on, or breaks the connector at a statement.
"""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.canaries import places
from tests.canaries.observers import Seen, below, processes, texts

LONGEST_SECONDS = 120

_EARS = """
import json, logging, os, sys

def _told(event, args):
    if event == "subprocess.Popen":
        _write([os.fsdecode(word) for word in args[1]], args[3])
    elif event in ("os.exec", "os.posix_spawn"):
        _write([os.fsdecode(word) for word in args[1]], args[2])
    elif event == "os.system":
        _write([os.fsdecode(args[0])], None)

def _write(words, environment):
    given = os.environ if environment is None else environment
    told = {os.fsdecode(name): os.fsdecode(value) for name, value in given.items()}
    line = json.dumps({"words": words, "environment": told}) + "\\n"
    os.write(_file, line.encode())

_file = os.open(os.environ["CANARY_AUDIT"], os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
sys.addaudithook(_told)
if "CANARY_BUG" in os.environ:
    from snowflake.connector.cursor import DictCursor

    _execute = DictCursor.execute

    def _broken(self, command, *words, **more):
        if command.startswith(os.environ["CANARY_BUG"]):
            raise RuntimeError("arranged")
        return _execute(self, command, *words, **more)

    DictCursor.execute = _broken
if "CANARY_LOG" in os.environ:
    logging.basicConfig(level=logging.DEBUG, filename=os.environ["CANARY_LOG"])
    logging.captureWarnings(True)
"""
LOUD = ("-X", "dev", "-W", "always")


@dataclass
class Program:
    """The program in ``folder``; ``environment`` is laid over ours, ``python`` goes before the module."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    python: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("project", "user", "tmp", "ears", "snowflake"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "ears" / "sitecustomize.py").write_text(_EARS, encoding="utf-8")

    @property
    def home(self) -> Path:
        """The data folder of the local account."""
        return self.folder / "home"

    @property
    def project(self) -> Path:
        """The folder with the project file, in which it is run."""
        return self.folder / "project"

    @property
    def audit(self) -> Path:
        """What it started."""
        return self.folder / "ears" / "audit.jsonl"

    @property
    def log(self) -> Path:
        """What Python's logging said."""
        return self.folder / "tmp" / "debug.log"

    def variables(self) -> dict[str, str]:
        """Its environment."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("SNOWFLAKE_")}
        return {
            **ours,
            "HOME": str(self.folder / "user"),
            "TMPDIR": str(self.folder / "tmp"),
            "SNOWFLAKE_HOME": str(self.folder / "snowflake"),
            "SPCS_MILVUS_HOME": str(self.home),
            "PYTHONPATH": str(self.folder / "ears"),
            "CANARY_AUDIT": str(self.audit),
            # a browser that opens nothing, and an engine that is not there
            "BROWSER": "true",
            "DOCKER_HOST": "tcp://127.0.0.1:1",
            **self.environment,
        }

    def plant(self) -> None:
        """Writes the project with its canaries, and a connection that has one in each of its options."""
        for name, text in places.files().items():
            file = self.project / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        self.environment |= {**places.variables(), **places.connection_variables()}
        self.connect("other", account="a", user="u", **places.written_options())

    def connect(self, name: str, **options: str | int) -> None:
        """Writes connections.toml, readable by its owner only."""
        file = self.folder / "snowflake" / "connections.toml"
        file.write_text(_toml(name, options), encoding="utf-8")
        file.chmod(0o600)

    def start(
        self,
        words: Sequence[str],
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
    ) -> "subprocess.Popen[bytes]":
        """Starts it; what it says can be read meanwhile."""
        return subprocess.Popen(
            [sys.executable, *self.python, "-m", "spcs_milvus", *words],
            cwd=self.project,
            env=self.variables(),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )

    def run(self, *words: str) -> tuple[int, list[Seen]]:
        """Runs it to its end: its exit code and what can be seen of it."""
        with self.start(words) as process:
            try:
                out, err = process.communicate(timeout=LONGEST_SECONDS)
            finally:
                process.kill()
        return process.returncode, [*texts("streams", stdout=out, stderr=err), *self.left()]

    def run_on_a_terminal(self, *words: str) -> tuple[int, list[Seen]]:
        """The same on a narrow terminal, where Rich wraps and draws."""
        ours, theirs = pty.openpty()
        with self.start(words, stdin=theirs, stdout=theirs, stderr=theirs) as process:
            os.close(theirs)
            said = b"".join(_until_closed(ours))
            os.close(ours)
        return process.returncode, [*texts("terminal", screen=said), *self.left()]

    def left(self) -> list[Seen]:
        """What it left in its folders, and what it told others."""
        planted = {self.project / name for name in places.files()}
        return [
            *below(self.folder, leave={*planted, self.audit}),
            *processes(self.audit, self.variables()),
        ]


def _toml(name: str, options: Mapping[str, str | int]) -> str:
    return "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in options.items())])


def _until_closed(terminal: int) -> "list[bytes]":
    """What comes from a terminal until whoever writes to it has ended."""
    said = []
    try:
        while read := os.read(terminal, 65536):
            said.append(read)
    except OSError:
        # how Linux says that nobody has the other end any more
        pass
    return said
