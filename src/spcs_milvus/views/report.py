"""A finished run → text: what failed and why, what stays, how long it took and because of what."""

from rich.console import Console
from rich.text import Text

from spcs_milvus.apply import Status
from spcs_milvus.errors import Problem
from spcs_milvus.report import Report, failures
from spcs_milvus.views.problems import show_problems
from spcs_milvus.views.progress import SHOWN_SECONDS
from spcs_milvus.views.status import pause_lines, show_addresses


def show_report(console: Console, report: Report) -> None:
    """Prints the end of a run."""
    show_problems(
        console, [_failure(outcome.change.address, outcome.problem) for outcome in failures(report.outcomes)]
    )
    skipped = [outcome for outcome in report.outcomes if outcome.status is Status.SKIPPED]
    if skipped:
        console.print(
            Text(f"{len(skipped)} skipped because of that; the same command goes on from here", "yellow")
        )
    cut = [outcome for outcome in report.outcomes if outcome.status is Status.INTERRUPTED]
    if cut:
        console.print(Text(f"interrupted: {len(cut)} not done; the same command goes on from here", "yellow"))
    show_problems(console, report.leftovers, "left", "bold yellow")
    show_problems(console, (*report.plan.lasting, *report.plan.strange), "stays", "bold yellow")
    for file in report.removed:
        console.print(Text(f"removed {file}: the user whose password it kept is gone", "dim"))
    if report.outcomes:
        done = sum(outcome.status is Status.DONE for outcome in report.outcomes)
        line = Text(f"{done} of {len(report.outcomes)} done in {report.seconds:.1f} s", "bold")
        console.print(line.append(_parts(report), "not bold"))
        console.print(Text(f"critical path: {_chain(report)}", "dim"))
    if report.status and report.status.paused:
        console.print(*pause_lines(report.status), sep="\n")
    elif report.status:
        show_addresses(console, report.status)


def show_generated(console: Console, report: Report) -> None:
    """Prints what was made up in this run, which nobody can look up later but in its file."""
    for address, made in report.generated:
        console.print(Text.assemble(f"password of {address}: ", (made.secret.reveal(), "bold")))
        console.print(Text(f"  shown this once; kept in {made.file}, which only you can read"))


def _failure(address: object, problem: Problem | None) -> Problem:
    assert problem is not None
    return Problem(problem.summary, problem.detail, problem.place or str(address), problem.hint)


def _parts(report: Report) -> str:
    """What the time went to, beside statements."""
    parts = [f"{name} {seconds:.1f} s" for name, seconds in report.spent.items() if seconds >= SHOWN_SECONDS]
    return f" ({', '.join(parts)})" if parts else ""


def _chain(report: Report) -> str:
    """The steps that set the time, in order; those that took next to none are left out."""
    path = report.critical_path
    shown = [step for step in path if step[1] >= SHOWN_SECONDS] or path[-1:]
    return " → ".join(f"{address} {seconds:.1f} s" for address, seconds in shown)
