"""Where the files that travel with the program are: SQL templates, service specifications, image folders.

In an installed wheel they stand inside the package; in a checkout, beside ``src``. Reads nothing but the
folders' presence.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def templates() -> Path:
    """The folder of SQL templates, one file a kind."""
    return _folder("templates")


def specs() -> Path:
    """The folder of service specification templates."""
    return _folder("specs")


def images() -> Path:
    """The folder of image build contexts, one folder an image."""
    return _folder("images")


def _folder(name: str) -> Path:
    inside = _PACKAGE / "assets" / name
    return inside if inside.is_dir() else _PACKAGE.parents[1] / name
