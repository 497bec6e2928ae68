"""Where text goes: data to stdout, talk to stderr. Colours follow NO_COLOR and the terminal."""

from rich.console import Console


def out() -> Console:
    """For what was asked for."""
    return Console(highlight=False, soft_wrap=True)


def talk() -> Console:
    """For everything said along the way."""
    return Console(stderr=True, highlight=False, soft_wrap=True)
