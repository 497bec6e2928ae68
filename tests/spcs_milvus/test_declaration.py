"""What each image is built from, and which sort of image an account runs."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.spcs_milvus.stack import QUICKSTART, container, no_container

from spcs_milvus import assets
from spcs_milvus.config import load
from spcs_milvus.container_image import ContainerImage
from spcs_milvus.declaration import container_images, declare, idle

Built = dict[str, tuple[Path, str, dict[str, str]]]


def built(folder: Path, text: str) -> Built:
    """What each image of a project file of this text is built from."""
    file = folder / "spcs-milvus.yaml"
    file.write_text(QUICKSTART + text, encoding="utf-8")

    def from_folder(context: Path, dockerfile: str, arguments: Mapping[str, str]) -> ContainerImage:
        return ContainerImage(context, dockerfile, arguments, "sha256:0")

    images = container_images(load(file, {}), from_folder)
    return {name: (one.folder, one.dockerfile, dict(one.arguments)) for name, one in images.items()}


OURS = assets.images()
VERSIONS = [
    ("", "v2.6.25"),
    ("milvus: {version: v2.5.27}\n", "v2.5.27"),
    ("milvus: {version: 2.6.25-gpu, image: {context: images/milvus}}\n", "v2.6.25-gpu"),
]


@pytest.mark.parametrize(("text", "tag"), VERSIONS)
def test_the_folder_of_milvus_builds_the_version_asked_for(tmp_path: Path, text: str, tag: str) -> None:
    assert built(tmp_path, text) == {
        "milvus": (OURS / "milvus", "Dockerfile", {"BASE": f"milvusdb/milvus:{tag}"}),
        "jupyter": (OURS / "jupyter", "Dockerfile", {}),
    }


ARGUMENTS = "image: {context: images/milvus, arguments: {A: b}}"
IDLE = [
    ("", None),
    ("milvus: {image: images/milvus, settings: {log.level: warn}}\n", None),
    ("milvus: {version: v2.6.25}\n", "milvus.version"),
    (f"milvus: {{version: v2.6.25, {ARGUMENTS}}}\n", "milvus.version, milvus.image.arguments"),
    ("jupyter: {image: {context: images/jupyter, dockerfile: Mine}}\n", "jupyter.image.dockerfile"),
    (
        f"services: {{page: {{{ARGUMENTS.replace('milvus', 'page')}, spec: p.yaml.j2, pool: milvus}}}}\n",
        "services.page.image.arguments",
    ),
]


@pytest.mark.parametrize(("text", "said"), IDLE)
def test_what_is_said_of_containers_is_told_where_processes_run(
    tmp_path: Path, text: str, said: str | None
) -> None:
    (tmp_path / "images" / "page").mkdir(parents=True)
    (tmp_path / "p.yaml.j2").touch()
    for folder in ("milvus", "jupyter"):
        (tmp_path / "images" / folder).mkdir()
        (tmp_path / "images" / folder / "Mine").touch()
    file = tmp_path / "spcs-milvus.yaml"
    file.write_text(QUICKSTART + text, encoding="utf-8")
    loaded = load(file, {})
    told = [problem.summary.rpartition(": ")[2] for problem in idle(loaded, "process")]
    assert told == ([said] if said else [])
    assert idle(loaded, "container") == ()


def test_the_file_may_name_another_base(tmp_path: Path) -> None:
    arguments = "{BASE: 'hub.test/milvus:1', HTTP_PROXY: 'http://proxy.test'}"
    text = f"milvus: {{image: {{context: images/milvus, arguments: {arguments}}}}}\njupyter: null\n"
    assert built(tmp_path, text)["milvus"][2] == {
        "BASE": "hub.test/milvus:1",
        "HTTP_PROXY": "http://proxy.test",
    }


def test_a_folder_of_ones_own_says_itself_what_it_is_built_on(tmp_path: Path) -> None:
    """Also one that has the name of ours: its Dockerfile may be another."""
    (tmp_path / "images" / "milvus").mkdir(parents=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "Dockerfile.gpu").touch()
    text = "jupyter: {image: {context: mine, dockerfile: Dockerfile.gpu, arguments: {A: b}}}\n"
    assert built(tmp_path, text) == {
        "milvus": (tmp_path / "images" / "milvus", "Dockerfile", {}),
        "jupyter": (tmp_path / "mine", "Dockerfile.gpu", {"A": "b"}),
    }


def test_an_image_that_is_there_already_is_not_built(tmp_path: Path) -> None:
    text = "milvus: {image: {reference: /d/s/r/milvus:1}}\njupyter: null\n"
    assert built(tmp_path, text) == {}


@pytest.mark.parametrize(("image_format", "prefix"), [("process", "proc-"), ("container", "ctx-")])
def test_the_account_says_which_images_are_meant(tmp_path: Path, image_format: str, prefix: str) -> None:
    file = tmp_path / "spcs-milvus.yaml"
    file.write_text(QUICKSTART, encoding="utf-8")
    made = no_container if image_format == "process" else lambda folder, *_: container(folder.name)
    resources = declare(load(file, {}), "local", image_format, made)
    tags = {one.address.name.partition(":")[2] for one in resources if one.address.kind == "image"}
    assert len(tags) == 2
    assert all(tag.startswith(prefix) for tag in tags)
    specifications = str([one.detail for one in resources if one.address.kind == "service"])
    assert all(f":{tag}" in specifications for tag in tags)
