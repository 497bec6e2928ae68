"""A status → text: pools, services with their containers, and the addresses to use."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from spcs_milvus.status import StackStatus

AS_PROCESSES = "on the local account services run as processes; milvus is Milvus Lite, the embedded edition"

_GOOD = ("READY", "RUNNING", "ACTIVE", "IDLE")
_BAD = ("FAILED", "ABSENT", "INTERNAL_ERROR")


def show_status(console: Console, shown: StackStatus) -> None:
    """Prints everything a status holds."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("WHAT", "NAME", "STATE", ""):
        table.add_column(heading, no_wrap=heading != "")
    for pool in shown.pools:
        table.add_row("compute pool", pool["name"], _state(pool["state"]), "")
    for service in shown.services:
        table.add_row("service", service["name"], _state(service["status"]), "")
        for container in service["containers"]:
            again = f", restarted {container['restarts']} times" if container["restarts"] else ""
            message = f"{container['message'] or ''}{again}"
            table.add_row("  container", container["name"], _state(container["status"]), Text(message))
    console.print(table)
    show_addresses(console, shown)
    console.print(Text("ready", "bold green") if shown.ready else Text("not ready", "bold yellow"))


def show_addresses(console: Console, shown: StackStatus) -> None:
    """Prints the endpoints that have an address."""
    for service in shown.services:
        for endpoint in service["endpoints"]:
            reach = "public" if endpoint["public"] else "inside the schema"
            where = endpoint["url"] or f"{service['name'].lower()}:{endpoint['port']} ({reach})"
            console.print(Text.assemble(f"{endpoint['name']:<10}", (where, "bold cyan")))


def _state(text: str) -> Text:
    style = "green" if text in _GOOD else "red" if text in _BAD else "yellow"
    return Text(text, style)
