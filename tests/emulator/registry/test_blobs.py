"""The blob store: what is kept for whom, what goes, what outlives a restart."""

from pathlib import Path

import pytest

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


def test_blobs_outlive_a_restart_and_unfinished_uploads_do_not(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    digest = blobs.put("one", b"content")
    upload = blobs.begin("one")
    again = BlobStore(tmp_path)
    assert again.holds("one", digest)
    with pytest.raises(KeyError):
        again.size("one", upload)
    with pytest.raises(DigestError):
        again.finish("one", again.begin("one"), digest)


@pytest.mark.parametrize("digest", ["", "sha256:", "sha256:../../x", "x"])
def test_no_digest_leads_out_of_the_store(tmp_path: Path, digest: str) -> None:
    blobs = BlobStore(tmp_path)
    assert not blobs.holds("one", digest)
    with pytest.raises(KeyError):
        blobs.blob(digest)
