"""``graph``: what needs what, as a tree or a Mermaid diagram, marked by what ``up`` would do."""

import os
from enum import StrEnum
from typing import Annotated

import typer

from spcs_milvus import deployment, opening
from spcs_milvus.cli import options
from spcs_milvus.cli.boundary import boundary
from spcs_milvus.cli.connection import connection as connect
from spcs_milvus.cli.offline import without_account
from spcs_milvus.config import DEFAULT_FILE, Loaded, load
from spcs_milvus.drawing import Node, nodes
from spcs_milvus.errors import ConnectError
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT
from spcs_milvus.views import console, documents
from spcs_milvus.views.graph import show_mermaid, show_tree
from spcs_milvus.views.problems import show_warnings

app = options.commands()


class Format(StrEnum):
    """How the graph is drawn."""

    TEXT = "text"
    MERMAID = "mermaid"


FormatOption = Annotated[Format, typer.Option("--format", help="A tree, or a diagram for a Markdown page.")]
Offline = Annotated[bool, typer.Option("--offline", help="Ask no account, and mark nothing.")]


@app.command()
def graph(
    file: options.ProjectFile = DEFAULT_FILE,
    environment: options.EnvironmentName = DEFAULT_ENVIRONMENT,
    connection: options.ConnectionName = None,
    output: options.OutputOption = options.Output.TEXT,
    format_: FormatOption = Format.TEXT,
    offline: Offline = False,
) -> None:
    """Show what needs what, and what `up` would do with it."""
    with boundary(output):
        loaded = load(file, os.environ, environment, secrets_too=False)
        show_warnings(console.talk(), loaded.warnings)
        drawn = nodes(without_account(loaded, connection)) if offline else _marked(loaded, connection)
        if output is options.Output.JSON:
            documents.write(documents.graph_document(drawn))
        elif format_ is Format.MERMAID:
            show_mermaid(console.out(), drawn)
        else:
            show_tree(console.out(), drawn)


def _marked(loaded: Loaded, asked: str | None) -> tuple[Node, ...]:
    """With marks; without where the account cannot be reached."""
    try:
        with opening.target(loaded, connect(loaded, asked)) as on:
            return nodes(on.resources, deployment.make_plan(on).plan)
    except ConnectError as error:
        if error.refused:
            raise
        show_warnings(console.talk(), error.problems)
        return nodes(without_account(loaded, asked))
