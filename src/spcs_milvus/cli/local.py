"""``local``: a Snowflake account on this machine, reached by the same connector."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from spcs_milvus.cli import local_account, options
from spcs_milvus.cli.asking import agreed, must_ask
from spcs_milvus.cli.boundary import boundary
from spcs_milvus.views import console, documents

app = options.commands(
    no_args_is_help=True, help="Run a Snowflake account on this machine, for trying and testing."
)


class Runtime(StrEnum):
    """How services are run: as processes of this machine, as containers of a Docker engine, or not at all."""

    PROCESS = "process"
    DOCKER = "docker"
    NONE = "none"


Data = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="Where it keeps its state. Default: $SPCS_MILVUS_HOME, else the user's."
    ),
]


@app.command()
def start(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Default: the last one, else a free one.")
    ] = None,
    data: Data = None,
    latency_ms: Annotated[int | None, typer.Option(min=0, help="Added to every statement.")] = None,
    runtime: Annotated[
        Runtime | None,
        typer.Option(
            help="How services are run: as processes of this machine, as containers of a Docker engine, or "
            "not at all. Default: the last one, else process."
        ),
    ] = None,
    output: options.OutputOption = options.Output.TEXT,
) -> None:
    """Start it in the background; does nothing when it is running."""
    with boundary(output):
        _show(local_account.start(data, port, latency_ms, runtime.value if runtime else None), output)


@app.command()
def stop(data: Data = None, output: options.OutputOption = options.Output.TEXT) -> None:
    """Stop it, with every process of its services; its state stays."""
    with boundary(output):
        was_running = local_account.stop(data)
        _say({"stopped": was_running}, "stopped" if was_running else "it was not running", output)


@app.command()
def status(data: Data = None, output: options.OutputOption = options.Output.TEXT) -> None:
    """Show whether it runs and how to connect to it. Exit code 1 when it does not run."""
    with boundary(output):
        found = local_account.status(data)
        if found is None:
            _say({"connection": None}, "the local account is not running", output)
            raise typer.Exit(1)
        _show(found, output)


@app.command()
def dump(data: Data = None, output: options.OutputOption = options.Output.JSON) -> None:
    """Print everything it holds, so that two dumps can be compared."""
    with boundary(output):
        shown = local_account.dump(data)
        if output is options.Output.JSON:
            print(json.dumps(shown, indent=2, sort_keys=True))
            return
        for kind, objects in sorted(shown.items()):
            console.out().print(f"{kind}: {len(objects) if isinstance(objects, list | dict) else objects}")


@app.command()
def reset(
    data: Data = None, yes: options.Yes = False, output: options.OutputOption = options.Output.TEXT
) -> None:
    """Stop it and delete everything it holds."""
    with boundary(output):
        if must_ask(yes, output) and not agreed(
            "Delete everything the local account holds, vectors included?"
        ):
            raise typer.Exit(1)
        local_account.reset(data)
        _say({"reset": True}, "everything it held is gone", output)


def _show(found: dict[str, Any], output: options.Output) -> None:
    if output is options.Output.JSON:
        documents.write(found)
        return
    settings = found["connection"]
    console.out().print("[spcs_milvus_local]", markup=False)
    for key, value in settings.items():
        console.out().print(f"{key} = {json.dumps(value)}", markup=False)
    console.talk().print(
        f"running as process {found['pid']}, runtime {found['runtime']}, state in {found['data']}"
    )
    console.talk().print(
        "the lines above fit into connections.toml; `-c local` needs none of them, and knows what runs here: "
        "through a connection of yours, only container images are sent"
    )


def _say(document: dict[str, Any], text: str, output: options.Output) -> None:
    if output is options.Output.JSON:
        documents.write({"version": documents.VERSION, **document})
    else:
        console.out().print(text)
