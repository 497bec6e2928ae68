"""Where text goes: data to stdout, talk to stderr. Colours follow NO_COLOR and the terminal.

Text is printed as it is: paths and names may hold what Rich would take for markup or an emoji.
"""

import os
import sys

from rich.console import Console


class _Patient(Console):
    """A console whose reader may go away: then it is silent, and what goes on goes on."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        # without this Python complains once more when it closes the stream
        os.dup2(os.open(os.devnull, os.O_WRONLY), (sys.stderr if self.stderr else sys.stdout).fileno())


def out() -> Console:
    """For what was asked for."""
    return _Patient(highlight=False, soft_wrap=True, markup=False, emoji=False)


def talk() -> Console:
    """For everything said along the way."""
    return _Patient(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)
