"""Where the files that travel with the program are: SQL templates, service specifications, image folders.

In an installed wheel they stand inside the package; in a checkout, beside ``src``. Reads nothing but the
folders' presence.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def templates() -> Path:
    """The folder of SQL templates, one file a kind, and of the page that ``render`` writes."""
    return _folder("templates")


def specs() -> Path:
    """The folder of service specification templates."""
    return _folder("specs")


def images() -> Path:
    """The folder of image build contexts, one folder an image."""
    return _folder("images")


def image_folder(file: Path, name: str, context: str) -> Path:
    """The build context of an image, as the project ``file`` writes it: a folder beside that file, or for
    ``images/<name>`` the one that travels with the program where there is none beside the file.
    """
    own, ours = file.parent / context, images() / name
    return ours if context == f"images/{name}" and not own.is_dir() and ours.is_dir() else own


def _folder(name: str) -> Path:
    inside = _PACKAGE / "assets" / name
    return inside if inside.is_dir() else _PACKAGE.parents[1] / name
