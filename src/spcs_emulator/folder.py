"""The data folder of a local account: what lies where, who may read it, and who holds it now.

In: a folder. Out: identity, port and admin token kept there. Writes `account.json` and `server.json`
(readable by their owner only) and holds the lock that makes sure of one server a folder.
"""

import json
import os
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from spcs_emulator.errors import NotALocalAccountError, RunsAlreadyError, UnusableFolderError
from spcs_emulator.identity import Identity, create_identity, identity_from_json, identity_to_json

FORMAT = "spcs-emulator/1"
FILES = (
    "account.json",
    "account.json.new",
    "catalogue.sqlite",
    "catalogue.sqlite-shm",
    "catalogue.sqlite-wal",
    "server.json",
    "server.json.new",
    "server.log",
    "server.lock",
    "start.lock",
)
DEFAULT_RUNTIME = "process"
FOLDERS = ("registry", "stages", "volumes", "snapshots", "processes", "secrets")
_LET_GO_SECONDS = 0.5
OURS = {*FILES, *FOLDERS}


def _new_mark() -> str:
    return uuid.uuid4().hex[:12]


@dataclass(frozen=True)
class Kept:
    """What `account.json` keeps: who the account is, the port it last listened on (0: none yet), and how its
    services were run then. `mark` is no other account's: what is the account's bears it where several share
    a place, such as a Docker engine.
    """

    identity: Identity
    port: int
    runtime: str = DEFAULT_RUNTIME
    mark: str = field(default_factory=_new_mark)


@dataclass(frozen=True)
class Running:
    """What `server.json` says of the server that holds the folder. `token` opens its admin pages."""

    pid: int
    mark: str
    port: int
    runtime: str
    latency_ms: int
    token: str


@dataclass(frozen=True)
class DataFolder:
    """The places below one folder."""

    path: Path

    @property
    def catalogue(self) -> Path:
        """The database of everything the account holds."""
        return self.path / "catalogue.sqlite"

    @property
    def registry(self) -> Path:
        """The folder of the registry's blobs."""
        return self.path / "registry"

    @property
    def volumes(self) -> Path:
        """The folder of the services' volumes, where the runtime keeps them in folders."""
        return self.path / "volumes"

    @property
    def processes(self) -> Path:
        """The folder of the services' processes: records, logs, disks."""
        return self.path / "processes"

    @property
    def secrets(self) -> Path:
        """The folder of the files with secrets that running services read; there while they run."""
        return self.path / "secrets"

    @property
    def log(self) -> Path:
        """What the server has to say."""
        return self.path / "server.log"

    def prepare(self) -> None:
        """Makes the folder, for its owner only.

        UnusableFolderError when it cannot be used, or holds other things.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            strange = [entry.name for entry in self.path.iterdir() if entry.name not in OURS]
            if strange and not self.is_account:
                raise UnusableFolderError(
                    self.path, f"it is no local account's and holds other files ({strange[0]})"
                )
            self.path.chmod(0o700)
            tempfile.TemporaryFile(dir=self.path).close()
        except OSError as error:
            raise UnusableFolderError(self.path, error.strerror or str(error)) from error

    @property
    def is_account(self) -> bool:
        """True when the folder holds a local account that this version understands."""
        return _read_json(self.path / "account.json").get("format") == FORMAT

    def account(self) -> Kept:
        """Who the account is; made now when the folder is new.

        UnusableFolderError when it cannot be read or written.
        """
        path = self.path / "account.json"
        if not path.exists():
            kept = Kept(create_identity(), 0)
            self.keep(kept)
            return kept
        value = _read_json(path)
        try:
            if value["format"] != FORMAT:
                raise UnusableFolderError(self.path, f"it was made by another version ({value['format']})")
            # Older accounts have neither runtime nor mark.
            more = {name: str(value[name]) for name in ("runtime", "mark") if name in value}
            if self.original is not None:
                del more["mark"]
            return Kept(identity_from_json(value["identity"]), int(value["port"]), **more)
        except (KeyError, TypeError, ValueError) as error:
            raise UnusableFolderError(self.path, "its account.json cannot be read") from error

    @property
    def original(self) -> Path | None:
        """The data folder that this one was copied from, while that is there; None when it is no copy.

        What bears the mark is the original's. One whose original is gone was moved, and keeps the mark.
        """
        here = _read_json(self.path / "account.json")
        if "mark" not in here or "home" not in here:
            return None
        home = Path(here["home"])
        there = _read_json(home / "account.json")
        return home if there.get("mark") == here["mark"] and not home.samefile(self.path) else None

    def existing_account(self) -> Kept:
        """Who the account is. NotALocalAccountError when the folder holds none."""
        if not self.is_account:
            raise NotALocalAccountError(self.path)
        return self.account()

    def keep(self, kept: Kept) -> None:
        """Writes `account.json`. UnusableFolderError when that cannot be done."""
        value = {**asdict(kept), "identity": identity_to_json(kept.identity)}
        self._write("account.json", {"format": FORMAT, **value, "home": str(self.path)})

    def announce(self, running: Running) -> None:
        """Writes `server.json`: who serves this folder now."""
        self._write("server.json", asdict(running))

    def unannounce(self) -> None:
        """Takes `server.json` away."""
        (self.path / "server.json").unlink(missing_ok=True)

    def running(self) -> Running | None:
        """What `server.json` says; it may be a killed server's. None when there is none, or when it came with
        a copy and names the original's.
        """
        if self.original is not None:
            return None
        try:
            return Running(**_read_json(self.path / "server.json"))
        except TypeError:
            return None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the folder for one server. RunsAlreadyError when another one does, and goes on to.

        A server that was just killed lets go a moment later, so a moment is waited.
        """
        with self._lock("server.lock", _LET_GO_SECONDS):
            yield

    @contextmanager
    def starting(self, seconds: float) -> Iterator[None]:
        """Lets one start or stop happen at a time; waits up to `seconds` for another one to finish."""
        with self._lock("start.lock", seconds):
            yield

    @contextmanager
    def _lock(self, name: str, seconds: float) -> Iterator[None]:
        lock = FileLock(self.path / name, mode=0o600)
        try:
            lock.acquire(timeout=seconds)
        except Timeout as error:
            raise RunsAlreadyError(self.path) from error
        except OSError as error:
            raise UnusableFolderError(self.path, error.strerror or str(error)) from error
        try:
            yield
        finally:
            lock.release()

    def _write(self, name: str, value: Mapping[str, Any]) -> None:
        path = self.path / name
        new = self.path / f"{name}.new"
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(value, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
        except OSError as error:
            new.unlink(missing_ok=True)
            raise UnusableFolderError(self.path, error.strerror or str(error)) from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
