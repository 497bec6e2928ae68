"""Asking a person before something is done. Without a terminal nothing is asked: a script says ``--yes``."""

import sys

from rich.prompt import Confirm, Prompt
from rich.text import Text

from spcs_milvus.cli.options import Output
from spcs_milvus.cli.stopping import asking
from spcs_milvus.errors import ConfigError
from spcs_milvus.views import console

UNCHANGED = "nothing was changed"


def must_ask(yes: bool, output: Output) -> bool:
    """Whether there is a person to be asked. Raises ConfigError when there should be one and is none."""
    if yes:
        return False
    if output is Output.JSON or not sys.stdin.isatty():
        raise ConfigError("there is no terminal to ask on", hint="add --yes to agree to everything")
    return True


def agreed(question: str) -> bool:
    """The answer to a yes-or-no question; no by default, and no when the input ends."""
    try:
        with asking():
            return Confirm.ask(
                Text(f"{question} [y/N]"),
                console=console.talk(),
                show_choices=False,
                show_default=False,
                default=False,
            )
    except EOFError:
        return False


def typed(question: str, word: str) -> bool:
    """Whether the person typed that word."""
    try:
        with asking():
            return Prompt.ask(question, console=console.talk()) == word
    except EOFError:
        return False
