"""``python -m benchmarks.client WHAT SERVICES``: the deployer at work, in a process whose memory is its own.

Comes in: what to do (a key of :data:`ACTIONS`), how many services, and on stdin the connector's options as
JSON. Goes out: one JSON object with the seconds of each part. The clock starts after the sign-in.
"""

import json
import resource
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.more_services import with_services
from spcs_milvus import deployment, looking, opening
from spcs_milvus.apply import Outcome
from spcs_milvus.config import load
from spcs_milvus.graph import longest_path
from spcs_milvus.opening import Connection, Target
from spcs_milvus.plan import Action, Plan
from spcs_milvus.steps import Look, Statement, Step, Wait

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "quickstart" / "spcs-milvus.yaml"
REPEATS = 100
AT_ONCE = 64

Result = dict[str, Any]


def main() -> None:
    """Does it and prints what it took."""
    what, services = sys.argv[1:]
    connection = Connection("local", json.load(sys.stdin), "process")
    with opening.target(load(EXAMPLE, {}), connection, more=with_services(int(services))) as on:
        result = ACTIONS[what](on)
    print(json.dumps({**result, "peak_mib": _peak_mib()}))


def from_nothing(on: Target) -> Result:
    """``up`` on an empty account. ``apart`` are the seconds at its end when only waits were left."""
    began = time.monotonic()
    planned = deployment.make_plan(on)
    looked = time.monotonic()
    report = deployment.up(on, planned, lambda _event: None, threading.Event())
    ended = time.monotonic()
    if report.exit_code:
        raise RuntimeError(f"up ended with {report.exit_code}: {report.leftovers or report.outcomes}")
    changes = _last_end([one for one in report.outcomes if one.change.action is not Action.WAIT])
    return {
        "statements_in_chain": chain(planned.plan),
        "changes": changes,
        "looks": looked - began + (ended - looked - _last_end(report.outcomes)),
        "apart": _last_end(report.outcomes) - changes,
        "reads": report.counts.read,
        "writes": report.counts.write,
    }


def again(on: Target) -> Result:
    """``up`` when there is nothing to do: the plan is made, and is empty."""
    began = time.monotonic()
    planned = deployment.make_plan(on)
    if planned.plan.changes:
        raise RuntimeError(f"there is something to do: {planned.plan.changes}")
    deployment.up(on, planned, lambda _event: None, threading.Event())
    return {"seconds": time.monotonic() - began}


def status(on: Target) -> Result:
    """``status``."""
    began = time.monotonic()
    if not looking.look(on).ready:
        raise RuntimeError("the stack is not ready")
    return {"seconds": time.monotonic() - began}


def statements(on: Target) -> Result:
    """Seconds of one statement: the median of many one after the other, and of one among many at once."""
    role = on.loaded.project.roles.user_admin
    show = Look("SHOW ROLES", role)
    return {
        "select": _median(lambda: on.account.query([Look("SELECT CURRENT_ROLE()", role)])),
        "show": _median(lambda: on.account.query([show])),
        "write": _median(
            lambda: on.account.perform(Statement("CREATE ROLE BENCHMARK", role)),
            lambda: on.account.perform(Statement("DROP ROLE BENCHMARK", role)),
        ),
        "among_many": _median(lambda: on.account.query([show] * AT_ONCE)) / AT_ONCE,
    }


def chain(plan: Plan) -> float:
    """The statements along the longest chain of needs, waits apart."""
    steps = {change.address: sum(_statements(step) for step in change.steps) for change in plan.changes}
    needs = {change.address: change.needs for change in plan.changes}
    return longest_path(needs, lambda address: float(steps[address]))[0]


def _statements(step: Step) -> int:
    """How many statements a step takes; a push asks for the repository's address, the rest is not SQL."""
    return 0 if isinstance(step, Wait) else 1


def _last_end(outcomes: tuple[Outcome, ...] | list[Outcome]) -> float:
    """Seconds from the start of apply to the end of the last of these."""
    return max(outcome.began + outcome.seconds for outcome in outcomes)


def _median(*actions: Callable[[], object]) -> float:
    taken = []
    for _ in range(REPEATS // len(actions)):
        for action in actions:
            began = time.monotonic()
            action()
            taken.append(time.monotonic() - began)
    return statistics.median(taken)


def _peak_mib() -> float:
    """The most memory this process had at once; Linux counts it in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


ACTIONS: dict[str, Callable[[Target], Result]] = {
    "from-nothing": from_nothing,
    "again": again,
    "status": status,
    "statements": statements,
}

if __name__ == "__main__":
    main()
