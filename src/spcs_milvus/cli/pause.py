"""``pause``: lets services and compute pools rest, in that order; nothing runs and nothing is lost."""

import os

import typer

from spcs_milvus import deployment, opening
from spcs_milvus.cli import options
from spcs_milvus.cli.asking import agreed, must_ask
from spcs_milvus.cli.boundary import boundary
from spcs_milvus.cli.connection import connection as connect
from spcs_milvus.cli.doing import go_on, tell
from spcs_milvus.cli.stopping import stopping
from spcs_milvus.config import DEFAULT_FILE, load
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT
from spcs_milvus.views import console
from spcs_milvus.views.plan import show_plan
from spcs_milvus.views.progress import progress

app = options.commands()


@app.command()
def pause(
    file: options.ProjectFile = DEFAULT_FILE,
    environment: options.EnvironmentName = DEFAULT_ENVIRONMENT,
    connection: options.ConnectionName = None,
    output: options.OutputOption = options.Output.TEXT,
    lose: options.Lose = None,
    yes: options.Yes = False,
) -> None:
    """Let services and compute pools rest; volumes, addresses and everything else stay."""
    with boundary(output):
        talk = console.talk()
        loaded = load(file, os.environ, environment, secrets_too=False)
        asks = must_ask(yes, output)
        with stopping() as stop, opening.target(loaded, connect(loaded, connection)) as on:
            plan = deployment.make_pause_plan(on, lose or ())
            show_plan(talk, plan)
            go_on(asks, plan, lambda: agreed("Do it?"))
            with progress(talk) as emit:
                report = deployment.rest(on, plan, emit, stop)
        tell(report, output)
        raise typer.Exit(report.exit_code)
