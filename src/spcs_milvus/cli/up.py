"""``up``: plans, asks, applies, and ends with the addresses."""

import os

import typer

from spcs_milvus import deployment, opening
from spcs_milvus.cli.asking import UNCHANGED, agreed, must_ask
from spcs_milvus.cli.boundary import boundary
from spcs_milvus.cli.connection import connection as connect
from spcs_milvus.cli.options import (
    AllowDeletions,
    ConnectionName,
    EnvironmentName,
    NoBuild,
    NoPush,
    Output,
    OutputOption,
    ProjectFile,
    Rotate,
    Targets,
    Yes,
    commands,
)
from spcs_milvus.cli.stopping import stopping
from spcs_milvus.config import DEFAULT_FILE, load
from spcs_milvus.declaration import idle
from spcs_milvus.image_plans import Allowed
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT
from spcs_milvus.views import console, documents
from spcs_milvus.views.plan import show_plan
from spcs_milvus.views.problems import show_warnings
from spcs_milvus.views.progress import progress
from spcs_milvus.views.report import show_generated, show_report

app = commands()


@app.command()
def up(
    file: ProjectFile = DEFAULT_FILE,
    environment: EnvironmentName = DEFAULT_ENVIRONMENT,
    connection: ConnectionName = None,
    output: OutputOption = Output.TEXT,
    rotate: Rotate = None,
    no_build: NoBuild = False,
    no_push: NoPush = False,
    target: Targets = None,
    allow_deletions: AllowDeletions = False,
    yes: Yes = False,
) -> None:
    """Make the account what the project file says; run it again to go on, or to bring in a change."""
    with boundary(output):
        talk = console.talk()
        loaded = load(file, os.environ, environment)
        show_warnings(talk, loaded.warnings)
        renewed = deployment.rotation(loaded, rotate or ())
        images = Allowed(not no_build, not no_push, loaded.words(connection))
        asks = must_ask(yes, output)
        chosen = connect(loaded, connection)
        show_warnings(talk, idle(loaded, chosen.image_format))
        with stopping() as stop, opening.target(loaded, chosen) as on:
            planned = deployment.make_plan(on, renewed, target or (), allow_deletions, images)
            show_plan(talk, planned.plan)
            if asks and planned.plan.writes and not planned.plan.conflicts and not agreed("Do it?"):
                talk.print(UNCHANGED)
                raise typer.Exit(1)
            with progress(talk) as emit:
                report = deployment.up(on, planned, emit, stop)
        if output is Output.JSON:
            documents.write(documents.report_document(report))
        show_report(talk if output is Output.JSON else console.out(), report, "up")
        if output is Output.TEXT:
            show_generated(talk, report)
        is_up = report.outcomes and report.status and report.status.ready
        if report.exit_code == 0 and output is Output.TEXT and is_up:
            notebook = "open the jupyter address, run TestMilvus.ipynb; " if loaded.project.jupyter else ""
            named = loaded.words(connection)
            talk.print(f"next: {notebook}spcs-milvus status{named}, spcs-milvus down{named}")
        raise typer.Exit(report.exit_code)
