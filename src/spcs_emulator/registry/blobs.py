"""Blobs on disk, by digest, and which repository holds which of them.

In: streams of bytes. Out: files and manifests. Writes below one folder: `blobs/sha256/`, `uploads/`, and
for every repository key an empty file a blob under `repositories/`. What was answered as stored survives
`kill -9` and a power cut: written to a temporary file, synced, renamed, its folder synced.
"""

import hashlib
import os
import re
import secrets
import shutil
import threading
from collections.abc import Set
from pathlib import Path

from spcs_emulator.wire.messages import Readable

CHUNK_BYTES = 1024 * 1024
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_UPLOAD = re.compile(r"[0-9a-f]{32}")


class DigestError(ValueError):
    """The bytes do not have the digest they were announced with, or it is no sha256 digest."""


class BlobStore:
    """See the module, and `registry.api.ImageStore`. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        """Opens or makes the folder; uploads that a killed server left unfinished are removed."""
        self._blobs = folder / "blobs" / "sha256"
        self._uploads = folder / "uploads"
        self._repositories = folder / "repositories"
        self._lock = threading.Lock()
        shutil.rmtree(self._uploads, ignore_errors=True)
        for made in (self._blobs, self._uploads, self._repositories):
            made.mkdir(parents=True, exist_ok=True)

    def manifest(self, digest: str) -> bytes:
        """The manifest's exact bytes. KeyError when there is none with this digest."""
        return self.blob(digest).read_bytes()

    def blob(self, digest: str) -> Path:
        """The file that holds the blob. KeyError when there is none with this digest."""
        found = _DIGEST.fullmatch(digest)
        path = self._path(found.group(1)) if found else None
        if path is None or not path.is_file():
            raise KeyError(digest)
        return path

    def holds(self, repository_key: str, digest: str) -> bool:
        """True when the blob is there and belongs to the repository."""
        found = _DIGEST.fullmatch(digest)
        return (
            found is not None
            and self._link(repository_key, digest).is_file()
            and self._path(found.group(1)).is_file()
        )

    def share(self, from_key: str, to_key: str, digest: str) -> bool:
        """Makes a blob of one repository one of another as well; False when the first does not hold it."""
        with self._lock:
            if not self.holds(from_key, digest):
                return False
            self._make_link(to_key, digest)
            return True

    def forget(self, repository_key: str) -> None:
        """Removes every image of a dropped repository, and the blobs nothing else needs."""
        with self._lock:
            shutil.rmtree(self._repositories / repository_key, ignore_errors=True)
            self._sweep()

    def keep_only(self, repository_keys: Set[str]) -> None:
        """Forgets every repository but these, and removes the blobs that none of them needs."""
        with self._lock:
            for folder in self._repositories.iterdir():
                if folder.name not in repository_keys:
                    shutil.rmtree(folder, ignore_errors=True)
            self._sweep()

    def _sweep(self) -> None:
        needed = {link.name for folder in self._repositories.iterdir() for link in folder.iterdir()}
        for blob in self._blobs.glob("*/*"):
            if blob.name not in needed:
                blob.unlink(missing_ok=True)

    def put(self, repository_key: str, content: bytes) -> str:
        """Stores a small blob and returns its digest."""
        upload = self.begin(repository_key)
        try:
            self._upload(repository_key, upload).write_bytes(content)
            return self.finish(repository_key, upload, f"sha256:{hashlib.sha256(content).hexdigest()}")
        except OSError:
            self.cancel(repository_key, upload)
            raise

    def begin(self, repository_key: str) -> str:
        """Begins an upload to the repository and returns its id."""
        upload = secrets.token_hex(16)
        self._upload_path(repository_key, upload).touch(mode=0o600)
        return upload

    def size(self, repository_key: str, upload: str) -> int:
        """How many bytes of the repository's upload have arrived. KeyError when it has no such upload."""
        return self._upload(repository_key, upload).stat().st_size

    def append(self, repository_key: str, upload: str, content: Readable, length: int | None) -> int:
        """Adds the content to the upload and returns its size now.

        When it breaks off before `length` bytes (None: not announced), or the disk is full, the upload is
        as it was before, and EOFError or OSError is raised. KeyError when there is no such upload.
        """
        path = self._upload(repository_key, upload)
        before = path.stat().st_size
        try:
            with path.open("ab") as file:
                while chunk := content.read(CHUNK_BYTES):
                    file.write(chunk)
                size = file.tell()
            if length is not None and size - before < length:
                raise EOFError(f"{size - before} of {length} bytes arrived")
        except (OSError, EOFError, ValueError):
            os.truncate(path, before)
            raise
        return size

    def finish(self, repository_key: str, upload: str, digest: str) -> str:
        """Turns an upload into a blob of the repository and returns its digest.

        DigestError, and the upload is gone, when its bytes have another one. KeyError when there is no such
        upload.
        """
        path = self._upload(repository_key, upload)
        found = _DIGEST.fullmatch(digest)
        if found is None or _sha256(path) != found.group(1):
            self.cancel(repository_key, upload)
            raise DigestError(digest)
        _sync(path)
        target = self._path(found.group(1))
        with self._lock:
            target.parent.mkdir(exist_ok=True)
            path.replace(target)
            _sync(target.parent)
            self._make_link(repository_key, digest)
        return digest

    def cancel(self, repository_key: str, upload: str) -> None:
        """Removes an unfinished upload; nothing when there is none."""
        if _UPLOAD.fullmatch(upload):
            self._upload_path(repository_key, upload).unlink(missing_ok=True)

    def _upload_path(self, repository_key: str, upload: str) -> Path:
        return self._uploads / f"{repository_key}.{upload}"

    def _upload(self, repository_key: str, upload: str) -> Path:
        path = self._upload_path(repository_key, upload)
        if not _UPLOAD.fullmatch(upload) or not path.is_file():
            raise KeyError(upload)
        return path

    def _path(self, digits: str) -> Path:
        return self._blobs / digits[:2] / digits

    def _link(self, repository_key: str, digest: str) -> Path:
        return self._repositories / repository_key / digest.removeprefix("sha256:")

    def _make_link(self, repository_key: str, digest: str) -> None:
        link = self._link(repository_key, digest)
        link.parent.mkdir(exist_ok=True)
        link.touch()
        _sync(link.parent)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
