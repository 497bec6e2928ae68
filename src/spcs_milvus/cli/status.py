"""``status``: what is running now, and where it can be reached; with ``--watch`` from now on."""

import os
from typing import Annotated

import typer

from spcs_milvus import looking, opening
from spcs_milvus.cli import options
from spcs_milvus.cli.boundary import INTERRUPTED, boundary
from spcs_milvus.cli.connection import connection as connect
from spcs_milvus.cli.stopping import stopping
from spcs_milvus.config import DEFAULT_FILE, load
from spcs_milvus.errors import ConfigError
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT
from spcs_milvus.views import console, documents
from spcs_milvus.views.status import show_status
from spcs_milvus.views.watch import watching

app = options.commands()


@app.command()
def status(
    file: options.ProjectFile = DEFAULT_FILE,
    environment: options.EnvironmentName = DEFAULT_ENVIRONMENT,
    connection: options.ConnectionName = None,
    output: options.OutputOption = options.Output.TEXT,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on showing it until Ctrl-C, which exits with 130.")
    ] = False,
    every: Annotated[
        int,
        typer.Option(metavar="SECONDS", min=1, max=3600, help="With --watch: from look to look."),
    ] = 5,
    until_ready: Annotated[
        bool, typer.Option("--until-ready", help="With --watch: exit with 0 once everything is ready.")
    ] = False,
) -> None:
    """Show compute pools, services, containers and addresses."""
    with boundary(output):
        if watch and output is options.Output.JSON:
            raise ConfigError("--watch is for people", hint="ask again and again without --watch")
        if until_ready and not watch:
            raise ConfigError("--until-ready goes with --watch", hint="add --watch")
        loaded = load(file, os.environ, environment, secrets_too=False)
        chosen = connect(loaded, connection)
        with opening.target(loaded, chosen, images=False) as on:
            if watch:
                _watch(on, every, until_ready)
                return
            shown = looking.look(on)
        if output is options.Output.JSON:
            documents.write(documents.status_document(shown))
        else:
            show_status(console.out(), shown)
            if chosen.note:
                console.talk().print(chosen.note, style="dim")


def _watch(on: opening.Target, every: int, until_ready: bool) -> None:
    with stopping("\n") as stop, watching(console.out()) as show:
        for shown in looking.watch(on, every, stop):
            show(shown)
            if until_ready and shown.ready:
                return
    raise typer.Exit(INTERRUPTED)
