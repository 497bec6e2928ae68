"""One status after another → on a terminal one view drawn again, elsewhere a line for each change.

Comes in: statuses. Goes out: text on stdout.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live

from spcs_milvus.status import StackStatus
from spcs_milvus.views.status import status_lines


@contextmanager
def watching(console: Console) -> Iterator[Callable[[StackStatus], None]]:
    """A function that takes statuses and shows them until the block ends; the last one stays."""
    if console.is_terminal and not console.is_dumb_terminal:
        with Live(console=console, auto_refresh=False, vertical_overflow="visible") as live:
            yield lambda shown: live.update(Group(*status_lines(shown)), refresh=True)
        return
    before: dict[str, str] = {}

    def show(shown: StackStatus) -> None:
        now = states(shown)
        # what is gone first, so that the word on the whole comes last
        for what in [*(what for what in before if what not in now), *now]:
            if before.get(what) != now.get(what):
                print(f"{what}: {now.get(what, 'gone')}", flush=True)
        before.clear()
        before.update(now)

    yield show


def states(shown: StackStatus) -> dict[str, str]:
    """What a watcher is told of, by its name: each pool, service, container and endpoint, and the whole."""
    found = {f"compute pool {pool['name']}": pool["state"] for pool in shown.pools}
    for service in shown.services:
        name = service["name"]
        found[f"service {name}"] = service["status"]
        for container in service["containers"]:
            again = f", restarted {container['restarts']} times" if container["restarts"] else ""
            told = f"{container['status']} {container['message'] or ''}".rstrip()
            found[f"container {name}.{container['name']}"] = told + again
        for endpoint in service["endpoints"]:
            inside = f"{name.lower()}:{endpoint['port']} (inside the schema)"
            without = "no address yet" if endpoint["public"] else inside
            found[f"endpoint {name}.{endpoint['name']}"] = endpoint["url"] or without
    return {**found, "project " + shown.project: shown.word}
