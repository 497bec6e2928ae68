"""The one file that knows the local account's program: starts it, stops it, and says how to connect to it.

Comes in: where its state lives and how it should run. Goes out: plain data. Its errors become ours, so that
they read alike.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spcs_emulator import daemon
from spcs_emulator.errors import LocalAccountError
from spcs_milvus.errors import DeployError

IMAGE_FORMATS = {"process": "process", "none": "process", "docker": "container"}
"""Which images each of its runtimes runs."""


def running() -> dict[str, Any]:
    """The local account of this user as :func:`start` gives it, started where it is not running."""
    return start(None, None, None, None)


def start(data: Path | None, port: int | None, latency_ms: int | None, runtime: str | None) -> dict[str, Any]:
    """``{connection, data, runtime, pid}``; None leaves a setting as it is. Raises DeployError."""
    with _our_errors():
        return daemon.start(data or daemon.default_data(), port, latency_ms, runtime).as_json()


def status(data: Path | None) -> dict[str, Any] | None:
    """As :func:`start` gives it; None when it is not running."""
    with _our_errors():
        found = daemon.status(data or daemon.default_data())
        return found.as_json() if found else None


def stop(data: Path | None) -> bool:
    """Ends it and every process of its services; False when it was not running."""
    with _our_errors():
        return daemon.stop(data or daemon.default_data())


def reset(data: Path | None) -> None:
    """Stops it and deletes its state."""
    with _our_errors():
        daemon.reset(data or daemon.default_data())


def dump(data: Path | None) -> dict[str, Any]:
    """Everything it holds, in an order that two dumps can be compared in."""
    with _our_errors():
        return daemon.dump(data or daemon.default_data())


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except LocalAccountError as error:
        summary, _, rest = error.summary.partition("\n")
        raise DeployError(summary, detail=rest or None, hint=error.hint) from error
