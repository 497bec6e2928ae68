"""The receipt of ``down``: a JSON file that accounts for every object that was ours. ``done`` is what was
dropped or suspended, when and by which role; ``kept`` what stays on purpose, and why; ``left`` what stays
against it; ``not_ours`` what stands under a name of ours. Grants and images go with their role or
repository, and are told with it.

Comes in: the plan, the events of the run, and its report. Goes out: the file, written anew with every drop,
so that it tells the truth of a run that is ended from outside, too.
"""

import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from spcs_milvus.apply import Emit, Status
from spcs_milvus.errors import ConfigError, Problem
from spcs_milvus.events import Event, Stage
from spcs_milvus.plan import Change, Plan
from spcs_milvus.report import Report
from spcs_milvus.steps import Statement

VERSION = 1


class Receipt:
    """One file. ``head`` stands in it as it is: whose run it was; ``now`` tells the time, with its zone.

    Raises ConfigError when the file cannot be written, before anything is dropped.
    """

    def __init__(self, file: Path, head: Mapping[str, str], plan: Plan, now: Callable[[], datetime]) -> None:
        self._file = file
        self._plan = plan
        self._now = now
        self._lock = threading.Lock()
        self._changes = {change.address: change for change in plan.changes}
        self._document: dict[str, Any] = {
            "version": VERSION,
            **head,
            "began": now().isoformat(),
            "ended": None,
            "exit_code": None,
            "done": [],
            "kept": [vars(problem) for problem in plan.lasting],
            "not_ours": [vars(problem) for problem in plan.strange],
            "left": [],
            "files_removed": [],
        }
        self._write()

    def beside(self, emit: Emit) -> Emit:
        """The same hearer of events, with what was done written down first."""

        def hear(event: Event) -> None:
            if event.stage is Stage.DONE:
                self._done(event)
            emit(event)

        return hear

    def _done(self, event: Event) -> None:
        """A file that cannot be written any more ends no run; it is told when the receipt is closed."""
        with self._lock, suppress(ConfigError):
            self._document["done"].append(self._entry(self._changes[event.address], event.text))
            self._write()

    def close(self, report: Report) -> None:
        """Writes down how the run ended. Raises ConfigError."""
        with self._lock:
            self._document |= {
                "ended": self._now().isoformat(),
                "exit_code": report.exit_code,
                "files_removed": list(map(str, report.removed)),
            }
            self._write([*report.leftovers, *_interrupted(report)])

    def _entry(self, change: Change, found: str) -> dict[str, Any]:
        statements = [step for step in change.steps if isinstance(step, Statement)]
        return {
            "address": str(change.address),
            "action": change.action.value,
            "at": self._now().isoformat(),
            "role": statements[0].role if statements else self._plan.resources[change.address].role,
            "sql": [step.sql for step in statements],
            "loses": change.loses,
            "found": found or None,
        }

    def _write(self, at_the_end: list[Problem] | None = None) -> None:
        """Whole or not at all. Before the end, what is not done yet is left."""
        left = at_the_end if at_the_end is not None else [*self._plan.kept, *self._pending()]
        self._document["left"] = [vars(problem) for problem in left]
        try:
            handle, name = tempfile.mkstemp(prefix=f"{self._file.name}.", dir=self._file.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(json.dumps(self._document, indent=2) + "\n")
            Path(name).replace(self._file)
        except OSError as error:
            summary = "the receipt cannot be written"
            hint = "name a file in a folder you may write to"
            raise ConfigError(summary, detail=error.strerror, place=str(self._file), hint=hint) from error

    def _pending(self) -> Iterator[Problem]:
        done = {entry["address"] for entry in self._document["done"]}
        for change in self._plan.changes:
            if str(change.address) not in done:
                yield Problem(f"{change.address} is not done yet", None, str(change.address))


def _interrupted(report: Report) -> Iterator[Problem]:
    for outcome in report.outcomes:
        if outcome.status is Status.INTERRUPTED:
            address = str(outcome.change.address)
            hint = "the same command goes on from here"
            yield Problem(f"{address} was not done: interrupted", None, address, hint)
