"""``down``: says what would be removed and lost, asks for the project's name, removes it, and looks again."""

import os

import typer

from spcs_milvus import deployment, opening
from spcs_milvus.cli import options
from spcs_milvus.cli.asking import must_ask, typed
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


@app.command()
def down(
    file: options.ProjectFile = DEFAULT_FILE,
    environment: options.EnvironmentName = DEFAULT_ENVIRONMENT,
    connection: options.ConnectionName = None,
    output: options.OutputOption = options.Output.TEXT,
    keep_data: options.KeepData = False,
    delete_data: options.DeleteData = None,
    receipt: options.ReceiptFile = None,
    target: options.Targets = None,
    yes: options.Yes = False,
) -> None:
    """Remove exactly what `up` made, and nothing else."""
    with boundary(output):
        talk = console.talk()
        loaded = load(file, os.environ, environment, secrets_too=False)
        asks = must_ask(yes, output)
        with stopping() as stop, opening.target(loaded, connect(loaded, connection), images=False) as on:
            plan = deployment.make_down_plan(on, delete_data or (), target or (), keep_data=keep_data)
            show_plan(talk, plan)
            name = loaded.title
            if plan.finds_nothing and not target:
                talk.print(f"nothing of {name} is there")
            go_on(asks, plan, lambda: typed(f"Type {name} to remove it", name))
            notes = deployment.receipt(on, plan, receipt) if receipt and not plan.conflicts else None
            with progress(talk) as emit:
                report = deployment.down(on, plan, notes.beside(emit) if notes else emit, stop)
        tell(report, output)
        if notes:
            notes.close(report)
        raise typer.Exit(report.exit_code)
