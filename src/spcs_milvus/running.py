"""Carries a plan out, looks again, and tells what came of it: the same for every command that changes
something.

Comes in: a target, a plan, what to look at afterwards and how to judge it. Goes out: a :class:`Run`, which
makes the report.
"""

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from spcs_milvus.apply import Emit, Outcome, Status, apply
from spcs_milvus.errors import Problem, RefusedError, StoppedError
from spcs_milvus.observe import Observation
from spcs_milvus.opening import GO_ON, Target, pausing
from spcs_milvus.performing import performer
from spcs_milvus.plan import Plan
from spcs_milvus.report import Counts, Report
from spcs_milvus.resource import Resource
from spcs_milvus.status import StackStatus
from spcs_milvus.sweeping import look_again

Outcomes = Sequence[Outcome]


@dataclass(frozen=True)
class Run:
    """A ``plan`` that was carried out: what became of it, what the account shows of it then (None: it does
    not say), and what is ``amiss``. ``began`` is a time of ``time.monotonic``.
    """

    plan: Plan
    began: float
    outcomes: tuple[Outcome, ...]
    seen: Observation | None
    amiss: tuple[Problem, ...]

    def report(
        self,
        counts: Counts,
        kept: tuple[Problem, ...] = (),
        shown: StackStatus | None = None,
        removed: tuple[Path, ...] = (),
    ) -> Report:
        """The report of a run that ends now; what was ``kept`` on purpose stays against intent, too."""
        seconds = time.monotonic() - self.began
        return Report(self.plan, self.outcomes, counts, seconds, (*kept, *self.amiss), shown, removed)


def carry_out(
    on: Target,
    plan: Plan,
    emit: Emit,
    stop: threading.Event,
    resources: Collection[Resource],
    amiss: Callable[[Outcomes, Observation], tuple[Problem, ...]],
    known: Observation | None = None,
) -> Run:
    """Runs the plan, and looks at ``resources`` again (unless what there is is ``known``); whatever waits
    stops waiting once ``stop`` is set.

    What was done, as far as its statements say, and looks ``amiss``, is looked for again before that is
    believed. Before the first write raises RefusedError when the plan has conflicts, StoppedError when
    ``stop`` was set.
    """
    if plan.conflicts:
        raise RefusedError.of(plan.conflicts)
    if stop.is_set():
        raise StoppedError("interrupted before anything was written", hint=GO_ON)
    began = time.monotonic()
    pause = pausing(stop, GO_ON, on.pause)
    outcomes = apply(plan, performer(on.account, on.engine, plan.resources.values(), pause), emit, stop)
    if known:
        return Run(plan, began, outcomes, known, ())
    done = [outcome for outcome in outcomes if outcome.status is Status.DONE]
    seen, lost = look_again(on.account, resources, partial(amiss, done), on.pause or stop.wait)
    return Run(plan, began, outcomes, seen, (*lost, *(amiss(outcomes, seen) if seen else ())))
