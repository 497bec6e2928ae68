"""A folder with a Dockerfile → a `ContainerImage`, and the same folder as the tar that the engine builds
from.

What goes in is what ``docker build`` takes: everything that ``.dockerignore`` does not name, and the
Dockerfile in any case; but never the folder with a project's passwords. The digest and the tar come from
one list of entries, so the one speaks of nothing but the other. Files are read in blocks, whatever their
size. Reads the folder; writes nothing.

Not in the digest: what a moving tag in ``FROM`` stands for today.
"""

import hashlib
import json
import os
import posixpath
import re
import shlex
import stat
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from docker.utils.build import exclude_paths

from spcs_milvus.container_image import PLATFORM, ContainerImage
from spcs_milvus.errors import ConfigError, DeployError
from spcs_milvus.secrets import PASSWORDS

BLOCK_BYTES = 1024 * 1024
# a part of every digest: it changes when the same folder would give another image than before
VERSION = 1
IGNORE = ".dockerignore"


@dataclass(frozen=True)
class Entry:
    """One thing in the context. ``path`` is its name there; ``target`` is where a link points; ``data``
    stands for the content of a file that is made up here, else the content is read from ``source``.
    """

    path: str
    kind: str
    executable: bool = False
    target: str = ""
    source: Path | None = None
    data: bytes = b""
    size: int = 0
    modified: int = 0


@dataclass(frozen=True)
class Context:
    """What the engine is sent: ``dockerfile`` is the Dockerfile's name in it."""

    dockerfile: str
    entries: tuple[Entry, ...]


def container_image(
    folder: Path, dockerfile: str = "Dockerfile", arguments: Mapping[str, str] = MappingProxyType({})
) -> ContainerImage:
    """What would be built from the folder as it is now. Reads every file that goes in.

    Raises ConfigError when there is no folder or no Dockerfile, and for what cannot be sent: a link that
    leaves the folder, a pipe or device, a file that cannot be read.
    """
    found = context(folder, dockerfile)
    digest = _digest_of(found, arguments)
    for entry in found.entries:
        content = hashlib.sha256()
        for block in _content(entry):
            content.update(block)
        _add(digest, entry, content.hexdigest())
    files = [entry.size for entry in found.entries if entry.kind == "file"]
    return ContainerImage(
        folder,
        dockerfile,
        arguments,
        f"sha256:{digest.hexdigest()}",
        files=len(files),
        size_bytes=sum(files),
    )


def archive(image: ContainerImage, found: Context) -> Iterator[bytes]:
    """The context as a tar, block by block: owned by root, 0755 or 0644, so that the image depends on
    nothing that the digest does not cover. Raises DeployError at its end when it was not what the digest
    stands for.
    """
    digest = _digest_of(found, image.arguments)
    for entry in found.entries:
        content = hashlib.sha256()
        yield _header(entry)
        for block in _content(entry):
            content.update(block)
            yield block
        yield bytes(-entry.size % tarfile.BLOCKSIZE)
        _add(digest, entry, content.hexdigest())
    yield bytes(2 * tarfile.BLOCKSIZE)
    if image.digest != f"sha256:{digest.hexdigest()}":
        raise DeployError(
            "the build context changed while it was read",
            place=str(image.folder),
            hint="run the command again",
        )


def context(folder: Path, dockerfile: str) -> Context:
    """What goes in, by name. Raises ConfigError as `container_image` does."""
    try:
        return _context(folder, dockerfile)
    except OSError as error:
        raise _unreadable(error, folder) from error


def _context(folder: Path, dockerfile: str) -> Context:
    if not folder.is_dir():
        raise ConfigError(
            "there is no such build context",
            place=str(folder),
            hint="name the folder with the Dockerfile under `image:`, beside the project file",
        )
    if not (folder / dockerfile).is_file():
        raise ConfigError(
            "the build context has no Dockerfile",
            detail=dockerfile,
            place=str(folder),
            hint="add one, or name another: `image: {context: …, dockerfile: …}`",
        )
    name = posixpath.normpath(dockerfile)
    if name.startswith(("../", "/")):
        return _with_outer_dockerfile(folder, folder / dockerfile)
    return Context(name, _entries(folder, name))


def _with_outer_dockerfile(folder: Path, dockerfile: Path) -> Context:
    """A Dockerfile from elsewhere goes in under a name of its own, which .dockerignore then lists: the
    engine takes both out again before the first COPY (observed: the docker CLI does the same).
    """
    text = dockerfile.read_bytes()
    name = f".dockerfile.{hashlib.sha256(text).hexdigest()[:12]}"
    ignored = (folder / IGNORE).read_bytes() if (folder / IGNORE).exists() else b""
    own = (_made(name, text), _made(IGNORE, ignored.rstrip(b"\n") + f"\n{name}\n".encode()))
    others = (entry for entry in _entries(folder, name) if entry.path not in (name, IGNORE))
    return Context(name, tuple(sorted((*others, *own), key=lambda entry: entry.path)))


def _made(path: str, data: bytes) -> Entry:
    return Entry(path, "file", data=data, size=len(data))


def _entries(folder: Path, dockerfile: str) -> tuple[Entry, ...]:
    try:
        paths = sorted(exclude_paths(str(folder), _ignored(folder / IGNORE), dockerfile=dockerfile))
    except re.error as error:
        raise ConfigError(
            f"a pattern of {IGNORE} cannot be read",
            detail=f"{error.pattern!r}: {error.msg}",
            place=str(folder / IGNORE),
            hint="write the characters of a range in their order, for instance [a-z]",
        ) from error
    # whatever .dockerignore says
    entries = [_entry(folder, path) for path in paths if PASSWORDS not in Path(path).parts]
    return tuple(entry for entry in entries if entry is not None)


def _ignored(file: Path) -> list[str]:
    """The patterns of .dockerignore (documented: docker build, ".dockerignore files")."""
    if not file.is_file():
        return []
    lines = file.read_text(encoding="utf-8-sig", errors="surrogateescape").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _entry(folder: Path, path: str) -> Entry | None:
    """What stands at a path; None for a socket, which docker leaves out as well."""
    source = folder / path
    status = source.lstat()
    modified = max(0, int(status.st_mtime))
    mode = status.st_mode
    if stat.S_ISLNK(mode):
        return Entry(path, "link", target=_target(folder, source), modified=modified)
    if stat.S_ISDIR(mode):
        return Entry(path, "folder", executable=True, modified=modified)
    if stat.S_ISREG(mode):
        executable = bool(mode & stat.S_IXUSR)
        return Entry(path, "file", executable, source=source, size=status.st_size, modified=modified)
    if stat.S_ISSOCK(mode):
        return None
    raise ConfigError(
        "the build context holds a pipe or a device, which no image can have",
        place=str(source),
        hint=f"remove it, or add a line `{path}` to {IGNORE}",
    )


def _target(folder: Path, link: Path) -> str:
    target = str(link.readlink())
    # Path.resolve() raises for links in a circle
    reached = Path(os.path.realpath(link.parent / target))
    if posixpath.isabs(target) or not reached.is_relative_to(os.path.realpath(folder)):
        raise ConfigError(
            "a link leaves the build context, so what it points to would be missing in the image",
            detail=f"it points to {target}",
            place=str(link),
            hint=f"put the file itself there, add a line `{link.relative_to(folder)}` to {IGNORE}, or "
            "make the link in the Dockerfile: RUN ln -s",
        )
    return target


def _content(entry: Entry) -> Iterator[bytes]:
    """The bytes of a file in blocks, as many as it had when it was listed; nothing for what is no file."""
    if entry.source is None:
        yield entry.data
        return
    left = entry.size
    try:
        with entry.source.open("rb") as stream:
            while left and (block := stream.read(min(left, BLOCK_BYTES))):
                left -= len(block)
                yield block
    except OSError as error:
        raise _unreadable(error, entry.source) from error
    if left:
        raise DeployError(
            "a file became shorter while it was read", place=str(entry.source), hint="run the command again"
        )


def _header(entry: Entry) -> bytes:
    info = tarfile.TarInfo(entry.path)
    info.type = {"file": tarfile.REGTYPE, "folder": tarfile.DIRTYPE, "link": tarfile.SYMTYPE}[entry.kind]
    info.mode = 0o755 if entry.executable else 0o644
    info.linkname = entry.target
    info.size = entry.size
    info.mtime = entry.modified
    # names are bytes on this machine, and this format leaves them as they are
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def _digest_of(found: Context, arguments: Mapping[str, str]) -> "hashlib._Hash":
    digest = hashlib.sha256()
    _line(digest, [VERSION, PLATFORM, found.dockerfile, sorted(arguments.items())])
    return digest


def _add(digest: "hashlib._Hash", entry: Entry, content: str) -> None:
    _line(digest, [entry.kind, entry.path, entry.executable, entry.target, content])


def _line(digest: "hashlib._Hash", values: list[object]) -> None:
    # JSON keeps the values apart, whatever is in them
    digest.update(json.dumps(values).encode() + b"\n")


def _unreadable(error: OSError, otherwise: Path) -> ConfigError:
    place = error.filename if isinstance(error.filename, str) else str(otherwise)
    return ConfigError(
        "a part of the build context cannot be read",
        detail=error.strerror,
        place=place,
        hint=f"chmod -R u+rX {shlex.quote(place)}, or name it in {IGNORE}",
    )
