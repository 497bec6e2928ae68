"""Watching: a line for each change without a terminal, one view drawn again on one."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console
from tests.spcs_milvus.views import samples

from spcs_milvus.status import StackStatus
from spcs_milvus.views.watch import watching

SERVICES = samples.STATUS.services
EMPTY = StackStatus("demo", False, (), ())


def _changed(**changes: object) -> StackStatus:
    """The sample with its first service changed."""
    return replace(samples.STATUS, services=({**SERVICES[0], **changes}, *SERVICES[1:]))


def test_without_a_terminal_only_changes_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    with watching(Console(file=io.StringIO())) as show:
        show(samples.STATUS)
        first = capsys.readouterr().out.splitlines()
        show(samples.STATUS)
        assert capsys.readouterr().out == ""
        show(_changed(status="SUSPENDED", containers=[]))
        second = capsys.readouterr().out.splitlines()
        show(replace(samples.STATUS, ready=True))
        third = capsys.readouterr().out.splitlines()

    name, container = SERVICES[0]["name"], SERVICES[0]["containers"][0]
    assert first[0] == "compute pool DEMO_POOL: ACTIVE"
    assert first[-1] == "project demo: not ready"
    assert (
        len(first)
        == len(set(first))
        == 2 + sum(1 + len(service["containers"]) + len(service["endpoints"]) for service in SERVICES) + 1
    )
    assert second == [f"container {name}.{container['name']}: gone", f"service {name}: SUSPENDED"]
    assert set(third) == {
        f"service {name}: {SERVICES[0]['status']}",
        next(line for line in first if line.startswith(f"container {name}.")),
        "project demo: ready",
    }


def test_the_word_on_the_whole_comes_last(capsys: pytest.CaptureFixture[str]) -> None:
    with watching(Console(file=io.StringIO())) as show:
        show(replace(samples.STATUS, services=({**SERVICES[0], "containers": []},)))
        show(replace(samples.STATUS, ready=True))
    assert capsys.readouterr().out.splitlines()[-1] == "project demo: ready"


def test_a_restart_and_an_address_are_changes(capsys: pytest.CaptureFixture[str]) -> None:
    container = {"name": "main", "status": "READY", "message": "Running", "restarts": 0}
    endpoint = {"name": "page", "port": 80, "protocol": "HTTP", "public": True, "url": None}
    service = {"name": "PAGE", "status": "RUNNING", "ready": True}
    with watching(Console(file=io.StringIO())) as show:
        for restarts, url in ((0, None), (1, None), (1, "https://there")):
            shown = {
                **service,
                "containers": [{**container, "restarts": restarts}],
                "endpoints": [{**endpoint, "url": url}],
            }
            show(replace(EMPTY, services=(shown,)))
    assert capsys.readouterr().out.splitlines() == [
        "service PAGE: RUNNING",
        "container PAGE.main: READY Running",
        "endpoint PAGE.page: no address yet",
        "project demo: not ready",
        "container PAGE.main: READY Running, restarted 1 times",
        "endpoint PAGE.page: https://there",
    ]


def test_on_a_terminal_the_last_view_stays() -> None:
    file = io.StringIO()
    terminal = Console(
        file=file, force_terminal=True, width=80, no_color=True, highlight=False, _environ={"TERM": "xterm"}
    )
    with watching(terminal) as show:
        show(EMPTY)
        show(replace(EMPTY, ready=True))
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", file.getvalue()).replace("\r", "\n")
    drawn = [line for line in text.splitlines() if line in ("ready", "not ready")]
    assert drawn[0] == "not ready"
    assert drawn[-1] == "ready"
    assert "\x1b[1A" in file.getvalue(), "it is drawn over what stood there"
