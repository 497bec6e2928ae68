"""The one place that turns what goes wrong into text and an exit code."""

import os
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from spcs_milvus.cli.options import Output
from spcs_milvus.errors import DeployError, Problem
from spcs_milvus.views import console, documents
from spcs_milvus.views.problems import show_problems

INTERRUPTED = 130
BUG = 70


@contextmanager
def boundary(output: Output) -> Iterator[None]:
    """Runs a command. A DeployError ends it with its exit code, Ctrl-C with 130, a bug of ours with 70."""
    try:
        yield
    except DeployError as error:
        _end(error.problems, error.exit_code, output)
    except KeyboardInterrupt:
        _end(
            [Problem("interrupted", None, None, "run the command again; it goes on from here")],
            INTERRUPTED,
            output,
        )
    except BrokenPipeError:
        # whoever read our output has gone; without this Python complains once more while it closes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise typer.Exit(1) from None
    except Exception as error:
        _end([_bug(error)], BUG, output)


def _end(problems: list[Problem] | tuple[Problem, ...], code: int, output: Output) -> None:
    if output is Output.JSON:
        documents.write(documents.error_document(problems, code))
    show_problems(console.talk(), problems)
    raise typer.Exit(code)


def _bug(error: Exception) -> Problem:
    """typer.Exit is an exception too, and means that the command has already said everything."""
    if isinstance(error, typer.Exit):
        raise error
    handle, name = tempfile.mkstemp(prefix="spcs-milvus-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8") as log:
        log.write("".join(traceback.format_exception(error)))
    return Problem(
        "this is a bug in spcs-milvus",
        f"{type(error).__name__}: {error}",
        str(Path(name)),
        "please report it with that file",
    )
