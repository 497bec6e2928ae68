"""What a user can get wrong around the account: a clear error, an exit code, and nothing changed.

Through the real command line, in a process of its own.
"""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.environments import do_without

from spcs_emulator import daemon
from spcs_emulator.clock import TurnedClock
from spcs_emulator.script import Event, Script
from spcs_emulator.server import LocalAccount
from spcs_milvus import deployment
from spcs_milvus.errors import ConnectError
from spcs_milvus.steps import Statement

from .command_line import CommandLine
from .conftest import QUICKSTART, Stack


def refused(result: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """The run ended with that code, said those words, and showed no traceback."""
    said = result.stdout + result.stderr
    assert result.returncode == code, said
    for word in words:
        assert word in said
    assert "Traceback" not in said


# an image that is already there, so that a connection to any account can be used
REFERENCES = (
    "milvus: {image: {reference: /d/s/r/milvus:1}}\njupyter: {image: {reference: /d/s/r/jupyter:1}}\n"
)


def test_an_unknown_connection(here: CommandLine) -> None:
    here.connect("prod", account="a", user="u", password="p")
    refused(
        here.run("up", "--yes", "-c", "prd"), 2, "there is no connection `prd`", "hint: did you mean prod?"
    )
    refused(here.run("status", "-c", "elsewhere"), 2, "there is no connection `elsewhere`", "known: prod")


def test_an_account_that_cannot_be_reached(here: CommandLine) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here.connect("gone", host="127.0.0.1", port=port, protocol="http", account="a", user="u", password="p")
    here.environment = {"no_proxy": "127.0.0.1"}
    here.write(QUICKSTART + REFERENCES)
    result = here.run("up", "--yes", "-c", "gone")
    refused(result, 1, "the account cannot be reached", f"nothing answers at 127.0.0.1:{port}", "hint:")


def test_a_wrong_password_is_tried_once(here: CommandLine, local: LocalAccount[TurnedClock]) -> None:
    here.connect("typo", **{**local.connection, "password": "a wrong canary"})
    here.write(QUICKSTART + REFERENCES)
    before = local.dump()
    attempts = local.login_attempts

    result = here.run("up", "--yes", "-c", "typo")

    refused(result, 1, "the sign-in was refused", "it was tried once")
    assert "a wrong canary" not in result.stdout + result.stderr
    assert local.login_attempts == attempts + 1
    assert local.dump() == before


def test_a_sign_in_that_is_refused_later_is_not_tried_again(
    here: CommandLine, local: LocalAccount[TurnedClock], stack: Stack
) -> None:
    with stack.target() as on:
        on.account._options["password"] = "changed meanwhile"
        attempts = local.login_attempts
        with pytest.raises(ConnectError):
            deployment.make_plan(on)
        for role in ("SECURITYADMIN", "USERADMIN", "SYSADMIN"):
            with pytest.raises(ConnectError):
                on.account.perform(Statement("SHOW ROLES", role))
        assert local.login_attempts == attempts + 1


def test_a_proxy_does_not_stand_before_the_local_account(here: CommandLine) -> None:
    here.environment = {
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "NO_PROXY": "",
        "no_proxy": "",
    }
    assert here.run("local", "start", "--runtime", "none").returncode == 0
    assert here.run("up", "--yes").returncode == 0


def test_a_role_that_the_user_does_not_hold(here: CommandLine) -> None:
    here.write(QUICKSTART + "roles: {account_admin: NOBODYS}\n")
    result = here.run("up", "--yes")
    refused(
        result,
        1,
        "may not take the role NOBODYS",
        "USE ROLE NOBODYS;\n  GRANT CREATE DATABASE ON ACCOUNT TO ROLE MILVUS_DEMO_OWNER;",
        "GRANT ROLE NOBODYS TO USER",
        "spcs-milvus.yaml: roles",
    )


def test_another_account_than_pinned(here: CommandLine) -> None:
    here.write(QUICKSTART + "account: myorg-prod\n")
    refused(
        here.run("up", "--yes"), 1, "another account than the project is pinned to", "myorg-prod", "hint:"
    )


def test_a_script_that_does_not_say_yes(here: CommandLine) -> None:
    refused(here.run("up"), 2, "there is no terminal to ask on", "--yes")
    refused(here.run("down"), 2, "there is no terminal to ask on", "--yes")


def test_a_port_that_is_taken(here: CommandLine) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(
            here.run("local", "start", "--port", str(port)), 1, f"port {port} of 127.0.0.1 is taken", "hint:"
        )


@pytest.mark.parametrize("command", [("local", "start"), ("up", "--yes"), ("local", "reset", "--yes")])
def test_a_folder_that_cannot_be_used(here: CommandLine, command: tuple[str, ...]) -> None:
    (here.folder / "a file").write_text("")
    here.environment = {"SPCS_MILVUS_HOME": str(here.folder / "a file" / "home")}
    refused(here.run(*command), 1, "hint:", "a file/home")


def test_reset_leaves_a_folder_alone_that_is_not_its_own(here: CommandLine) -> None:
    folder = here.folder / "documents"
    folder.mkdir()
    (folder / "letter.txt").write_text("mine")
    refused(here.run("local", "reset", "--yes", "--data", str(folder)), 1, "holds no local account")
    assert (folder / "letter.txt").read_text() == "mine"


def test_json_errors_are_one_document(here: CommandLine) -> None:
    here.write("project: milvus-demo\nwarehouse: {size: HUGE}\n")
    result = here.run("plan", "--output", "json")
    document = json.loads(result.stdout)
    assert result.returncode == 2
    assert document["exit_code"] == 2
    assert document["errors"][0]["place"] == "spcs-milvus.yaml:2:13"


# --- where writing had begun: exit code 4 -------------------------------------------------------------


def test_milvus_that_dies_at_its_start(here: CommandLine) -> None:
    image = here.folder / "images" / "milvus"
    image.mkdir(parents=True)
    (image / "process.yaml").write_text(
        "version: 1\ncommand: ['{python}', '-c', 'import sys; sys.exit(\"no room for vectors\")']\n"
        "ports: [19530]\nmounts: [/var/lib/milvus]\nreadiness: {tcp: 19530}\n"
    )
    result = here.run("up", "--yes")
    refused(
        result, 4, "service.MILVUS_DEMO.PUBLIC.MILVUS did not become ready", "no room for vectors", "hint:"
    )
    assert here.run("down", "--yes").returncode == 0


@pytest.mark.parametrize(
    "script", [Script(events=[Event(at, "error before", "CREATE WAREHOUSE") for at in range(1, 5)])]
)
def test_a_statement_that_fails_after_writing_began(
    here: CommandLine, local: LocalAccount[TurnedClock]
) -> None:
    here.connect("broken", **local.connection)
    here.write(QUICKSTART + REFERENCES)
    result = here.run("up", "--yes", "-c", "broken")
    refused(result, 4, "skipped because of that", "goes on from here")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of three megabytes; making one takes root, as in continuous integration."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    made = (
        mount
        and subprocess.run([mount, "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], check=False).returncode
        == 0
    )
    if not made:
        do_without("a small disk could not be mounted, which takes root")
    yield disk
    daemon.stop(disk / "home")
    subprocess.run(["umount", disk], check=True)


# enough to sign in and to write a few objects, not enough for a stack
ROOM_BYTES = 250_000


def test_a_full_disk(here: CommandLine, small_disk: Path) -> None:
    home = small_disk / "home"
    here.environment = {"SPCS_MILVUS_HOME": str(home)}
    assert here.run("local", "start", "--runtime", "none").returncode == 0
    before = daemon.dump(home)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free - ROOM_BYTES))

    result = here.run("up", "--yes")

    refused(result, 4, "error:", "full", "the same command goes on from here")
    ballast.unlink()
    assert here.run("up", "--yes").returncode == 0
    assert here.run("down", "--yes").returncode == 0
    assert daemon.dump(home) == before
