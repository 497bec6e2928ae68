"""``python -m benchmarks.noting_account LATENCY_MS``: a local account that notes when statements arrive.

Comes in: for each line on stdin, the wish to hear of the statements since the last one. Goes out, one line of
JSON each: first how to connect, then lists of arrivals in seconds. Ends, and its temporary folder with it,
when stdin does, so that it outlives no one. Nothing runs in it (runtime ``none``); what is measured is the
deployer and the wire.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from spcs_emulator.clock import RealClock
from spcs_emulator.script import Event, Script
from spcs_emulator.server import LocalAccount


class NotingScript(Script):
    """Arranges nothing but the latency, and notes each statement that comes in."""

    def __init__(self, latency_ms: int) -> None:
        super().__init__(latency_ms)
        self._arrivals: list[float] = []

    def at_statement(self, text: str) -> Event | None:
        """Notes the moment, before the latency begins."""
        self._arrivals.append(time.monotonic())
        return super().at_statement(text)

    def take(self) -> list[float]:
        """The arrivals noted since the last time, in seconds of a clock that only runs forward."""
        taken, self._arrivals = self._arrivals, []
        return taken


def main() -> None:
    """Serves until stdin ends."""
    script = NotingScript(int(sys.argv[1]))
    with (
        tempfile.TemporaryDirectory(prefix="spcs-milvus-benchmark-") as data,
        LocalAccount(Path(data), RealClock(), runtime="none", script=script) as local,
    ):
        print(json.dumps(local.connection), flush=True)
        for _ in sys.stdin:
            print(json.dumps(script.take()), flush=True)


if __name__ == "__main__":
    main()
