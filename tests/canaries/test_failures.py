"""Runs that end badly, each in its way: what is said then shows no canary either."""

import os
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.canaries.commands import Program
from tests.canaries.conftest import accompanied
from tests.canaries.engine import Engine
from tests.canaries.observers import Seen, account, leaks, texts
from tests.canaries.places import Place, every_place
from tests.spcs_milvus.flow.test_refusals import REFERENCES

from spcs_emulator.script import Event, Script

TRIED = Place("what was tried", "Canary960Of5318008")


def nobody_sees(seen: Iterable[Seen], *more: Place) -> None:
    found = leaks(seen, [*every_place(), TRIED, *more])
    assert not found, "\n".join(map(str, found))


# --- the account ----------------------------------------------------------------------------------------

TROUBLE = [
    ((Event(1, "refused", "CREATE SECRET"),), 4),
    (tuple(Event(at, "error before", "CREATE SECRET") for at in range(1, 13)), 4),
    ((Event(1, "error after", "CREATE SECRET"),), 0),
    ((Event(1, "cut before", "CREATE USER"),), 0),
    ((Event(1, "cut after", "CREATE USER"),), 0),
]


@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize(
    ("events", "ends"), TROUBLE, ids=[f"{events[0].trouble} {events[0].contains}" for events, _ in TROUBLE]
)
def test_a_statement_with_a_secret_that_fails(
    tmp_path: Path, events: tuple[Event, ...], ends: int, output: str
) -> None:
    with accompanied(tmp_path / "here", Script(events=events)) as (program, local):
        code, seen = program.run("up", "--yes", "-e", "prod", "--output", output)
        assert code == ends, seen[1]
        nobody_sees([*seen, *account(local)])


SIGN_INS: dict[str, dict[str, Any]] = {
    "password": {"password": TRIED.text},
    "second factor": {
        "authenticator": "username_password_mfa",
        "password": TRIED.text,
        "passcode": TRIED.core,
    },
    "access token": {"authenticator": "PROGRAMMATIC_ACCESS_TOKEN", "token": TRIED.text},
    "OAuth token": {"authenticator": "oauth", "token": TRIED.text},
    "OAuth client": {
        "authenticator": "OAUTH_CLIENT_CREDENTIALS",
        "oauth_client_id": "i",
        "oauth_client_secret": TRIED.text,
        "oauth_token_request_url": "http://127.0.0.1:1/token",
    },
    "Okta": {"authenticator": "https://127.0.0.1:1/okta", "password": TRIED.text},
    "key": {"authenticator": "SNOWFLAKE_JWT", "private_key_file_pwd": TRIED.text},
    "a number": {"password": 5318008},
    "an unknown option": {"passwd": TRIED.text, "password": "p"},
}


@pytest.mark.parametrize("how", SIGN_INS)
def test_a_sign_in_that_is_refused(tmp_path: Path, how: str) -> None:
    with accompanied(tmp_path / "here") as (program, local):
        address = {name: value for name, value in local.connection.items() if name != "password"}
        options = {**address, **SIGN_INS[how]}
        if how == "key":
            options["private_key_raw"] = _key(TRIED.text)
        program.environment = {"CANARY_LOG": str(program.log)}
        program.connect("ci", **options)
        (program.project / "spcs-milvus.yaml").write_text(f"project: milvus-demo\n{REFERENCES}")
        code, seen = program.run("plan", "-c", "ci")
        assert code == 1, seen[1]
        nobody_sees([*seen, *account(local)])


def _key(passphrase: str) -> str:
    key = rsa.generate_private_key(65537, 2048)
    secret = serialization.BestAvailableEncryption(passphrase.encode())
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, form, secret).decode()


def test_an_account_that_is_gone(tmp_path: Path) -> None:
    program = Program(tmp_path / "here")
    program.plant()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program.environment.clear()
    program.connect("ci", host="127.0.0.1", port=port, account="a", user="u", password=TRIED.text)
    (program.project / "spcs-milvus.yaml").write_text(f"project: milvus-demo\n{REFERENCES}")
    code, seen = program.run("up", "--yes", "-c", "ci")
    assert code == 1, seen[1]
    nobody_sees(seen)


# --- the program ----------------------------------------------------------------------------------------


# at a statement the traceback is told beside what else was done, at a look it is all there is
@pytest.mark.parametrize(("at", "codes"), [("CREATE SECRET", {4, 70}), ("SHOW SECRETS", {70})])
def test_a_bug_leaves_a_traceback_without_secrets(tmp_path: Path, at: str, codes: set[int]) -> None:
    with accompanied(tmp_path / "here") as (program, local):
        program.environment["CANARY_BUG"] = at
        code, seen = program.run("up", "--yes")
        assert code in codes, seen[1]
        assert any(b"Traceback" in one.content for one in seen if not one.what.startswith("the "))
        nobody_sees([*seen, *account(local)])


def test_folders_that_cannot_be_written_to(tmp_path: Path) -> None:
    with accompanied(tmp_path / "here") as (program, local):
        (program.project / ".spcs-milvus").write_text("in the way", encoding="utf-8")
        code, seen = program.run("up", "--yes")
        assert code == 4, seen[1]
        nobody_sees([*seen, *account(local)])
        code, seen = program.run("down", "--yes", "--receipt", "nowhere/receipt.json")
        assert code != 0, seen[1]
        nobody_sees([*seen, *account(local)])


def test_a_full_disk(tmp_path: Path) -> None:
    with accompanied(tmp_path / "here") as (program, local):
        full = os.open("/dev/full", os.O_WRONLY)
        with program.start(["plan", "--output", "json"], stdout=full) as process:
            _, err = process.communicate(timeout=60)
        os.close(full)
        assert process.returncode not in (0, None)
        nobody_sees([*texts("streams", stderr=err), *program.left(), *account(local)])


def test_what_an_engine_is_told(tmp_path: Path) -> None:
    """Whatever answers as Docker engine gets no secret; this one refuses everything."""
    program = Program(tmp_path / "here")
    program.plant()
    kept = program.project / "page" / ".spcs-milvus" / "ALICE@ci.password"
    kept.parent.mkdir(mode=0o700)
    kept.write_text(TRIED.text, encoding="utf-8")
    with Engine() as engine:
        program.environment["DOCKER_HOST"] = engine.url
        code, seen = program.run("images", "build", "page", "-c", "other")
        assert code == 1, seen[1]
        assert any(b"/build?" in one.content for one in engine.told)
        kept.unlink()
        nobody_sees([*(one for one in seen if one.observer != "files"), *program.left(), *engine.told])
