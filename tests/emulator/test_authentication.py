"""Every way to sign in, by the real connector: what is let in, as whom and as which role, and what is not."""

import base64
import http.client
import json
import math
import re
import shutil
import socket
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from tests.emulator.conftest import Client, World
from tests.emulator.test_wire import Raw

from spcs_emulator.account import authentication, credentials
from spcs_emulator.clock import TurnedClock
from spcs_emulator.faults import SqlError
from spcs_emulator.registry.api import Credential
from spcs_emulator.server import LocalAccount
from spcs_emulator.statement.values import ObjectKind

MINUTE, HOUR, DAY = 60, 3600, 86400
PASSWORD = "Correct horse 1"
CONTEXT = "SELECT CURRENT_USER() U, CURRENT_ROLE() R"


@pytest.fixture(scope="session")
def keys() -> tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]:
    """Two private keys, made once: making them is slow."""
    return tuple(rsa.generate_private_key(65537, 2048) for _ in range(2))  # type: ignore[return-value]


@pytest.fixture
def person(world: World, admin: Client) -> Callable[..., Client]:
    """PAT of the roles A and B, with A as default; connects as it."""
    for sql in (
        "CREATE ROLE A",
        "CREATE ROLE B",
        f"CREATE USER PAT PASSWORD = '{PASSWORD}' DEFAULT_ROLE = A",
        "GRANT ROLE A TO USER PAT",
        "GRANT ROLE B TO USER PAT",
    ):
        admin.run(sql)

    def connect(**options: Any) -> Client:
        return world.connect(**{"user": "PAT", "password": None, **options})

    return connect


@pytest.fixture
def real_time(world: World) -> None:
    """The connector's own clock is real, and so is the time in the tokens that it signs."""
    world.local.clock.advance((datetime.now(UTC) - world.local.clock.now()).total_seconds())


def private(key: rsa.RSAPrivateKey) -> bytes:
    encoding, form = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption())


def public(key: rsa.RSAPrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(encoding, form).decode()


def refused(connect: Callable[..., Client], *numbers: int, **options: Any) -> str:
    """What a refused sign-in says; `numbers` are those that the connectors give it."""
    with pytest.raises(snowflake.connector.errors.Error) as caught:
        connect(**options)
    assert caught.value.errno in numbers, caught.value
    return str(caught.value)


def test_a_user_s_password(person: Callable[..., Client], admin: Client) -> None:
    assert person(password=PASSWORD).run(CONTEXT) == [{"U": "PAT", "R": "A"}]
    assert person(user="pat", password=PASSWORD, role="B").run(CONTEXT) == [{"U": "PAT", "R": "B"}]
    refused(person, 390100, password="wrong")
    refused(person, 390189, password=PASSWORD, role="SYSADMIN")
    admin.run("ALTER USER PAT SET LOGIN_NAME = 'pat@example.org'")
    refused(person, 390100, password=PASSWORD)
    assert person(user="Pat@Example.org", password=PASSWORD).run(CONTEXT) == [{"U": "PAT", "R": "A"}]


def test_the_user_s_defaults(person: Callable[..., Client], admin: Client) -> None:
    admin.run("CREATE DATABASE D")
    admin.run("CREATE SCHEMA D.S")
    admin.run("CREATE WAREHOUSE W")
    for what in ("DATABASE D", "SCHEMA D.S", "WAREHOUSE W"):
        admin.run(f"GRANT USAGE ON {what} TO ROLE A")
    admin.run("ALTER USER PAT SET DEFAULT_WAREHOUSE = W DEFAULT_NAMESPACE = D.S")
    place = "SELECT CURRENT_DATABASE() D, CURRENT_SCHEMA() S, CURRENT_WAREHOUSE() W"
    assert person(password=PASSWORD).run(place) == [{"D": "D", "S": "S", "W": "W"}]
    admin.run("ALTER USER PAT UNSET DEFAULT_ROLE")
    assert person(password=PASSWORD).run(CONTEXT) == [{"U": "PAT", "R": "PUBLIC"}]


def test_five_wrong_passwords_lock_the_user_for_a_while(person: Callable[..., Client], world: World) -> None:
    for _ in range(5):
        refused(person, 390100, password="wrong")
    assert "locked" in refused(person, 390100, password=PASSWORD)
    world.local.clock.advance(15 * MINUTE)
    assert person(password=PASSWORD).run(CONTEXT) == [{"U": "PAT", "R": "A"}]


def test_an_administrator_unlocks(person: Callable[..., Client], admin: Client) -> None:
    for _ in range(5):
        refused(person, 390100, password="wrong")
    admin.run("ALTER USER PAT SET MINS_TO_UNLOCK = 0")
    person(password=PASSWORD)
    for _ in range(4):
        refused(person, 390100, password="wrong")
    person(password=PASSWORD)
    refused(person, 390100, password="wrong")
    person(password=PASSWORD)


def test_who_is_disabled_expired_or_gone_is_out(
    person: Callable[..., Client], admin: Client, world: World
) -> None:
    client = person(password=PASSWORD)
    admin.run("ALTER USER PAT SET DISABLED = TRUE")
    assert client.refused(CONTEXT)[0] == 390104
    assert "disabled" in refused(person, 390100, password=PASSWORD)
    admin.run("ALTER USER PAT SET DISABLED = FALSE DAYS_TO_EXPIRY = 1")
    person(password=PASSWORD)
    world.local.clock.advance(DAY)
    refused(person, 390100, password=PASSWORD)
    again = world.connect()
    again.run("ALTER USER PAT UNSET DAYS_TO_EXPIRY")
    client = person(password=PASSWORD)
    again.run("ALTER USER PAT SET MUST_CHANGE_PASSWORD = TRUE")
    refused(person, 390100, password=PASSWORD)
    again.run("DROP USER PAT")
    assert client.refused(CONTEXT)[0] == 390104
    refused(person, 390100, password=PASSWORD)


def test_a_session_s_own_user_stays(person: Callable[..., Client], admin: Client) -> None:
    admin.run("GRANT OWNERSHIP ON USER PAT TO ROLE A")
    assert person(password=PASSWORD).refused("DROP USER PAT")[0] == 3001


@pytest.mark.usefixtures("real_time")
def test_key_pair(
    person: Callable[..., Client], admin: Client, keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]
) -> None:
    first, second = keys
    refused(person, 390144, private_key=private(first))
    admin.run(f"ALTER USER PAT SET RSA_PUBLIC_KEY = '{public(first)}'")
    assert person(private_key=private(first)).run(CONTEXT) == [{"U": "PAT", "R": "A"}]
    assert person(private_key=private(first), role="B").run(CONTEXT) == [{"U": "PAT", "R": "B"}]
    refused(person, 390144, private_key=private(second))
    refused(person, 390144, private_key=private(first), account="other-account")
    refused(person, 390144, private_key=private(first), user="ADMIN")
    admin.run(f"ALTER USER PAT SET RSA_PUBLIC_KEY_2 = '{public(second)}'")
    admin.run("ALTER USER PAT UNSET RSA_PUBLIC_KEY")
    person(private_key=private(second))
    refused(person, 390144, private_key=private(first))
    described = {row["property"]: row["value"] for row in admin.run("DESCRIBE USER PAT")}
    assert described["RSA_PUBLIC_KEY_FP"] == "null"
    assert described["RSA_PUBLIC_KEY_2_FP"].startswith("SHA256:")
    assert admin.run("SHOW USERS LIKE 'PAT'")[0]["has_rsa_public_key"] == "true"


def signed(
    key: rsa.RSAPrivateKey, world: World, *, of: rsa.RSAPrivateKey, alg: str = "RS256", **claims: Any
) -> str:
    """A token as the connectors make it, issued for the key `of` and signed by `key`."""
    now = world.local.clock.now().timestamp()
    kept = credentials.public_key(public(of))
    whole = "LOCAL-ACCOUNT.PAT"
    said = {"iss": f"{whole}.{credentials.fingerprint(kept)}", "sub": whole, "iat": now, "exp": now + 60}
    parts = [{"alg": alg, "typ": "JWT"}, {**said, **claims}]
    head = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    proof = base64.urlsafe_b64encode(key.sign(head, padding.PKCS1v15(), hashes.SHA256())).rstrip(b"=")
    return f"{head.decode()}.{proof.decode()}"


def test_a_forged_key_pair_s_token(
    person: Callable[..., Client],
    admin: Client,
    world: World,
    keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey],
) -> None:
    mine, other = keys
    admin.run(f"ALTER USER PAT SET RSA_PUBLIC_KEY = '{public(mine)}'")

    def login(token: str) -> str:
        said = authentication.Evidence("SNOWFLAKE_JWT", "pat", "", token, "", "")
        try:
            return world.local.account.authentication.prove(said).user.name
        except SqlError as error:
            return error.code

    good = signed(mine, world, of=mine)
    assert login(good) == "PAT"
    now = world.local.clock.now().timestamp()
    for forged in (
        signed(other, world, of=mine),
        signed(other, world, of=other),
        signed(mine, world, of=mine, alg="none"),
        signed(mine, world, of=mine, alg="HS256"),
        good[:-8] + "AAAAAAAA",
        good.rpartition(".")[0] + ".",
        signed(mine, world, of=mine, sub="LOCAL-ACCOUNT.ADMIN"),
        signed(mine, world, of=mine, sub="local-account.pat"),
        signed(mine, world, of=mine, exp=now - 1),
        signed(mine, world, of=mine, exp=math.inf, iat=now - 2 * HOUR),
        signed(mine, world, of=mine, iat=math.nan),
        signed(mine, world, of=mine, iat="soon"),
    ):
        assert login(forged) == "390144", forged


@pytest.mark.usefixtures("real_time")
def test_an_administrator_learns_why_a_key_pair_was_refused(
    person: Callable[..., Client], admin: Client, keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]
) -> None:
    admin.run(f"ALTER USER PAT SET RSA_PUBLIC_KEY = '{public(keys[0])}'")
    for options, why in (
        ({"private_key": private(keys[1])}, "JWT_TOKEN_INVALID_PUBLIC_KEY_FINGERPRINT_MISMATCH"),
        ({"private_key": private(keys[0]), "account": "other"}, "JWT_TOKEN_ACCOUNT_MISMATCH"),
        ({"private_key": private(keys[0]), "user": "NOBODY"}, "JWT_TOKEN_INVALID_USER_IN_ISSUER"),
    ):
        number = re.search(r"\[([0-9a-f-]{36})\]", refused(person, 390144, **options))
        assert number
        asked = f"SELECT SYSTEM$GET_LOGIN_FAILURE_DETAILS('{number[1]}')"
        assert json.loads(admin.value(asked))["errorCode"] == why
    assert admin.value("SELECT SYSTEM$GET_LOGIN_FAILURE_DETAILS('x')") is None
    admin.run("USE ROLE SYSADMIN")
    assert admin.refused(asked)[0] == 3001


@pytest.mark.usefixtures("real_time")
def test_a_key_pair_s_token_ends(
    person: Callable[..., Client],
    admin: Client,
    world: World,
    keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey],
) -> None:
    admin.run(f"ALTER USER PAT SET RSA_PUBLIC_KEY = '{public(keys[0])}'")
    for wrong in (10 * MINUTE, -10 * MINUTE):
        world.local.clock.advance(wrong)
        refused(person, 390144, private_key=private(keys[0]))
        world.local.clock.advance(-wrong)
        person(private_key=private(keys[0]))


@pytest.mark.parametrize("way", ["authenticator", "password"])
def test_a_programmatic_access_token(
    person: Callable[..., Client], admin: Client, world: World, way: str
) -> None:
    def secret(sql: str) -> dict[str, Any]:
        token = admin.run(sql)[0]["token_secret"]
        if way == "password":
            return {"password": token}
        return {"authenticator": "PROGRAMMATIC_ACCESS_TOKEN", "token": token}

    wrong = 394400
    free = secret("ALTER USER PAT ADD PAT FREE DAYS_TO_EXPIRY = 1")
    client = person(**free)
    assert client.run(CONTEXT) == [{"U": "PAT", "R": "A"}]
    client.run("USE ROLE B")

    bound = secret("ALTER USER PAT ADD PAT BOUND ROLE_RESTRICTION = 'B'")
    client = person(**bound, secondary="ALL")
    assert client.run(CONTEXT) == [{"U": "PAT", "R": "B"}]
    assert client.refused("USE ROLE A")[0] == 3013
    client.run("USE SECONDARY ROLES ALL")
    assert json.loads(client.value("SELECT CURRENT_SECONDARY_ROLES()"))["roles"] == ""
    admin.run("CREATE DATABASE D")
    admin.run("GRANT USAGE ON DATABASE D TO ROLE A")
    assert client.run("SHOW DATABASES") == []
    refused(person, 390189, **bound, role="A")
    refused(person, wrong, **bound, user="ADMIN")

    admin.run("ALTER USER PAT MODIFY PAT BOUND SET DISABLED = TRUE")
    refused(person, wrong, **bound)
    admin.run("ALTER USER PAT MODIFY PAT BOUND SET DISABLED = FALSE")
    fresh = secret("ALTER USER PAT ROTATE PAT BOUND EXPIRE_ROTATED_TOKEN_AFTER_HOURS = 1")
    person(**bound)
    world.local.clock.advance(2 * HOUR)
    refused(person, wrong, **bound)
    person(**fresh)
    admin = world.connect()
    admin.run("REVOKE ROLE B FROM USER PAT")
    refused(person, 390189, **fresh)
    admin.run("ALTER USER PAT REMOVE PAT BOUND")
    refused(person, wrong, **fresh) if way == "authenticator" else refused(person, 390100, **fresh)
    world.local.clock.advance(DAY)
    refused(person, wrong, **free)


def test_an_oauth_token(person: Callable[..., Client], world: World) -> None:
    def oauth(token: str, **more: Any) -> dict[str, Any]:
        return {"authenticator": "oauth", "token": token, **more}

    refused(person, 390303, **oauth("nobody's"))
    bound = world.local.oauth_token("PAT", "B", HOUR)
    assert person(**oauth(bound)).run(CONTEXT) == [{"U": "PAT", "R": "B"}]
    assert person(**oauth(bound)).refused("USE ROLE A")[0] == 3013
    refused(person, 390303, **oauth(bound, user="ADMIN"))
    free = world.local.oauth_token("PAT", None, HOUR)
    person(**oauth(free)).run("USE ROLE B")
    world.local.clock.advance(HOUR)
    refused(person, 390318, **oauth(free))


def test_oauth_tokens_are_given_to_whoever_runs_the_account(
    person: Callable[..., Client], world: World
) -> None:
    def ask(token: str, **body: Any) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", world.local.port, timeout=5)
        connection.request(
            "POST", "/local/oauth-token", json.dumps(body), {"Authorization": f"Bearer {token}"}
        )
        answer = connection.getresponse()
        found = answer.status, json.loads(answer.read())
        connection.close()
        return found

    admin_token = world.local._token
    status, answer = ask(admin_token, user="PAT", role="B")
    assert status == 200
    person(authenticator="oauth", token=answer["token"])
    assert ask(admin_token, user="NOBODY")[0] == 400
    assert ask("wrong", user="PAT")[0] == 401


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connectors open no browser window; the account itself is the browser."""
    monkeypatch.setenv("SF_TEST_BROWSER_OPENER", "noop")
    monkeypatch.setenv("BROWSER", "true")


@pytest.mark.usefixtures("no_browser")
def test_a_browser(person: Callable[..., Client], admin: Client) -> None:
    client = person(authenticator="externalbrowser")
    assert client.run(CONTEXT) == [{"U": "PAT", "R": "A"}]
    admin.run("CREATE USER ROBOT TYPE = SERVICE")
    for name in ("ROBOT", "NOBODY"):
        assert "no such person" in refused(person, 250001, 390194, authenticator="externalbrowser", user=name)
    admin.run("ALTER USER PAT SET DISABLED = TRUE")
    refused(person, 390100, authenticator="externalbrowser")


@pytest.mark.parametrize("address", ["127.0.0.2", None])
def test_the_token_goes_to_a_listener_of_ours_at_127_0_0_1_only(world: World, address: str | None) -> None:
    """Somebody else's program may listen at the same port of another address, or at a port that is free."""
    with socket.create_server((address or "127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        if address is None:
            listener.close()
        asked = {
            "AUTHENTICATOR": "EXTERNALBROWSER",
            "LOGIN_NAME": world.local.connection["user"],
            "BROWSER_MODE_REDIRECT_PORT": str(port),
        }
        _, answer = Raw(world).post("/session/authenticator-request", {"data": asked})
    assert (answer["code"], answer["success"]) == ("390194", False)
    assert "no program of yours listens" in answer["message"]


def test_a_password_with_mfa_but_no_second_factor(person: Callable[..., Client]) -> None:
    client = person(authenticator="username_password_mfa", password=PASSWORD)
    assert client.run(CONTEXT) == [{"U": "PAT", "R": "A"}]
    refused(person, 390194, authenticator="username_password_mfa", password=PASSWORD, passcode="123456")


def test_nothing_that_proves_anything_is_kept_or_shown(
    person: Callable[..., Client], admin: Client, world: World, tmp_path: Path
) -> None:
    token = admin.run("ALTER USER PAT ADD PAT T")[0]["token_secret"]
    oauth = world.local.oauth_token("PAT", None)
    person(password=PASSWORD)
    shown = [
        json.dumps(admin.run(sql), default=str)
        for sql in ("SHOW USERS", "DESCRIBE USER PAT", "SHOW USER PATS")
    ]
    shown.append(json.dumps(world.local.dump()))
    kept = b"".join(path.read_bytes() for path in (tmp_path / "account").glob("catalogue.sqlite*"))
    for secret in (PASSWORD, token, oauth):
        assert not any(secret in text for text in shown)
        assert secret.encode() not in kept


def test_users_tokens_and_bound_sessions_outlive_a_restart(
    person: Callable[..., Client], admin: Client, world: World, tmp_path: Path
) -> None:
    token = admin.run("ALTER USER PAT ADD PAT T ROLE_RESTRICTION = 'B'")[0]["token_secret"]
    person(password=token)
    for _ in range(4):
        refused(person, 390100, password="wrong")
    left = tmp_path / "left"
    shutil.copytree(world.local.folder.path, left)
    with ExitStack() as opened:
        again = World(opened.enter_context(LocalAccount(left, TurnedClock())), opened)
        assert again.local.dump() == world.local.dump()
        assert again.connect(user="PAT", password=token).run(CONTEXT) == [{"U": "PAT", "R": "B"}]
        refused(again.connect, 390100, user="PAT", password="wrong")
        assert "locked" in refused(again.connect, 390100, user="PAT", password=PASSWORD)
        with again.local.account._catalogue.transaction():
            bound = [session.bound for session in again.local.account._catalogue.sessions.values()]
        assert sum(role is not None for role in bound) == 2


def test_an_account_from_before_there_were_users_lets_its_own_user_in(tmp_path: Path) -> None:
    folder = tmp_path / "account"
    with LocalAccount(folder, TurnedClock()) as local, local.account._catalogue.transaction():
        (user,) = local.account._catalogue.of_kind(ObjectKind.USER)
        old = {"DEFAULT_ROLE": "ACCOUNTADMIN", "TYPE": "PERSON"}
        local.account._catalogue.objects.put(user.with_settings(old))
    with ExitStack() as opened:
        again = World(opened.enter_context(LocalAccount(folder, TurnedClock())), opened)
        assert again.connect().run(CONTEXT) == [{"U": "ADMIN", "R": "ACCOUNTADMIN"}]
        assert again.connect().run("SHOW USERS")[0]["default_secondary_roles"] == '["ALL"]'


def test_the_registry_takes_passwords_and_tokens_of_users(world: World, stack: Client) -> None:
    account = world.local.account
    for sql in (
        "USE ROLE ACCOUNTADMIN",
        f"CREATE USER PUSHER PASSWORD = '{PASSWORD}' DEFAULT_ROLE = OWNER",
        "GRANT ROLE OWNER TO USER PUSHER",
    ):
        stack.run(sql)
    bound = stack.run("ALTER USER PUSHER ADD PAT T ROLE_RESTRICTION = 'PUBLIC'")[0]["token_secret"]
    free = stack.run("ALTER USER PUSHER ADD PAT F")[0]["token_secret"]
    for secret, may in ((PASSWORD, "write"), (free, "write"), (bound, "none"), ("wrong", None)):
        assert account.repository_access(Credential("PUSHER", secret), "d/public/r") == may
    stack.run("ALTER USER PUSHER SET DEFAULT_ROLE = PUBLIC")
    assert account.repository_access(Credential("PUSHER", PASSWORD), "d/public/r") == "write"
    stack.run("ALTER USER PUSHER SET DEFAULT_SECONDARY_ROLES = ()")
    assert account.repository_access(Credential("PUSHER", PASSWORD), "d/public/r") == "none"
