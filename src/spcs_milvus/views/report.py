"""A finished run → text: what failed and why, what stays, how long it took and because of what."""

from rich.console import Console
from rich.text import Text

from spcs_milvus.apply import Status
from spcs_milvus.errors import Problem
from spcs_milvus.report import Report, failures
from spcs_milvus.views.problems import show_problems
from spcs_milvus.views.status import show_addresses

_SHOWN_OF_PATH = 4


def show_report(console: Console, report: Report, verb: str) -> None:
    """Prints the end of a run; ``verb`` is the command (``up`` or ``down``), for the hints."""
    show_problems(
        console, [_failure(outcome.change.address, outcome.problem) for outcome in failures(report.outcomes)]
    )
    skipped = [outcome for outcome in report.outcomes if outcome.status is Status.SKIPPED]
    if skipped:
        console.print(
            Text(f"{len(skipped)} skipped because of that; `spcs-milvus {verb}` goes on from here", "yellow")
        )
    show_problems(console, report.leftovers, "left", "bold yellow")
    done = sum(outcome.status is Status.DONE for outcome in report.outcomes)
    if report.outcomes:
        console.print(
            Text(f"{done} of {len(report.outcomes)} done in {report.seconds:.1f} s{_path(report)}", "bold")
        )
    if report.status:
        show_addresses(console, report.status)


def _failure(address: object, problem: Problem | None) -> Problem:
    assert problem is not None
    return Problem(problem.summary, problem.detail, problem.place or str(address), problem.hint)


def _path(report: Report) -> str:
    longest = sorted(report.critical_path, key=lambda step: -step[1])[:_SHOWN_OF_PATH]
    return "; most of it: " + ", ".join(f"{address} {seconds:.1f} s" for address, seconds in longest)
