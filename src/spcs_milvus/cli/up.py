"""``up``: plans, asks, applies, and ends with the addresses."""

import os

import typer

from spcs_milvus import deployment, opening, rotation
from spcs_milvus.cli import options
from spcs_milvus.cli.asking import agreed, must_ask
from spcs_milvus.cli.boundary import boundary
from spcs_milvus.cli.connection import connection as connect
from spcs_milvus.cli.doing import go_on, tell
from spcs_milvus.cli.stopping import stopping
from spcs_milvus.config import DEFAULT_FILE, load
from spcs_milvus.declaration import idle
from spcs_milvus.image_plans import Allowed
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT
from spcs_milvus.views import console
from spcs_milvus.views.plan import show_plan
from spcs_milvus.views.problems import show_warnings
from spcs_milvus.views.progress import progress
from spcs_milvus.views.report import show_generated

app = options.commands()


@app.command()
def up(
    file: options.ProjectFile = DEFAULT_FILE,
    environment: options.EnvironmentName = DEFAULT_ENVIRONMENT,
    connection: options.ConnectionName = None,
    output: options.OutputOption = options.Output.TEXT,
    rotate: options.Rotate = None,
    no_build: options.NoBuild = False,
    no_push: options.NoPush = False,
    target: options.Targets = None,
    allow_deletions: options.AllowDeletions = False,
    yes: options.Yes = False,
) -> None:
    """Make the account what the project file says; run it again to go on, or to bring in a change."""
    with boundary(output):
        talk = console.talk()
        loaded = load(file, os.environ, environment)
        show_warnings(talk, loaded.warnings)
        renewed = rotation.asked_for(loaded, rotate or ())
        images = Allowed(not no_build, not no_push, loaded.words(connection))
        asks = must_ask(yes, output)
        chosen = connect(loaded, connection)
        show_warnings(talk, idle(loaded, chosen.image_format))
        with stopping() as stop, opening.target(loaded, chosen) as on:
            planned = deployment.make_plan(on, renewed, target or (), allow_deletions, images)
            show_plan(talk, planned.plan)
            go_on(asks, planned.plan, lambda: agreed("Do it?"))
            with progress(talk) as emit:
                report = deployment.up(on, planned, emit, stop)
        tell(report, output)
        if output is options.Output.TEXT:
            show_generated(talk, report)
        is_up = report.outcomes and report.status and report.status.ready
        if report.exit_code == 0 and output is options.Output.TEXT and is_up:
            notebook = "open the jupyter address, run TestMilvus.ipynb; " if loaded.project.jupyter else ""
            named = loaded.words(connection)
            talk.print(f"next: {notebook}spcs-milvus status{named}, spcs-milvus down{named}")
        raise typer.Exit(report.exit_code)
