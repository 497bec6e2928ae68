"""The options that commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer


def commands(**settings: Any) -> typer.Typer:
    """Where a command is entered; help is plain text, which loads at once and reads well anywhere."""
    return typer.Typer(
        add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, **settings
    )


class Output(StrEnum):
    """How a result is printed."""

    TEXT = "text"
    JSON = "json"


# the connection that is built in: the account on this machine
LOCAL = "local"

ProjectFile = Annotated[
    Path,
    typer.Option("--file", "-f", metavar="FILE", help="The project file.", show_default="spcs-milvus.yaml"),
]
EnvironmentName = Annotated[
    str,
    typer.Option(
        "--environment",
        "-e",
        metavar="NAME",
        help="One of the project file's `environments`, laid over the file.",
        show_default="the file as it stands",
    ),
]
ConnectionName = Annotated[
    str | None,
    typer.Option(
        "--connection",
        "-c",
        metavar="NAME",
        help="`local`, or a name in connections.toml. Default: the project file's, else the official CLI's.",
    ),
]
OutputOption = Annotated[Output, typer.Option("--output", "-o", help="Text for people, JSON for scripts.")]
Rotate = Annotated[
    list[str] | None,
    typer.Option(
        "--rotate",
        metavar="NAME",
        help="Set this secret again, and start again the services that read it. May be repeated.",
    ),
]
NoBuild = Annotated[bool, typer.Option("--no-build", help="Build no image; push what the Docker engine has.")]
NoPush = Annotated[
    bool, typer.Option("--no-push", help="Neither build nor push; the image repository has every image.")
]
Lose = Annotated[
    list[str] | None,
    typer.Option(
        "--lose",
        metavar="ADDRESS",
        help="Agree that this service loses what is on no volume. May be repeated.",
    ),
]
KeepData = Annotated[
    bool,
    typer.Option(
        "--keep-data",
        help="Keep what holds data and all it needs, suspended: volumes, stages, images. `up` uses it again.",
    ),
]
DeleteData = Annotated[
    list[str] | None,
    typer.Option(
        "--delete-data",
        metavar="ADDRESS",
        help="Let go along what others put into our database or schema: all in it, or this one. Repeatable.",
    ),
]
ReceiptFile = Annotated[
    Path | None,
    typer.Option("--receipt", metavar="FILE", help="Write what was dropped, what stays and why, as JSON."),
]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="ADDRESS",
        help="Only this, and what it needs (down: what stands on it). May be repeated.",
    ),
]
AllowDeletions = Annotated[
    bool, typer.Option("--allow-deletions", help="Go on though most of what is ours would be dropped.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Agree to what is shown, and ask nothing.")]
