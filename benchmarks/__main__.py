"""``python -m benchmarks [--output text|json]``: measures and prints; takes about two minutes, and
six more where a Docker engine answers."""

import argparse
import json
import sys
from collections.abc import Callable

from benchmarks.figures import Figure, document, table
from benchmarks.measures import FEW, LATENCY_MS, LONG_LATENCY_MS, MANY, from_nothing, one_statement, settled
from benchmarks.pushes import pushes
from benchmarks.startup import startup

STAGES: dict[str, Callable[[], list[Figure]]] = {
    "up from nothing": from_nothing,
    f"up again and status, {FEW} services": lambda: settled(FEW, LATENCY_MS),
    f"up again and status, {MANY} services": lambda: settled(MANY, LATENCY_MS),
    f"the same at {LONG_LATENCY_MS} ms": lambda: settled(MANY, LONG_LATENCY_MS),
    "start-up": startup,
    "one statement": one_statement,
    "pushes of images": pushes,
}


def main() -> None:
    """Measures one thing after the other, so that none disturbs another."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure what the README quotes."
    )
    parser.add_argument("--output", choices=("text", "json"), default="text")
    output = parser.parse_args().output
    figures: list[Figure] = []
    for title, measure in STAGES.items():
        print(f"measuring: {title}", file=sys.stderr, flush=True)
        figures += measure()
    ordered = sorted(figures, key=lambda figure: figure.goal is None)
    print(json.dumps(document(ordered), indent=2) if output == "json" else table(ordered))


if __name__ == "__main__":
    main()
