"""``logs``: what a container of a service has written."""

import os
from typing import Annotated

import typer

from spcs_milvus import looking, opening
from spcs_milvus.cli import options
from spcs_milvus.cli.boundary import boundary
from spcs_milvus.cli.connection import connection as connect
from spcs_milvus.config import DEFAULT_FILE, load
from spcs_milvus.logs import Wanted
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT
from spcs_milvus.views import console, documents
from spcs_milvus.views.logs import show_log

app = options.commands()


@app.command()
def logs(
    service: Annotated[str, typer.Argument(help="As `status` names it, in any case.")],
    container: Annotated[str | None, typer.Argument(help="Needed where there is more than one.")] = None,
    file: options.ProjectFile = DEFAULT_FILE,
    environment: options.EnvironmentName = DEFAULT_ENVIRONMENT,
    connection: options.ConnectionName = None,
    output: options.OutputOption = options.Output.TEXT,
    lines: Annotated[int, typer.Option(min=1, help="How many of the last lines.")] = 100,
    previous: Annotated[bool, typer.Option("--previous", help="What it wrote before its restart.")] = False,
    timestamps: Annotated[bool, typer.Option("--timestamps", help="Put its time before each line.")] = False,
    instance: Annotated[int | None, typer.Option(min=0, help="Default: the first one.")] = None,
) -> None:
    """Show what a service has written; Snowflake gives the last 100 KB at most."""
    with boundary(output):
        loaded = load(file, os.environ, environment, secrets_too=False)
        wanted = Wanted(service, container, instance, lines, previous, timestamps)
        with opening.target(loaded, connect(loaded, connection), images=False) as on:
            shown = looking.logs(on, wanted)
        if output is options.Output.JSON:
            documents.write(documents.log_document(shown))
            return
        show_log(shown)
        if not shown.text:
            console.talk().print(f"{shown.container} of {shown.service} has written nothing")
