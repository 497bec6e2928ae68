"""The flow of the commands that change nothing: status, logs, and the proof that the stack works.

Comes in: a target of ``opening``. Goes out: statuses, a log, a proof. What the stages decide stands there.
"""

import threading
import time
from collections.abc import Callable, Iterator

from spcs_milvus.logs import Log, Wanted, log
from spcs_milvus.observe import observe
from spcs_milvus.opening import Target, pausing, watched
from spcs_milvus.proof import Proof, Tools, prove
from spcs_milvus.status import StackStatus, status


def look(on: Target) -> StackStatus:
    """What is running now."""
    resources = watched(on)
    seen = observe(resources, on.account.query, without=frozenset({"describe"}))
    return status(on.loaded.project.project, resources, seen)


def watch(on: Target, seconds: float, stop: threading.Event) -> Iterator[StackStatus]:
    """What is running, again and again with so many seconds between, until ``stop`` is set."""
    while not stop.is_set():
        yield look(on)
        (on.pause or stop.wait)(seconds)
        # a role may be made meanwhile, and only its session sees what it owns
        on.account.refresh_roles()


def logs(on: Target, wanted: Wanted) -> Log:
    """The end of a container's log. Raises as :func:`spcs_milvus.logs.log` does."""
    return log(on.resources, wanted, on.account.query)


def verify(on: Target, progress: Callable[[str], object], stop: threading.Event) -> Proof:
    """Runs the notebook inside the account. Raises as :func:`spcs_milvus.proof.prove` does, and StoppedError
    once ``stop`` is set.
    """
    pause = pausing(stop, "run the command again", on.pause)
    account = on.account
    return prove(on.resources, Tools(account.query, account.perform, pause, time.monotonic, progress))
