"""What a container image is built from: what changes its digest, what does not, what the engine is sent."""

import hashlib
import io
import json
import os
import socket
import tarfile
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.spcs_milvus.images.users import as_nobody

from spcs_milvus.container_image import ContainerImage
from spcs_milvus.errors import ConfigError, DeployError
from spcs_milvus.images import container_image
from spcs_milvus.images.context import VERSION, archive, context

MEGABYTE = 1024 * 1024

Node = tuple[str, str, bool]
"""Kind, content or target, executable."""
Tree = dict[str, Node]

_names = st.sampled_from(("a", "b", "Makefile", "ö", "x y", ".hidden"))
_paths = st.lists(_names, min_size=1, max_size=3).map("/".join)
_nodes = st.one_of(
    st.tuples(st.just("file"), st.text("ab\n", max_size=5), st.booleans()),
    st.tuples(st.just("link"), st.sampled_from(("a", "b", "./c")), st.just(False)),
    st.tuples(st.just("folder"), st.just(""), st.just(True)),
)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Files, links and folders; nothing lies below what is no folder."""
    drawn = draw(st.dictionaries(_paths, _nodes, max_size=6))
    tree: Tree = {}
    for path, node in drawn.items():
        parents = [str(parent) for parent in Path(path).parents][:-1]
        for parent in parents:
            tree[parent] = ("folder", "", True)
        tree[path] = node
    kinds = {str(parent) for path in tree for parent in Path(path).parents}
    return {path: ("folder", "", True) if path in kinds else node for path, node in tree.items()}


@contextmanager
def written(tree: Tree, dockerfile: str = "FROM scratch\n") -> Iterator[Path]:
    """The tree as a folder with a Dockerfile."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "Dockerfile").write_text(dockerfile, encoding="utf-8")
        for path, (kind, content, executable) in sorted(tree.items()):
            place = folder / path
            if kind == "folder":
                place.mkdir(exist_ok=True)
            elif kind == "link":
                place.symlink_to(content)
            else:
                place.write_text(content, encoding="utf-8")
                place.chmod(0o755 if executable else 0o644)
        yield folder


def digest(tree: Tree, arguments: dict[str, str] | None = None) -> str:
    with written(tree) as folder:
        return container_image(folder, arguments=arguments or {}).digest


def unpacked(image: ContainerImage) -> dict[str, tarfile.TarInfo]:
    """What the engine is sent, by name."""
    with tar(image) as opened:
        return {entry.name: entry for entry in opened}


def tar(image: ContainerImage) -> tarfile.TarFile:
    found = context(image.folder, image.dockerfile)
    return tarfile.open(fileobj=io.BytesIO(b"".join(archive(image, found))), errors="surrogateescape")


@given(trees(), trees())
def test_the_digest_is_the_same_for_the_same_tree_and_for_no_other(one: Tree, other: Tree) -> None:
    assert (digest(one) == digest(other)) == (plain(one) == plain(other))


def plain(tree: Tree) -> Tree:
    """A link to ./c and one to c are the same link."""
    return {path: (kind, content.removeprefix("./"), mode) for path, (kind, content, mode) in tree.items()}


@given(trees(), st.integers(0, 2**31), st.sampled_from((0o600, 0o640, 0o664)))
def test_times_and_who_may_read_do_not_matter(tree: Tree, time: int, mode: int) -> None:
    with written(tree) as folder:
        before = container_image(folder).digest
        for path, (kind, _, executable) in tree.items():
            os.utime(folder / path, (time, time), follow_symlinks=False)
            if kind == "file":
                (folder / path).chmod(mode | 0o111 if executable else mode)
        assert container_image(folder).digest == before


@given(trees(), _paths)
def test_what_is_ignored_does_not_matter(tree: Tree, path: str) -> None:
    ignoring: Tree = {**tree, ".dockerignore": ("file", "secret\n", False)}
    assert digest({**ignoring, "secret": ("folder", "", True), "secret/s": ("file", path, False)}) == digest(
        ignoring
    )


@given(trees(), st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2))
def test_the_arguments_matter(tree: Tree, arguments: dict[str, str]) -> None:
    assume(arguments)
    assert digest(tree, arguments) != digest(tree)
    assert digest(tree, dict(reversed(arguments.items()))) == digest(tree, arguments)


@given(trees())
def test_the_image_tells_how_many_files_the_engine_is_sent_and_how_much_is_in_them(tree: Tree) -> None:
    with written(tree) as folder:
        image = container_image(folder)
        files = [entry for entry in unpacked(image).values() if entry.isreg()]
        assert (image.files, image.size_bytes) == (len(files), sum(entry.size for entry in files))


@given(trees())
def test_the_engine_is_sent_what_the_digest_covers(tree: Tree) -> None:
    with written(tree) as folder:
        sent = unpacked(container_image(folder))
        kinds = {"file": tarfile.REGTYPE, "link": tarfile.SYMTYPE, "folder": tarfile.DIRTYPE}
        assert sent.keys() == tree.keys() | {"Dockerfile"}
        for path, (kind, content, executable) in plain(tree).items():
            entry = sent[path]
            assert (entry.type, entry.uid, entry.gid) == (kinds[kind], 0, 0)
            assert entry.mode == (0o755 if executable else 0o644)
            assert entry.linkname == (content if kind == "link" else "")
            assert kind != "file" or entry.size == len(content.encode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    (tmp_path / "model.bin").write_text("weights", encoding="utf-8")
    return tmp_path


def test_the_tag_begins_the_digest(folder: Path) -> None:
    image = container_image(folder)
    assert image.digest.startswith("sha256:" + image.tag.removeprefix("ctx-"))
    assert len(image.tag) == len("ctx-") + 12


def test_the_dockerfile_and_its_name_matter(folder: Path) -> None:
    (folder / "Other").write_text("FROM scratch\n", encoding="utf-8")
    first = container_image(folder)
    assert container_image(folder, "Other").digest != first.digest
    (folder / "Dockerfile").write_text("FROM scratch\nENV A=1\n", encoding="utf-8")
    assert container_image(folder).digest != first.digest


def test_a_digest_is_over_the_version_of_its_schema_and_all_that_is_sent(folder: Path) -> None:
    """So another version gives other digests, and the same one the same on every machine."""
    content = {name: hashlib.sha256((folder / name).read_bytes()) for name in ("Dockerfile", "model.bin")}
    lines = [
        [VERSION, "linux/amd64", "Dockerfile", [["A", "1"]]],
        *(["file", name, False, "", found.hexdigest()] for name, found in content.items()),
    ]
    hashed = "".join(f"{json.dumps(line)}\n" for line in lines)
    image = container_image(folder, arguments={"A": "1"})
    assert image.digest == f"sha256:{hashlib.sha256(hashed.encode()).hexdigest()}"


def test_an_ignored_dockerfile_is_sent_all_the_same(folder: Path) -> None:
    (folder / ".dockerignore").write_text("\ufeff# all but\n*\n\n!model.*\n", encoding="utf-8")
    assert unpacked(container_image(folder)).keys() == {".dockerignore", "Dockerfile", "model.bin"}


def test_passwords_are_never_sent(folder: Path) -> None:
    before = container_image(folder)
    for parent in (folder, folder / "inner"):
        (parent / ".spcs-milvus").mkdir(parents=True)
        (parent / ".spcs-milvus" / "ALICE@prod.password").write_text("canary", encoding="utf-8")
    sent = unpacked(container_image(folder))
    assert not [path for path in sent if ".spcs-milvus" in path]
    (folder / ".dockerignore").write_text("!.spcs-milvus\n!**/*.password\n", encoding="utf-8")
    assert not [path for path in unpacked(container_image(folder)) if ".spcs-milvus" in path]
    (folder / ".dockerignore").unlink()
    (folder / "inner" / ".spcs-milvus" / "ALICE@prod.password").unlink()
    (folder / "inner" / ".spcs-milvus").rmdir()
    (folder / "inner").rmdir()
    assert container_image(folder).digest == before.digest


def test_a_dockerfile_from_elsewhere_is_sent_and_hidden_from_copy(folder: Path) -> None:
    inner = folder / "inner"
    inner.mkdir()
    (inner / ".dockerignore").write_text("*.log", encoding="utf-8")
    (inner / "kept").touch()
    image = container_image(inner, "../Dockerfile")
    name = context(inner, "../Dockerfile").dockerfile
    with tar(image) as sent:
        assert set(sent.getnames()) == {".dockerignore", "kept", name}
        ignored = sent.extractfile(".dockerignore")
        assert ignored and ignored.read() == f"*.log\n{name}\n".encode()
    assert container_image(inner, str(folder / "Dockerfile")).digest == image.digest
    (folder / "Dockerfile").write_text("FROM scratch\nENV A=1\n", encoding="utf-8")
    assert container_image(inner, "../Dockerfile").digest != image.digest


def test_a_name_that_is_no_text_is_kept(folder: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    (folder / name).touch()
    image = container_image(folder)
    assert name in unpacked(image)
    (folder / name).rename(folder / os.fsdecode(b"caf\xe8"))
    assert container_image(folder).digest != image.digest


def test_a_long_name_is_kept(folder: Path) -> None:
    deep = "/".join(["d" * 90] * 4)
    (folder / deep).mkdir(parents=True)
    assert deep in unpacked(container_image(folder))


def test_a_pattern_that_is_none(folder: Path) -> None:
    (folder / ".dockerignore").write_text("*.pyc\n[z-a]\n", encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        container_image(folder)
    found = raised.value.problem
    assert found.summary == "a pattern of .dockerignore cannot be read"
    assert "bad character range z-a" in (found.detail or "")
    assert found.place == str(folder / ".dockerignore")


def test_a_socket_is_left_out_as_docker_does(folder: Path) -> None:
    before = container_image(folder).digest
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "s"))
        assert container_image(folder).digest == before


def test_what_changed_since_is_not_sent_as_what_it_was(folder: Path) -> None:
    image = container_image(folder)
    (folder / "model.bin").write_text("other weights", encoding="utf-8")
    with pytest.raises(DeployError, match="changed while it was read") as raised:
        unpacked(image)
    assert raised.value.problem.hint == "run the command again"
    assert unpacked(container_image(folder))["model.bin"].size == len("other weights")


def test_a_file_that_shrinks_meanwhile_is_not_filled_up(folder: Path) -> None:
    found = context(folder, "Dockerfile")
    image = container_image(folder)
    (folder / "model.bin").write_text("w", encoding="utf-8")
    with pytest.raises(DeployError, match="became shorter"):
        list(archive(image, found))


def test_a_large_file_is_read_in_blocks(folder: Path) -> None:
    with (folder / "model.bin").open("wb") as file:
        file.truncate(64 * MEGABYTE)
    tracemalloc.start()
    image = container_image(folder)
    for _ in archive(image, context(folder, "Dockerfile")):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * MEGABYTE


def problem(folder: Path, dockerfile: str = "Dockerfile") -> tuple[str, str, str]:
    """Summary, place and hint of the error."""
    with pytest.raises(ConfigError) as raised:
        container_image(folder, dockerfile)
    found = raised.value.problem
    assert found.hint and found.place
    return found.summary, found.place, found.hint


def test_a_folder_that_is_not_there(folder: Path) -> None:
    summary, place, hint = problem(folder / "none")
    assert summary == "there is no such build context"
    assert place == str(folder / "none")
    assert "beside the project file" in hint


def test_no_dockerfile(folder: Path) -> None:
    summary, place, hint = problem(folder, "Dockerfile.gpu")
    assert summary == "the build context has no Dockerfile"
    assert place == str(folder)
    assert "dockerfile:" in hint


@pytest.mark.parametrize("target", ["../../outside", "/etc/passwd", "./../sub/../../o", "{folder}/model.bin"])
def test_a_link_that_leaves_the_context(folder: Path, target: str) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "link").symlink_to(target.format(folder=folder))
    summary, place, hint = problem(folder)
    assert summary.startswith("a link leaves the build context")
    assert place == str(folder / "sub" / "link")
    assert "`sub/link` to .dockerignore" in hint
    (folder / ".dockerignore").write_text("sub/link\n", encoding="utf-8")
    assert "sub/link" not in unpacked(container_image(folder))


@pytest.mark.parametrize("target", ["model.bin", "missing", "sub/../model.bin", "."])
def test_a_link_within_the_context_is_sent_as_a_link(folder: Path, target: str) -> None:
    (folder / "link").symlink_to(target)
    assert unpacked(container_image(folder))["link"].linkname == target


def test_links_in_a_circle_are_sent_as_they_are(folder: Path) -> None:
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    assert {"a", "b"} <= unpacked(container_image(folder)).keys()


def test_a_pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    summary, place, hint = problem(folder)
    assert summary == "the build context holds a pipe or a device, which no image can have"
    assert place == str(folder / "pipe")
    assert "`pipe` to .dockerignore" in hint


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A context that everybody may read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
        yield folder


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir], ids=["file", "folder"])
def test_what_cannot_be_read(open_folder: Path, make: Callable[[Path], None]) -> None:
    locked = open_folder / "locked"
    make(locked)
    locked.chmod(0)
    with as_nobody():
        summary, place, hint = problem(open_folder)
    locked.chmod(0o700)
    assert summary == "a part of the build context cannot be read"
    assert place == str(locked)
    assert hint == f"chmod -R u+rX {locked}, or name it in .dockerignore"


def test_a_folder_that_cannot_be_entered(open_folder: Path) -> None:
    inner = open_folder / "closed" / "inner"
    inner.mkdir(parents=True)
    inner.parent.chmod(0)
    with as_nobody():
        summary, place, _ = problem(inner)
    inner.parent.chmod(0o700)
    assert summary == "a part of the build context cannot be read"
    assert place == str(inner)
