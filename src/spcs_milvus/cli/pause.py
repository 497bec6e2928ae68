"""``pause``: lets services and compute pools rest, in that order; nothing runs and nothing is lost."""

import os

import typer

from spcs_milvus import deployment, opening
from spcs_milvus.cli.asking import UNCHANGED, agreed, must_ask
from spcs_milvus.cli.boundary import boundary
from spcs_milvus.cli.connection import connection as connect
from spcs_milvus.cli.options import (
    ConnectionName,
    EnvironmentName,
    Lose,
    Output,
    OutputOption,
    ProjectFile,
    Yes,
    commands,
)
from spcs_milvus.cli.stopping import stopping
from spcs_milvus.config import DEFAULT_FILE, load
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT
from spcs_milvus.views import console, documents
from spcs_milvus.views.plan import show_plan
from spcs_milvus.views.progress import progress
from spcs_milvus.views.report import show_report

app = commands()


@app.command()
def pause(
    file: ProjectFile = DEFAULT_FILE,
    environment: EnvironmentName = DEFAULT_ENVIRONMENT,
    connection: ConnectionName = None,
    output: OutputOption = Output.TEXT,
    lose: Lose = None,
    yes: Yes = False,
) -> None:
    """Let services and compute pools rest; volumes, addresses and everything else stay."""
    with boundary(output):
        talk = console.talk()
        loaded = load(file, os.environ, environment, secrets_too=False)
        asks = must_ask(yes, output)
        with stopping() as stop, opening.target(loaded, connect(loaded, connection)) as on:
            plan = deployment.make_pause_plan(on, lose or ())
            show_plan(talk, plan)
            if asks and plan.changes and not plan.conflicts and not agreed("Do it?"):
                talk.print(UNCHANGED)
                raise typer.Exit(1)
            with progress(talk) as emit:
                report = deployment.rest(on, plan, emit, stop)
        if output is Output.JSON:
            documents.write(documents.report_document(report))
        show_report(talk if output is Output.JSON else console.out(), report, "pause")
        raise typer.Exit(report.exit_code)
