"""``plan``: shows what ``up`` would do, and does none of it."""

import os
import time
from typing import Annotated

import typer

from spcs_milvus import deployment, opening, rotation
from spcs_milvus.cli import options
from spcs_milvus.cli.boundary import boundary
from spcs_milvus.cli.connection import connection as connect
from spcs_milvus.config import DEFAULT_FILE, load
from spcs_milvus.declaration import idle
from spcs_milvus.image_plans import Allowed
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT
from spcs_milvus.views import console, documents
from spcs_milvus.views.plan import show_plan
from spcs_milvus.views.problems import show_problems, show_warnings

app = options.commands()
CHANGES = 3


@app.command()
def plan(
    file: options.ProjectFile = DEFAULT_FILE,
    environment: options.EnvironmentName = DEFAULT_ENVIRONMENT,
    connection: options.ConnectionName = None,
    output: options.OutputOption = options.Output.TEXT,
    rotate: options.Rotate = None,
    no_build: options.NoBuild = False,
    no_push: options.NoPush = False,
    target: options.Targets = None,
    allow_deletions: options.AllowDeletions = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 3 when there is something to do.")
    ] = False,
) -> None:
    """Show what `up` would do. Exit code 1 when `up` would refuse."""
    with boundary(output):
        began = time.monotonic()
        loaded = load(file, os.environ, environment)
        show_warnings(console.talk(), loaded.warnings)
        renewed = rotation.asked_for(loaded, rotate or ())
        images = Allowed(not no_build, not no_push, loaded.words(connection))
        chosen = connect(loaded, connection)
        show_warnings(console.talk(), idle(loaded, chosen.image_format))
        with opening.target(loaded, chosen) as on:
            shown = deployment.make_plan(on, renewed, target or (), allow_deletions, images).plan
            if output is options.Output.JSON:
                seconds = time.monotonic() - began
                documents.write(documents.plan_document(shown, opening.counts(on), seconds))
            else:
                show_plan(console.out(), shown)
                show_problems(console.talk(), shown.conflicts)
        if shown.conflicts:
            raise typer.Exit(1)
        if check and shown.changes:
            raise typer.Exit(CHANGES)
