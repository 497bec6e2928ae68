"""A local account in the background: start, stop, status, reset, dump of one data folder's server.

In: a data folder and settings. Out: a `Status`. Starts and signals the server's process (only when its id
and its start both match what the folder says), and asks it over loopback.
"""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from spcs_emulator.clock import RealClock
from spcs_emulator.errors import (
    NoEngineError,
    NotALocalAccountError,
    NotStartedError,
    OtherSettingsError,
    PortTakenError,
    UnusableFolderError,
)
from spcs_emulator.folder import FILES, FOLDERS, DataFolder, Running
from spcs_emulator.runtime import disk
from spcs_emulator.runtime.marks import TAG, Process, is_alive, send
from spcs_emulator.runtime.ports import is_free
from spcs_emulator.runtimes import clean_up, forget
from spcs_emulator.server import HOST, connection, read_dump

START_SECONDS = 15.0
STOP_SECONDS = 30.0
_LOOK_SECONDS = 0.02
_LAST_LINES = 15
_LONGEST_LOG_BYTES = 1024 * 1024

# As `python -m spcs_emulator`, and also where this package was found on a path that only this process
# knows. Its folder goes last, so that nothing in it can stand before the standard library.
_BOOT = (
    "import sys; sys.path.append(sys.argv.pop(1)); from spcs_emulator.__main__ import main; sys.exit(main())"
)

# What the server and the Docker client in it heed. It goes on for days, and who started it may have had
# secrets in variables for one command.
_NEEDED = re.compile(
    rf"PATH|HOME|USER|LOGNAME|TMPDIR|TZ|LANG|LC_\w+|LD_\w+|DYLD_\w+|PYTHON\w+|XDG_\w+|{TAG}|SSH_AUTH_SOCK"
    r"|DOCKER_(HOST|CONTEXT|CONFIG|CERT_PATH|TLS_VERIFY|API_VERSION)"
)

# Servers that this process started, kept to be reaped when they have ended.
_started: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Status:
    """A running local account: `connection` has host, port, protocol, account, user, password."""

    connection: dict[str, Any]
    data: str
    runtime: str
    pid: int

    def as_json(self) -> dict[str, Any]:
        """The status as scripts read it."""
        return asdict(self)


def default_data(environment: Mapping[str, str] = os.environ) -> Path:
    """SPCS_MILVUS_HOME, else the platform's folder for a program's state."""
    home = environment.get("SPCS_MILVUS_HOME")
    return Path(home).expanduser() if home else user_state_path("spcs-milvus", appauthor=False)


def status(data: Path) -> Status | None:
    """The local account that serves the folder and answers; None when there is none."""
    folder = DataFolder(data.resolve())
    running = _answering(folder)
    return None if running is None else _status(folder, running)


def start(
    data: Path, port: int | None = None, latency_ms: int | None = None, runtime: str | None = None
) -> Status:
    """Starts the folder's local account in the background and returns when it answers.

    Running already with the same settings is the same answer; None asks for nothing in particular, and
    means the last port or a free one, no latency, the last runtime or "process" when it is started. Raises
    OtherSettingsError, PortTakenError, UnusableFolderError, or NotStartedError with what it says of why, or
    else the last lines of its log.
    """
    folder = DataFolder(data.resolve())
    folder.prepare()
    with folder.starting(START_SECONDS + STOP_SECONDS):
        running = _answering(folder)
        if running is not None:
            _check_settings(running, port, latency_ms, runtime)
            return _status(folder, running)
        if port and not is_free(port):
            raise PortTakenError(port)
        _end_server(folder)
        return _status(folder, _launch(folder, port, latency_ms or 0, runtime))


def stop(data: Path) -> bool:
    """Ends the folder's local account with every process of its services. False when none was running.

    Returns when all are gone, also those that a killed server left behind. A folder that holds no local
    account is left alone.
    """
    folder = DataFolder(data.resolve())
    if not folder.is_account:
        return False
    with folder.starting(START_SECONDS + STOP_SECONDS):
        return _end_server(folder)


def reset(data: Path) -> None:
    """Stops the local account and deletes all of its state; other files in the folder stay.

    NotALocalAccountError, and nothing deleted, when the folder holds none. NoEngineError, and the folder as
    it was, when its volumes are in an engine that does not answer.
    """
    folder = DataFolder(data.resolve())
    if not folder.is_account:
        raise NotALocalAccountError(folder.path)
    with folder.starting(START_SECONDS + STOP_SECONDS):
        _end_server(folder)
        forget(folder)
        try:
            for name in FOLDERS:
                disk.remove(folder.path / name)
            # What makes it a local account goes last, so that a broken reset can be done again.
            for name in sorted(FILES, key=lambda name: name == "account.json"):
                (folder.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise UnusableFolderError(folder.path, error.strerror or str(error)) from error
    (folder.path / "start.lock").unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # other files are in it, or it may not be removed: then it stays
        folder.path.rmdir()


def dump(data: Path) -> dict[str, Any]:
    """The account's whole catalogue, canonical; from the server, or from disk when none runs.

    NotALocalAccountError when the folder holds none.
    """
    folder = DataFolder(data.resolve())
    running = _answering(folder)
    if running is None:
        return read_dump(folder, RealClock())
    answer = _ask(running, "/local/dump")
    if answer is None:
        raise NotStartedError("the local account does not answer", f"Its log is {folder.log}.")
    return answer


def _status(folder: DataFolder, running: Running) -> Status:
    return Status(connection(folder, running.port), str(folder.path), running.runtime, running.pid)


def _check_settings(running: Running, port: int | None, latency_ms: int | None, runtime: str | None) -> None:
    for setting, has, asked in (
        ("port", running.port, port or None),
        ("latency_ms", running.latency_ms, latency_ms),
        ("runtime", running.runtime, runtime),
    ):
        if asked is not None and asked != has:
            raise OtherSettingsError(setting, has, asked)


def _answering(folder: DataFolder) -> Running | None:
    running = folder.running()
    if running is None or not is_alive(Process(running.pid, running.mark)):
        return None
    answer = _ask(running, "/local/status")
    return running if answer is not None and answer.get("pid") == running.pid else None


def _ask(running: Running, path: str) -> dict[str, Any] | None:
    server = http.client.HTTPConnection(HOST, running.port, timeout=10)
    try:
        server.request("GET", path, headers={"Authorization": f"Bearer {running.token}"})
        response = server.getresponse()
        value = json.loads(response.read())
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        server.close()
    return value if response.status == http.HTTPStatus.OK and isinstance(value, dict) else None


def _launch(folder: DataFolder, port: int | None, latency_ms: int, runtime: str | None) -> Running:
    options = ["--data", str(folder.path), "--latency-ms", str(latency_ms)]
    options += ["--runtime", runtime] if runtime else []
    options += ["--port", str(port)] if port else []
    if folder.log.exists() and folder.log.stat().st_size > _LONGEST_LOG_BYTES:
        os.truncate(folder.log, 0)
    before = folder.log.stat().st_size if folder.log.exists() else 0
    log = os.open(folder.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        server = subprocess.Popen(
            [sys.executable, "-P", "-c", _BOOT, str(Path(__file__).parent.parent), *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={name: value for name, value in os.environ.items() if _NEEDED.fullmatch(name)},
            start_new_session=True,
        )
    finally:
        os.close(log)
    _started.append(server)
    end = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < end:
        running = _answering(folder)
        if running is not None and running.pid == server.pid:
            return running
        time.sleep(_LOOK_SECONDS)
    _end(server)
    raise _not_started(folder, folder.log.read_bytes()[before:].decode(errors="replace"))


def _not_started(folder: DataFolder, words: str) -> NotStartedError:
    """What the server itself says of why it ends, where it does; else its last lines."""
    told = re.search(r"^error: (.*)\nhint: (.*)\n\Z", words, re.DOTALL | re.MULTILINE)
    if told:
        return NotStartedError(told[1], told[2])
    last = "\n".join(words.splitlines()[-_LAST_LINES:])
    return NotStartedError(f"the local account did not start:\n{last}", f"Its whole log is {folder.log}.")


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _end_server(folder: DataFolder) -> bool:
    """Ends the server that the folder names, and whatever services a killed one left. False when none ran."""
    running = folder.running()
    server = None if running is None else Process(running.pid, running.mark)
    was_alive = server is not None and is_alive(server)
    if server is not None:
        send(server, signal.SIGTERM)
        if not _gone_within(server, STOP_SECONDS):
            send(server, signal.SIGKILL)
            _gone_within(server, STOP_SECONDS)
    # Where an engine is gone nothing runs; what is left in it is removed by the next stop or start.
    with folder.held(), contextlib.suppress(NoEngineError):
        clean_up(folder)
        folder.unannounce()
    _started[:] = [child for child in _started if child.poll() is None]
    return was_alive


def _gone_within(process: Process, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while is_alive(process):
        if time.monotonic() >= end:
            return False
        time.sleep(_LOOK_SECONDS)
    return True
