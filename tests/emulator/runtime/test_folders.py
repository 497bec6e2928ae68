"""Volumes as folders: kept, discarded, saved to an archive whole or not at all, and restored."""

import os
import tarfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from spcs_emulator.runtime.api import VolumeError
from spcs_emulator.runtime.folders import FolderVolumes


@pytest.fixture
def volumes(tmp_path: Path) -> FolderVolumes:
    return FolderVolumes(tmp_path / "volumes")


def test_what_is_saved_is_what_is_restored(tmp_path: Path, volumes: FolderVolumes) -> None:
    source = tmp_path / "volumes" / "a" / "data"
    (source / "deep" / "closed").mkdir(parents=True)
    (source / "file").write_bytes(b"\0" * 100_000 + b"x")
    (source / "file").chmod(0o640)
    os.link(source / "file", source / "same")
    (source / "deep" / "closed" / "inner").write_text("y")
    (source / "deep" / "link").symlink_to("../file")
    (source / "nowhere").symlink_to("/no/such/place")
    (source / "deep" / "closed").chmod(0o500)
    os.mkfifo(source / "pipe")
    volumes.save("a/data", tmp_path / "kept" / "it.tar")
    volumes.restore(tmp_path / "kept" / "it.tar", "b/data.1")
    target = tmp_path / "volumes" / "b" / "data.1"
    names = sorted(path.relative_to(target).as_posix() for path in target.rglob("*"))
    assert names == ["deep", "deep/closed", "deep/closed/inner", "deep/link", "file", "nowhere", "same"]
    assert (target / "file").read_bytes() == (target / "same").read_bytes() == (source / "file").read_bytes()
    assert (target / "file").stat().st_mode & 0o777 == 0o640
    assert (target / "deep" / "closed").stat().st_mode & 0o777 == 0o500
    assert (target / "deep" / "link").readlink() == Path("../file")
    assert (target / "file").stat().st_mtime == (source / "file").stat().st_mtime
    assert volumes.volumes() == {"a/data", "b/data.1"}
    volumes.discard(["b/data.1", "unknown/data", "a/data"])
    assert volumes.volumes() == frozenset()
    assert list((tmp_path / "volumes").iterdir()) == []


def test_an_unknown_volume_is_an_empty_one(tmp_path: Path, volumes: FolderVolumes) -> None:
    volumes.save("a/data", tmp_path / "it.tar")
    volumes.restore(tmp_path / "it.tar", "b/data")
    assert list((tmp_path / "volumes" / "b" / "data").iterdir()) == []


def test_nothing_is_left_of_what_could_not_be_done(tmp_path: Path, volumes: FolderVolumes) -> None:
    (tmp_path / "volumes" / "a" / "data").mkdir(parents=True)
    (tmp_path / "a file").write_text("")
    with pytest.raises(VolumeError):
        volumes.save("a/data", tmp_path / "a file" / "it.tar")
    broken = tmp_path / "broken.tar"
    broken.write_bytes(b"no archive")
    with pytest.raises(VolumeError):
        volumes.restore(broken, "b/data")
    with pytest.raises(VolumeError):
        volumes.restore(tmp_path / "gone.tar", "b/data")
    with tarfile.open(broken, "w") as archive:
        archive.addfile(tarfile.TarInfo("../out"))
    with pytest.raises(VolumeError, match="leads out"):
        volumes.restore(broken, "b/data")
    assert volumes.volumes() == {"a/data"}


def test_a_service_may_be_writing_meanwhile(tmp_path: Path, volumes: FolderVolumes) -> None:
    source = tmp_path / "volumes" / "a" / "data"
    source.mkdir(parents=True)
    (source / "z").write_text("whole")
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            (source / "grows").write_bytes(b"x" * 300_000)
            (source / "goes").write_bytes(b"x" * 300_000)
            os.truncate(source / "grows", 10)
            (source / "goes").unlink()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        try:
            for number in range(50):
                volumes.save("a/data", tmp_path / f"{number}.tar")
        finally:
            stop.set()
        writing.result()
    for number in range(50):
        with tarfile.open(tmp_path / f"{number}.tar") as archive:
            names = archive.getnames()
            assert set(names) <= {"grows", "goes", "z"}
            last = archive.extractfile("z")
            assert last is not None
            assert last.read() == b"whole"
