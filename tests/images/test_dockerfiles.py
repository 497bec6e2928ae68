"""The Dockerfiles without Docker: the classic builder can read them, they are pinned, the context exact."""

import json
import re
from pathlib import Path

import pytest
import yaml
from docker.utils.build import exclude_paths
from tests.images.conftest import IMAGES, Image

# What docker-py always sends or reads itself.
BUILD_FILES = {"Dockerfile", ".dockerignore"}


def ignored(image: Image) -> list[str]:
    lines = (image.folder / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def in_folder(image: Image) -> set[str]:
    return {path.name for path in image.folder.iterdir() if path.name != "__pycache__"}


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        (r"(?i)^\s*#\s*syntax\s*=", "a frontend line, which the classic builder ignores"),
        (r"<<-?\s*[\"']?\w+", "a heredoc"),
        (r"(?m)^\s*(?:COPY|ADD)\b.*--(?:chmod|link|parents|exclude)", "COPY with a flag of BuildKit"),
        (r"(?m)^\s*RUN\s+--", "RUN with a flag of BuildKit"),
        (r"(?m)^\s*ADD\b", "ADD, which may fetch and unpack"),
        (r"\bTARGET(?:ARCH|OS|PLATFORM)\b", "a variable that only BuildKit sets"),
    ],
)
def test_it_needs_no_buildkit(image: Image, pattern: str, what: str) -> None:
    assert not re.search(pattern, (image.folder / "Dockerfile").read_text(encoding="utf-8")), what


def test_every_instruction_is_one_the_classic_builder_knows(image: Image) -> None:
    known = {"ARG", "FROM", "LABEL", "COPY", "ENV", "USER", "WORKDIR", "RUN", "EXPOSE", "CMD"}
    assert {name for name, _ in image.instructions} <= known


def test_the_base_is_pinned_and_can_be_changed(image: Image) -> None:
    (name, base), (first, source) = image.instructions[:2]
    assert (name, first, source) == ("ARG", "FROM", "${BASE}")
    reference = base.removeprefix("BASE=")
    repository, _, tag = reference.rpartition(":")
    assert repository
    assert re.fullmatch(r"v\d+\.\d+\.\d+|\d{4}-\d{2}-\d{2}", tag), f"{tag} can move"


def test_the_labels_name_the_image_and_its_base(image: Image) -> None:
    (text,) = image.arguments("LABEL")
    labels = dict(re.findall(r'(org\.opencontainers\.image\.[a-z.]+)="([^"]*)"', text))
    assert labels["org.opencontainers.image.title"] == f"spcs-milvus {image.folder.name}"
    assert labels["org.opencontainers.image.base.name"] == "${BASE}"
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert labels["org.opencontainers.image.description"]


def test_the_context_is_what_is_copied(image: Image) -> None:
    sent = set(exclude_paths(str(image.folder), ignored(image)))
    assert image.copied() == sent - BUILD_FILES


def test_what_the_container_does_without_belongs_to_the_process(image: Image) -> None:
    left_out = in_folder(image) - image.copied() - BUILD_FILES
    assert left_out == {"process.yaml", *image.process["files"]} - image.copied()


def test_the_base_keeps_its_entrypoint_and_the_command_is_a_list(image: Image) -> None:
    assert image.arguments("ENTRYPOINT") == [], "it would replace the base's init process"
    (command,) = image.arguments("CMD")
    assert all(isinstance(word, str) for word in json.loads(command))


def test_no_environment_value_is_a_secret(image: Image) -> None:
    assert not re.search(r"(?i)password|secret|token|key", " ".join(image.arguments("ENV")))


def test_jupyter_runs_as_jovyan_by_number(jupyter_image: Image) -> None:
    assert jupyter_image.arguments("USER")[-1] == "1000:100"
    assert all("--chown=1000:100" in arguments for arguments in jupyter_image.arguments("COPY"))


def test_jupyter_installs_one_version_of_each(jupyter_image: Image) -> None:
    lines = (jupyter_image.folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    requirements = [line for line in lines if line and not line.startswith("#")]
    wanted = {"numpy", "pymilvus", "snowflake-connector-python"}
    assert {line.split("==")[0] for line in requirements} == wanted
    assert all(re.fullmatch(r"[a-z0-9-]+==\d+(\.\d+)+", line) for line in requirements)


def test_jupyter_keeps_its_own_checks_on(jupyter_image: Image) -> None:
    (command,) = jupyter_image.arguments("CMD")
    words = json.loads(command)
    assert "--IdentityProvider.token=" in words
    assert not any("disable_check_xsrf" in word or "allow_origin=" in word for word in words)


@pytest.mark.parametrize(
    ("origin", "passes"),
    [
        ("https://ab12c-org-account.snowflakecomputing.app", True),
        ("http://ab12c-org-account.snowflakecomputing.app", False),
        ("https://snowflakecomputing.app", False),
        ("https://ab12c.snowflakecomputing.app.example.com", False),
        ("https://example.com/ab12c.snowflakecomputing.app", False),
        ("https://ab12csnowflakecomputing.app", False),
        ("https://ab12c.snowflakecomputingxapp", False),
        ("https://ab12c-org-account.snowflakecomputing.app:8443", False),
    ],
)
def test_sockets_may_come_from_snowflake_only(jupyter_image: Image, origin: str, passes: bool) -> None:
    (command,) = jupyter_image.arguments("CMD")
    flag = "--ServerApp.allow_origin_pat="
    (pattern,) = (word.removeprefix(flag) for word in json.loads(command) if word.startswith(flag))
    # Older Jupyter servers match the beginning only, newer ones the whole: the pattern has to hold for both.
    assert bool(re.match(pattern, origin)) is bool(re.fullmatch(pattern, origin)) is passes


def test_milvus_keeps_etcd_to_itself() -> None:
    etcd = yaml.safe_load((IMAGES / "milvus" / "embedEtcd.yaml").read_text(encoding="utf-8"))
    urls = [value for name, value in etcd.items() if name.endswith("-urls")]
    assert urls == ["http://127.0.0.1:2379"] * 2
    assert "2379" not in Image(IMAGES / "milvus").arguments("EXPOSE")[0]


def test_milvus_writes_below_the_volume_as_a_user_who_may() -> None:
    milvus = Image(IMAGES / "milvus")
    environment = dict(word.split("=", 1) for word in milvus.arguments("ENV")[0].split())
    assert environment["ETCD_DATA_DIR"].startswith(milvus.process["mounts"][0] + "/")
    assert Path(environment["ETCD_CONFIG_PATH"]).name in milvus.copied()
    assert milvus.arguments("USER") == ["root"]
