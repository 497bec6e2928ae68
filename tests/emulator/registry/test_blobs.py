"""The blob store: what is kept for whom, what goes, what outlives a restart."""

import hashlib
import io
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from spcs_emulator.registry.arrivals import KEPT_SECONDS, OutOfOrderError
from spcs_emulator.registry.blobs import BlobStore, DigestError


def test_forgetting_a_repository_keeps_what_others_need(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    shared, own = blobs.put("one", b"shared"), blobs.put("one", b"own")
    blobs.put("two", b"shared")
    blobs.forget("one")
    assert blobs.manifest(shared) == b"shared"
    assert not blobs.holds("one", shared)
    with pytest.raises(KeyError):
        blobs.blob(own)
    blobs.forget("never there")


def test_only_what_known_repositories_need_is_kept(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    shared, own = blobs.put("one", b"shared"), blobs.put("one", b"own")
    blobs.put("two", b"shared")
    blobs.keep_only({"two"})
    assert blobs.holds("two", shared)
    with pytest.raises(KeyError):
        blobs.blob(own)
    assert [folder.name for folder in (tmp_path / "repositories").iterdir()] == ["two"]


def test_blobs_and_unfinished_uploads_outlive_a_restart(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    digest = blobs.put("one", b"content")
    upload = blobs.uploads.begin("one")
    blobs.uploads.append("one", upload, io.BytesIO(b"con"))
    again = BlobStore(tmp_path)
    assert again.holds("one", digest)
    assert again.uploads.size("one", upload) == 3
    with pytest.raises(OutOfOrderError) as refused:
        again.uploads.append("one", upload, io.BytesIO(b"tent"), 4)
    assert refused.value.size == 3
    assert again.uploads.append("one", upload, io.BytesIO(b"tent"), 3) == 7
    again.finish("one", upload, digest)
    with pytest.raises(KeyError):
        again.uploads.size("one", upload)
    with pytest.raises(DigestError):
        again.finish("one", again.uploads.begin("one"), digest)


def test_uploads_go_with_their_repository(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    uploads = {key: blobs.uploads.begin(key) for key in ("one", "two", "three")}
    blobs.forget("one")
    BlobStore(tmp_path).keep_only({"two"})
    for key, gone in (("one", True), ("two", False), ("three", True)):
        assert (not (tmp_path / "uploads" / f"{key}.{uploads[key]}").exists()) == gone
    with pytest.raises(KeyError):
        blobs.uploads.append("one", uploads["one"], io.BytesIO(b"x"))


def test_an_upload_that_nobody_goes_on_with_is_removed_after_a_day(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    old, young = blobs.uploads.begin("one"), blobs.uploads.begin("one")
    for upload, seconds in ((old, KEPT_SECONDS + 60), (young, KEPT_SECONDS - 60)):
        then = time.time() - seconds
        os.utime(tmp_path / "uploads" / f"one.{upload}", (then, then))
    blobs.uploads.begin("two")
    assert blobs.uploads.size("one", young) == 0
    with pytest.raises(KeyError):
        blobs.uploads.size("one", old)


def test_many_uploads_of_the_same_and_of_different_blobs_at_once(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    contents = [bytes([number % 3]) * 3_000_000 for number in range(12)]

    def push(content: bytes) -> str:
        upload = blobs.uploads.begin("one")
        for start in range(0, len(content), 1_000_000):
            blobs.uploads.append("one", upload, io.BytesIO(content[start : start + 1_000_000]), start)
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        blobs.finish("one", upload, digest)
        return digest

    with ThreadPoolExecutor(8) as pool:
        digests = list(pool.map(push, contents))
    assert [blobs.blob(digest).read_bytes() for digest in digests] == contents
    assert list((tmp_path / "uploads").iterdir()) == []


def test_one_upload_is_added_to_by_one_at_a_time(tmp_path: Path) -> None:
    """A client that was cut off comes back while its old connection is still being read."""
    blobs = BlobStore(tmp_path)
    upload = blobs.uploads.begin("one")
    contents = [bytes([number]) * 2_000_000 for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda content: blobs.uploads.append("one", upload, io.BytesIO(content)), contents))
    with blobs.uploads.whole("one", upload) as (path, digest):
        whole = path.read_bytes()
    assert digest == f"sha256:{hashlib.sha256(whole).hexdigest()}"
    assert sorted(whole[start : start + 2_000_000] for start in range(0, 8_000_000, 2_000_000)) == contents


@pytest.mark.parametrize("digest", ["", "sha256:", "sha256:../../x", "x"])
def test_no_digest_leads_out_of_the_store(tmp_path: Path, digest: str) -> None:
    blobs = BlobStore(tmp_path)
    assert not blobs.holds("one", digest)
    with pytest.raises(KeyError):
        blobs.blob(digest)
