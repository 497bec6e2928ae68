"""``status``: what is running now, and where it can be reached."""

import os

from spcs_milvus import deployment
from spcs_milvus.cli.boundary import boundary
from spcs_milvus.cli.connection import connection as connect
from spcs_milvus.cli.options import (
    ConnectionName,
    EnvironmentName,
    Output,
    OutputOption,
    ProjectFile,
    commands,
)
from spcs_milvus.config import DEFAULT_FILE, load
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT
from spcs_milvus.views import console, documents
from spcs_milvus.views.status import show_status

app = commands()


@app.command()
def status(
    file: ProjectFile = DEFAULT_FILE,
    environment: EnvironmentName = DEFAULT_ENVIRONMENT,
    connection: ConnectionName = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show compute pools, services, containers and addresses."""
    with boundary(output):
        loaded = load(file, os.environ, environment)
        chosen = connect(loaded, connection)
        with deployment.target(loaded, chosen) as on:
            shown = deployment.look(on)
        if output is Output.JSON:
            documents.write(documents.status_document(shown))
        else:
            show_status(console.out(), shown)
            if chosen.note:
                console.talk().print(chosen.note, style="dim")
