"""Blobs on disk, by digest, and which repository holds which of them.

In: uploads that are whole. Out: files and manifests. Writes below one folder: `blobs/sha256/`, `uploads/`,
and for every repository key an empty file a blob under `repositories/`. What was answered as stored survives
`kill -9` and a power cut: synced, renamed, its folder synced.
"""

import hashlib
import io
import os
import re
import shutil
import threading
from collections.abc import Set
from pathlib import Path

from spcs_emulator.registry.arrivals import Arrivals

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


class DigestError(ValueError):
    """The bytes do not have the digest they were announced with, or it is no sha256 digest."""


class BlobStore:
    """See the module, and `registry.api.ImageStore`. Safe to use from several threads. `uploads` are on their
    way to `finish`.
    """

    def __init__(self, folder: Path) -> None:
        """Opens or makes the folder."""
        self._blobs = folder / "blobs" / "sha256"
        self._repositories = folder / "repositories"
        self._lock = threading.Lock()
        self.uploads = Arrivals(folder / "uploads")
        for made in (self._blobs, self._repositories):
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
        self.uploads.forget(lambda key: key == repository_key)
        with self._lock:
            shutil.rmtree(self._repositories / repository_key, ignore_errors=True)
            self._sweep()

    def keep_only(self, repository_keys: Set[str]) -> None:
        """Forgets every repository but these, and removes the blobs that none of them needs."""
        self.uploads.forget(lambda key: key not in repository_keys)
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
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        upload = self.uploads.begin(repository_key)
        try:
            self.uploads.append(repository_key, upload, io.BytesIO(content))
            self.finish(repository_key, upload, digest)
            return digest
        except OSError:
            self.uploads.cancel(repository_key, upload)
            raise

    def finish(self, repository_key: str, upload: str, digest: str) -> None:
        """Turns an upload into a blob of the repository.

        DigestError, and the upload is gone, when its bytes have another digest. KeyError when there is no
        such upload.
        """
        with self.uploads.whole(repository_key, upload) as (path, found):
            if digest != found:
                path.unlink()
                raise DigestError(digest)
            _sync(path)
            target = self._path(digest.removeprefix("sha256:"))
            with self._lock:
                target.parent.mkdir(exist_ok=True)
                path.replace(target)
                _sync(target.parent)
                self._make_link(repository_key, digest)

    def _path(self, digits: str) -> Path:
        return self._blobs / digits[:2] / digits

    def _link(self, repository_key: str, digest: str) -> Path:
        return self._repositories / repository_key / digest.removeprefix("sha256:")

    def _make_link(self, repository_key: str, digest: str) -> None:
        link = self._link(repository_key, digest)
        link.parent.mkdir(exist_ok=True)
        link.touch()
        _sync(link.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
