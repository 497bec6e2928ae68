"""Problems → text: what is wrong, the values, where, and what to try."""

from collections.abc import Sequence
from itertools import zip_longest

from rich.console import Console
from rich.text import Text

from spcs_milvus.errors import Problem
from spcs_milvus.views.console import harmless


def show_problems(
    console: Console, problems: Sequence[Problem], word: str = "error", style: str = "bold red"
) -> None:
    """Prints each problem, most important line first. What several in a row have in common, the hint or that
    and the detail, is said once, under the last of them.
    """
    for problem, after in zip_longest(problems, problems[1:]):
        console.print(Text.assemble((f"{word}: ", style), problem.summary))
        alike = after is not None and after.hint == problem.hint
        # a detail may hold the end of a container's log
        for line in harmless(problem.detail or "").splitlines():
            if not (alike and after.detail == problem.detail):
                console.print(Text(f"  {line}"))
        if problem.place and problem.place not in problem.summary:
            console.print(Text.assemble("  ", ("at ", "dim"), problem.place))
        if problem.hint and not alike:
            console.print(Text.assemble(("  hint: ", "cyan"), problem.hint))


def show_warnings(console: Console, problems: Sequence[Problem]) -> None:
    """Prints what is allowed but unwise."""
    show_problems(console, problems, "warning", "bold yellow")
