"""Uploads that are not whole yet: files that grow, hashed while they do.

In: streams of bytes. Out: sizes, and in the end a file and its digest. Writes one file an upload below one
folder. What has arrived outlives a killed server: the upload goes on where its file ends, which is hashed
anew. One that nobody has touched for a day is removed.
"""

import contextlib
import hashlib
import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from spcs_emulator.wire.messages import Readable

CHUNK_BYTES = 1024 * 1024
KEPT_SECONDS = 24 * 3600
_UPLOAD = re.compile(r"[0-9a-f]{32}")


class OutOfOrderError(ValueError):
    """A chunk does not begin where the upload ends. `size` is how many bytes of it are there."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the upload has {size} bytes")
        self.size = size


class _Arrival:
    """One upload; used by one thread at a time, which holds `lock`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.Lock()
        self.size = 0
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"

    def catch_up(self) -> None:
        """Hashes what an earlier server has left in the file."""
        with self.path.open("rb") as file:
            file.seek(self.size)
            while chunk := file.read(CHUNK_BYTES):
                self._note(chunk)

    def add(self, content: Readable) -> None:
        size, hashed = self.size, self._hash.copy()
        try:
            with self.path.open("ab") as file:
                while chunk := content.read(CHUNK_BYTES):
                    file.write(chunk)
                    self._note(chunk)
        except OSError:
            self.size, self._hash = size, hashed
            os.truncate(self.path, size)
            raise

    def _note(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        self.size += len(chunk)


class Arrivals:
    """See the module. Safe to use from several threads. An upload belongs to a repository, by its key."""

    def __init__(self, folder: Path) -> None:
        """Opens or makes the folder, with the uploads that an earlier server has left."""
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._known: dict[Path, _Arrival] = {}

    def begin(self, repository_key: str) -> str:
        """Begins an upload to the repository and returns its id."""
        self._remove_old()
        upload = secrets.token_hex(16)
        self._path(repository_key, upload).touch(mode=0o600)
        return upload

    def size(self, repository_key: str, upload: str) -> int:
        """How many bytes of the upload have arrived. KeyError when the repository has no such upload."""
        try:
            return self._path(repository_key, upload).stat().st_size
        except FileNotFoundError as error:
            raise KeyError(upload) from error

    def append(self, repository_key: str, upload: str, content: Readable, start: int | None = None) -> int:
        """Adds the content to the upload and returns its size now.

        What arrived stays when the client breaks off (EOFError); when the disk fails (OSError) the upload is
        as it was before. OutOfOrderError when `start` is given and is not where the upload ends; KeyError
        when there is no such upload.
        """
        with self._held(repository_key, upload) as arrival:
            if start not in (None, arrival.size):
                raise OutOfOrderError(arrival.size)
            arrival.add(content)
            return arrival.size

    @contextmanager
    def whole(self, repository_key: str, upload: str) -> Iterator[tuple[Path, str]]:
        """The upload's file, to be moved away or removed, and the digest of what is in it. KeyError when
        there is no such upload.
        """
        with self._held(repository_key, upload) as arrival:
            try:
                yield arrival.path, arrival.digest
            finally:
                if not arrival.path.exists():
                    self._forget(arrival.path)

    def cancel(self, repository_key: str, upload: str) -> None:
        """Removes an unfinished upload; nothing when there is none."""
        self._remove(self._path(repository_key, upload))

    def forget(self, goes: Callable[[str], bool]) -> None:
        """Removes every upload to a repository whose key goes."""
        for path in self._folder.iterdir():
            if goes(path.name.partition(".")[0]):
                self._remove(path)

    def _remove_old(self) -> None:
        oldest = time.time() - KEPT_SECONDS
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < oldest:
                    self._remove(path)

    def _remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._forget(path)

    def _forget(self, path: Path) -> None:
        with self._lock:
            self._known.pop(path, None)

    def _path(self, repository_key: str, upload: str) -> Path:
        if not _UPLOAD.fullmatch(upload):
            raise KeyError(upload)
        return self._folder / f"{repository_key}.{upload}"

    @contextmanager
    def _held(self, repository_key: str, upload: str) -> Iterator[_Arrival]:
        path = self._path(repository_key, upload)
        with self._lock:
            arrival = self._known.setdefault(path, _Arrival(path))
        with arrival.lock:
            if not path.is_file():
                self._forget(path)
                raise KeyError(upload)
            arrival.catch_up()
            yield arrival
