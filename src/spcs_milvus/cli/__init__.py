"""The command line: a table of commands, each loaded when it is chosen, so that ``--help`` is quick."""

import io
import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from spcs_milvus import __version__
from spcs_milvus.cli.options import commands

# name → (module, what it does in one line); the order is the order of a first day
COMMANDS = {
    "init": ("spcs_milvus.cli.init", "Write a project file."),
    "validate": ("spcs_milvus.cli.validate", "Check the project file, without an account."),
    "plan": ("spcs_milvus.cli.plan", "Show what `up` would do."),
    "graph": ("spcs_milvus.cli.graph", "Show what needs what, and what `up` would do with it."),
    "render": ("spcs_milvus.cli.render", "Write what `up` would send as SQL files, without an account."),
    "up": ("spcs_milvus.cli.up", "Make the account what the project file says."),
    "adopt": ("spcs_milvus.cli.adopt", "Make an object that was there before ours."),
    "status": ("spcs_milvus.cli.status", "Show what is running, and where."),
    "verify": ("spcs_milvus.cli.verify", "Run the notebook as a job, to prove that the stack answers."),
    "open": ("spcs_milvus.cli.open", "Open the notebook in the browser."),
    "logs": ("spcs_milvus.cli.logs", "Show what a service has written."),
    "pause": ("spcs_milvus.cli.pause", "Let services and compute pools rest; nothing is lost."),
    "resume": ("spcs_milvus.cli.resume", "Wake up what `pause` put to rest, and wait until it is ready."),
    "images": ("spcs_milvus.cli.images", "Show, build and push the images of the project."),
    "down": ("spcs_milvus.cli.down", "Remove exactly what `up` made."),
    "local": ("spcs_milvus.cli.local", "Run a Snowflake account on this machine, for trying and testing."),
}


class _Later(TyperCommand):
    """Stands in the list of commands until it is chosen; then the real one takes over."""

    def __init__(self, name: str, module: str, summary: str) -> None:
        super().__init__(name, help=summary)
        self._module = module

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        app: typer.Typer = import_module(self._module).app
        command = typer.main.get_command(app)
        return command.make_context(info_name, args, parent=parent, **extra)


class _Commands(TyperGroup):
    def list_commands(self, _ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        return _Later(cmd_name, *COMMANDS[cmd_name])


app = commands(
    cls=_Commands,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"spcs-milvus {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """Milvus and Jupyter on Snowpark Container Services, from one YAML file."""


def main() -> None:
    """Runs the program; ends with the exit codes of the README."""
    for stream in (sys.stdout, sys.stderr):
        # a sign that the terminal's encoding lacks must not end what was going well
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(app(prog_name="spcs-milvus"))
