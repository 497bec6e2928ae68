"""A plan → text: one line a change, its reason, the differences, what it costs, and a count."""

from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.filesize import decimal
from rich.text import Text

from spcs_milvus.container_image import ContainerImage
from spcs_milvus.differences import Difference, leaves, parts
from spcs_milvus.errors import some
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
    Action.ADOPT: ("@", "cyan"),
    Action.WAIT: (".", "dim"),
}

_LINES = {"-": "red", "+": "green"}
_DIGEST_WIDTH = len("sha256:") + 12

# as wide as the longest kind of most projects
KIND_WIDTH = 17


def show_plan(console: Console, plan: Plan) -> None:
    """Prints the whole plan; of what is not done because of targets only the first few."""
    addresses = (*(change.address for change in plan.changes), *plan.existing)
    width = max([KIND_WIDTH, *(len(address.kind) for address in addresses)])
    for change in plan.changes:
        _show_change(console, change, width)
    for address in plan.existing:
        console.print(Text(f"  = {address.kind:<{width}} {address.name}  (existing)", "dim"))
    show_problems(console, (*plan.kept, *plan.lasting, *plan.strange), "stays", "bold yellow")
    _show_addresses(console, "taken along", ", ".join(map(str, plan.along)))
    _show_addresses(console, "left out", some([str(address) for address in plan.left_out]))
    console.print(Text(_count(plan), "bold"))


def _show_addresses(console: Console, word: str, addresses: str) -> None:
    if addresses:
        console.print(Text.assemble((f"{word}: ", "bold"), addresses))


def _show_change(console: Console, change: Change, width: int) -> None:
    sign, style = SIGNS[change.action]
    line = Text.assemble((f"  {sign} ", style), f"{change.address.kind:<{width}} ", change.address.name)
    if change.action is not Action.CREATE and change.action is not Action.WAIT:
        line.append(f"  ({change.because})", "dim")
    console.print(line)
    for transfer in _transfers(change):
        console.print(Text(f"      {transfer}", "dim"))
    for difference in change.differences:
        for text in (*_specification(difference), *_values(difference)):
            console.print(text)
    for image in change.images:
        before = _image(image.actual, image.actual_digest)
        after = _image(image.desired, image.desired_digest)
        console.print(Text(f"      image of {image.container}: {before} → {after}", "dim"))
    if change.loses:
        console.print(Text(f"      loses {change.loses}", "bold red"))
    for what, how in vars(change.cost).items():
        if how:
            console.print(Text(f"      {what}: {how}", "yellow"))
    if change.takes_along:
        console.print(Text(f"      takes along {', '.join(map(str, change.takes_along))}", "bold red"))


def _specification(difference: Difference) -> Iterator[Text]:
    for part in parts(difference):
        yield Text(f"      @@ {part.path} @@", "cyan")
        yield from (Text(f"      {line}", _LINES.get(line[0], "dim")) for line in part.lines)


def _image(name: str, digest: str | None) -> str:
    shown = name.rpartition("/")[2]
    return f"{shown} ({digest[:_DIGEST_WIDTH]})" if digest else shown


def _values(difference: Difference) -> Iterator[Text]:
    """A line for each single value that differs; a dash where one side has none. A specification that can be
    seen is shown as YAML.
    """
    if not parts(difference):
        yield from (Text(f"      {line}", "dim") for line in _lines(difference))


def _transfers(change: Change) -> Iterator[str]:
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
    return "Plan: " + (", ".join(parts) or ("refused" if plan.conflicts else "nothing to do"))
