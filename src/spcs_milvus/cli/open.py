"""``open``: the notebook, or another public page of the stack, in the browser."""

import os
import sys
import webbrowser
from typing import Annotated

import typer

from spcs_milvus import looking, opening
from spcs_milvus.cli import options
from spcs_milvus.cli.boundary import boundary
from spcs_milvus.cli.connection import connection as connect
from spcs_milvus.config import DEFAULT_FILE, load
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT
from spcs_milvus.status import public_address
from spcs_milvus.views import console, documents

app = options.commands()


@app.command("open")
def open_(
    endpoint: Annotated[
        str | None,
        typer.Argument(help="As `status` names it, or SERVICE.ENDPOINT.", show_default="the notebook's"),
    ] = None,
    file: options.ProjectFile = DEFAULT_FILE,
    environment: options.EnvironmentName = DEFAULT_ENVIRONMENT,
    connection: options.ConnectionName = None,
    output: options.OutputOption = options.Output.TEXT,
    only_print: Annotated[bool, typer.Option("--print", help="Print the address, open nothing.")] = False,
) -> None:
    """Print a public address and open it in the browser, which only a terminal asks for."""
    with boundary(output):
        loaded = load(file, os.environ, environment, secrets_too=False)
        with opening.target(loaded, connect(loaded, connection), images=False) as on:
            found = public_address(looking.look(on), endpoint)
        if output is options.Output.JSON:
            documents.write({"version": documents.VERSION, **found})
            return
        console.out().print(found["url"])
        if sys.stdout.isatty() and not only_print and not webbrowser.open(found["url"]):
            console.talk().print("no browser was found; the address above opens in any")
