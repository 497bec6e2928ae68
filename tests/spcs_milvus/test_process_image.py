"""Process images: the same folder gives the same bytes everywhere, and only what is in the folder goes in."""

import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from spcs_milvus import assets
from spcs_milvus.errors import ConfigError
from spcs_milvus.process_image import (
    ARTIFACT_TYPE,
    CONFIG_TYPE,
    LAYER_TYPE,
    MANIFEST_TYPE,
    ProcessImage,
    process_image,
)

PROCESS = "version: 1\ncommand: [python, serve.py]\nfiles: [serve.py, data/words.txt]\nports: [19530]\n"


def _folder(folder: Path, process: str = PROCESS) -> Path:
    (folder / "data").mkdir(parents=True)
    (folder / "process.yaml").write_text(process, encoding="utf-8")
    (folder / "serve.py").write_text("print('here')\n", encoding="utf-8")
    (folder / "data" / "words.txt").write_text("words\n", encoding="utf-8")
    (folder / "not-listed.txt").write_text("stays here\n", encoding="utf-8")
    return folder


def _layer(image: ProcessImage) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(image.blobs[1].data))


def test_the_parts_of_an_image(tmp_path: Path) -> None:
    image = process_image(_folder(tmp_path / "a"))
    config, layer = image.blobs
    assert (config.media_type, layer.media_type, image.manifest.media_type) == (
        CONFIG_TYPE,
        LAYER_TYPE,
        MANIFEST_TYPE,
    )
    assert json.loads(config.data)["command"] == ["python", "serve.py"]
    assert json.loads(image.manifest.data) == {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": ARTIFACT_TYPE,
        "config": {"mediaType": CONFIG_TYPE, "digest": config.digest, "size": len(config.data)},
        "layers": [{"mediaType": LAYER_TYPE, "digest": layer.digest, "size": len(layer.data)}],
    }
    with _layer(image) as tar:
        assert tar.getnames() == ["data/words.txt", "serve.py"]
        assert {(entry.mtime, entry.uid, entry.gid, entry.uname, entry.mode) for entry in tar} == {
            (0, 0, 0, "", 0o644)
        }
    assert image.tag == f"proc-{image.digest[7:19]}"


def _older(folder: Path) -> None:
    os.utime(folder / "serve.py", (1, 1))


def _executable(folder: Path) -> None:
    (folder / "serve.py").chmod(0o755)


def _another_file(folder: Path) -> None:
    (folder / "not-listed.txt").write_text("changed\n", encoding="utf-8")


def _written_otherwise(folder: Path) -> None:
    lines = [
        "# note",
        "ports: [19530]",
        "files: [serve.py, data/words.txt]",
        "command:",
        "- python",
        "- serve.py",
    ]
    (folder / "process.yaml").write_text("\n".join([*lines, "version: 1"]), encoding="utf-8")


@pytest.mark.parametrize("changed", [lambda _: None, _older, _executable, _another_file, _written_otherwise])
def test_what_does_not_change_the_digest(tmp_path: Path, changed: Callable[[Path], None]) -> None:
    one, other = _folder(tmp_path / "a"), _folder(tmp_path / "deeper" / "b")
    changed(other)
    assert process_image(one) == process_image(other)


def _content(folder: Path) -> None:
    (folder / "serve.py").write_text("print('there')\n", encoding="utf-8")


def _command(folder: Path) -> None:
    (folder / "process.yaml").write_text(PROCESS.replace("[python,", "[python, -u,"), encoding="utf-8")


def _fewer_files(folder: Path) -> None:
    (folder / "process.yaml").write_text(
        PROCESS.replace("serve.py, data/words.txt", "serve.py"), encoding="utf-8"
    )


@pytest.mark.parametrize("changed", [_content, _command, _fewer_files])
def test_what_changes_the_digest(tmp_path: Path, changed: Callable[[Path], None]) -> None:
    one, other = _folder(tmp_path / "a"), _folder(tmp_path / "b")
    changed(other)
    assert process_image(one).digest != process_image(other).digest


def test_an_image_without_files_has_no_layer(tmp_path: Path) -> None:
    image = process_image(_folder(tmp_path / "a", "version: 1\ncommand: [x]\n"))
    assert [blob.media_type for blob in image.blobs] == [CONFIG_TYPE]
    assert json.loads(image.manifest.data)["layers"] == []


def test_a_date_in_the_configuration_is_text(tmp_path: Path) -> None:
    image = process_image(_folder(tmp_path / "a", "version: 1\nmade: 2026-01-02\n"))
    assert json.loads(image.blobs[0].data)["made"] == "2026-01-02"


@pytest.mark.parametrize("name", ["milvus", "jupyter"])
def test_our_own_images_are_the_same_twice(name: str) -> None:
    assert process_image(assets.images() / name) == process_image(assets.images() / name)


BAD = [
    ("", "is not a mapping"),
    ("- a\n", "is not a mapping"),
    ("a: [\n", "does not say how to run"),
    ("files: serve.py\n", "not a list of names"),
    ("files: 5\n", "not a list of names"),
    ("files: [5]\n", "not a list of names"),
    ("files: {serve.py: x}\n", "not a list of names"),
    ("files: [gone.py]\n", "a file that is not in its folder"),
    ("files: [../outside.txt]\n", "a file that is not in its folder"),
    ("files: [/etc/hostname]\n", "a file that is not in its folder"),
    ("files: [data]\n", "a file that is not in its folder"),
    ("files: [link]\n", "a file that is not in its folder"),
]


@pytest.mark.parametrize(("process", "said"), BAD)
def test_what_is_wrong_with_a_folder(tmp_path: Path, process: str, said: str) -> None:
    folder = _folder(tmp_path / "a", process)
    (tmp_path / "outside.txt").write_text("outside", encoding="utf-8")
    (folder / "link").symlink_to(tmp_path / "outside.txt")
    with pytest.raises(ConfigError, match=said) as caught:
        process_image(folder)
    assert caught.value.problem.place == str(folder / "process.yaml")


def test_a_folder_without_a_process_is_refused_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not say how to run") as caught:
        process_image(tmp_path / "gone")
    assert "process.yaml" in (caught.value.problem.hint or "")
    assert caught.value.problem.detail == "No such file or directory"
