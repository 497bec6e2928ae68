"""The documents scripts rely on have exactly these keys, and hold these values."""

import json
from typing import Any

import pytest
from tests.spcs_milvus.views import samples

from spcs_milvus.logs import Log
from spcs_milvus.report import Counts
from spcs_milvus.views import documents

# What every script may rely on from version 1 on; what is beside it may grow
CHANGE = ["address", "action", "status", "seconds", "because"]
CHANGED = [*CHANGE, "differences", "loses", "cost", "images", "specification", "forced_by", "takes_along"]
RUN = ["version", "changes", "statements", "seconds"]
PROBLEM = ["summary", "detail", "place", "hint"]


def test_a_status() -> None:
    document = documents.status_document(samples.STATUS)
    keys = ["version", "project", "ready", "paused", "kept", "costs", "compute_pools", "services"]
    assert list(document) == keys
    assert (document["version"], document["project"], document["ready"]) == (1, "demo", False)
    assert document["compute_pools"] == [
        {"name": "DEMO_POOL", "state": "ACTIVE"},
        {"name": "DEMO_JUPYTER_POOL", "state": "ABSENT"},
    ]
    for service in document["services"]:
        assert list(service) == ["name", "status", "ready", "containers", "endpoints", "volumes"]
        assert all(
            list(container) == ["name", "status", "message", "restarts"]
            for container in service["containers"]
        )
        assert all(list(one) == ["name", "port", "protocol", "public", "url"] for one in service["endpoints"])


def test_a_plan() -> None:
    document = documents.plan_document(samples.PLAN, Counts(12, 0), 0.12345)
    assert sorted(document) == sorted(
        [*RUN, "fingerprint", "existing", "conflicts", "kept", "along", "left_out"]
    )
    assert all(list(change) == CHANGED for change in document["changes"])
    assert document["changes"][1] == {
        "address": "compute_pool.DEMO_POOL",
        "action": "update",
        "status": "planned",
        "seconds": 0.0,
        "because": "auto_resume differs, max_nodes differs",
        "differences": [
            {"attribute": "max_nodes", "desired": 2, "actual": 1, "unreadable": False},
            {"attribute": "auto_resume", "desired": True, "actual": False, "unreadable": False},
        ],
        "loses": None,
        "cost": {"downtime": None, "data": None, "url": None, "credits": None},
        "images": [],
        "specification": [],
        "forced_by": [],
        "takes_along": [],
    }
    assert [change["action"] for change in document["changes"]] == [
        "create",
        "update",
        "replace",
        "delete",
        "create",
        "wait",
    ]
    assert document["statements"] == {"read": 12, "write": 0}
    assert document["seconds"] == 0.123
    assert document["existing"] == ["role.SYSADMIN", "compute_pool.SHARED_POOL"]
    assert [list(problem) for problem in document["conflicts"] + document["kept"]] == [PROBLEM, PROBLEM]


def test_a_plan_of_an_upgrade() -> None:
    document = documents.plan_document(samples.TARGETED, Counts(12, 0), 0.1)
    adopted, forced, upgrade = document["changes"]
    assert adopted["action"] == "adopt"
    assert (forced["forced_by"], forced["takes_along"]) == (
        ["instance_family"],
        ["service.DEMO.PUBLIC.MILVUS"],
    )
    assert upgrade["cost"]["downtime"] == "its containers start again"
    assert upgrade["images"][0] == {
        "container": "main",
        "actual": "/demo/r/m:1",
        "desired": "/demo/r/m:2",
        "actual_digest": "sha256:0123456789abcdef",
        "desired_digest": "sha256:f00",
    }
    assert upgrade["specification"] == [
        {
            "path": "spec.containers.main",
            "lines": (
                "-args:",
                "-- a",
                "-- b",
                "-image: /demo/r/m:1",
                "+env:",
                "+  A: '1'",
                "+image: /demo/r/m:2",
            ),
        }
    ]
    assert document["along"] == ["compute_pool.DEMO_POOL"]
    assert document["left_out"] == [f"grant.USAGE on {name}" for name in "ABCDEF"]


def test_a_graph() -> None:
    document = documents.graph_document(samples.GRAPH)
    assert document["version"] == 1
    assert document["nodes"][1] == {
        "address": "compute_pool.DEMO_POOL",
        "needs": ["role.DEMO_OWNER"],
        "state": "create",
    }


def test_what_was_made_up_is_told_by_its_file() -> None:
    document = documents.report_document(samples.GENERATED)
    assert document["passwords"] == [{"address": "user.ALICE", "file": ".spcs-milvus/ALICE@local.password"}]
    assert "hunter2" not in json.dumps(document)


def test_what_the_time_of_a_report_went_to() -> None:
    document = documents.report_document(samples.MADE)
    assert document["spent"] == {"build": 40.0, "push": 12.01, "start": 9.0}


def test_images() -> None:
    document = documents.images_document(samples.IMAGES)
    assert sorted(document) == ["engine_problem", "images", "version"]
    assert [list(image) for image in document["images"]] == [
        ["name", "tag", "source", "engine", "repository"],
        ["name", "tag", "source", "engine", "repository"],
    ]
    assert document["engine_problem"] is None
    assert documents.images_document(samples.BLIND)["engine_problem"]["hint"] == "start it"


def test_a_report() -> None:
    document = documents.report_document(samples.DONE)
    told = [
        "spent",
        "errors",
        "passwords",
        "left",
        "stays",
        "along",
        "left_out",
        "files_removed",
        "exit_code",
    ]
    assert sorted(document) == sorted([*RUN, *told])
    assert all(list(change) == CHANGED for change in document["changes"])
    assert [change["status"] for change in document["changes"]] == ["done"] * 4
    assert document["changes"][3]["seconds"] == 62.0
    assert document["statements"] == {"read": 12, "write": 3}
    assert (document["seconds"], document["exit_code"], document["errors"], document["left"]) == (
        63.789,
        0,
        [],
        [],
    )


def test_a_report_of_a_failure() -> None:
    document = documents.report_document(samples.FAILED)
    assert [(change["status"], change["because"]) for change in document["changes"]] == [
        ("done", "it is not there"),
        ("failed", "no capacity"),
        ("skipped", "compute_pool.DEMO_POOL was not done"),
        ("skipped", "service.DEMO.PUBLIC.MILVUS was not done"),
    ]
    assert document["exit_code"] == 4
    assert document["errors"][0] == {
        "summary": "no capacity",
        "detail": "error 392507, query q",
        "place": None,
        "hint": "try another",
    }
    assert [problem["place"] for problem in document["left"]] == ["database.DEMO"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [("", []), ("a\n", ["a"]), ("a\n\n\x1b[1mb", ["a", "", "\x1b[1mb"]), ("a\x85b\r\n", ["a\x85b\r"])],
)
def test_a_log(text: str, lines: list[str]) -> None:
    document = documents.log_document(Log("MILVUS", "0", "milvus", text))
    head = {"version": 1, "service": "MILVUS", "instance": "0", "container": "milvus"}
    assert document == {**head, "lines": lines}


def test_an_error() -> None:
    document = documents.error_document([samples.PROBLEM, samples.BARE], 2)
    assert list(document) == ["version", "exit_code", "errors"]
    assert document["exit_code"] == 2
    assert [list(problem) for problem in document["errors"]] == [PROBLEM, PROBLEM]


DOCUMENTS: list[dict[str, Any]] = [
    documents.status_document(samples.STATUS),
    documents.status_document(samples.PAUSED),
    documents.plan_document(samples.PLAN, Counts(1, 0), 1.0),
    documents.report_document(samples.FAILED),
    documents.error_document([samples.PROBLEM], 2),
    {"odd": "\udcff …"},
]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_is_printed_is_that_one_document_in_plain_ascii(
    document: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    documents.write(document)
    printed = capsys.readouterr()
    assert json.loads(printed.out) == document
    assert printed.out.isascii()
    assert printed.err == ""
