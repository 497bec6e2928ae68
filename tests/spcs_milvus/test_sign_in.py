"""The strategies alone: which one a connection gets, and what each asks of its sessions."""

import threading
from typing import Any, cast

import pytest

from spcs_milvus.errors import ConnectError, RefusedError, StatementError
from spcs_milvus.session import Session
from spcs_milvus.sign_in import OneRole, OneSession, SessionPerRole, signed_in


class Recorded:
    """A session that remembers what it was asked; ``stuck`` ones refuse USE ROLE."""

    def __init__(self, role: str | None, stuck: bool = False) -> None:
        self.role = role
        self.stuck = stuck
        self.asked: list[str] = []
        self.closed = 0

    def run(self, sql: str) -> list[dict[str, Any]]:
        self.asked.append(sql)
        if self.stuck:
            raise StatementError("no", errno=3013, sqlstate=None, query_id=None)
        return []

    def close(self) -> None:
        self.closed += 1


class Door:
    """Opens sessions, or refuses."""

    def __init__(self, refusal: ConnectError | None = None) -> None:
        self.refusal = refusal
        self.opened: list[Recorded] = []
        self.tries = 0

    def connect(self, role: str | None) -> Session:
        self.tries += 1
        if self.refusal:
            raise self.refusal
        self.opened.append(Recorded(role))
        return cast(Session, self.opened[-1])


def session(stuck: bool = False) -> tuple[Recorded, Session]:
    recorded = Recorded("A", stuck)
    return recorded, cast(Session, recorded)


@pytest.mark.parametrize(
    ("options", "stuck", "expected"),
    [
        ({}, False, SessionPerRole),
        ({"authenticator": "snowflake"}, False, SessionPerRole),
        ({"authenticator": "SNOWFLAKE_JWT"}, False, SessionPerRole),
        ({"authenticator": "workload_identity"}, False, SessionPerRole),
        ({"authenticator": "externalbrowser"}, False, OneSession),
        ({"authenticator": "username_password_mfa"}, False, OneSession),
        ({"authenticator": "OAUTH_AUTHORIZATION_CODE"}, False, OneSession),
        ({"authenticator": "https://acme.okta.com"}, False, OneSession),
        ({"authenticator": "programmatic_access_token"}, False, SessionPerRole),
        ({"authenticator": "programmatic_access_token"}, True, OneRole),
        ({"authenticator": "oauth"}, False, SessionPerRole),
        ({"authenticator": "oauth"}, True, OneRole),
    ],
)
def test_the_authenticator_decides(options: dict[str, Any], stuck: bool, expected: type) -> None:
    recorded, first = session(stuck)
    found = signed_in(options, first, "A", {"A", "B"}, Door().connect)
    assert type(found) is expected
    assert found.bound_to == ("A" if expected is OneRole else None)
    if expected is SessionPerRole and options.get("authenticator") in ("oauth", "programmatic_access_token"):
        assert recorded.asked == ["USE ROLE B", "USE ROLE A"]


def test_a_token_of_somebody_with_one_role_is_not_tried_out() -> None:
    recorded, first = session()
    assert type(signed_in({"authenticator": "oauth"}, first, "A", {"A"}, Door().connect)) is OneRole
    assert recorded.asked == []


def test_a_session_a_role_is_opened_once() -> None:
    _, first = session()
    door = Door()
    sessions = SessionPerRole(first, "A", door.connect)
    with sessions.acting_as("A") as one:
        assert one is first
    threads = [threading.Thread(target=sessions.open, args=("B",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [opened.role for opened in door.opened] == ["B"]
    sessions.keep({"A"})
    assert (door.opened[0].closed, sessions.acted_as("B")) == (1, False)


@pytest.mark.parametrize(("refused", "tries"), [(True, 1), (False, 2)])
def test_a_refused_sign_in_is_not_tried_again(refused: bool, tries: int) -> None:
    _, first = session()
    door = Door(ConnectError("no", refused=refused))
    sessions = SessionPerRole(first, "A", door.connect)
    for role in ("B", "B", "C", "C"):
        with pytest.raises(ConnectError):
            sessions.open(role)
    assert door.tries == tries


def test_a_session_that_ended_is_opened_again_once() -> None:
    recorded, first = session()
    door = Door()
    sessions = SessionPerRole(first, "A", door.connect)
    threads = [threading.Thread(target=sessions.renew, args=("A", first)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [opened.role for opened in door.opened] == ["A"]
    with sessions.acting_as("A") as one:
        assert one is cast(Session, door.opened[0])
    # another thread may be in the one that ended
    assert recorded.closed == 0
    sessions.close()
    assert [one.closed for one in (recorded, *door.opened)] == [1, 1]


def test_a_renewal_that_is_refused_is_one_of_all() -> None:
    _, first = session()
    door = Door(ConnectError("no", refused=True))
    sessions = SessionPerRole(first, "A", door.connect)
    for role in ("A", None, "A"):
        with pytest.raises(ConnectError):
            sessions.renew(role, first)
    with pytest.raises(ConnectError):
        sessions.open("B")
    assert door.tries == 1


def test_a_token_for_one_role_signs_in_again() -> None:
    _, first = session()
    door = Door()
    sessions = OneRole(first, "A", door.connect)
    sessions.renew(None, first)
    assert [opened.role for opened in door.opened] == ["A"]
    with sessions.acting_as(None) as one:
        assert one is cast(Session, door.opened[0])


def test_a_person_is_not_asked_twice() -> None:
    _, first = session()
    door = Door()
    with pytest.raises(ConnectError) as raised:
        OneSession(first, "A", door.connect).renew("A", first)
    assert "run the command again" in (raised.value.problem.hint or "")
    assert door.tries == 0


def test_one_session_takes_one_role_after_the_other() -> None:
    recorded, first = session()
    sessions = OneSession(first, "A", Door().connect)
    for role in ("A", "A", "B", 'b"c', "A"):
        with sessions.acting_as(role):
            pass
    assert recorded.asked == ["USE ROLE B", 'USE ROLE "b""c"', "USE ROLE A"]
    assert sessions.acted_as("B")
    sessions.keep({"A"})
    assert not sessions.acted_as("B")


def test_one_session_is_nobody_else_s_meanwhile() -> None:
    _, first = session()
    sessions = OneSession(first, "A", Door().connect)
    done = threading.Event()

    def other() -> None:
        with sessions.acting_as("B"):
            done.set()

    thread = threading.Thread(target=other)
    with sessions.acting_as("A"):
        thread.start()
        assert not done.wait(0.05)
    thread.join(5)
    assert done.is_set()


def test_one_role_is_the_only_one() -> None:
    recorded, first = session()
    sessions = OneRole(first, "A", Door().connect)
    with sessions.acting_as("A") as one:
        assert one is first
    with pytest.raises(RefusedError) as raised:
        sessions.open("B")
    assert raised.value.problem.detail == "needed: B"
    sessions.close()
    assert (recorded.asked, recorded.closed) == ([], 1)
