"""``images``: what images the project builds and where they are; builds and pushes them and nothing else, for
those whose builds run elsewhere.
"""

import os
from typing import Annotated

import typer

from spcs_milvus import image_deployment, opening
from spcs_milvus.cli import options
from spcs_milvus.cli.boundary import boundary
from spcs_milvus.cli.connection import connection as connect
from spcs_milvus.cli.doing import tell
from spcs_milvus.cli.stopping import stopping
from spcs_milvus.config import DEFAULT_FILE, load
from spcs_milvus.declaration import container_images
from spcs_milvus.image_plans import chosen, plan_build
from spcs_milvus.images import Engine, container_image
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT
from spcs_milvus.views import console, documents
from spcs_milvus.views.images import show_images
from spcs_milvus.views.plan import show_plan
from spcs_milvus.views.problems import show_warnings
from spcs_milvus.views.progress import progress

app = options.commands(no_args_is_help=True, help="Show, build and push the images of the project.")
Names = Annotated[
    list[str] | None, typer.Argument(metavar="NAME", help="Images of the project. Default: all.")
]


@app.command("list")
def list_(
    file: options.ProjectFile = DEFAULT_FILE,
    environment: options.EnvironmentName = DEFAULT_ENVIRONMENT,
    connection: options.ConnectionName = None,
    output: options.OutputOption = options.Output.TEXT,
) -> None:
    """Show each image, and where it is.

    That is its tag, its folder, whether the Docker engine has it, and its digest in the image repository.
    """
    with boundary(output):
        loaded = load(file, os.environ, environment, secrets_too=False)
        with opening.target(loaded, connect(loaded, connection)) as on:
            shown = image_deployment.look(on)
        if output is options.Output.JSON:
            documents.write(documents.images_document(shown))
            return
        show_images(console.out(), shown)
        show_warnings(console.talk(), [shown.blind] if shown.blind else [])


@app.command()
def build(
    names: Names = None,
    file: options.ProjectFile = DEFAULT_FILE,
    environment: options.EnvironmentName = DEFAULT_ENVIRONMENT,
    connection: options.ConnectionName = None,  # noqa: ARG001 - every command takes -c; this one needs no account
    output: options.OutputOption = options.Output.TEXT,
) -> None:
    """Build what the Docker engine does not have; needs no account."""
    with boundary(output):
        loaded = load(file, os.environ, environment, secrets_too=False)
        images = container_images(loaded, container_image)
        plan = plan_build({name: images[name] for name in chosen(names or (), images)})
        show_plan(console.talk(), plan)
        with stopping() as stop, Engine() as engine, progress(console.talk()) as emit:
            report = image_deployment.build(plan, emit, stop, engine)
        tell(report, output)
        raise typer.Exit(report.exit_code)


@app.command()
def push(
    names: Names = None,
    file: options.ProjectFile = DEFAULT_FILE,
    environment: options.EnvironmentName = DEFAULT_ENVIRONMENT,
    connection: options.ConnectionName = None,
    output: options.OutputOption = options.Output.TEXT,
) -> None:
    """Push what the image repository does not have; builds it first."""
    with boundary(output):
        loaded = load(file, os.environ, environment, secrets_too=False)
        with stopping() as stop, opening.target(loaded, connect(loaded, connection)) as on:
            planned = image_deployment.make_push_plan(on, names or ())
            show_plan(console.talk(), planned.plan)
            with progress(console.talk()) as emit:
                report = image_deployment.push(on, planned, emit, stop)
        tell(report, output)
        raise typer.Exit(report.exit_code)
