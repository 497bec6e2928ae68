"""Whole pushes over HTTP, as clients do them: log in, upload in pieces, put the manifest, pull it again."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from spcs_emulator.wire.http import serve

NAME = "v2/db/s/r/thing"


@pytest.fixture
def url(world: Any) -> Iterator[str]:
    server = serve(world.registry.respond)
    yield f"http://127.0.0.1:{server.port}"
    server.close()


@pytest.fixture
def client(url: str) -> Iterator[requests.Session]:
    """Logged in as Snowflake's own client does it: by the challenge, with a session's token."""
    with requests.Session() as session:
        challenge = session.get(f"{url}/v2/", timeout=5).headers["WWW-Authenticate"]
        realm = challenge.partition('realm="')[2].partition('"')[0]
        assert realm == f"{url}/login"
        secret = json.dumps({"token": "session-1", "expires_in": 3600})
        answer = session.get(realm, auth=("0sessiontoken", secret), timeout=5)
        session.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        yield session


def test_push_and_pull(world: Any, url: str, client: requests.Session, digest: Any) -> None:
    layer, config = b"layer" * 100_000, json.dumps({"architecture": "arm64", "os": "linux"}).encode()
    assert client.head(f"{url}/{NAME}/blobs/{digest(layer)}", timeout=5).status_code == 404
    opened = client.post(f"{url}/{NAME}/blobs/uploads/", timeout=5)
    place = url + opened.headers["Location"]
    pieces = (layer[start : start + 65536] for start in range(0, len(layer), 65536))
    sent = client.patch(place, data=pieces, timeout=5)  # a generator goes out chunked, as docker sends it
    assert (sent.status_code, sent.headers["Range"]) == (202, f"0-{len(layer) - 1}")
    done = client.put(url + sent.headers["Location"], params={"digest": digest(layer)}, timeout=5)
    assert done.status_code == 201
    where = {"digest": digest(config)}
    assert (
        client.post(f"{url}/{NAME}/blobs/uploads/", params=where, data=config, timeout=5).status_code == 201
    )
    manifest = json.dumps(
        {"schemaVersion": 2, "config": {"digest": digest(config)}, "layers": [{"digest": digest(layer)}]}
    )
    kind = {"Content-Type": "application/vnd.oci.image.manifest.v1+json"}
    put = client.put(f"{url}/{NAME}/manifests/v1", data=manifest, headers=kind, timeout=5)
    assert put.status_code == 201
    head = client.head(f"{url}/{NAME}/manifests/v1", timeout=5)
    assert int(head.headers["Content-Length"]) == len(manifest)
    assert head.headers["Docker-Content-Digest"] == digest(manifest.encode())
    assert client.get(f"{url}/{NAME}/manifests/v1", timeout=5).text == manifest
    assert client.get(f"{url}/{NAME}/blobs/{digest(layer)}", timeout=5).content == layer
    part = client.get(f"{url}/{NAME}/blobs/{digest(layer)}", headers={"Range": "bytes=5-9"}, timeout=5)
    assert (part.status_code, part.content) == (206, b"layer")
    assert client.get(f"{url}/{NAME}/tags/list", timeout=5).json()["tags"] == ["v1"]
    assert world.shelf.images[0].platforms == ("linux/arm64",)


def test_a_push_without_write_is_refused_before_its_bytes_are_kept(
    world: Any, url: str, client: requests.Session
) -> None:
    world.shelf.access["db/s/r"] = "read"
    answer = client.post(f"{url}/{NAME}/blobs/uploads/", data=b"x" * 100_000, timeout=5)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "DENIED")
    assert list((world.folder / "uploads").iterdir()) == []


def test_the_password_is_taken_too(url: str) -> None:
    assert requests.get(f"{url}/v2/", auth=("admin", "right"), timeout=5).status_code == 200
    assert requests.get(f"{url}/v2/", auth=("admin", "wrong"), timeout=5).status_code == 401
