"""Building with a real engine: what comes out, what is found again, and what a person reads when it fails."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from tests.docker.workshops import Workshop, workshop

from spcs_milvus.errors import ConfigError, DeployError, Problem
from spcs_milvus.images import Engine, container_image
from spcs_milvus.transfer import Transfer

MEGABYTE = 1024 * 1024


@pytest.fixture
def shop(engine: docker.APIClient, tiny_base: str, tmp_path: Path) -> Iterator[Workshop]:
    with workshop(engine, tiny_base, tmp_path) as own:
        yield own


def build(shop: Workshop, *instructions: str, **files: bytes) -> str:
    with Engine() as engine:
        return engine.build(shop.name, shop.image(*instructions, **files), shop.said.append)


def failure(shop: Workshop, *instructions: str, **files: bytes) -> Problem:
    with pytest.raises(DeployError) as raised:
        build(shop, *instructions, **files)
    return raised.value.problem


def run(shop: Workshop, image: str, command: str) -> str:
    """What a command prints in a container of the image."""
    container = shop.client.create_container(image, ["sh", "-c", command], labels=[shop.label])["Id"]
    shop.client.start(container)
    shop.client.wait(container)
    printed: bytes = shop.client.logs(container)
    shop.client.remove_container(container)
    return printed.decode()


def test_an_image_is_built_tagged_labelled_and_found(shop: Workshop) -> None:
    image = shop.image("COPY hello /hello", "RUN echo from the step", hello=b"hello\n")
    with Engine() as engine:
        assert engine.find(shop.name, image) is None
        identity = engine.build(shop.name, image, shop.said.append)
        assert engine.find(shop.name, image) == identity
        assert engine.find("another", image) is None
    found = shop.client.inspect_image(identity)
    assert found["RepoTags"] == [f"spcs-milvus/{shop.name}:{image.tag}"]
    assert found["Config"]["Labels"]["spcs-milvus.content"] == image.digest
    assert (found["Os"], found["Architecture"]) == ("linux", "amd64")
    assert run(shop, identity, "cat /hello") == "hello\n"
    assert "from the step" in shop.texts
    assert any(text.startswith("Step 3/") and text.endswith("COPY hello /hello") for text in shop.texts)


def test_a_second_build_is_the_same_image(shop: Workshop) -> None:
    assert build(shop, "RUN echo once") == build(shop, "RUN echo once")


def test_a_tag_that_was_moved_is_not_found(shop: Workshop) -> None:
    image = shop.image("ENV A=1")
    with Engine() as engine:
        engine.build(shop.name, image, shop.said.append)
        shop.client.tag(build(shop, "ENV A=2"), f"spcs-milvus/{shop.name}", image.tag)
        assert engine.find(shop.name, image) is None


def test_the_arguments_reach_the_build(shop: Workshop) -> None:
    shop.image("ARG WORD=none", "RUN echo $WORD > /word")
    image = container_image(shop.folder, arguments={"WORD": "given", "UNUSED": "1"})
    with Engine() as engine:
        identity = engine.build(shop.name, image, shop.said.append)
    assert run(shop, identity, "cat /word") == "given\n"
    assert any("UNUSED" in text and "not consumed" in text for text in shop.texts)


@pytest.mark.parametrize(
    ("instruction", "command", "expected"),
    [
        ("COPY --chmod=640 hello /hello", "stat -c %a /hello", "640\n"),
        ("RUN --mount=type=cache,target=/cache echo mounted > /hello", "cat /hello", "mounted\n"),
    ],
)
def test_buildkit_builds_what_the_classic_builder_refuses(
    shop: Workshop, instruction: str, command: str, expected: str
) -> None:
    image = shop.image(instruction, hello=b"hello")
    with Engine() as engine:
        identity = engine.build(shop.name, image, shop.said.append)
        assert engine.find(shop.name, image) == identity
    assert run(shop, identity, command) == expected


def test_the_dockerfile_may_be_ignored_and_is_not_copied_then(shop: Workshop) -> None:
    ignoring = {"hello": b"", "hidden": b"", ".dockerignore": b"Dockerfile\nhidden\n.dockerignore\n"}
    identity = build(shop, "COPY . /all/", **ignoring)
    assert run(shop, identity, "ls -A /all") == "hello\n"


def test_a_dockerfile_from_elsewhere_is_not_copied(shop: Workshop) -> None:
    shop.image("COPY . /all/")
    inner = shop.folder / "inner"
    inner.mkdir()
    (inner / "hello").touch()
    with Engine() as engine:
        identity = engine.build(shop.name, container_image(inner, "../Dockerfile"), shop.said.append)
    assert run(shop, identity, "ls -A /all").split() == [".dockerignore", "hello"]


def test_links_modes_and_names_that_are_no_text_arrive(shop: Workshop) -> None:
    name = os.fsdecode(b"caf\xe9")
    shop.image("COPY . /all/", script=b"#!/bin/sh\n")
    (shop.folder / "script").chmod(0o700)
    (shop.folder / name).touch()
    (shop.folder / "link").symlink_to("script")
    with Engine() as engine:
        identity = engine.build(shop.name, container_image(shop.folder), shop.said.append)
    assert run(shop, identity, "stat -c %a-%u /all/script") == "755-0\n"
    assert run(shop, identity, "ls -l /all/link").endswith("/all/link -> script\n")
    assert run(shop, identity, "test -f /all/caf$(printf '\\351') && echo there") == "there\n"


def test_a_large_file_that_is_ignored_is_not_read(shop: Workshop) -> None:
    with (shop.folder / "model.bin").open("wb") as file:
        file.truncate(1024 * MEGABYTE)
    build(shop, "COPY . /all/", **{".dockerignore": b"*.bin\n"})
    identity = build(shop, "COPY . /all/", **{".dockerignore": b"*.bin\n"})
    assert shop.client.inspect_image(identity)["Size"] < 10 * MEGABYTE


@pytest.mark.parametrize("builder", ["classic", "buildkit"])
def test_a_failing_run(shop: Workshop, builder: str) -> None:
    mount = "--mount=type=cache,target=/c " if builder == "buildkit" else ""
    step = "exec >&2; for i in $(seq 30); do echo line $i; done; printf '\\033[1mno pip\\033[0m'; exit 3"
    found = failure(shop, "RUN echo before", f"RUN {mount}{step}")
    assert found.summary == "the image could not be built"
    cause, *lines = (found.detail or "").splitlines()
    assert cause.endswith(("returned a non-zero code: 3", "exit code: 3"))
    assert lines == [*(f"line {number}" for number in range(12, 31)), "no pip"]
    assert found.place == str(shop.folder / "Dockerfile")
    command = f"docker build --platform linux/amd64 -f {shop.folder}/Dockerfile {shop.folder}"
    assert found.hint == f"repair that step; try it alone with: {command}"


@pytest.mark.parametrize(
    ("instruction", "detail", "hint"),
    [
        (
            "COPY missing /",
            "missing",
            "check the name in COPY or ADD, and that .dockerignore does not name it",
        ),
        ("COPY --chmod=640 missing /", "missing", "check the name in COPY or ADD"),
        ("RNU echo", "unknown instruction: RNU", "check the Dockerfile"),
        ("COPY --wrong hello /", "nknown flag: wrong", "check the Dockerfile"),
        (
            "FROM spcs-milvus.invalid/none:1",
            "no such host",
            "check the name after FROM and try: docker pull --platform linux/amd64 BASE",
        ),
    ],
)
def test_what_is_wrong_in_a_dockerfile(shop: Workshop, instruction: str, detail: str, hint: str) -> None:
    found = failure(shop, instruction, hello=b"")
    assert found.summary == "the image could not be built"
    assert detail in (found.detail or "")
    assert (found.hint or "").startswith(hint)


@pytest.mark.parametrize("instruction", ["ENV A=1", "RUN echo 1"])
def test_a_base_for_another_processor(
    engine: docker.APIClient, tiny_arm64_base: str, tmp_path: Path, instruction: str
) -> None:
    with workshop(engine, tiny_arm64_base, tmp_path) as shop:
        found = failure(shop, instruction)
        assert found.summary == "the image is for linux/arm64, and Snowflake runs linux/amd64 only"
        pull = f"docker pull --platform linux/amd64 {tiny_arm64_base}"
        assert found.hint == f"{pull}, then run the command again"
        assert shop.tags() == []
        with Engine() as own:
            assert own.find(shop.name, container_image(tmp_path)) is None


def test_a_missing_dockerfile(shop: Workshop) -> None:
    image = shop.image()
    (shop.folder / "Dockerfile").unlink()
    with Engine() as engine, pytest.raises(ConfigError, match="the build context has no Dockerfile"):
        engine.build(shop.name, image, shop.said.append)


def test_a_link_that_leaves_the_context(shop: Workshop) -> None:
    image = shop.image()
    (shop.folder / "link").symlink_to("/etc/passwd")
    with Engine() as engine, pytest.raises(ConfigError, match="a link leaves the build context"):
        engine.build(shop.name, image, shop.said.append)


def test_a_context_that_changed_since_is_not_built_under_its_old_name(shop: Workshop) -> None:
    image = shop.image("COPY hello /", hello=b"before")
    (shop.folder / "hello").write_bytes(b"after")
    with Engine() as engine:
        with pytest.raises(DeployError, match="the build context changed while it was read"):
            engine.build(shop.name, image, shop.said.append)
        assert engine.find(shop.name, image) is None
    assert shop.tags() == []


class Stop(Exception):
    """Whoever watches wants no more."""


def test_a_build_that_is_stopped_ends_in_the_engine(shop: Workshop) -> None:
    image = shop.image("RUN echo at work && sleep 1000")

    def stop(transfer: Transfer) -> None:
        if transfer.text == "at work":
            raise Stop

    with Engine() as engine, pytest.raises(Stop) as raised:
        engine.build(shop.name, image, stop)
    deadline = time.monotonic() + 60
    while shop.client.containers(all=True, filters={"label": shop.label}):
        assert time.monotonic() < deadline, "the engine builds on"
        time.sleep(0.1)
    assert raised.value, "kept to the end, since an error holds what it passed through"


@pytest.mark.filterwarnings("ignore:docker-credential-gone not installed")
@pytest.mark.parametrize("settings", ['{"credsStore": "gone"}', '{"credHelpers": {"hub.test": "gone"}}'])
def test_a_credential_helper_that_is_gone(
    shop: Workshop, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, settings: str
) -> None:
    folder = tmp_path_factory.mktemp("docker-config")
    (folder / "config.json").write_text(settings, encoding="utf-8")
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    found = failure(shop)
    assert found.summary == "the docker command's credentials cannot be read"
    assert "docker-credential-gone" in (found.detail or "")
    assert (
        found.hint == "remove from credsStore and credHelpers in ~/.docker/config.json what is not installed"
    )
