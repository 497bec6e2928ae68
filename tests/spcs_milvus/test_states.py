"""How a service or compute pool is, by what an account shows of it."""

from typing import Any

import pytest

from spcs_milvus.resource import ABSENT, Actual, Presence
from spcs_milvus.states import is_ready, is_suspended, state_of

READY = {"name": "main", "status": "READY"}
PAGE = {"name": "page", "public": True, "url": "https://a-b.snowflakecomputing.app"}


def _there(**live: Any) -> Actual:
    return Actual(Presence.PRESENT, live=live)


@pytest.mark.parametrize(
    ("actual", "state"),
    [
        (ABSENT, "ABSENT"),
        (Actual(Presence.UNKNOWN), "UNKNOWN"),
        (_there(), "UNKNOWN"),
        (_there(status="RUNNING"), "RUNNING"),
        (_there(state="IDLE"), "IDLE"),
        (_there(status=None, state="ACTIVE"), "ACTIVE"),
    ],
)
def test_a_state_is_in_snowflakes_words(actual: Actual, state: str) -> None:
    assert state_of(actual) == state


@pytest.mark.parametrize(
    ("state", "rests"),
    [("SUSPENDED", True), ("SUSPENDING", True), ("STOPPING", True), ("ACTIVE", False), ("PENDING", False)],
)
def test_what_rests_or_is_about_to(state: str, rests: bool) -> None:
    assert is_suspended(_there(state=state)) is rests


@pytest.mark.parametrize(
    ("containers", "endpoints", "ready"),
    [
        ([READY], [PAGE], True),
        ([READY], [], True),
        ([READY], None, True),
        ([READY], [{**PAGE, "public": False, "url": None}], True),
        ([READY], [{**PAGE, "url": None}], False),
        ([READY], [PAGE, {**PAGE, "url": None}], False),
        ([READY, {**READY, "status": "PENDING"}], [], False),
        ([], [PAGE], False),
        (None, [PAGE], False),
    ],
)
def test_ready_is_every_container_and_every_public_address(
    containers: Any, endpoints: Any, ready: bool
) -> None:
    assert is_ready(_there(containers=containers, endpoints=endpoints)) is ready
