"""``render``: writes the project as SQL files for people to read and run; needs no account."""

import os
from pathlib import Path
from typing import Annotated

import typer

from spcs_milvus import folder
from spcs_milvus.cli import options
from spcs_milvus.cli.boundary import boundary
from spcs_milvus.cli.offline import without_account
from spcs_milvus.config import DEFAULT_FILE, load
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT
from spcs_milvus.rendering import WRITTEN_BY
from spcs_milvus.rendering import render as files_of
from spcs_milvus.views import console, documents
from spcs_milvus.views.problems import show_warnings
from spcs_milvus.views.rendering import show_files

app = options.commands()
Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="A new or empty folder, or one that render wrote.")
]


@app.command()
def render(
    out: Out,
    file: options.ProjectFile = DEFAULT_FILE,
    environment: options.EnvironmentName = DEFAULT_ENVIRONMENT,
    connection: options.ConnectionName = None,
    output: options.OutputOption = options.Output.TEXT,
) -> None:
    """Write what `up` would send as SQL files, in order, with scripts that undo it."""
    with boundary(output):
        loaded = load(file, os.environ, environment, secrets_too=False)
        show_warnings(console.talk(), loaded.warnings)
        files = files_of(loaded.title, without_account(loaded, connection))
        folder.write(out, {one.path: one.text for one in files}, WRITTEN_BY)
        if output is options.Output.JSON:
            documents.write(documents.files_document(out, files))
            return
        show_files(console.out(), files)
        console.talk().print(f"wrote {len(files)} files; {out / 'README.md'} says how to run them")
