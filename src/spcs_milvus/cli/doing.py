"""What the commands share that change something: asking before, and telling what came of it."""

from collections.abc import Callable

import typer

from spcs_milvus.cli.asking import UNCHANGED
from spcs_milvus.cli.options import Output
from spcs_milvus.plan import Plan
from spcs_milvus.report import Report
from spcs_milvus.views import console, documents
from spcs_milvus.views.report import show_report


def go_on(asks: bool, plan: Plan, answer: Callable[[], bool]) -> None:
    """Asks for the ``answer`` where there is something to agree to. After a no the command ends with 1."""
    if asks and plan.writes and not plan.conflicts and not answer():
        console.talk().print(UNCHANGED)
        raise typer.Exit(1)


def tell(report: Report, output: Output) -> None:
    """Shows what came of a command; with JSON the document is all that goes to stdout."""
    if output is Output.JSON:
        documents.write(documents.report_document(report))
    show_report(console.talk() if output is Output.JSON else console.out(), report)
