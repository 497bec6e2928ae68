"""The images of a project → text: one line an image, and where it is."""

from rich.console import Console
from rich.text import Text

from spcs_milvus.image_plans import Image, Images

_TITLES = ("NAME", "TAG", "SOURCE", "ENGINE", "REPOSITORY")


def show_images(console: Console, shown: Images) -> None:
    """Prints a table: the digest of what is in the repository, a dash for what is not there."""
    rows = [_TITLES, *(_row(image, shown.blind is not None) for image in shown.images)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        console.print(Text(line.rstrip(), "dim" if row is _TITLES else ""))


def _row(image: Image, blind: bool) -> tuple[str, ...]:
    engine = "unknown" if blind else "yes" if image.engine else "–"
    return (image.name, image.tag, image.source, engine, image.repository or "–")
