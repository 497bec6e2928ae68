"""Volumes: what lasts, what does not, what is seen of the account's folders, and archives of them."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.docker.runtime.conftest import WAIT, Registry, printed, status

from spcs_emulator.runtime.api import Image, Mount, VolumeError
from spcs_emulator.runtime.docker.engine import Engine
from spcs_emulator.runtime.docker.runtime import DockerRuntime

Make = Callable[..., Any]
BLOCK = Mount("/block", "block", "7/data", size_bytes=2**30)
LOCAL = Mount("/local", "local", "7/scratch")
MEMORY = Mount("/memory", "memory", "7/fast", size_bytes=2**20)
# Says what the volumes hold, and adds a line to each.
LOOK = """
for volume in block local memory; do
  cat /$volume/lines 2> /dev/null | sed "s/^/$volume /"
  echo x >> /$volume/lines
done
test -e /scratch && echo old disk; touch /scratch; echo looked
"""


@pytest.fixture
def run(runtime: DockerRuntime, instance: Make, until: Make) -> Callable[..., list[str]]:
    """run(script, *mounts, key="a1") -> what a job with these mounts prints; it ended well, and is gone."""

    def do(script: str, *mounts: Mount, key: str = "a1") -> list[str]:
        runtime.start(instance(script, mounts=mounts, key=key, once=True))
        until(lambda: status(runtime, key) in ("DONE", "FAILED"))
        lines = printed(runtime, key=key)
        assert status(runtime, key) == "DONE", (lines, runtime.states(key))
        runtime.stop(key)
        return lines

    return do


@pytest.fixture(scope="session")
def other_user(registry: Registry) -> Image:
    """An image that does not run as root."""
    return registry.push("other-user", "USER 1000:100")


def test_block_volumes_last_and_the_others_end_with_the_instance(
    runtime: DockerRuntime, make_runtime: Make, instance: Make, until: Make
) -> None:
    request = instance(LOOK + WAIT, mounts=(BLOCK, LOCAL, MEMORY))
    runtime.start(request)
    until(lambda: printed(runtime)[-1:] == ["looked"])
    assert printed(runtime) == ["looked"]
    assert runtime.volumes() == {"7/data", "7/scratch", "7/fast"}
    runtime.stop("a1")
    assert runtime.volumes() == {"7/data"}
    runtime.start(request)
    until(lambda: printed(runtime)[-1:] == ["looked"])
    assert printed(runtime) == ["block x", "looked"]
    runtime.close()
    second = make_runtime()
    assert second.volumes() == {"7/data"}
    second.start(request)
    until(lambda: printed(second)[-1:] == ["looked"])
    assert printed(second) == ["block x", "block x", "looked"]
    second.stop("a1")
    second.discard(["7/data", "7/unknown"])
    assert second.volumes() == frozenset()


def test_all_volumes_outlive_a_container_and_the_disk_does_not(
    runtime: DockerRuntime, own: Engine, instance: Make, until: Make
) -> None:
    runtime.start(instance(LOOK + "exit 3", mounts=(BLOCK, LOCAL, MEMORY)))
    until(lambda: runtime.states("a1")[0].restart_count == 1)
    until(lambda: printed(runtime)[-1:] == ["looked"])
    assert printed(runtime) == ["block x", "local x", "memory x", "looked"]


def test_containers_of_an_instance_share_its_volumes(
    runtime: DockerRuntime, instance: Make, container: Make, until: Make
) -> None:
    writes = container(
        "echo shared > /m/file; " + WAIT, name="writes", mounts=(Mount("/m", "memory", "7/m"),)
    )
    reads = container(
        "until cat /elsewhere/file; do sleep 0.1; done 2> /dev/null; echo x 2>&1 > /elsewhere/new; " + WAIT,
        name="reads",
        mounts=(Mount("/elsewhere", "memory", "7/m", read_only=True),),
    )
    runtime.start(instance(writes, reads))
    until(lambda: len(printed(runtime, "reads")) >= 2)
    assert printed(runtime, "reads")[0] == "shared"
    assert "Read-only" in printed(runtime, "reads")[1]


def test_memory_is_bound_by_its_size(run: Make) -> None:
    lines = run("dd if=/dev/zero of=/memory/big bs=1M count=3 2>&1; stat -f -c %T /memory", MEMORY)
    assert "No space left" in lines[0]
    assert lines[-1] == "tmpfs"


def test_a_fresh_volume_is_empty_and_root_s_unless_the_specification_names_another(
    registry: Registry, runtime: DockerRuntime, instance: Make, container: Make, until: Make
) -> None:
    image = registry.push("files", "RUN mkdir -p /block && echo x > /block/from-image && chown 5:5 /block")
    named = [
        Mount("/b", "block", "7/b", size_bytes=2**30, uid=1000, gid=100),
        Mount("/l", "local", "7/l", uid=1000, gid=100),
        Mount("/m", "memory", "7/m", uid=1000, gid=100),
    ]
    script = "ls /block; stat -c '%u %g %a' /block /b /l /m"
    runtime.start(instance(container(script, image=image, mounts=(BLOCK, *named)), once=True))
    until(lambda: status(runtime) == "DONE")
    assert printed(runtime) == ["0 0 755", *["1000 100 755"] * 3]


def test_a_stage_is_seen_as_it_is_and_written_to_where_allowed(run: Make, tmp_path: Path) -> None:
    stage = tmp_path / "stage"
    (stage / "deep").mkdir(parents=True)
    (stage / "deep" / "file").write_text("from the stage\n")
    mounts = (Mount("/rw", "stage", folder=stage), Mount("/ro", "stage", folder=stage, read_only=True))
    lines = run("cat /ro/deep/file; echo written > /rw/new; echo x 2>&1 > /ro/more; cat /ro/new", *mounts)
    assert lines[0] == "from the stage"
    assert "Read-only" in lines[1]
    assert lines[2] == "written"
    assert sorted(path.name for path in stage.iterdir()) == ["deep", "new"]
    assert (stage / "new").read_text() == "written\n"


def test_files_with_secrets_change_while_it_runs(
    runtime: DockerRuntime, instance: Make, until: Make, tmp_path: Path
) -> None:
    folder = tmp_path / "secret"
    folder.mkdir()
    (folder / "password").write_text("old\n")
    script = "cat /secrets/password; while grep -q old /secrets/password; do sleep 0.1; done; "
    mount = Mount("/secrets", "secret", folder=folder, secrets={"password": "old"})
    runtime.start(instance(script + "cat /secrets/password", mounts=(mount,), once=True))
    until(lambda: printed(runtime) == ["old"])
    (folder / "password.new").write_text("new\n")
    (folder / "password.new").replace(folder / "password")
    until(lambda: status(runtime) == "DONE")
    assert printed(runtime) == ["old", "new"]


@pytest.mark.parametrize(
    ("more", "words"), [({"uid": 1000}, "ok"), ({"gid": 100}, "ok"), ({}, "denied"), ({"uid": 0}, "denied")]
)
def test_whoever_an_image_runs_as_reads_and_writes_where_the_specification_names_an_owner(
    runtime: DockerRuntime,
    other_user: Image,
    instance: Make,
    container: Make,
    until: Make,
    tmp_path: Path,
    more: Any,
    words: str,
) -> None:
    (tmp_path / "stage" / "deep").mkdir(parents=True)
    (tmp_path / "stage" / "deep" / "file").write_text("from the stage\n")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "password").write_text("secret\n")
    for path in [tmp_path, *tmp_path.rglob("*")]:
        path.chmod(0o700 if path.is_dir() else 0o600)
    script = "cat /stage/deep/file /secret/password; (echo ok > /stage/deep/new && cat /stage/deep/new) 2>&1"
    mounts = (
        Mount("/stage", "stage", folder=tmp_path / "stage", **more),
        Mount("/secret", "secret", folder=tmp_path / "secret", secrets={"password": "secret"}),
    )
    runtime.start(instance(container(script, image=other_user, mounts=mounts), once=True))
    until(lambda: status(runtime) in ("DONE", "FAILED"))
    lines = printed(runtime)
    assert lines[:2] == ["from the stage", "secret"]
    assert words in lines[2]


# A pipe too, which no folder of a machine without Linux could take.
FILL = """
cd /block && mkdir deep && echo one > deep/file && ln -s deep/file link && ln deep/file hard
chmod 750 deep && busybox chown 1000:100 deep/file && busybox mkfifo pipe
dd if=/dev/urandom of=big bs=1M count=5 2>/dev/null && echo ok
"""
TELL = "ls -lnR /block | grep -v pipe; cat /block/link; busybox md5sum /block/big"


def names_in(archive: Path) -> set[str]:
    with tarfile.open(archive) as found:
        return {name.removeprefix("./") for name in found.getnames()}


def test_a_volume_saved_and_restored_is_the_same(runtime: DockerRuntime, run: Make, tmp_path: Path) -> None:
    assert run(FILL, Mount("/block", "block", "7/data", uid=7, gid=8)) == ["ok"]
    told = run(TELL, BLOCK)
    assert len(told) > 8
    archive = tmp_path / "snapshots" / "1.tar"
    runtime.save("7/data", archive)
    assert names_in(archive) == {".", "big", "link", "hard", "deep", "deep/file"}
    runtime.restore(archive, "7/data.0.1")
    assert runtime.volumes() == {"7/data", "7/data.0.1"}
    assert run(TELL, Mount("/block", "block", "7/data.0.1")) == told
    assert [path.name for path in archive.parent.iterdir()] == ["1.tar"]


def test_a_volume_can_be_saved_while_it_is_written_to(
    runtime: DockerRuntime, instance: Make, until: Make, tmp_path: Path
) -> None:
    script = "while :; do echo x >> /block/file; sleep 0.01; done & " + WAIT
    runtime.start(instance(script, mounts=(BLOCK,)))
    until(lambda: status(runtime) == "READY")
    runtime.save("7/data", tmp_path / "1.tar")
    assert "file" in names_in(tmp_path / "1.tar")


def test_an_unknown_volume_is_an_empty_one(runtime: DockerRuntime, run: Make, tmp_path: Path) -> None:
    runtime.save("7/nothing", tmp_path / "1.tar")
    assert names_in(tmp_path / "1.tar") == set()
    assert runtime.volumes() == frozenset()
    runtime.restore(tmp_path / "1.tar", "7/new")
    assert run("ls /v; stat -c %u /v", Mount("/v", "block", "7/new")) == ["0"]


def test_an_archive_of_folders_of_this_machine_can_be_restored(
    runtime: DockerRuntime, run: Make, tmp_path: Path
) -> None:
    with tarfile.open(tmp_path / "1.tar", "w") as archive:
        member = tarfile.TarInfo("deep/file")
        member.size, member.uid = 2, 1000
        archive.addfile(member, io.BytesIO(b"x\n"))
    runtime.restore(tmp_path / "1.tar", "7/new")
    assert run("cat /v/deep/file; stat -c %u /v/deep/file", Mount("/v", "block", "7/new")) == ["x", "1000"]


@pytest.mark.parametrize("content", [None, b"no archive" * 1000])
def test_what_cannot_be_restored_leaves_no_volume(
    runtime: DockerRuntime, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "1.tar").write_bytes(content)
    with pytest.raises(VolumeError):
        runtime.restore(tmp_path / "1.tar", "7/new")
    assert runtime.volumes() == frozenset()


def test_an_archive_that_breaks_off_leaves_no_volume(
    runtime: DockerRuntime, run: Make, tmp_path: Path
) -> None:
    run("dd if=/dev/urandom of=/block/big bs=1M count=1 2>/dev/null", BLOCK)
    runtime.save("7/data", tmp_path / "1.tar")
    whole = (tmp_path / "1.tar").read_bytes()
    (tmp_path / "1.tar").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(VolumeError):
        runtime.restore(tmp_path / "1.tar", "7/new")
    assert runtime.volumes() == {"7/data"}


def test_what_cannot_be_saved_leaves_no_file(runtime: DockerRuntime, run: Make, tmp_path: Path) -> None:
    run("true", BLOCK)
    (tmp_path / "file").write_text("x")
    with pytest.raises(VolumeError):
        runtime.save("7/data", tmp_path / "file" / "1.tar")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_volume_that_is_mounted_stays(runtime: DockerRuntime, instance: Make, until: Make) -> None:
    runtime.start(instance(WAIT, mounts=(BLOCK,)))
    until(lambda: status(runtime) == "READY")
    runtime.discard(["7/data"])
    assert runtime.volumes() == {"7/data"}
