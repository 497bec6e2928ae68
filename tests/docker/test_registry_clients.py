"""The plain `docker` command on a local account's registry: sign-in, push, pull, and what is refused."""

import json
import os
import shutil
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from tests.docker import leftovers
from tests.emulator.conftest import Client, World
from tests.environments import do_without, programs
from tests.peers.snow import Snow

from spcs_emulator.clock import TurnedClock
from spcs_emulator.server import LocalAccount

LONGEST_COMMAND_SECONDS = 120
BIG_BYTES = 60_000_000


@dataclass(frozen=True)
class DockerCli:
    """The command, with a configuration of its own, so that nobody's sign-ins are used or changed."""

    configuration: Path

    def run(self, *words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "DOCKER_CONFIG": str(self.configuration)}
        return subprocess.run(
            ["docker", *words],
            env=environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=LONGEST_COMMAND_SECONDS,
            check=False,
        )

    def says(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def login(self, host: str, user: str, password: str) -> subprocess.CompletedProcess[str]:
        return self.run("login", "--username", user, "--password-stdin", host, given=password)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An account with a database D, a pool P and a repository D.PUBLIC.R; its clock is turned by the test."""
    with ExitStack() as opened:
        local = opened.enter_context(LocalAccount(tmp_path / "account", TurnedClock()))
        yield World(local, opened)


@pytest.fixture
def admin(world: World) -> Client:
    client = world.connect()
    for sql in (
        "CREATE DATABASE D",
        "CREATE IMAGE REPOSITORY D.PUBLIC.R",
        "CREATE COMPUTE POOL P MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_S",
    ):
        client.run(sql)
    return client


@pytest.fixture
def host(world: World) -> str:
    return f"127.0.0.1:{world.local.port}"


@pytest.fixture
def cli(engine: docker.APIClient, tmp_path: Path) -> DockerCli:
    if shutil.which("docker") is None:
        do_without("the docker command is not installed here (Debian: docker.io, docker-cli)")
    return DockerCli(tmp_path / "docker")


@pytest.fixture
def build(
    engine: docker.APIClient, tiny_base: str, label: str, tmp_path: Path
) -> Iterator[Callable[..., str]]:
    """build(megabytes, base) makes an image that nobody has yet and returns its id; it goes at the end."""
    built: list[str] = []

    def make(megabytes: float = 0.1, base: str = tiny_base) -> str:
        folder = tmp_path / f"context{len(built)}"
        folder.mkdir()
        (folder / "content").write_bytes(os.urandom(int(megabytes * 1_000_000)))
        (folder / "Dockerfile").write_text(f"FROM {base}\nCOPY content /content\nLABEL {label}\n")
        for event in engine.build(path=str(folder), decode=True, rm=True):
            assert "error" not in event, event
            built.extend([event["aux"]["ID"]] if "aux" in event else [])
        return built[-1]

    yield make
    leftovers.remove(engine, label)


@pytest.fixture
def name(host: str, engine: docker.APIClient) -> Iterator[str]:
    """An image's name in the repository, new to the engine; what carries it goes at the end."""
    own = f"{host}/d/public/r/app-{uuid.uuid4().hex[:8]}"
    yield own
    for image in engine.images(own):
        for reference in [*(image["RepoTags"] or []), *(image["RepoDigests"] or [])]:
            with suppress(docker.errors.ImageNotFound):  # the last tag takes the digests with it
                engine.remove_image(reference, force=True)


def test_push_and_pull_by_tag_and_by_digest(
    cli: DockerCli, admin: Client, build: Callable[..., str], name: str, host: str
) -> None:
    signed_in = cli.login(host, "0sessiontoken", admin.registry_password())
    assert "Login Succeeded" in signed_in.stdout, signed_in.stderr
    image = build()
    cli.says("tag", image, f"{name}:1")
    digest = next(word for word in cli.says("push", f"{name}:1").split() if word.startswith("sha256:"))
    (row,) = admin.run("SHOW IMAGES IN IMAGE REPOSITORY D.PUBLIC.R")
    assert (row["tags"], row["digest"]) == ("1", digest)
    assert f"{host}/{row['image_path']}" == f"{name}:1"
    for reference in (f"{name}:1", f"{name}@{digest}"):
        cli.says("rmi", "--no-prune", f"{name}:1")
        cli.says("pull", reference)
        cli.says("tag", reference, f"{name}:1")
        assert cli.says("image", "inspect", "--format", "{{.Id}}", reference).strip() == image
    assert "Layer already exists" in cli.says("push", f"{name}:1")
    cli.says("logout", host)
    refused = cli.run("pull", f"{name}:1")
    assert refused.returncode != 0
    assert "unauthorized" in refused.stderr


def test_a_password_and_an_access_token_sign_in_too_and_a_wrong_one_does_not(
    cli: DockerCli, world: World, admin: Client, host: str
) -> None:
    (row,) = admin.run("ALTER USER ADMIN ADD PROGRAMMATIC ACCESS TOKEN T")
    for password in (world.local.connection["password"], row["token_secret"]):
        assert cli.login(host, "admin", password).returncode == 0
    for user, password in (("admin", "wrong"), ("0sessiontoken", '{"token": "wrong"}')):
        refused = cli.login(host, user, password)
        assert refused.returncode != 0
        assert "Authentication Failure" in refused.stderr


def test_a_reader_pulls_and_may_not_push(
    cli: DockerCli, world: World, admin: Client, build: Callable[..., str], name: str, host: str
) -> None:
    for sql in (
        "CREATE ROLE READER",
        "GRANT ROLE READER TO USER ADMIN",
        "GRANT USAGE ON DATABASE D TO ROLE READER",
        "GRANT USAGE ON SCHEMA D.PUBLIC TO ROLE READER",
        "GRANT READ ON IMAGE REPOSITORY D.PUBLIC.R TO ROLE READER",
    ):
        admin.run(sql)
    cli.login(host, "0sessiontoken", admin.registry_password())
    cli.says("tag", build(), f"{name}:1")
    cli.says("push", f"{name}:1")
    cli.login(host, "0sessiontoken", world.connect(role="READER").registry_password())
    cli.says("pull", f"{name}:1")
    cli.says("tag", build(), f"{name}:2")
    refused = cli.run("push", f"{name}:2")
    assert refused.returncode != 0
    assert "denied" in refused.stderr
    missing = cli.run("push", f"{host}/d/public/gone/app:1")
    assert missing.returncode != 0


def test_an_image_for_arm64_is_pushed_and_runs_nowhere(
    cli: DockerCli, admin: Client, build: Callable[..., str], tiny_arm64_base: str, name: str, host: str
) -> None:
    cli.login(host, "0sessiontoken", admin.registry_password())
    for tag, image in (("arm", build(base=tiny_arm64_base)), ("amd", build())):
        cli.says("tag", image, f"{name}:{tag}")
        cli.says("push", f"{name}:{tag}")
    path = name.removeprefix(host)
    specification = {
        "spec": {
            "containers": [
                {
                    "name": "main",
                    "image": f"{path}:{{}}",
                    "resources": {"requests": {"cpu": 1, "memory": "1Gi"}},
                }
            ]
        }
    }
    create = f"CREATE SERVICE D.PUBLIC.S IN COMPUTE POOL P FROM SPECIFICATION $${json.dumps(specification)}$$"
    number, _, said = admin.refused(create.replace("{}", "arm"))
    assert (number, "--platform linux/amd64" in said) == (397013, True)
    assert admin.refused(create.replace("{}", "none"))[0] == 397012
    admin.run(create.replace("{}", "amd"))


def test_a_token_that_ends_in_the_middle_of_a_push(
    cli: DockerCli,
    world: World,
    admin: Client,
    build: Callable[..., str],
    name: str,
    host: str,
    tmp_path: Path,
) -> None:
    cli.login(host, "0sessiontoken", admin.registry_password())
    cli.says("tag", build(BIG_BYTES / 1_000_000), f"{name}:1")
    uploads = tmp_path / "account" / "registry" / "uploads"
    with ThreadPoolExecutor(1) as pool:
        pushing = pool.submit(cli.run, "push", f"{name}:1")
        _until(lambda: pushing.done() or max(_sizes(uploads)) > 1_000_000)
        world.local.clock.advance(3601)
        refused = pushing.result()
    assert refused.returncode != 0
    assert "unauthorized: Authentication Failure" in refused.stderr
    assert admin.run("SHOW IMAGES IN IMAGE REPOSITORY D.PUBLIC.R") == []
    cli.login(host, "0sessiontoken", admin.registry_password())
    cli.says("push", f"{name}:1")
    assert len(admin.run("SHOW IMAGES IN IMAGE REPOSITORY D.PUBLIC.R")) == 1


def test_several_pushes_at_once(
    cli: DockerCli, admin: Client, build: Callable[..., str], name: str, host: str
) -> None:
    cli.login(host, "0sessiontoken", admin.registry_password())
    images = [build(5), build(5)]
    tags = [f"{name}:{number}" for number in range(6)]
    for number, tag in enumerate(tags):
        cli.says("tag", images[number % 2], tag)
    with ThreadPoolExecutor(len(tags)) as pool:
        list(pool.map(lambda tag: cli.says("push", tag), tags))
    rows = admin.run("SHOW IMAGES IN IMAGE REPOSITORY D.PUBLIC.R")
    assert (len(rows), len({row["digest"] for row in rows})) == (6, 2)


def _sizes(folder: Path) -> list[int]:
    """The sizes of the files, of which any may go meanwhile; 0 stands first."""
    sizes = [0]
    for file in folder.iterdir():
        with suppress(FileNotFoundError):
            sizes.append(file.stat().st_size)
    return sizes


def _until(condition: Callable[[], bool]) -> None:
    never, end = threading.Event(), time.monotonic() + LONGEST_COMMAND_SECONDS
    while not condition():
        assert time.monotonic() < end
        never.wait(0.02)


def test_the_official_cli_signs_docker_in(
    world: World, admin: Client, build: Callable[..., str], name: str, host: str, tmp_path: Path
) -> None:
    """`snow spcs image-registry login` runs `docker login`; what is pushed then, `snow` lists."""
    snow = Snow(programs("snow") / "snow", tmp_path / "home", tmp_path / "work")
    snow.work.mkdir()
    snow.connect({**world.local.connection, "database": "D", "schema": "PUBLIC"})
    signed_in = snow.run("spcs", "image-registry", "login")
    assert "Login Succeeded" in signed_in.stdout, signed_in.stderr
    cli = DockerCli(snow.home / ".docker")
    cli.says("tag", build(), f"{name}:1")
    cli.says("push", f"{name}:1")
    listed = snow.run("spcs", "image-repository", "list-images", "R")
    (row,) = json.loads(listed.stdout)
    assert (row["image_name"], row["tags"]) == (name.rpartition("/")[2], "1")
    assert f"{host}/{row['image_path']}" == f"{name}:1"
