"""`python -m spcs_emulator`: a local account alone, in the foreground, until it is told to stop.

In: options. Out: one line that says where it answers, or an error with a hint and exit code 1. Ctrl-C and
SIGTERM stop it cleanly, its services included; the data folder keeps the account.
"""

import argparse
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from spcs_emulator.clock import RealClock
from spcs_emulator.daemon import Status, default_data
from spcs_emulator.errors import LocalAccountError
from spcs_emulator.runtimes import RUNTIMES
from spcs_emulator.server import LocalAccount


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until a signal comes. Returns the exit code: 0, or 1 when it could not start."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    # Beyond the data folder's own mode: whatever is made in it, by services too, is for its owner only.
    os.umask(0o077)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    try:
        with LocalAccount(
            options.data,
            RealClock(),
            runtime=options.runtime,
            port=options.port,
            latency_ms=options.latency_ms,
        ) as local:
            status = Status(local.connection, str(local.folder.path), local.runtime.name, os.getpid())
            _say(status, options.output)
            os.chdir(local.folder.path)
            stop.wait()
    except LocalAccountError as error:
        sys.stderr.write(f"error: {error.summary}\nhint: {error.hint}\n")
        return 1
    return 0


def _say(status: Status, output: str) -> None:
    # The password is told as JSON only, to the program that asked for it; text often ends up in logs.
    text = json.dumps(status.as_json())
    if output == "text":
        where = f"{status.connection['host']}:{status.connection['port']}"
        text = f"local account on {where}, data in {status.data}; Ctrl-C stops it"
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m spcs_emulator", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=default_data(), help="data folder (default: %(default)s)"
    )
    parser.add_argument(
        "--port", type=int, help="port of 127.0.0.1 (default: the one it had before, else a free one)"
    )
    parser.add_argument("--latency-ms", type=_not_negative, default=0, help="added to every statement")
    parser.add_argument(
        "--runtime",
        choices=RUNTIMES,
        help="how services are run: as processes of this machine, as containers of a Docker engine, or not "
        "at all (default: as it was before, else process)",
    )
    parser.add_argument("--output", choices=("text", "json"), default="text")
    return parser


def _not_negative(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value


if __name__ == "__main__":
    sys.exit(main())
