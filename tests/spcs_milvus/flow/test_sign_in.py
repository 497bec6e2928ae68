"""The deployer through every authenticator: how many sign-ins each takes, and what it cannot do."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from spcs_emulator.clock import TurnedClock
from spcs_emulator.server import LocalAccount
from spcs_milvus import deployment, session
from spcs_milvus.errors import ConnectError, RefusedError

from .command_line import CommandLine
from .conftest import QUICKSTART, Stack
from .fake_engine import FakeEngine
from .test_refusals import REFERENCES, refused

Local = LocalAccount[TurnedClock]
PASSPHRASE = "a canary phrase"
ADMIN_ROLES = {"ACCOUNTADMIN", "SECURITYADMIN", "USERADMIN", "SYSADMIN"}


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    """A private key, made once: making one is slow."""
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def ci(local: Local, stack: Stack) -> Stack:
    """The stack, with users CI and ANN who may take every role, at the real time."""
    local.clock.advance((datetime.now(UTC) - local.clock.now()).total_seconds())
    with stack.session() as admin:
        admin.run("CREATE USER CI TYPE = SERVICE DEFAULT_ROLE = ACCOUNTADMIN")
        admin.run("CREATE USER ANN PASSWORD = 'Correct horse 1' DEFAULT_ROLE = ACCOUNTADMIN")
        for user in ("CI", "ANN"):
            admin.run(f"GRANT ROLE ACCOUNTADMIN TO USER {user}")
    return stack


def written(key: rsa.RSAPrivateKey, folder: Path, passphrase: str | None = None) -> Path:
    secret: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        secret = serialization.BestAvailableEncryption(passphrase.encode())
    file = folder / "key.p8"
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(key.private_bytes(pem, form, secret))
    file.chmod(0o600)
    return file


def publish(stack: Stack, key: rsa.RSAPrivateKey) -> None:
    pem, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    text = key.public_key().public_bytes(pem, form).decode()
    with stack.session() as admin:
        admin.run(f"ALTER USER CI SET RSA_PUBLIC_KEY = '{text}'")


def without_password(local: Local, **options: Any) -> dict[str, Any]:
    """The account's address without the built-in user's password."""
    return {**{name: value for name, value in local.connection.items() if name != "password"}, **options}


def signed_in(stack: Stack, run: Callable[[], Any]) -> tuple[Any, int]:
    """What a run gave, and how many sign-ins it took."""
    before = stack.local.login_attempts
    return run(), stack.local.login_attempts - before


def done(stack: Stack, **options: Any) -> int:
    """Brings the stack up and finds nothing left to do; returns the sign-ins of the first run."""
    stack.options = {"password": None, **options}
    report, attempts = signed_in(stack, stack.up)
    assert report.exit_code == 0, report.leftovers
    assert stack.plan().changes == ()
    return attempts


def test_a_key_pair_opens_a_session_a_role(ci: Stack, key: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    publish(ci, key)
    attempts = done(ci, user="CI", private_key_file=str(written(key, tmp_path)))
    assert attempts > len(ADMIN_ROLES)
    report = ci.down()
    assert report.exit_code == 0


def test_the_connector_does_not_clean_up_after_sessions_of_ours(local: Local) -> None:
    """It would in the midst of a garbage collection, which crashes the process on Python 3.11."""
    opened = session.connect(local.connection, "SYSADMIN")
    # connector 4 knows no such clean-up
    assert getattr(opened._connection, "auto_cleanup", False) is False
    opened.close()


def test_a_passphrase_of_digits_may_stand_in_the_file_as_a_number(
    ci: Stack, key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    publish(ci, key)
    file = str(written(key, tmp_path, "1234"))
    ci.options = {"password": None, "user": "CI", "private_key_file": file, "private_key_file_pwd": 1234}
    assert ci.plan().changes


def test_a_programmatic_access_token_without_a_role_does_the_same(ci: Stack) -> None:
    with ci.session() as admin:
        token = admin.run("ALTER USER ANN ADD PAT T")[0]["token_secret"]
    attempts = done(ci, user="ANN", authenticator="PROGRAMMATIC_ACCESS_TOKEN", token=token)
    assert attempts > len(ADMIN_ROLES)


def test_an_oauth_token_for_every_role_does_the_same(ci: Stack, local: Local) -> None:
    done(ci, user="ANN", authenticator="oauth", token=local.oauth_token("ANN", None, 86400))


def test_a_browser_is_asked_once(ci: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    # The connector's own switch, and for connectors before 5 a browser that opens nothing.
    monkeypatch.setenv("SF_TEST_BROWSER_OPENER", "noop")
    monkeypatch.setenv("BROWSER", "true")
    assert done(ci, user="ANN", authenticator="externalbrowser") == 1
    report, attempts = signed_in(ci, ci.down)
    assert (report.exit_code, attempts) == (0, 1)


SIGN_INS = ["key pair", "password", "access token", "browser"]


@pytest.mark.parametrize("how", SIGN_INS)
def test_images_are_pushed_however_one_signs_in(
    ci: Stack, key: rsa.RSAPrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The registry takes the session's token, so none of them is typed in again."""
    ci.engine = FakeEngine()
    match how:
        case "key pair":
            publish(ci, key)
            done(ci, user="CI", private_key_file=str(written(key, tmp_path)))
        case "password":
            done(ci, user="ANN", password="Correct horse 1")
        case "access token":
            with ci.session() as admin:
                token = admin.run("ALTER USER ANN ADD PAT T")[0]["token_secret"]
            done(ci, user="ANN", authenticator="PROGRAMMATIC_ACCESS_TOKEN", token=token)
        case "browser":
            monkeypatch.setenv("SF_TEST_BROWSER_OPENER", "noop")
            monkeypatch.setenv("BROWSER", "true")
            assert done(ci, user="ANN", authenticator="externalbrowser") == 1
    assert [login.user for login in ci.engine.logins] == ["0sessiontoken", "0sessiontoken"]


def test_a_second_factor_is_asked_for_once(ci: Stack) -> None:
    assert done(ci, user="ANN", authenticator="username_password_mfa", password="Correct horse 1") == 1


@pytest.mark.parametrize("sort", ["programmatic", "oauth"])
def test_a_token_for_one_role_is_refused_before_anything_is_written(
    ci: Stack, local: Local, sort: str
) -> None:
    with ci.session() as admin:
        pat = admin.run("ALTER USER CI ADD PAT T ROLE_RESTRICTION = 'SYSADMIN'")[0]["token_secret"]
    ci.options = {
        "user": "CI",
        "password": None,
        **(
            {"authenticator": "PROGRAMMATIC_ACCESS_TOKEN", "token": pat}
            if sort == "programmatic"
            else {"authenticator": "oauth", "token": local.oauth_token("CI", "SYSADMIN")}
        ),
    }
    before = local.dump()

    with pytest.raises(RefusedError) as raised:
        ci.up()

    assert local.dump() == before
    shown = ci.status()
    assert {pool["state"] for pool in shown.pools} == {"UNKNOWN"}
    assert {service["status"] for service in shown.services} == {"UNKNOWN"}
    (problem,) = raised.value.problems
    assert problem.summary == "this connection is good for the role SYSADMIN only"
    text = str(problem.detail)
    assert "USE ROLE USERADMIN;\nCREATE ROLE MILVUS_DEMO_OWNER" in text
    assert "USE ROLE MILVUS_DEMO_OWNER;\n" in text
    assert "CREATE DATABASE MILVUS_DEMO " in text
    assert "USE ROLE SYSADMIN;" not in text


def test_a_token_for_one_role_sees_what_is_up(ci: Stack, local: Local) -> None:
    assert ci.up().exit_code == 0
    token = local.oauth_token("CI", "ACCOUNTADMIN")
    ci.options = {"user": "CI", "password": None, "authenticator": "oauth", "token": token}
    plan = ci.plan()
    assert (plan.changes, plan.conflicts) == ((), ())
    assert ci.status().ready
    before = local.dump()
    with pytest.raises(RefusedError):
        ci.down()
    assert local.dump() == before


def test_a_wrong_key_is_tried_once(ci: Stack, key: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    publish(ci, rsa.generate_private_key(65537, 2048))
    ci.options = {"user": "CI", "password": None, "private_key_file": str(written(key, tmp_path))}

    def run() -> ConnectError:
        with pytest.raises(ConnectError) as raised, ci.target() as on:
            deployment.make_plan(on)
        return raised.value

    error, attempts = signed_in(ci, run)
    assert (attempts, error.refused) == (1, True)
    assert "RSA_PUBLIC_KEY" in str(error.problem.hint)


def test_an_encrypted_key_by_the_command_line(
    here: CommandLine, ci: Stack, local: Local, key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    publish(ci, key)
    file = written(key, tmp_path, PASSPHRASE)
    options = without_password(local, user="CI", authenticator="SNOWFLAKE_JWT", private_key_file=str(file))
    here.connect("ci", **options)
    here.write(QUICKSTART + REFERENCES)
    here.environment = {"PRIVATE_KEY_PASSPHRASE": PASSPHRASE}
    result = here.run("plan", "-c", "ci")
    assert result.returncode == 0, result.stderr
    assert "create" in result.stdout
    here.environment = {"PRIVATE_KEY_PASSPHRASE": "wrong"}
    refused(here.run("plan", "-c", "ci"), 2, "the private key cannot be read", "key.p8", "PASSPHRASE")
    file.unlink()
    refused(here.run("plan", "-c", "ci"), 2, "the private key cannot be read", "No such file")
    assert PASSPHRASE not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"authenticator": "PROGRAMMATIC_ACCESS_TOKEN", "token": "a canary"}, "token is not valid"),
        ({"authenticator": "oauth", "token": "a canary"}, "OAuth token is not valid"),
        ({"authenticator": "username_password_mfa", "password": "a canary"}, "check user and password"),
        ({"authenticator": "username_password_mfa", "password": "p", "passcode": "1"}, "authenticator"),
    ],
    ids=["pat", "oauth", "mfa", "passcode"],
)
def test_refusals_say_what_to_check(
    here: CommandLine, ci: Stack, local: Local, options: dict[str, Any], words: str
) -> None:
    here.connect("ci", **without_password(local, user="ANN", **options))
    here.write(QUICKSTART + REFERENCES)
    attempts = local.login_attempts
    result = here.run("up", "--yes", "-c", "ci")
    refused(result, 1, "the sign-in was refused", words, "it was tried once")
    assert "canary" not in result.stdout + result.stderr
    assert local.login_attempts == attempts + 1


def test_the_environment_lays_over_and_under_the_file(here: CommandLine, ci: Stack, local: Local) -> None:
    here.connect("ci", **without_password(local, user="NOBODY"))
    here.write("project: milvus-demo\n" + REFERENCES)
    here.environment = {
        "SNOWFLAKE_DEFAULT_CONNECTION_NAME": "ci",
        "SNOWFLAKE_CONNECTIONS_CI_USER": "ANN",
        "SNOWFLAKE_USER": "SOMEBODY",
        "SNOWFLAKE_PASSWORD": "Correct horse 1",
    }
    result = here.run("plan")
    assert result.returncode == 0, result.stderr


def test_connections_toml_stands_in_place_of_config_toml(here: CommandLine, ci: Stack, local: Local) -> None:
    folder = here.folder / "snowflake"
    folder.mkdir()
    config = folder / "config.toml"
    lines = [f"{name} = {value!r}" for name, value in {**local.connection, "port": local.port}.items()]
    config.write_text(
        'default_connection_name = "old"\n[connections.old]\n' + "\n".join(lines), encoding="utf-8"
    )
    config.chmod(0o600)
    here.write("project: milvus-demo\n" + REFERENCES)
    assert here.run("plan").returncode == 0
    (folder / "connections.toml").write_text('[new]\naccount = "a"\n', encoding="utf-8")
    (folder / "connections.toml").chmod(0o600)
    refused(here.run("plan"), 2, "there is no connection `old`", "known: new")


def test_files_that_others_may_write_are_refused(here: CommandLine) -> None:
    here.connect("ci", account="a", user="u", password="a canary")
    (here.folder / "snowflake" / "connections.toml").chmod(0o666)
    result = here.run("plan", "-c", "ci")
    refused(result, 2, "the connections cannot be read", "hint:")
    assert "a canary" not in result.stdout + result.stderr


def test_the_local_account_ignores_the_environment(here: CommandLine) -> None:
    here.environment = {
        "SNOWFLAKE_USER": "NOBODY",
        "SNOWFLAKE_PASSWORD": "wrong",
        "SNOWFLAKE_ROLE": "NOBODYS",
        "SNOWFLAKE_AUTHENTICATOR": "externalbrowser",
        "SNOWFLAKE_HOST": "example.invalid",
        "SNOWFLAKE_CONNECTIONS_LOCAL_USER": "NOBODY",
    }
    here.connect("local", account="a", user="NOBODY", password="p")
    assert here.run("local", "start", "--runtime", "none").returncode == 0
    result = here.run("plan", "-c", "local")
    assert result.returncode == 0, result.stderr
