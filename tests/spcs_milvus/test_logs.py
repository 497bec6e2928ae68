"""Logs: which container is meant, and what is said where there is none."""

from collections.abc import Collection, Mapping
from typing import Any

import pytest
from tests.spcs_milvus.stack import by_address, declared

from spcs_milvus.errors import ConfigError, DeployError
from spcs_milvus.logs import Log, Wanted, log
from spcs_milvus.steps import Answer, Look

STACK = declared()
MILVUS = by_address(STACK)["service.MILVUS_DEMO.PUBLIC.MILVUS"]
SHOWN = {
    "database_name": "MILVUS_DEMO",
    "schema_name": "PUBLIC",
    "name": "MILVUS",
    "compute_pool": "P",
    "min_instances": 1,
    "max_instances": 1,
    "status": "RUNNING",
}


class _Account:
    """An account whose MILVUS has containers (``instance``, ``name``), and writes what it was asked."""

    def __init__(self, *containers: tuple[int, str], **other: Answer) -> None:
        rows = [
            {"container_name": name, "status": "READY", "message": "", "restart_count": 0, "instance_id": at}
            for at, name in containers
        ]
        self.answers = {"SHOW SERVICES": Answer((SHOWN,)), "SHOW SERVICE CONTAINERS": Answer(tuple(rows))}
        self.answers |= {name.replace("_", " "): answer for name, answer in other.items()}

    def query(self, looks: Collection[Look]) -> Mapping[Look, Answer]:
        return {look: self._answer(look) for look in looks}

    def _answer(self, look: Look) -> Answer:
        if look.sql.startswith("SELECT"):
            return self.answers.get("SELECT", Answer(({"logs": f"{look.role}: {look.sql}\n"},)))
        return next(
            (one for start, one in self.answers.items() if look.sql.startswith(start + " IN")), Answer()
        )


ONE = [(0, "milvus")]
TWO = [(0, "milvus"), (0, "side")]


@pytest.mark.parametrize(
    ("containers", "wanted", "instance", "container"),
    [
        (ONE, Wanted("milvus"), "0", "milvus"),
        (ONE, Wanted("MILVUS"), "0", "milvus"),
        (ONE, Wanted("Milvus", "milvus", 0), "0", "milvus"),
        (TWO, Wanted("milvus", "side"), "0", "side"),
        ([(10, "milvus"), (2, "milvus")], Wanted("milvus"), "2", "milvus"),
        ([(10, "milvus"), (2, "milvus")], Wanted("milvus", instance=10), "10", "milvus"),
    ],
)
def test_the_container_that_is_meant(
    containers: list[tuple[int, str]], wanted: Wanted, instance: str, container: str
) -> None:
    found = log(STACK, wanted, _Account(*containers).query)
    asked = f"SYSTEM$GET_SERVICE_LOGS('{MILVUS.name}', '{instance}', '{container}', 100)"
    assert found == Log("MILVUS", instance, container, f"{MILVUS.role}: SELECT {asked}\n")


@pytest.mark.parametrize(
    ("containers", "wanted", "summary", "detail", "hint"),
    [
        (ONE, Wanted("milvs"), "there is no service `milvs`", "known: milvus, jupyter",
         "did you mean milvus?"),
        (ONE, Wanted("x"), "there is no service `x`", "known: milvus, jupyter", "name one of them"),
        (TWO, Wanted("milvus"), "the service MILVUS has more than one container",
         "its containers: milvus, side",
         "name one: `spcs-milvus logs milvus milvus`"),
        (ONE, Wanted("milvus", "mlvus"), "the service MILVUS has no container `mlvus`",
         "its containers: milvus",
         "did you mean milvus?"),
        (ONE, Wanted("milvus", instance=1), "the service MILVUS has no instance 1", "running: 0", None),
    ],
)  # fmt: skip
def test_what_there_is_not_is_answered_with_what_there_is(
    containers: list[tuple[int, str]], wanted: Wanted, summary: str, detail: str, hint: str | None
) -> None:
    with pytest.raises(ConfigError) as caught:
        log(STACK, wanted, _Account(*containers).query)
    problem = caught.value.problem
    assert (problem.summary, problem.detail, problem.hint) == (summary, detail, hint)


def _status(status: str) -> dict[str, Any]:
    return {"SHOW_SERVICES": Answer(({**SHOWN, "status": status},))}


@pytest.mark.parametrize(
    ("other", "summary", "hint"),
    [
        ({"SHOW_SERVICES": Answer()}, "is not there", "make it with `spcs-milvus up`"),
        ({"SHOW_SERVICES": Answer(refused="no")}, "may not be looked at", "use a connection that may"),
        ({"SHOW_SERVICE_CONTAINERS": Answer(refused="no")}, "may not be looked at", "use a connection"),
        (_status("SUSPENDED"), "has no container while it is suspended",
         "wake it up with `spcs-milvus resume`"),
        (_status("PENDING"), "has no container yet", "look at `spcs-milvus status --watch`"),
    ],
)  # fmt: skip
def test_a_service_without_containers(other: dict[str, Answer], summary: str, hint: str) -> None:
    with pytest.raises(DeployError) as caught:
        log(STACK, Wanted("milvus"), _Account(**other).query)
    problem = caught.value.problem
    assert problem.summary == f"the service MILVUS {summary}"
    assert (problem.hint or "").startswith(hint)
    assert problem.place == str(MILVUS.address)


@pytest.mark.parametrize("answer", [Answer(missing=True), Answer(refused="may not see it")])
def test_a_service_that_goes_away_meanwhile(answer: Answer) -> None:
    with pytest.raises(DeployError) as caught:
        log(STACK, Wanted("milvus"), _Account(*ONE, SELECT=answer).query)
    assert caught.value.problem.summary == "the service MILVUS shows no log"


def test_a_container_that_has_written_nothing() -> None:
    found = log(STACK, Wanted("milvus"), _Account(*ONE, SELECT=Answer(({"logs": None},))).query)
    assert found.text == ""
