"""The account's side of the registry: who may pull and push, and which images there are."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path

import pytest
import requests
from tests.emulator.conftest import SPECIFICATION, Client, World

from spcs_emulator.account.sessions import LoginRequest
from spcs_emulator.clock import TurnedClock
from spcs_emulator.registry.api import Credential, PushedImage
from spcs_emulator.server import LocalAccount

Create = Callable[..., str]


def test_the_platform_reads_every_repository_and_writes_none(world: World, stack: Client) -> None:
    account = world.local.account
    platform = account.platform_credential()
    assert account.authenticate(platform)
    assert account.repository_access(platform, "d/public/r") == "read"
    assert account.repository_access(platform, "d/public/gone") is None
    assert account.authenticate(Credential(platform.user, "wrong")) is None
    assert account.authenticate(Credential("ADMIN", platform.secret)) is None
    world.local.clock.advance(30 * 24 * 3600)
    root = f"http://127.0.0.1:{world.local.port}"
    auth = (platform.user or "", platform.secret)
    token = requests.get(f"{root}/login", auth=auth, timeout=5).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    tags = requests.get(f"{root}/v2/d/public/r/app/tags/list", headers=bearer, timeout=5)
    assert tags.json()["tags"] == ["1"]
    push = requests.post(f"{root}/v2/d/public/r/app/blobs/uploads/", headers=bearer, timeout=5)
    assert push.status_code == 403


def test_the_platform_s_secret_is_new_at_each_start_and_nowhere_to_be_read(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        with LocalAccount(tmp_path, TurnedClock()) as local:
            credential = local.account.platform_credential()
            seen.append(credential)
            assert credential.secret not in repr(credential) + json.dumps(local.dump())
            kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
            assert not any(credential.secret.encode() in content for content in kept)
            assert (local.account.authenticate(seen[0]) is None) == (len(seen) == 2)


WRONG = (
    "Failed to retrieve image: SPCS only supports image for amd64 architecture. "
    "Please rebuild your image with '--platform linux/amd64' option."
)


@pytest.mark.parametrize(
    ("platforms", "good"),
    [
        (("linux/amd64",), True),
        (("linux/arm64",), False),
        (("linux/amd64", "linux/arm64"), True),
        (("linux/arm64", "linux/s390x"), False),
        (("windows/amd64",), False),
        ((), False),
    ],
)
@pytest.mark.parametrize("statement", ["CREATE", "ALTER", "EXECUTE"])
def test_a_service_takes_images_for_its_platform_only(
    world: World,
    stack: Client,
    create_service: Create,
    statement: str,
    platforms: tuple[str, ...],
    good: bool,
) -> None:
    stack.run(create_service("OLD"))
    world.push(name="other", digest="b", platforms=platforms)
    specification = SPECIFICATION.replace("/app:1", "/other:1")
    job = specification.partition("  endpoints:")[0]
    sql = {
        "CREATE": create_service("S", specification),
        "ALTER": f"ALTER SERVICE D.PUBLIC.OLD FROM SPECIFICATION $${specification}$$",
        "EXECUTE": f"EXECUTE JOB SERVICE IN COMPUTE POOL P FROM SPECIFICATION $${job}$$ "
        "NAME = D.PUBLIC.J ASYNC = TRUE",
    }[statement]
    if good:
        stack.run(sql)
    else:
        assert stack.refused(sql) == (397013, "22023", WRONG)


def test_what_is_neither_an_image_for_its_platform_nor_a_process_image_runs_nowhere(
    world: World, stack: Client, create_service: Create
) -> None:
    account = world.local.account
    key = account.repository_key("d/public/r") or ""
    account.record_image(PushedImage(key, "app", "1", "sha256:1", "m", "application/x", ()))
    assert stack.refused(create_service()) == (397013, "22023", WRONG)


def test_a_pool_of_arm_nodes_takes_images_for_arm(
    world: World, stack: Client, create_service: Create
) -> None:
    stack.run("CREATE COMPUTE POOL ARM MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = GEN_ARM_G1_2")
    on_arm = create_service().replace("COMPUTE POOL P", "COMPUTE POOL ARM")
    assert "arm64 architecture" in stack.refused(on_arm)[2]
    world.push(digest="b", platforms=("linux/amd64", "linux/arm64"))
    stack.run(on_arm)


@pytest.mark.parametrize(
    ("architecture", "artifact_type", "platforms"),
    [
        ('"amd64"', None, ("linux/amd64",)),
        ('"arm64"', None, ("linux/arm64",)),
        ("null", None, ("linux/amd64",)),
        ("null", "application/x", ()),
    ],
    ids=["amd64", "arm64", "an index", "a process image"],
)
def test_an_account_from_before_images_had_platforms_goes_on(
    tmp_path: Path, architecture: str, artifact_type: str | None, platforms: tuple[str, ...]
) -> None:
    with LocalAccount(tmp_path, TurnedClock()) as local, ExitStack() as opened:
        client = World(local, opened).connect()
        client.run("CREATE DATABASE D")
        client.run("CREATE IMAGE REPOSITORY D.PUBLIC.R")
        key = local.account.repository_key("d/public/r") or ""
        local.account.record_image(PushedImage(key, "app", "1", "sha256:1", "m", artifact_type, ()))
    old = f"json_remove(json_set(body, '$.architecture', json('{architecture}')), '$.platforms')"
    with closing(sqlite3.connect(tmp_path / "catalogue.sqlite")) as database, database:
        changed = f"UPDATE documents SET body = {old} WHERE \"table\" = 'image'"
        assert database.execute(changed).rowcount == 1
    with LocalAccount(tmp_path, TurnedClock()) as local:
        image = local.account.image(key, "app", "1")
    assert image is not None
    assert image.platforms == platforms


def test_an_image_pushed_to_a_repository_that_is_another_now_is_not_recorded(
    world: World, stack: Client
) -> None:
    account = world.local.account
    image = PushedImage(account.repository_key("d/public/r") or "", "late", "1", "sha256:1", "m", None, ())
    stack.run("CREATE OR REPLACE IMAGE REPOSITORY D.PUBLIC.R")
    with pytest.raises(KeyError):
        account.record_image(image)
    assert stack.run("SHOW IMAGES IN IMAGE REPOSITORY D.PUBLIC.R") == []


def test_a_bearer_ends_with_the_session_token_behind_it(world: World, stack: Client) -> None:
    """Half an hour before the token's end a bearer is good for half an hour; after it, clients log in anew
    with another token.
    """
    root = f"http://127.0.0.1:{world.local.port}"
    with requests.Session() as http:

        def login(token: str) -> requests.Response:
            secret = json.dumps({"token": token, "expires_in": 3600})
            return http.get(f"{root}/login", auth=("0sessiontoken", secret), timeout=5)

        def push(bearer: str) -> int:
            headers = {"Authorization": f"Bearer {bearer}"}
            return http.post(
                f"{root}/v2/d/public/r/app/blobs/uploads/", headers=headers, timeout=5
            ).status_code

        session = world.local.account.sessions.of_token(_token(world))
        world.local.clock.advance(1800)
        first = login(_newest(session.tokens)).json()
        assert (first["expires_in"], push(first["token"])) == (1800, 202)
        world.local.clock.advance(1800)
        assert push(first["token"]) == 401
        assert login(_newest(session.tokens)).status_code == 401
        _, fresh = world.local.account.sessions.add_token(session.master_token)
        second = login(fresh).json()
        assert (second["expires_in"], push(second["token"])) == (3600, 202)


def _token(world: World) -> str:
    """A session's token, fresh."""
    account = world.local.account
    proof = account.authentication.password("ADMIN", world.local.connection["password"])
    request = LoginRequest(None, None, None, None, None, {})
    return _newest(account.sessions.login(request, proof).tokens)


def _newest(tokens: Mapping[str, datetime]) -> str:
    return max(tokens, key=lambda token: tokens[token])
