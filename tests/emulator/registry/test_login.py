"""Who may speak to the registry, and how they log in."""

import json
from typing import Any

import pytest

from spcs_emulator.wire.messages import Response


def body(response: Response) -> Any:
    assert isinstance(response.body, bytes)
    return json.loads(response.body)


def session(token: str) -> str:
    return json.dumps({"token": token, "expires_in": 3600})


@pytest.mark.parametrize("path", ["/v2/", "/v2", "/v2/db/s/r/thing/tags/list"])
def test_without_credentials_the_way_to_log_in_is_told(world: Any, path: str) -> None:
    world.authorization = None
    answer = world.call("GET", path)
    assert answer.status == 401
    expected = 'Bearer realm="http://127.0.0.1:5000/login",service="127.0.0.1:5000"'
    assert answer.headers["WWW-Authenticate"] == expected
    assert body(answer)["errors"][0]["code"] == "UNAUTHORIZED"


def test_a_session_token_is_exchanged_for_a_bearer(world: Any, as_basic: Any) -> None:
    world.authorization = as_basic("0sessiontoken", session("session-1"))
    answer = world.call("GET", "/login", account="0sessiontoken", service="127.0.0.1:5000")
    assert answer.status == 200
    world.authorization = f"Bearer {body(answer)['token']}"
    assert world.call("GET", "/v2/").status == 200
    world.shelf.sessions.clear()
    refused = world.call("GET", "/v2/")
    assert (refused.status, body(refused)["errors"][0]["message"]) == (401, "Authentication Failure")


def test_a_bearer_ends_after_an_hour(world: Any) -> None:
    world.authorization = f"Bearer {body(world.call('GET', '/login'))['token']}"
    world.clock.advance(3599)
    assert world.call("GET", "/v2/").status == 200
    world.clock.advance(1)
    assert world.call("GET", "/v2/").status == 401


def test_basic_is_taken_without_an_exchange(world: Any, as_basic: Any) -> None:
    assert world.call("GET", "/v2/").status == 200
    world.authorization = as_basic("0sessiontoken", session("session-1"))
    assert world.call("GET", "/v2/").status == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic !!!",
        "Basic " + "YWRtaW4=",
        "Basic /w==",
        "Bearer nonsense",
        "Bearer",
        "Negotiate x",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/v2/", "/login"])
def test_what_is_no_credential(world: Any, authorization: str, path: str) -> None:
    world.authorization = authorization
    assert world.call("GET", path).status == 401


@pytest.mark.parametrize(
    ("user", "secret"),
    [
        ("admin", "wrong"),
        ("0sessiontoken", session("other")),
        ("0sessiontoken", "session-1"),
        ("0sessiontoken", "[]"),
        ("0sessiontoken", '{"token": 1}'),
    ],
)
@pytest.mark.parametrize("path", ["/v2/", "/login"])
def test_wrong_credentials(world: Any, as_basic: Any, user: str, secret: str, path: str) -> None:
    world.authorization = as_basic(user, secret)
    assert world.call("GET", path).status == 401


def test_a_bearer_does_not_log_in_again(world: Any) -> None:
    world.authorization = f"Bearer {body(world.call('GET', '/login'))['token']}"
    assert world.call("GET", "/login").status == 401
