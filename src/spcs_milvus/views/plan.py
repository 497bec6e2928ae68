"""A plan → text: one line a change, its reason, the differences, what would be lost, and a count."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain

from rich.console import Console
from rich.filesize import decimal
from rich.text import Text

from spcs_milvus.container_image import ContainerImage
from spcs_milvus.differences import Difference, leaves
from spcs_milvus.plan import Action, Change, Plan
from spcs_milvus.steps import Build, Push
from spcs_milvus.views.problems import show_problems

SIGNS = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("±", "magenta"),
    Action.DELETE: ("-", "red"),
    Action.PAUSE: ("‖", "yellow"),
    Action.RESUME: ("▶", "green"),
    Action.WAIT: (".", "dim"),
}

# as wide as the longest kind of most projects
KIND_WIDTH = 17


def show_plan(console: Console, plan: Plan) -> None:
    """Prints the whole plan; nothing of it is left out."""
    addresses = (*(change.address for change in plan.changes), *plan.existing)
    width = max([KIND_WIDTH, *(len(address.kind) for address in addresses)])
    for change in plan.changes:
        _show_change(console, change, width)
    for address in plan.existing:
        console.print(Text(f"  = {address.kind:<{width}} {address.name}  (existing)", "dim"))
    show_problems(console, (*plan.kept, *plan.lasting), "stays", "bold yellow")
    console.print(Text(_count(plan), "bold"))


def _show_change(console: Console, change: Change, width: int) -> None:
    sign, style = SIGNS[change.action]
    line = Text.assemble((f"  {sign} ", style), f"{change.address.kind:<{width}} ", change.address.name)
    if change.action in (Action.UPDATE, Action.REPLACE):
        line.append(f"  ({change.because})", "dim")
    console.print(line)
    for value in chain(_images(change), *map(_lines, change.differences)):
        console.print(Text(f"      {value}", "dim"))
    if change.loses:
        console.print(Text(f"      loses {change.loses}", "bold red"))


def _images(change: Change) -> Iterator[str]:
    """What is done for a container image."""
    for step in change.steps:
        match step:
            case Build(image=image):
                files = f"{image.files} file{'' if image.files == 1 else 's'}"
                amount = f"{files}, {decimal(image.size_bytes)}"
                yield f"build from {image.folder} ({amount}), unless the engine has it"
            case Push(image=ContainerImage()):
                yield f"push to {step.repository}"


def _lines(difference: Difference) -> Iterator[str]:
    """A line for each single value that differs; a dash where one side has none."""
    if difference.unreadable:
        desired = difference.desired if isinstance(difference.desired, str | int) else "as declared"
        yield f"{difference.attribute}: unreadable → {desired}"
        return
    for one in leaves(difference):
        actual, desired = map(_word, (one.actual, one.desired))
        yield f"{one.attribute}: {actual} → {desired}"


def _word(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "–"
    return "–" if value is None else str(value)


def _count(plan: Plan) -> str:
    counted: Counter[Action] = Counter(
        change.action for change in plan.changes if change.action is not Action.WAIT
    )
    parts = [f"{counted[action]} to {action}" for action in Action if counted[action]]
    return "Plan: " + (", ".join(parts) or "nothing to do")
