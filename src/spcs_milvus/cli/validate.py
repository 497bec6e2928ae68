"""``validate``: checks the project file; needs no account, no network and no Docker."""

import os

from spcs_milvus.cli import options
from spcs_milvus.cli.boundary import boundary
from spcs_milvus.config import DEFAULT_FILE, load
from spcs_milvus.declaration import declare_without_images
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT
from spcs_milvus.views import console, documents
from spcs_milvus.views.problems import show_warnings

app = options.commands()


@app.command()
def validate(
    file: options.ProjectFile = DEFAULT_FILE,
    environment: options.EnvironmentName = DEFAULT_ENVIRONMENT,
    connection: options.ConnectionName = None,  # noqa: ARG001 - every command takes -c; this one needs no account
    output: options.OutputOption = options.Output.TEXT,
) -> None:
    """Check the project file; every problem is named with its place."""
    with boundary(output):
        loaded = load(file, os.environ, environment)
        declare_without_images(loaded, "nowhere")
        if output is options.Output.JSON:
            warnings = [vars(problem) for problem in loaded.warnings]
            documents.write(
                {"version": documents.VERSION, "project": loaded.project.project, "warnings": warnings}
            )
            return
        show_warnings(console.talk(), loaded.warnings)
        console.out().print(f"{file} is right: project {loaded.title}")
