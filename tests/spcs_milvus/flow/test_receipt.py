"""The receipt of `down`: what it accounts for, whatever becomes of the run."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from spcs_milvus import deployment
from spcs_milvus.cli.stopping import stopping
from spcs_milvus.errors import ConfigError
from spcs_milvus.events import Event

from .conftest import Stack
from .test_teardown import MILVUS, STRANGER, down, objects
from .test_up_down import done


def test_a_receipt_of_everything(stack: Stack, tmp_path: Path) -> None:
    done(stack.up())
    file = tmp_path / "receipt.json"

    report = done(down(stack, receipt=file))

    receipt = json.loads(file.read_text())
    assert list(receipt) == [
        "version", "project", "environment", "connection", "account", "user",
        "began", "ended", "exit_code", "done", "kept", "not_ours", "left", "files_removed",
    ]  # fmt: skip
    assert (receipt["project"], receipt["connection"], receipt["exit_code"]) == ("milvus-demo", "local", 0)
    assert [one["address"] for one in receipt["done"]] == [
        str(outcome.change.address) for outcome in report.outcomes
    ]
    (milvus,) = (one for one in receipt["done"] if one["address"] == MILVUS)
    assert (milvus["role"], milvus["sql"], milvus["loses"]) == (
        "MILVUS_DEMO_MILVUS",
        ["DROP SERVICE MILVUS_DEMO.PUBLIC.MILVUS FORCE"],
        "the data on its volume (data 20Gi)",
    )
    assert receipt["began"] <= milvus["at"] <= receipt["ended"]
    assert all(receipt[key] == [] for key in ("kept", "not_ours", "left", "files_removed"))


def test_what_lost_its_mark_is_told_as_not_ours(stack: Stack, tmp_path: Path) -> None:
    done(stack.up())
    with stack.session("MILVUS_DEMO_OWNER") as session:
        session.run("ALTER COMPUTE POOL MILVUS_DEMO_MILVUS_POOL SET COMMENT = 'mine'")
    down(stack, receipt=tmp_path / "receipt.json")
    receipt = json.loads((tmp_path / "receipt.json").read_text())
    pool = "compute_pool.MILVUS_DEMO_MILVUS_POOL"
    assert [one["place"] for one in receipt["not_ours"]] == [pool]
    # its owner cannot go
    assert [one["place"] for one in receipt["left"]] == ["role.MILVUS_DEMO_OWNER"]


def _ours(stack: Stack) -> set[str]:
    """What carries our mark, as addresses."""
    found = stack.local.dump()["objects"]
    marked = [one for one in found if "spcs-milvus:milvus-demo/" in str(one["comment"])]
    return {f"{one['kind'].lower().replace(' ', '_')}.{one['name']}" for one in marked}


@pytest.mark.parametrize("keep_data", [False, True])
@pytest.mark.parametrize("stranger", [False, True])
def test_a_receipt_accounts_for_everything_that_was_ours(
    stack: Stack, tmp_path: Path, keep_data: bool, stranger: bool
) -> None:
    done(stack.up())
    if stranger:
        with stack.session("MILVUS_DEMO_OWNER") as session:
            session.run(STRANGER)
    for _ in range(2):
        before = _ours(stack)
        down(stack, keep_data=keep_data, receipt=tmp_path / "receipt.json")
        receipt = json.loads((tmp_path / "receipt.json").read_text())
        dropped = {one["address"] for one in receipt["done"] if one["action"] == "delete"}
        kept, left = ({one["place"] for one in receipt[key]} for key in ("kept", "left"))
        assert dropped | kept | left == before
        # what goes may leave something behind, which is told at its place
        assert (kept | left) - dropped == _ours(stack)
        assert any(one["summary"].endswith("is kept") for one in receipt["kept"]) is keep_data
        assert all(one["detail"] for one in receipt["kept"])


@pytest.mark.parametrize("moment", [1, 4, 12])
def test_a_receipt_of_a_run_that_is_interrupted(stack: Stack, tmp_path: Path, moment: int) -> None:
    done(stack.up())
    file = tmp_path / "receipt.json"
    heard: list[Event] = []
    between: list[dict[str, Any]] = []

    def emit(event: Event) -> None:
        heard.append(event)
        between.append(json.loads(file.read_text()))
        if len(heard) == moment:
            os.kill(os.getpid(), signal.SIGINT)

    with stopping() as stop, stack.target() as on:
        plan = deployment.make_down_plan(on)
        notes = deployment.receipt(on, plan, file)
        report = deployment.down(on, plan, notes.beside(emit), stop)
        unfinished = between[-1]
        notes.close(report)

    receipt = json.loads(file.read_text())
    assert receipt["exit_code"] == 130
    told = {one["address"] for one in receipt["done"]} | {one["place"] for one in receipt["left"]}
    assert told == {str(change.address) for change in plan.changes}
    assert objects(stack) >= {one["place"] for one in receipt["left"]}
    assert not objects(stack) & {one["address"] for one in receipt["done"]}
    # had it been killed instead, the file would have told as much
    assert (unfinished["ended"], unfinished["done"]) == (None, receipt["done"])
    assert {one["place"] for one in unfinished["left"]} == {one["place"] for one in receipt["left"]}
    done(down(stack))


def test_a_receipt_that_cannot_be_written_stops_before_anything_is_dropped(stack: Stack) -> None:
    done(stack.up())
    before = stack.local.dump()
    with pytest.raises(ConfigError, match="the receipt cannot be written"):
        down(stack, receipt=Path("/proc/nowhere/receipt.json"))
    assert stack.local.dump() == before
