"""``adopt``: shows what becomes of an object that was there before, asks, and marks it as ours."""

import os
from typing import Annotated

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
AddressArgument = Annotated[
    str, typer.Argument(metavar="ADDRESS", help="An address of the project, as `plan` shows it: kind.NAME.")
]


@app.command()
def adopt(
    address: AddressArgument,
    file: options.ProjectFile = DEFAULT_FILE,
    environment: options.EnvironmentName = DEFAULT_ENVIRONMENT,
    connection: options.ConnectionName = None,
    output: options.OutputOption = options.Output.TEXT,
    yes: options.Yes = False,
) -> None:
    """Mark an object that was there before as ours, and change nothing else of it.

    From then on `up` manages it and `down` drops it.
    """
    with boundary(output):
        talk = console.talk()
        loaded = load(file, os.environ, environment, secrets_too=False)
        asks = must_ask(yes, output)
        with stopping() as stop, opening.target(loaded, connect(loaded, connection)) as on:
            plan = deployment.make_adoption(on, address)
            show_plan(talk, plan)
            go_on(asks, plan, lambda: agreed("Make it ours? `down` will drop it"))
            with progress(talk) as emit:
                report = deployment.adopt(on, plan, emit, stop)
        tell(report, output)
        raise typer.Exit(report.exit_code)
