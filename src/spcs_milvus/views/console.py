"""Where text goes: data to stdout, talk to stderr. Colours follow NO_COLOR and the terminal.

Text is printed as it is: paths and names may hold what Rich would take for markup or an emoji.
"""

from rich.console import Console


def out() -> Console:
    """For what was asked for."""
    return Console(highlight=False, soft_wrap=True, markup=False, emoji=False)


def talk() -> Console:
    """For everything said along the way."""
    return Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)
