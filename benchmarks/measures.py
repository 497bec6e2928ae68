"""What is measured against a local account: ``up`` from nothing, ``up`` again, ``status``, one statement.

Comes in: nothing. Goes out: figures. Touches nothing itself; ``account`` and ``client`` run as processes.
"""

import json
import statistics
import subprocess
import sys
from typing import Any

from benchmarks.account import ROOT, NotingAccount, noting_account, rounds
from benchmarks.figures import Figure
from benchmarks.own_time import own_milliseconds

LATENCY_MS = 100
# long enough to hide what client and account, on the same cores, work for a statement
LONG_LATENCY_MS = 500
RUNS = 5
UP_GOAL = 1.15
ROUNDS_GOAL = 3.0
OWN_GOAL = 2.0
FEW, MANY = 2, 50

Result = dict[str, Any]


def from_nothing() -> list[Figure]:
    """``up`` from nothing against its bound, each time on a fresh account; waits apart."""
    results = []
    for _ in range(RUNS):
        with noting_account(LATENCY_MS) as account:
            results.append(_client(account, "from-nothing", FEW))
    statements = results[0]["statements_in_chain"]
    bound = statements * LATENCY_MS / 1000
    # one look before, one after
    whole_bound = bound + 2 * LATENCY_MS / 1000
    changes = [result["changes"] for result in results]
    whole = [result["changes"] + result["looks"] for result in results]
    apart = statistics.median(result["apart"] for result in results)
    said = f"chain of {statements:.0f} statements at {LATENCY_MS} ms"
    return [
        Figure(
            "up from nothing / bound",
            statistics.median(changes) / bound,
            "x",
            f"{_range(changes)} / {said}",
            UP_GOAL,
        ),
        Figure(
            "up with both looks / bound",
            statistics.median(whole) / whole_bound,
            "x",
            f"{_range(whole)} / the chain and a look before and after; the roles' sign-ins are in it",
        ),
        Figure("up, waits", apart, "s", "waiting for services at the end, apart from the above"),
        Figure("up, reads", results[-1]["reads"], "statements", "polls of the waits are in it"),
        Figure("up, writes", results[-1]["writes"], "statements", "all changes", noisy=False),
    ]


def settled(services: int, latency_ms: int) -> list[Figure]:
    """``up`` with nothing to do, and ``status``: rounds after the sign-in, seconds, peak memory."""
    figures = []
    with noting_account(latency_ms) as account:
        _client(account, "from-nothing", services)
        for title, what in (("no-op up", "again"), ("status", "status")):
            figures += _again(account, f"{title}, {services} services, {latency_ms} ms", what, services)
    return figures


def one_statement() -> list[Figure]:
    """What a statement costs by itself on an account without latency: the account's own part, and the whole
    with the connector's.
    """
    with noting_account(0) as account:
        taken = _client(account, "statements", FEW)
        own = own_milliseconds(account.connection)
    titles = {
        "select": "SELECT CURRENT_ROLE()",
        "show": "SHOW ROLES",
        "write": "CREATE ROLE, DROP ROLE",
        "among_many": "SHOW ROLES, 64 at once, each",
    }
    whole = [
        Figure(f"a statement: {title}", taken[key] * 1000, "ms", "median, connector included")
        for key, title in titles.items()
    ]
    alone = [
        Figure(f"the account's own part: {titles[key]}", value, "ms", "median, without connector", OWN_GOAL)
        for key, value in own.items()
    ]
    return [*alone, *whole]


def _again(account: NotingAccount, title: str, what: str, services: int) -> list[Figure]:
    latency = account.latency_seconds
    account.arrivals()
    counted, results, statements = [], [], 0
    for _ in range(RUNS):
        results.append(_client(account, what, services))
        arrivals = account.arrivals()
        statements = len(arrivals)
        counted.append(rounds(arrivals, latency))
    seconds = statistics.median(result["seconds"] for result in results)
    peak = statistics.median(result["peak_mib"] for result in results)
    depth = statistics.median(counted)
    said = f"counted at the account, {statements} statements; {min(counted)} to {max(counted)} in {RUNS} runs"
    return [
        Figure(f"{title}: rounds", depth, "rounds", said, ROUNDS_GOAL),
        Figure(
            f"{title}: seconds / latency",
            seconds / latency,
            "x",
            f"{seconds:.2f} s after the first sign-in; the roles' sign-ins are in it",
        ),
        Figure(f"{title}: peak memory", peak, "MiB", "of the deployer's process"),
    ]


def _range(seconds: list[float]) -> str:
    return f"{min(seconds):.2f} to {max(seconds):.2f} s in {len(seconds)} runs"


def _client(account: NotingAccount, what: str, services: int) -> Result:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.client", what, str(services)],
        cwd=ROOT,
        check=True,
        input=json.dumps(account.connection),
        stdout=subprocess.PIPE,
        text=True,
    )
    result: Result = json.loads(done.stdout)
    return result
