"""A status → text: pools, services with their containers, and the addresses to use."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from spcs_milvus.status import StackStatus

_STATE_WIDTH = len("SUSPENDED")
_GOOD = ("READY", "RUNNING", "ACTIVE", "IDLE")
_BAD = ("FAILED", "ABSENT", "INTERNAL_ERROR")


def show_status(console: Console, shown: StackStatus) -> None:
    """Prints everything a status holds."""
    for line in status_lines(shown):
        console.print(line)


def status_lines(shown: StackStatus) -> Iterator[Text]:
    """Everything a status holds, line by line."""
    rows = list(_rows(shown))
    name_width = max((len(name) for _, name, _, _ in rows), default=0)
    yield Text(f"{'WHAT':<12}  {'NAME':<{name_width}}  STATE", "dim")
    for what, name, state, message in rows:
        line = Text.assemble(f"{what:<12}  {name:<{name_width}}  ", (state, _style(state)))
        if message:
            line.append(" " * (_STATE_WIDTH - len(state)) + f"  {message}")
        yield line
    if shown.paused:
        yield from pause_lines(shown)
        return
    yield from _addresses(shown)
    further = "; `spcs-milvus up` makes what is missing" if shown.absent else ""
    yield Text.assemble((shown.word, "bold green" if shown.ready else "bold yellow"), further)


def pause_lines(shown: StackStatus) -> Iterator[Text]:
    """What a paused stack still costs, and how to wake it up."""
    for what in shown.costs:
        yield Text(f"still costs: {what}", "yellow")
    further = "`spcs-milvus resume` starts it again"
    if shown.kept:
        further = "`spcs-milvus up` brings the rest back, `spcs-milvus down` removes it"
    yield Text.assemble((shown.word, "bold yellow"), f"; {further}")


def _rows(shown: StackStatus) -> Iterator[tuple[str, str, str, str]]:
    """(what it is, its name, its state, what there is to say of it)."""
    for pool in shown.pools:
        yield "compute pool", pool["name"], pool["state"], ""
    for service in shown.services:
        yield "service", service["name"], service["status"], ""
        for container in service["containers"]:
            again = f", restarted {container['restarts']} times" if container["restarts"] else ""
            message = f"{container['message'] or ''}{again}"
            yield "  container", container["name"], container["status"], message


def show_addresses(console: Console, shown: StackStatus) -> None:
    """Prints the endpoints that have an address."""
    for line in _addresses(shown):
        console.print(line)


def _addresses(shown: StackStatus) -> Iterator[Text]:
    for service in shown.services:
        for endpoint in service["endpoints"]:
            reach = "public" if endpoint["public"] else "inside the schema"
            where = endpoint["url"] or f"{service['name'].lower()}:{endpoint['port']} ({reach})"
            yield Text.assemble(f"{endpoint['name']:<10}", (where, "bold cyan"))


def _style(state: str) -> str:
    return "green" if state in _GOOD else "red" if state in _BAD else "yellow"
