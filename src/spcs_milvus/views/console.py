"""Where text goes: data to stdout, talk to stderr. Colours follow NO_COLOR and the terminal.

Text is printed as it is: paths and names may hold what Rich would take for markup or an emoji.
"""

import os
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

# C0, DEL and C1, whose members move the cursor, set a window's title or answer in the reader's name; and what
# turns the direction round (documented: Unicode Standard Annex #9)
_STEERS = (code for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n")
_TURNS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
_WRITTEN_OUT = {code: f"\\x{code:02x}" for code in _STEERS} | {code: f"\\u{code:04x}" for code in _TURNS}


def harmless(text: str) -> str:
    """What others wrote, with every character that would steer a terminal written out (``\\x1b``)."""
    return text.replace("\r\n", "\n").translate(_WRITTEN_OUT)


class _Patient(Console):
    """A console whose reader may go away: then it is silent, and what goes on goes on. No text that is
    printed steers the terminal.
    """

    def print(self, *objects: Any, **options: Any) -> None:
        for text in (one for one in objects if isinstance(one, Text)):
            text.plain = harmless(text.plain)
        super().print(*(harmless(one) if isinstance(one, str) else one for one in objects), **options)

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
