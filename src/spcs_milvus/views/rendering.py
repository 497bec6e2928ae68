"""Rendered files → text: one line a script, in the order in which they run."""

from collections.abc import Collection

from rich.console import Console
from rich.text import Text

from spcs_milvus.rendering import File


def show_files(console: Console, files: Collection[File]) -> None:
    """Prints the path of every file, and for a script how many statements it has and who runs them."""
    width = max(len(file.path) for file in files)
    for file in files:
        line = Text(f"  {file.path:<{width}}")
        if file.role:
            line.append(f"  {len(file.statements)} statements as {file.role}", "dim")
        line.rstrip()
        console.print(line)
