"""Ten thousand cases of each group: what each is made from, how long it may take, and what came of them all.

In: ``SPCS_MILVUS_FUZZ_SEED`` and ``SPCS_MILVUS_FUZZ_CASES`` of the environment (default 0 and 10 000). Out: a
tally for each group. A case is made from the seed, its group and its number alone, so that one which failed
can be made again. Runs the cases in as many processes as there are cores.
"""

import os
import signal
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

SEED = os.environ.get("SPCS_MILVUS_FUZZ_SEED", "0")
CASES = int(os.environ.get("SPCS_MILVUS_FUZZ_CASES", "10000"))
# a hang, not a slow machine
SECONDS = 30
_CHUNK = 50
_SHOWN = 10
_FRAMES = 5

Case = Callable[[Random, Path], str]
"""Runs one case and says what came of it: ``accepted`` or ``rejected``. Raises for what must not be. The
folder is for it and the other cases of its process.
"""


@dataclass
class Tally:
    """How many cases ended how, and those that must not have: ``group/number`` with what happened."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """One line for people."""
        counted = ", ".join(f"{number} {name}" for name, number in sorted(self.outcomes.items()))
        return f"{sum(self.outcomes.values())} cases: {counted}; seed {SEED}"

    def share(self, outcome: str) -> float:
        """The part of all cases that ended so."""
        return self.outcomes[outcome] / max(1, sum(self.outcomes.values()))

    def hold(self, **least: float) -> None:
        """Fails for any failure, and where an outcome is rarer than it should be: a generator that gets all
        of its cases refused tests nothing.
        """
        shown = "\n\n".join(self.failures[:_SHOWN])
        assert not self.failures, f"{len(self.failures)} of {self.words}\n\n{shown}"
        for outcome, share in least.items():
            assert self.share(outcome) >= share, self.words


def random_of(group: str, number: int) -> Random:
    """The random numbers of one case."""
    return Random(f"{SEED}/{group}/{number}")


@contextmanager
def limit(seconds: int = SECONDS) -> Iterator[None]:
    """Raises TimeoutError in what takes longer. In the main thread only."""

    def over(*_ignored: object) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run_all(group: str, case: Case, count: int = CASES) -> Tally:
    """Runs the cases of a group. ``case`` is a function of a module, so that every process can find it."""
    whole = Tally()
    # a process that is forked has the threads' locks of this one
    processes = get_context("spawn")
    with TemporaryDirectory() as folder, ProcessPoolExecutor(os.cpu_count(), processes) as pool:
        parts = [(group, case, Path(folder), at, min(at + _CHUNK, count)) for at in range(0, count, _CHUNK)]
        for part in pool.map(_run, parts):
            whole.outcomes += part.outcomes
            whole.failures += part.failures
    return whole


def _run(given: tuple[str, Case, Path, int, int]) -> Tally:
    group, case, around, first, end = given
    folder = around / str(os.getpid())
    folder.mkdir(exist_ok=True)
    tally = Tally()
    for number in range(first, end):
        try:
            with limit(), warnings.catch_warnings():
                warnings.simplefilter("error")
                tally.outcomes[case(random_of(group, number), folder)] += 1
        except Exception as error:
            tally.outcomes["failed"] += 1
            told = "".join(traceback.format_exception(error)[-_FRAMES:])
            tally.failures.append(f"--- {group}/{number}\n{told}")
    return tally
