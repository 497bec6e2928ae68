"""A local account in a process of its own, for one measurement.

Comes in: its latency. Goes out: how to connect, and when statements arrived. Touches one process, gone at the
end with its folder.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.image_memory import peak_bytes

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 30.0


class NotingAccount:
    """A running local account. ``connection`` holds the connector's options, ``latency_seconds`` is what each
    statement takes at least.
    """

    def __init__(self, server: "subprocess.Popen[str]", latency_ms: int) -> None:
        self._server = server
        self.latency_seconds = latency_ms / 1000
        self.connection: dict[str, Any] = self._line()

    def arrivals(self) -> list[float]:
        """When statements came in since the last time this was asked, in seconds."""
        assert self._server.stdin
        self._server.stdin.write("\n")
        self._server.stdin.flush()
        return [float(at) for at in self._line()]

    @property
    def peak_bytes(self) -> int:
        """The most memory that its process has held; Linux only."""
        return peak_bytes(str(self._server.pid))

    def _line(self) -> Any:
        assert self._server.stdout
        line = self._server.stdout.readline()
        if not line:
            raise RuntimeError("the local account ended by itself; what it wrote stands above")
        return json.loads(line)


@contextmanager
def noting_account(latency_ms: int) -> Iterator[NotingAccount]:
    """Starts a fresh local account and ends it afterwards."""
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.noting_account", str(latency_ms)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C is for us; it ends when its stdin does
        start_new_session=True,
    )
    try:
        yield NotingAccount(server, latency_ms)
    finally:
        _end(server)


def _end(server: "subprocess.Popen[str]") -> None:
    assert server.stdin
    assert server.stdout
    server.stdin.close()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    server.stdout.close()


def rounds(arrivals: Sequence[float], latency_seconds: float) -> int:
    """The most statements of which each came in when the one before could have been answered.

    This is the depth that more workers cannot shorten, seen from the account: also what came late only
    because the client was busy counts as a round of its own.
    """
    count, answered = 0, float("-inf")
    for at in sorted(arrivals):
        if at >= answered:
            count, answered = count + 1, at + latency_seconds
    return count
