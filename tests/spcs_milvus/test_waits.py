"""Waiting for a service on a clock that tests turn: phases, limits, crash loops, and last words."""

from collections.abc import Collection, Iterator
from typing import Any

import pytest

from spcs_milvus.errors import NotReadyError
from spcs_milvus.resource import Address
from spcs_milvus.steps import Answer, Look, Rest, Wait
from spcs_milvus.waits import (
    FIRST_PAUSE_SECONDS,
    LAST_PAUSE_SECONDS,
    MAX_RESTARTS,
    NODE_SECONDS,
    PHASE_SECONDS,
    PULL_SECONDS,
    REST_SECONDS,
    Resting,
    Waiting,
    until_ready,
    until_suspended,
)

LOOKS = {"containers": Look("SHOW SERVICE CONTAINERS", "R"), "endpoints": Look("SHOW ENDPOINTS", "R")}
WAIT = Wait(Address("service", "DB.PUBLIC.MILVUS"), LOOKS)
PROVISIONING = "Endpoints provisioning in progress"


def _container(
    status: str = "READY", message: str = "Running", restarts: int = 0, name: str = "milvus"
) -> dict[str, Any]:
    return {
        "container_name": name,
        "status": status,
        "message": message,
        "restart_count": restarts,
        "instance_id": 0,
    }


def _endpoint(url: str | None, public: bool = True) -> dict[str, Any]:
    return {
        "name": "page",
        "port": 8888,
        "protocol": "HTTP",
        "is_public": str(public).lower(),
        "ingress_url": url,
    }


Shown = tuple[list[dict[str, Any]], list[dict[str, Any]]] | Answer
READY: Shown = ([_container()], [])


class _Service:
    """Shows one thing after another, the last for ever; time goes by only while somebody pauses."""

    def __init__(self, *shown: Shown) -> None:
        self._shown: Iterator[Shown] = iter(shown)
        self._last = shown[-1]
        self.seconds = 0.0
        self.pauses: list[float] = []
        self.said: list[str] = []
        self.asked_for_logs: list[tuple[str, str]] = []
        self.log = "last words\n"

    def wait(self) -> None:
        until_ready(WAIT, Waiting(self.query, self.logs, self.pause, lambda: self.seconds, self.said.append))

    def query(self, looks: Collection[Look]) -> dict[Look, Answer]:
        assert sorted(look.sql for look in looks) == ["SHOW ENDPOINTS", "SHOW SERVICE CONTAINERS"]
        shown = next(self._shown, self._last)
        if isinstance(shown, Answer):
            return dict.fromkeys(looks, shown)
        containers, endpoints = shown
        return {LOOKS["containers"]: Answer(tuple(containers)), LOOKS["endpoints"]: Answer(tuple(endpoints))}

    def logs(self, instance: str, container: str) -> str:
        self.asked_for_logs.append((instance, container))
        return self.log

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds

    def fails(self) -> str:
        """Waits, which must fail; the detail of what is said then."""
        with pytest.raises(NotReadyError) as caught:
            self.wait()
        problem = caught.value.problem
        assert problem.summary == "service.DB.PUBLIC.MILVUS did not become ready"
        assert problem.place == "service.DB.PUBLIC.MILVUS"
        assert "`spcs-milvus status` and `spcs-milvus logs milvus`" in (problem.hint or "")
        return problem.detail or ""


def test_what_is_ready_is_not_waited_for() -> None:
    service = _Service(READY)
    service.wait()
    assert (service.pauses, service.said) == ([], [])


def test_the_phases_on_the_way_are_told_once_each_in_snowflakes_words() -> None:
    waiting = [_container("PENDING", "Compute pool node(s) are being provisioned.")]
    starting = [_container("PENDING", "Waiting to start")]
    service = _Service(
        ([], []),
        (waiting, []),
        (waiting, []),
        (starting, []),
        ([_container("PENDING", "")], []),
        ([_container()], [_endpoint(None)]),
        ([_container()], [_endpoint(PROVISIONING)]),
        ([_container()], [_endpoint("a-b.snowflakecomputing.app")]),
    )
    service.wait()
    assert service.said == [
        "waiting for an instance",
        "milvus: Compute pool node(s) are being provisioned.",
        "milvus: Waiting to start",
        "milvus: PENDING",
        "waiting for the address of page",
    ]


def test_a_private_endpoint_is_not_waited_for() -> None:
    service = _Service(([_container()], [_endpoint(None, public=False)]))
    service.wait()
    assert not service.pauses


def test_every_container_is_waited_for() -> None:
    service = _Service(([_container(), _container("PENDING", "Waiting to start", name="side")], []), READY)
    service.wait()
    assert service.said == ["side: Waiting to start"]


def test_pauses_grow_to_a_limit() -> None:
    service = _Service(*[([], [])] * 20, READY)
    service.wait()
    assert service.pauses[0] == FIRST_PAUSE_SECONDS
    assert service.pauses[-1] == LAST_PAUSE_SECONDS
    assert service.pauses == sorted(service.pauses)


@pytest.mark.parametrize(
    ("message", "limit"),
    [("Waiting to start", PHASE_SECONDS), ("Compute pool node(s) are being provisioned.", NODE_SECONDS)],
)
def test_a_phase_that_does_not_end_ends_the_wait(message: str, limit: float) -> None:
    service = _Service(([_container("PENDING", message)], []))
    detail = service.fails()
    assert detail == f"for {limit / 60:.0f} minutes: milvus: {message}\nlast lines it wrote:\nlast words"
    assert limit < service.seconds <= limit + LAST_PAUSE_SECONDS
    assert service.asked_for_logs == [("0", "milvus")]


def test_each_phase_has_its_own_time() -> None:
    """Two phases that both nearly take too long are fine."""
    looks = int(PHASE_SECONDS / LAST_PAUSE_SECONDS)
    one, other = [_container("PENDING", "one")], [_container("PENDING", "other")]
    service = _Service(*[(one, [])] * looks, *[(other, [])] * looks, READY)
    service.wait()
    assert service.seconds > PHASE_SECONDS
    assert service.said == ["milvus: one", "milvus: other"]


def test_an_address_that_never_comes_ends_the_wait_without_a_log() -> None:
    service = _Service(([_container()], [_endpoint(PROVISIONING)]))
    assert service.fails() == "for 15 minutes: waiting for the address of page"
    assert not service.asked_for_logs


# --- crashes -----------------------------------------------------------------------------------------------


def _dying(status: str = "FAILED", before: int = 0, name: str = "milvus") -> tuple[Shown, ...]:
    """A container that dies again and again until it has died too often."""
    return tuple(
        ([_container("PENDING"), _container(status, "crash", before + died, name)], [])
        if name != "milvus"
        else ([_container(status, "crash", before + died)], [])
        for died in range(MAX_RESTARTS + 1)
    )


@pytest.mark.parametrize("status", ["FAILED", "PENDING"])
@pytest.mark.parametrize("before", [0, 7])
def test_a_container_that_keeps_dying_ends_the_wait(status: str, before: int) -> None:
    """Restarts of before the wait do not count."""
    service = _Service(*_dying(status, before))
    assert service.fails() == f"milvus died {MAX_RESTARTS} times: crash\nlast lines it wrote:\nlast words"
    assert service.asked_for_logs == [("0", "milvus")]
    assert service.seconds < PHASE_SECONDS


def test_the_log_is_that_of_the_container_that_dies() -> None:
    service = _Service(*_dying(name="side"))
    assert "side died" in service.fails()
    assert service.asked_for_logs == [("0", "side")]


def test_a_container_that_dies_a_few_times_may_still_come_up() -> None:
    service = _Service(*_dying()[:-1], ([_container(restarts=MAX_RESTARTS)], []))
    service.wait()


def test_a_container_that_is_up_in_spite_of_restarts_is_ready() -> None:
    _Service(([_container(restarts=MAX_RESTARTS + 1)], [])).wait()


def test_a_log_that_is_empty_is_left_out() -> None:
    service = _Service(*_dying())
    service.log = "\n"
    assert service.fails() == f"milvus died {MAX_RESTARTS} times: crash"


# --- ends --------------------------------------------------------------------------------------------------


def test_a_service_that_is_dropped_meanwhile_ends_the_wait() -> None:
    assert _Service(([], []), Answer(missing=True)).fails() == "the service is not there any more"


def test_a_look_that_is_refused_ends_the_wait() -> None:
    assert _Service(Answer(refused="the role may not see it")).fails() == "the role may not see it"


def test_an_image_that_cannot_be_pulled_is_told_at_once_and_ends_the_wait_soon() -> None:
    service = _Service(([_container("PENDING", "Failed to pull image: no such host")], []))
    detail = service.fails()
    assert service.said == ["milvus: Failed to pull image: no such host"]
    assert PULL_SECONDS < service.seconds < PULL_SECONDS + 2 * LAST_PAUSE_SECONDS < PHASE_SECONDS
    assert detail.startswith("for 30 seconds: milvus: Failed to pull image: no such host")


def test_a_failed_pull_of_before_is_waited_out() -> None:
    failed: Shown = ([_container("PENDING", "Failed to pull image")], [])
    service = _Service(failed, failed, ([_container("PENDING", "Waiting to start")], []), READY)
    service.wait()
    assert service.said == ["milvus: Failed to pull image", "milvus: Waiting to start"]


# --- rest --------------------------------------------------------------------------------------------------


class _Restless:
    """Goes through these states, the last for ever; time goes by only while somebody pauses."""

    def __init__(self, *states: str) -> None:
        self._states = list(states)
        self.seconds = 0.0
        self.said: list[str] = []

    def state(self) -> str:
        return self._states.pop(0) if len(self._states) > 1 else self._states[0]

    def pause(self, seconds: float) -> None:
        self.seconds += seconds

    def rest(self) -> None:
        tools = Resting(self.state, self.pause, lambda: self.seconds, self.said.append)
        until_suspended(Rest(Address("service", "DB.PUBLIC.MILVUS")), tools)


def test_rest_is_waited_for_and_each_state_told_once() -> None:
    service = _Restless("RUNNING", "SUSPENDING", "SUSPENDING", "SUSPENDED")
    service.rest()
    assert service.said == ["RUNNING", "SUSPENDING"]


@pytest.mark.parametrize(
    ("states", "summary"),
    [
        (("SUSPENDING", "ABSENT"), "service.DB.PUBLIC.MILVUS is not there any more"),
        (("SUSPENDING",), "service.DB.PUBLIC.MILVUS did not come to rest"),
    ],
)
def test_what_does_not_come_to_rest(states: tuple[str, ...], summary: str) -> None:
    service = _Restless(*states)
    with pytest.raises(NotReadyError) as caught:
        service.rest()
    assert caught.value.problem.summary == summary
    assert service.seconds <= REST_SECONDS + LAST_PAUSE_SECONDS
