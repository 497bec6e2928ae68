"""Problems → text: what is wrong, the values, where, and what to try."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from spcs_milvus.errors import Problem
from spcs_milvus.views.console import harmless


def show_problems(
    console: Console, problems: Sequence[Problem], word: str = "error", style: str = "bold red"
) -> None:
    """Prints each problem, most important line first."""
    for problem in problems:
        console.print(Text.assemble((f"{word}: ", style), problem.summary))
        # a detail may hold the end of a container's log
        for line in harmless(problem.detail or "").splitlines():
            console.print(Text(f"  {line}"))
        if problem.place:
            console.print(Text.assemble("  ", ("at ", "dim"), problem.place))
        if problem.hint:
            console.print(Text.assemble(("  hint: ", "cyan"), problem.hint))


def show_warnings(console: Console, problems: Sequence[Problem]) -> None:
    """Prints what is allowed but unwise."""
    show_problems(console, problems, "warning", "bold yellow")
