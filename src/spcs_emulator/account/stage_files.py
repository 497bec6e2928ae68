"""The files on internal stages: each stage is a folder, each file's name is a path in it.

In: names and bytes from the wire, places and patterns from statements. Out: files. Touches the stages'
folders, and nothing outside them: names that would lead out are refused, links are not followed.
"""

import errno
import hashlib
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import regex

from spcs_emulator.account.catalogue import Catalogue
from spcs_emulator.faults import INTERNAL, INVALID_VALUE

# Documented: PUT, no single file above 5 GB.
FILE_LIMIT = 5 * 2**30
NAME_LIMIT = 1024
MATCH_SECONDS = 1.0
_PART_LIMIT = 255
_PIECE = 2**20
# A name that no stage's key has; what a crash leaves in it goes at the next start.
_INCOMING = ".incoming"


class RefusedFileError(Exception):
    """A file that cannot be taken. `status` is the HTTP status that says so; no client tries those again."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True)
class StoredFile:
    """One file: its name relative to the stage, with slashes, and where it lies."""

    name: str
    path: Path

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self.path.stat().st_size

    @property
    def md5(self) -> str:
        """The hexadecimal digest, as LIST shows it."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()

    @property
    def last_modified(self) -> str:
        """When it was stored, as LIST writes it."""
        changed = datetime.fromtimestamp(self.path.stat().st_mtime, UTC)
        return format_datetime(changed, usegmt=True)


def plain_name(name: str) -> bool:
    """Whether the name stays inside its folder: no empty part, no dots that lead elsewhere, not too long."""
    parts = name.split("/")
    return (
        len(name) <= NAME_LIMIT
        and "\0" not in name
        and all(part not in ("", ".", "..") and len(part.encode()) <= _PART_LIMIT for part in parts)
    )


def stored_files(folder: Path, prefix: str = "", pattern: str | None = None) -> list[StoredFile]:
    """Return the files whose names begin with `prefix` and match `pattern` as a whole, by name.

    SqlError 001008 for a pattern that is no regular expression, or takes longer than a second over a name.
    Assumed: it is matched against the name relative to the stage, and written as Python's.
    """
    try:
        wanted = regex.compile(".*" if pattern is None else pattern, regex.DOTALL)
    except (regex.error, RecursionError, OverflowError) as error:
        raise INVALID_VALUE(name="PATTERN", value=pattern, why=f": {error}") from error
    found = [
        StoredFile(path.relative_to(folder).as_posix(), path)
        for root, _, names in os.walk(folder)
        for path in (Path(root, name) for name in names)
        if path.is_file() and not path.is_symlink()
    ]
    try:
        chosen = [
            file
            for file in found
            if file.name.startswith(prefix) and wanted.fullmatch(file.name, timeout=MATCH_SECONDS)
        ]
    except TimeoutError as error:
        raise INVALID_VALUE(name="PATTERN", value=pattern, why=": it takes too long to match") from error
    return sorted(chosen, key=lambda file: file.name)


def remove_files(files: list[StoredFile]) -> None:
    """Remove the files. SqlError 300002 when the disk does not let them go."""
    try:
        for file in files:
            file.path.unlink(missing_ok=True)
    except OSError as error:
        raise INTERNAL(cause=f"a file could not be removed: {error.strerror}") from error


class StageFiles:
    """Files as they come and go over HTTP. `folder` is where the stages' folders lie; `limit` is in bytes."""

    def __init__(self, catalogue: Catalogue, folder: Path, limit: int = FILE_LIMIT) -> None:
        self._catalogue = catalogue
        self._folder = folder
        self._limit = limit

    def find(self, stage: str, name: str) -> StoredFile | None:
        """Return the file on the stage with that key, None when it is not there."""
        path = self._folder / stage / name
        inside = plain_name(name) and path.resolve().is_relative_to((self._folder / stage).resolve())
        return StoredFile(name, path) if inside and path.is_file() else None

    def receive(self, stage: str, name: str, length: int | None, read: Callable[[int], bytes]) -> None:
        """Take a file of `length` bytes (None: to the end of what `read` gives), over one of that name.

        It is there as a whole or not at all. RefusedFileError for a bad name, too many bytes, too few, no
        room on the disk, or a stage that is gone.
        """
        if not plain_name(name):
            raise RefusedFileError(400, f"{name!r} is not the name of a file")
        if length is not None and length > self._limit:
            raise RefusedFileError(413, f"a file may have {self._limit} bytes")
        incoming = self._folder / _INCOMING / uuid.uuid4().hex
        try:
            self._write(incoming, length, read)
            self._settle(incoming, stage, name)
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            why = "no room is left on the disk" if full else f"the file cannot be stored: {error.strerror}"
            raise RefusedFileError(403, why) from error
        finally:
            incoming.unlink(missing_ok=True)

    def _write(self, path: Path, length: int | None, read: Callable[[int], bytes]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        size = 0
        with path.open("wb") as file:
            while piece := read(_PIECE):
                size += len(piece)
                if size > self._limit:
                    raise RefusedFileError(413, f"a file may have {self._limit} bytes")
                file.write(piece)
        if length not in (None, size):
            raise RefusedFileError(400, f"{size} bytes came where {length} were announced")

    def _settle(self, incoming: Path, stage: str, name: str) -> None:
        # In a transaction, so that DROP STAGE takes the file with it or comes first.
        with self._catalogue.transaction():
            if self._catalogue.get(stage) is None:
                raise RefusedFileError(404, "the stage is gone")
            folder = self._folder / stage
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.parent.resolve().is_relative_to(folder.resolve()):
                raise RefusedFileError(400, f"{name!r} leads out of the stage")
            # Whoever a container with the stage runs as reads it; others do not get past the data folder.
            incoming.chmod(0o644)
            for made in (place.parent, *place.parent.parents):
                if made.is_relative_to(folder):
                    made.chmod(made.stat().st_mode | 0o055)
            incoming.replace(place)
