"""Pushing and pulling: blobs in every way, manifests, tags, and what is refused."""

import errno
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from spcs_emulator.wire.messages import FilePart

NAME = "/v2/db/s/r/thing"
ABSENT = "sha256:" + "0" * 64


def test_a_blob_at_once(world: Any) -> None:
    digest = world.upload(b"content")
    head = world.call("HEAD", f"{NAME}/blobs/{digest}")
    assert (head.status, head.headers["Docker-Content-Digest"]) == (200, digest)
    got = world.call("GET", f"{NAME}/blobs/{digest}")
    assert isinstance(got.body, Path)
    assert got.body.read_bytes() == b"content"


def test_a_blob_in_chunks(world: Any, digest: Any) -> None:
    opened = world.call("POST", f"{NAME}/blobs/uploads/")
    assert (opened.status, opened.headers["Range"]) == (202, "0-0")
    place = opened.headers["Location"]
    assert world.call("PATCH", place, b"one ").headers["Range"] == "0-3"
    second = world.call("PATCH", place, b"two ", {"content-range": "4-7"})
    assert (second.status, second.headers["Range"]) == (202, "0-7")
    again = world.call("PATCH", place, b"two ", {"content-range": "4-7"})
    assert (again.status, world.codes(again)) == (416, ["BLOB_UPLOAD_INVALID"])
    asked = world.call("GET", place)
    assert (asked.status, asked.headers["Range"]) == (204, "0-7")
    done = world.call("PUT", place, b"three", digest=digest(b"one two three"))
    assert done.status == 201
    assert done.headers["Location"] == f"{NAME}/blobs/{digest(b'one two three')}"
    assert world.call("GET", place).status == 404


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_what_came_of_a_chunk_that_breaks_off_stays(world: Any, digest: Any, method: str) -> None:
    class BrokenOff(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            content = super().read(size)
            if not content:
                raise EOFError("the client broke off")
            return content

    place = world.call("POST", f"{NAME}/blobs/uploads/").headers["Location"]
    world.call("PATCH", place, b"one ")
    broken = world.registry.respond(world.request(method, place, BrokenOff(b"tw"), digest=digest(b"one two")))
    assert (broken.status, world.codes(broken)) == (400, ["SIZE_INVALID"])
    assert world.call("GET", place).headers["Range"] == "0-5"
    again = world.call("PATCH", place, b"two", {"content-range": "4-6"})
    assert (again.status, again.headers["Range"], again.headers["Location"]) == (416, "0-5", place)
    assert world.call("PATCH", place, b"o", {"content-range": "6-6"}).status == 202
    assert world.call("PUT", place, digest=digest(b"one two")).status == 201


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ("0-4", 400, "SIZE_INVALID"),
        ("0-1", 400, "SIZE_INVALID"),
        ("4-0", 400, "SIZE_INVALID"),
        ("1-3", 416, "BLOB_UPLOAD_INVALID"),
        ("x", 416, "BLOB_UPLOAD_INVALID"),
        ("-3", 416, "BLOB_UPLOAD_INVALID"),
    ],
)
def test_a_chunk_whose_range_does_not_fit(world: Any, sent: str, status: int, code: str) -> None:
    place = world.call("POST", f"{NAME}/blobs/uploads/").headers["Location"]
    answer = world.call("PATCH", place, b"one", {"content-range": sent})
    assert (answer.status, world.codes(answer)) == (status, [code])
    assert world.call("HEAD", place).headers["Range"] == "0-0"


@pytest.mark.parametrize("announced", [ABSENT, "sha512:" + "0" * 128, "sha256:short", ""])
def test_a_wrong_digest_stores_nothing(world: Any, announced: str) -> None:
    place = world.call("POST", f"{NAME}/blobs/uploads/").headers["Location"]
    answer = world.call("PUT", place, b"content", digest=announced)
    assert (answer.status, world.codes(answer)) == (400, ["DIGEST_INVALID"])
    assert world.call("GET", place).status == 404
    assert list((world.folder / "uploads").iterdir()) == []


def test_a_cancelled_upload_is_gone(world: Any) -> None:
    place = world.call("POST", f"{NAME}/blobs/uploads/").headers["Location"]
    assert world.call("DELETE", place).status == 204
    assert world.codes(world.call("PATCH", place, b"x")) == ["BLOB_UPLOAD_UNKNOWN"]


def test_an_upload_belongs_to_its_repository(world: Any, digest: Any) -> None:
    world.shelf.access["db/s/other"] = "write"
    place = world.call("POST", f"{NAME}/blobs/uploads/").headers["Location"]
    elsewhere = place.replace("db/s/r/", "db/s/other/")
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        answer = world.call(method, elsewhere, b"x", digest=digest(b"x"))
        assert (answer.status, world.codes(answer)) == (404, ["BLOB_UPLOAD_UNKNOWN"])
    assert world.call("PUT", place, b"x", digest=digest(b"x")).status == 201


@pytest.mark.parametrize("upload", ["..", "0" * 32, "x"])
def test_an_unknown_upload(world: Any, upload: str) -> None:
    assert world.call("PATCH", f"{NAME}/blobs/uploads/{upload}", b"x").status == 404


def test_a_blob_of_a_readable_repository_is_mounted(world: Any) -> None:
    world.shelf.access["db/s/other"] = "write"
    digest = world.upload(b"shared", "db/s/other/thing")
    world.shelf.access["db/s/other"] = "read"
    query = {"mount": digest, "from_": "db/s/other/thing"}
    assert world.call("POST", f"{NAME}/blobs/uploads/", **query).status == 201
    assert world.call("HEAD", f"{NAME}/blobs/{digest}").status == 200


@pytest.mark.parametrize("source", ["db/s/shut/thing", "db/s/gone/thing", "x", ""])
def test_a_mount_that_is_not_possible_becomes_an_upload(world: Any, source: str) -> None:
    answer = world.call("POST", f"{NAME}/blobs/uploads/", mount=ABSENT, from_=source)
    assert answer.status == 202


def test_a_blob_belongs_to_its_repository(world: Any) -> None:
    digest = world.upload(b"content")
    answer = world.call("GET", f"/v2/db/s/other/thing/blobs/{digest}")
    assert (answer.status, world.codes(answer)) == (404, ["BLOB_UNKNOWN"])


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=2-4", 206, b"nte"),
        ("bytes=4-", 206, b"ent"),
        ("bytes=4-99", 206, b"ent"),
        ("bytes=7-", 416, b""),
        ("bytes=-3", 206, b"ent"),
        ("bytes=-99", 206, b"content"),
        ("bytes=-0", 416, b""),
        ("bytes=5-4", 416, b""),
        ("bytes=-", 200, None),
        ("bytes=0-1,3-4", 200, None),
        ("lines=0-1", 200, None),
        (f"bytes={'9' * 5000}-", 200, None),
    ],
)
def test_a_part_of_a_blob(world: Any, asked: str, status: int, content: bytes | None) -> None:
    digest = world.upload(b"content")
    answer = world.call("GET", f"{NAME}/blobs/{digest}", headers={"range": asked})
    assert answer.status == status
    body = answer.body
    if isinstance(body, FilePart):
        body = body.path.read_bytes()[body.start : body.start + body.length]
    if content is not None:
        assert body == content


def test_a_manifest_by_tag_and_by_digest(world: Any, digest: Any) -> None:
    manifest = world.manifest()
    put = world.put(manifest)
    assert (put.status, put.headers["Docker-Content-Digest"]) == (201, digest(manifest))
    for reference in ("v1", digest(manifest)):
        for method in ("GET", "HEAD"):
            got = world.call(method, f"{NAME}/manifests/{reference}")
            assert (got.status, got.body) == (200, manifest)
            assert got.headers["Content-Type"] == "application/vnd.oci.image.manifest.v1+json"
            assert got.headers["Docker-Content-Digest"] == digest(manifest)
    [image] = world.shelf.images
    assert (image.repository, image.name, image.tag) == ("db_s_r", "thing", "v1")
    assert (image.platforms, image.artifact_type) == (("linux/amd64",), None)


def test_a_tag_moves_and_the_old_digest_stays(world: Any, digest: Any) -> None:
    first, second = world.manifest(), world.manifest(artifactType="application/x")
    world.put(first)
    world.put(second)
    assert world.call("GET", f"{NAME}/manifests/v1").body == second
    assert world.call("GET", f"{NAME}/manifests/{digest(first)}").body == first
    assert world.shelf.images[1].artifact_type == "application/x"


def test_a_manifest_put_by_digest_has_no_tag(world: Any, digest: Any) -> None:
    manifest = world.manifest()
    assert world.put(manifest, digest(manifest)).status == 201
    assert world.shelf.images[0].tag is None
    assert world.codes(world.put(manifest, ABSENT)) == ["DIGEST_INVALID"]


@pytest.mark.parametrize(
    "media_type",
    [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    ],
)
def test_an_index_needs_its_manifests(world: Any, digest: Any, media_type: str) -> None:
    manifest = world.manifest()
    index = json.dumps({"schemaVersion": 2, "manifests": [{"digest": digest(manifest)}]}).encode()
    world.upload(manifest)
    assert world.codes(world.put(index, "all", media_type)) == ["MANIFEST_BLOB_UNKNOWN"]
    world.put(manifest, digest(manifest))
    assert world.put(index, "all", media_type).status == 201
    assert world.call("GET", f"{NAME}/manifests/all").headers["Content-Type"] == media_type
    assert world.shelf.images[-1].platforms == ("linux/amd64",)


def test_the_platforms_of_an_index(world: Any, digest: Any) -> None:
    """What the index says of its parts, else what they say; attestations are for no platform."""
    parts: list[dict[str, Any]] = []
    for system, architecture, said in (
        ("linux", "amd64", {"os": "linux", "architecture": "amd64"}),
        ("linux", "arm64", {"os": "linux", "architecture": "arm64", "variant": "v8"}),
        ("unknown", "unknown", {"os": "unknown", "architecture": "unknown"}),
        ("windows", "amd64", None),
        ("linux", None, None),
    ):
        config = world.upload(json.dumps({"os": system, "architecture": architecture}).encode())
        manifest = world.manifest(config={"digest": config})
        assert world.put(manifest, digest(manifest)).status == 201
        parts.append({"digest": digest(manifest), **({"platform": said} if said else {})})
    index = json.dumps({"schemaVersion": 2, "manifests": parts}).encode()
    assert world.put(index, "all", "application/vnd.oci.image.index.v1+json").status == 201
    assert world.shelf.images[-1].platforms == ("linux/amd64", "linux/arm64", "windows/amd64")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"layers": [{"digest": ABSENT}]}, "MANIFEST_BLOB_UNKNOWN"),
        ({"config": {"digest": ABSENT}}, "MANIFEST_BLOB_UNKNOWN"),
        ({"schemaVersion": 1}, "MANIFEST_INVALID"),
        ({"mediaType": "application/json"}, "MANIFEST_INVALID"),
        ({"config": None}, "MANIFEST_INVALID"),
        ({"layers": None}, "MANIFEST_INVALID"),
        ({"layers": [1]}, "MANIFEST_INVALID"),
    ],
)
def test_a_manifest_that_is_not_whole(world: Any, changes: dict[str, Any], code: str) -> None:
    assert world.codes(world.put(world.manifest(**changes))) == [code]
    assert world.shelf.images == []


DEEP = b'{"a":' * 100_000


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'"x"', b"\xff", DEEP])
def test_what_is_no_manifest(world: Any, content: bytes) -> None:
    assert world.codes(world.put(content)) == ["MANIFEST_INVALID"]


def test_a_config_too_deep_to_read_has_no_platform(world: Any) -> None:
    config = world.upload(DEEP)
    assert world.put(world.manifest(config={"digest": config})).status == 201
    assert world.shelf.images[0].platforms == ()


def test_a_blob_that_was_not_pushed_as_a_manifest_is_none(world: Any) -> None:
    manifest = world.manifest()
    for content in (b"content", manifest):
        answer = world.call("GET", f"{NAME}/manifests/{world.upload(content)}")
        assert (answer.status, world.codes(answer)) == (404, ["MANIFEST_UNKNOWN"])


def test_a_body_that_cannot_be_read_is_the_client_s_fault(world: Any) -> None:
    class Bad(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ValueError("bad chunk size")

    answer = world.registry.respond(world.request("PUT", f"{NAME}/manifests/v1", Bad()))
    assert (answer.status, world.codes(answer)) == (400, ["SIZE_INVALID"])


def test_what_is_lost_on_disk_is_unknown_and_can_be_pushed_again(world: Any) -> None:
    manifest = world.manifest()
    digest = world.put(manifest).headers["Docker-Content-Digest"]
    layer = world.upload(b"layer")
    for lost in (digest, layer):
        world.blobs.blob(lost).unlink()
    for path in (f"blobs/{layer}", "manifests/v1", f"manifests/{digest}"):
        for method in ("HEAD", "GET"):
            assert world.call(method, f"{NAME}/{path}").status == 404
    assert world.codes(world.put(manifest)) == ["MANIFEST_BLOB_UNKNOWN"]
    world.upload(b"layer")
    assert world.put(manifest).status == 201
    assert world.call("GET", f"{NAME}/manifests/v1").body == manifest


def test_a_manifest_of_an_unknown_type_or_size_or_tag(world: Any) -> None:
    assert world.codes(world.put(world.manifest(), media_type="application/json")) == ["MANIFEST_INVALID"]
    assert world.codes(world.put(b" " * (4 * 1024 * 1024 + 1))) == ["SIZE_INVALID"]
    assert world.codes(world.put(world.manifest(), ".bad")) == ["MANIFEST_INVALID"]


def test_tags_in_pages(world: Any) -> None:
    for tag in ("c", "a", "B"):
        world.put(world.manifest(), tag)
    everything = world.call("GET", f"{NAME}/tags/list")
    assert json.loads(everything.body) == {"name": "db/s/r/thing", "tags": ["a", "B", "c"]}
    assert json.loads(world.call("GET", f"{NAME}/tags/list", n="1", last="a").body)["tags"] == ["B"]
    assert json.loads(world.call("GET", f"{NAME}/tags/list", n="9").body)["tags"] == ["a", "B", "c"]
    for bad in ("9" * 5000, "-1", "x", ""):
        answer = world.call("GET", f"{NAME}/tags/list", n=bad)
        assert (answer.status, world.codes(answer)) == (400, ["PAGINATION_NUMBER_INVALID"])
    assert world.call("GET", "/v2/db/s/r/none/tags/list").status == 404


def test_pages_lead_to_the_next(world: Any) -> None:
    tags = [f"v{number}" for number in range(7)]
    for tag in tags:
        world.put(world.manifest(), tag)
    seen, query = [], {"n": "3"}
    while True:
        answer = world.call("GET", f"{NAME}/tags/list", **query)
        seen.append(json.loads(answer.body)["tags"])
        if "Link" not in answer.headers:
            break
        place, _, relation = answer.headers["Link"].partition("; ")
        path, _, following = place.strip("<>").partition("?")
        assert (path, relation) == (f"{NAME}/tags/list", 'rel="next"')
        query = dict(parse_qsl(following))
    assert seen == [tags[:3], tags[3:6], tags[6:]]
    nothing = world.call("GET", f"{NAME}/tags/list", n="0")
    assert (json.loads(nothing.body)["tags"], "Link" in nothing.headers) == ([], False)


def test_the_images_of_a_repository_in_pages(world: Any) -> None:
    for name in ("web", "a/deep/one", "job"):
        content = world.manifest()
        assert world.call("PUT", f"/v2/db/s/r/{name}/manifests/1", content).status == 201
    everything = world.call("GET", "/v2/db/s/r/_catalog")
    names = ["baserepo/a/deep/one", "baserepo/job", "baserepo/web"]
    assert json.loads(everything.body) == {"repositories": names}
    first = world.call("GET", "/v2/db/s/r/_catalog", n="2")
    assert json.loads(first.body) == {"repositories": names[:2]}
    assert first.headers["Link"] == '</v2/db/s/r/_catalog?n=2&last=baserepo%2Fjob>; rel="next"'
    assert json.loads(world.call("GET", "/v2/db/s/r/_catalog", n="2", last=names[1]).body) == {
        "repositories": names[2:]
    }


def test_an_image_without_tags_has_none(world: Any, digest: Any) -> None:
    manifest = world.manifest()
    world.put(manifest, digest(manifest))
    assert json.loads(world.call("GET", f"{NAME}/tags/list").body)["tags"] == []


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v2/db/s/r/Thing/tags/list", 400, "NAME_INVALID"),
        ("/v2/db/s/r/tags/list", 400, "NAME_INVALID"),
        ("/v2/db/s/r/th~ing/tags/list", 400, "NAME_INVALID"),
        ("/v2/db/s/gone/thing/tags/list", 404, "NAME_UNKNOWN"),
        ("/v2/db/s/shut/thing/tags/list", 404, "NAME_UNKNOWN"),
        ("/v2/_catalog", 404, "UNSUPPORTED"),
        ("/v2/db/s/_catalog", 400, "NAME_INVALID"),
        ("/v2/db/s/r/thing/_catalog", 400, "NAME_INVALID"),
        ("/v2/db/s/gone/_catalog", 404, "NAME_UNKNOWN"),
        ("/v2/db/s/shut/_catalog", 404, "NAME_UNKNOWN"),
        ("/v2/db/s/r/../tags/list", 400, "NAME_INVALID"),
        ("/v2/db/s/r/-thing/tags/list", 400, "NAME_INVALID"),
        (f"/v2/db/s/r/{'a' * 249}/tags/list", 400, "NAME_INVALID"),
        (f"/v2/db/s/r/{'a' * 248}/tags/list", 404, "NAME_UNKNOWN"),
        ("/v2/db/s/r/thing/manifests/none", 404, "MANIFEST_UNKNOWN"),
        (f"/v2/db/s/r/thing/manifests/{ABSENT}", 404, "MANIFEST_UNKNOWN"),
        (f"/v2/db/s/r/thing/blobs/{ABSENT}", 404, "BLOB_UNKNOWN"),
        ("/v2/db/s/r/thing/blobs/..", 404, "BLOB_UNKNOWN"),
    ],
)
def test_what_cannot_be_read(world: Any, path: str, status: int, code: str) -> None:
    answer = world.call("GET", path)
    assert (answer.status, world.codes(answer)) == (status, [code])


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/v2/db/s/other/thing/blobs/uploads/", 403, "DENIED"),
        ("PUT", "/v2/db/s/other/thing/manifests/v1", 403, "DENIED"),
        ("PUT", "/v2/db/s/shut/thing/manifests/v1", 404, "NAME_UNKNOWN"),
        ("POST", "/v2/db/s/gone/thing/blobs/uploads/", 404, "NAME_UNKNOWN"),
        ("DELETE", "/v2/db/s/r/thing/manifests/v1", 405, "UNSUPPORTED"),
        ("POST", "/v2/", 405, "UNSUPPORTED"),
        ("POST", "/login", 405, "UNSUPPORTED"),
        ("DELETE", f"/v2/db/s/r/thing/blobs/{ABSENT}", 405, "UNSUPPORTED"),
        ("PUT", "/v2/db/s/r/thing/tags/list", 405, "UNSUPPORTED"),
    ],
)
def test_what_cannot_be_written(world: Any, method: str, path: str, status: int, code: str) -> None:
    answer = world.call(method, path)
    assert (answer.status, world.codes(answer)) == (status, [code])


def test_a_dollar_in_a_name_may_be_encoded(world: Any, digest: Any) -> None:
    world.shelf.access["db/s/r$1"] = "write"
    content = b"content"
    answer = world.call("POST", "/v2/db/s/r%241/thing/blobs/uploads/", content, digest=digest(content))
    assert (answer.status, answer.headers["Location"]) == (
        201,
        f"/v2/db/s/r%241/thing/blobs/{digest(content)}",
    )


def test_a_repository_that_goes_while_its_image_is_pushed(world: Any) -> None:
    manifest = world.manifest()
    access = world.shelf.access

    class Vanishing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            access.pop("db/s/r", None)
            return super().read(size)

    from_wire = world.request("PUT", f"{NAME}/manifests/v1", Vanishing(manifest))
    assert world.codes(world.registry.respond(from_wire)) == ["NAME_UNKNOWN"]


def test_a_full_disk_is_said_so_and_the_upload_can_go_on(world: Any, digest: Any) -> None:
    class Full(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(errno.ENOSPC, "No space left on device")

    place = world.call("POST", f"{NAME}/blobs/uploads/").headers["Location"]
    world.call("PATCH", place, b"one")
    answer = world.registry.respond(world.request("PATCH", place, Full(b"two")))
    assert (answer.status, world.codes(answer)) == (507, ["UNKNOWN"])
    assert world.call("PUT", place, digest=digest(b"one")).status == 201
