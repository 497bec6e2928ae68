"""Secrets in services: who may use which, what a container gets of them, and what becomes of it."""

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.emulator.conftest import Client, World, changed, container, request_of

Create = Callable[..., str]
TOKEN = {"snowflakeSecret": "d.public.token", "envVarName": "TOKEN", "secretKeyRef": "secret_string"}
LOGIN = {"snowflakeSecret": {"objectName": "LOGIN"}, "directoryPath": "/secrets/login"}


def with_secrets(*secrets: dict[str, Any]) -> str:
    return changed(containers=[container(secrets=list(secrets))])


@pytest.fixture
def secrets(stack: Client) -> Client:
    stack.run("CREATE SECRET D.PUBLIC.TOKEN TYPE = GENERIC_STRING SECRET_STRING = 'sesame'")
    stack.run("CREATE SECRET D.PUBLIC.LOGIN TYPE = PASSWORD USERNAME = 'ali' PASSWORD = 'baba'")
    return stack


@pytest.fixture
def running(world: World, secrets: Client, create_service: Create) -> Client:
    secrets.run(create_service("S", with_secrets(TOKEN, LOGIN)))
    world.turn(3)
    return secrets


def files(world: World) -> dict[str, str]:
    """The files of secrets that are there now, by name."""
    return {path.name: path.read_text() for path in _places(world) if path.is_file()}


def _places(world: World) -> Iterator[Path]:
    return (world.local.folder.path / "secrets").rglob("*")


def test_a_container_gets_its_variable_and_its_files(world: World, running: Client) -> None:
    (found,) = request_of(world, "S").containers
    assert found.secret_environment == {"TOKEN": "sesame"}
    assert "TOKEN" not in found.environment
    assert [mount.path for mount in found.mounts] == ["/secrets/login"]
    assert files(world) == {"username": "ali", "password": "baba"}
    for path in _places(world):
        wanted = 0o644 if path.is_file() else 0o755
        if path.is_file() or path.name == "0":
            assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    assert "sesame" not in repr(found)
    assert "baba" not in repr(found)
    assert running.run("SHOW SERVICES")[0]["status"] == "RUNNING"


def test_the_specification_shows_names_only(running: Client) -> None:
    (row,) = running.run("DESCRIBE SERVICE S")
    assert "d.public.token" in row["spec"]
    assert "sesame" not in row["spec"]


def test_files_follow_a_new_value_and_the_instance_goes_on(world: World, running: Client) -> None:
    (before,) = running.run("SHOW SERVICE INSTANCES IN SERVICE S")
    running.run("ALTER SECRET D.PUBLIC.LOGIN SET PASSWORD = 'forty'")
    assert files(world) == {"username": "ali", "password": "forty"}
    running.run("CREATE OR REPLACE SECRET D.PUBLIC.LOGIN TYPE = PASSWORD USERNAME = 'a' PASSWORD = 'b'")
    assert files(world) == {"username": "a", "password": "b"}
    running.run("CREATE OR REPLACE SECRET D.PUBLIC.LOGIN TYPE = GENERIC_STRING SECRET_STRING = 'c'")
    assert files(world) == {"secret_string": "c"}
    world.turn(1)
    assert running.run("SHOW SERVICE INSTANCES IN SERVICE S") == [before]


def test_files_go_with_the_instance(world: World, running: Client) -> None:
    running.run("ALTER SERVICE S SUSPEND")
    assert files(world) == {}
    running.run("ALTER SERVICE S RESUME")
    world.turn(3)
    assert files(world) != {}
    running.run("DROP SERVICE S")
    assert files(world) == {}


def test_files_go_when_a_job_is_done_and_do_not_come_back(world: World, secrets: Client) -> None:
    job = "EXECUTE JOB SERVICE IN COMPUTE POOL P FROM SPECIFICATION $${}$$ NAME = D.PUBLIC.J ASYNC = TRUE"
    specification = {"spec": {"containers": [container(secrets=[LOGIN])]}}
    secrets.run(job.format(json.dumps(specification)))
    world.turn(2)
    assert files(world) != {}
    world.turn(3)
    assert secrets.run("SHOW JOB SERVICES")[0]["status"] == "DONE"
    assert files(world) == {}
    secrets.run("ALTER SECRET D.PUBLIC.LOGIN SET PASSWORD = 'forty'")
    assert files(world) == {}


def test_files_go_with_the_local_account(world: World, running: Client) -> None:
    assert running.run("SHOW SERVICES")
    world.local.close()
    assert not (world.local.folder.path / "secrets").exists()


def test_without_its_secret_no_new_instance_starts(world: World, running: Client) -> None:
    running.run("DROP SECRET D.PUBLIC.TOKEN")
    world.turn(1)
    assert running.run("SHOW SERVICES")[0]["status"] == "RUNNING"
    running.run("ALTER SERVICE S SUSPEND")
    running.run("ALTER SERVICE S RESUME")
    world.turn(3)
    (row,) = running.run("SHOW SERVICE CONTAINERS IN SERVICE S")
    assert row["status"] == "FAILED"
    assert "D.PUBLIC.TOKEN" in row["message"]
    running.run("CREATE SECRET D.PUBLIC.TOKEN TYPE = GENERIC_STRING SECRET_STRING = 'again'")
    world.turn(31)
    assert running.run("SHOW SERVICES")[0]["status"] == "RUNNING"


REFUSED = {
    "not there": ({**TOKEN, "snowflakeSecret": "gone"}, 2003),
    "no name": ({**TOKEN, "snowflakeSecret": "a b"}, 395018),
    "another's key": ({**TOKEN, "secretKeyRef": "password"}, 395018),
    "a key it never has": ({**TOKEN, "secretKeyRef": "access_token"}, 395018),
}


@pytest.mark.parametrize("name", REFUSED)
def test_create_is_refused(world: World, secrets: Client, create_service: Create, name: str) -> None:
    before = world.local.dump()
    secret, errno = REFUSED[name]
    assert secrets.refused(create_service("S", with_secrets(secret)))[0] == errno
    assert world.local.dump() == before


def test_the_owner_role_needs_read(secrets: Client, create_service: Create) -> None:
    secrets.run("USE ROLE ACCOUNTADMIN")
    secrets.run("CREATE SCHEMA D.OTHER")
    secrets.run("CREATE SECRET D.OTHER.X TYPE = GENERIC_STRING SECRET_STRING = 'x'")
    secrets.run("GRANT USAGE ON SCHEMA D.OTHER TO ROLE OWNER")
    secrets.run("USE SCHEMA D.PUBLIC")
    make = create_service("S", with_secrets({**TOKEN, "snowflakeSecret": "other.x"}))
    for grant, errno in (("USAGE", 2003), ("READ", 3001)):
        secrets.run("USE ROLE OWNER")
        assert secrets.refused(make)[0] == errno
        secrets.run("USE ROLE ACCOUNTADMIN")
        secrets.run(f"GRANT {grant} ON SECRET D.OTHER.X TO ROLE OWNER")
    secrets.run("USE ROLE OWNER")
    secrets.run(make)


def test_dropping_a_schema_takes_its_secrets(running: Client) -> None:
    running.run("DROP SCHEMA D.PUBLIC")
    assert running.run("SHOW SECRETS IN ACCOUNT") == []
