"""``resume``: wakes up compute pools and services, and waits until they are ready."""

import os

import typer

from spcs_milvus import deployment, opening
from spcs_milvus.cli import options
from spcs_milvus.cli.boundary import boundary
from spcs_milvus.cli.connection import connection as connect
from spcs_milvus.cli.doing import tell
from spcs_milvus.cli.stopping import stopping
from spcs_milvus.config import DEFAULT_FILE, load
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT
from spcs_milvus.views import console
from spcs_milvus.views.plan import show_plan
from spcs_milvus.views.progress import progress

app = options.commands()


@app.command()
def resume(
    file: options.ProjectFile = DEFAULT_FILE,
    environment: options.EnvironmentName = DEFAULT_ENVIRONMENT,
    connection: options.ConnectionName = None,
    output: options.OutputOption = options.Output.TEXT,
) -> None:
    """Wake up compute pools and services, and wait until they are ready; from then on they cost credits."""
    with boundary(output):
        talk = console.talk()
        loaded = load(file, os.environ, environment, secrets_too=False)
        with stopping() as stop, opening.target(loaded, connect(loaded, connection)) as on:
            plan = deployment.make_resume_plan(on)
            show_plan(talk, plan)
            with progress(talk) as emit:
                report = deployment.rest(on, plan, emit, stop)
        tell(report, output)
        raise typer.Exit(report.exit_code)
