"""Whole pushes over HTTP, as clients do them: log in, upload in pieces, put the manifest, pull it again."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
        challenge = session.get(f"{url}/v2/", timeout=30).headers["WWW-Authenticate"]
        realm = challenge.partition('realm="')[2].partition('"')[0]
        assert realm == f"{url}/login"
        secret = json.dumps({"token": "session-1", "expires_in": 3600})
        answer = session.get(realm, auth=("0sessiontoken", secret), timeout=30)
        session.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        yield session


def test_push_and_pull(world: Any, url: str, client: requests.Session, digest: Any) -> None:
    layer, config = b"layer" * 100_000, json.dumps({"architecture": "arm64", "os": "linux"}).encode()
    assert client.head(f"{url}/{NAME}/blobs/{digest(layer)}", timeout=30).status_code == 404
    opened = client.post(f"{url}/{NAME}/blobs/uploads/", timeout=30)
    place = url + opened.headers["Location"]
    pieces = (layer[start : start + 65536] for start in range(0, len(layer), 65536))
    sent = client.patch(place, data=pieces, timeout=30)  # a generator goes out chunked, as docker sends it
    assert (sent.status_code, sent.headers["Range"]) == (202, f"0-{len(layer) - 1}")
    done = client.put(url + sent.headers["Location"], params={"digest": digest(layer)}, timeout=30)
    assert done.status_code == 201
    where = {"digest": digest(config)}
    assert (
        client.post(f"{url}/{NAME}/blobs/uploads/", params=where, data=config, timeout=30).status_code == 201
    )
    manifest = json.dumps(
        {"schemaVersion": 2, "config": {"digest": digest(config)}, "layers": [{"digest": digest(layer)}]}
    )
    kind = {"Content-Type": "application/vnd.oci.image.manifest.v1+json"}
    put = client.put(f"{url}/{NAME}/manifests/v1", data=manifest, headers=kind, timeout=30)
    assert put.status_code == 201
    head = client.head(f"{url}/{NAME}/manifests/v1", timeout=30)
    assert int(head.headers["Content-Length"]) == len(manifest)
    assert head.headers["Docker-Content-Digest"] == digest(manifest.encode())
    assert client.get(f"{url}/{NAME}/manifests/v1", timeout=30).text == manifest
    assert client.get(f"{url}/{NAME}/blobs/{digest(layer)}", timeout=30).content == layer
    part = client.get(f"{url}/{NAME}/blobs/{digest(layer)}", headers={"Range": "bytes=5-9"}, timeout=30)
    assert (part.status_code, part.content) == (206, b"layer")
    assert client.get(f"{url}/{NAME}/tags/list", timeout=30).json()["tags"] == ["v1"]
    assert world.shelf.images[0].platforms == ("linux/arm64",)


def test_a_push_without_write_is_refused_before_its_bytes_are_kept(
    world: Any, url: str, client: requests.Session
) -> None:
    world.shelf.access["db/s/r"] = "read"
    answer = client.post(f"{url}/{NAME}/blobs/uploads/", data=b"x" * 100_000, timeout=30)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "DENIED")
    assert list((world.folder / "uploads").iterdir()) == []


def test_the_password_is_taken_too(url: str) -> None:
    assert requests.get(f"{url}/v2/", auth=("admin", "right"), timeout=30).status_code == 200
    assert requests.get(f"{url}/v2/", auth=("admin", "wrong"), timeout=30).status_code == 401


def test_a_push_in_chunks_that_is_cut_off_goes_on(url: str, client: requests.Session, digest: Any) -> None:
    """As crane does: a chunk a request, each with its range; after an accident it asks how far it came."""
    content = bytes(range(256)) * 4096
    place = url + client.post(f"{url}/{NAME}/blobs/uploads/", timeout=30).headers["Location"]

    def send(start: int, end: int) -> requests.Response:
        headers = {"Content-Range": f"{start}-{end - 1}", "Content-Type": "application/octet-stream"}
        return client.patch(place, data=content[start:end], headers=headers, timeout=30)

    assert send(0, 300_000).headers["Range"] == "0-299999"
    host, _, port = url.removeprefix("http://").partition(":")
    authorization = str(client.headers["Authorization"])
    with socket.create_connection((host, int(port)), timeout=30) as cut_off:
        head = f"PATCH {place.removeprefix(url)} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 400000\r\n"
        head += f"Authorization: {authorization}\r\nContent-Range: 300000-699999\r\n\r\n"
        cut_off.sendall(head.encode() + content[300_000:500_000])
        cut_off.shutdown(socket.SHUT_WR)
        assert b"SIZE_INVALID" in cut_off.recv(65536)
    late = send(300_000, 700_000)
    assert (late.status_code, late.headers["Range"]) == (416, "0-499999")
    assert client.get(place, timeout=30).headers["Range"] == "0-499999"
    assert send(500_000, len(content)).status_code == 202
    done = client.put(place, params={"digest": digest(content)}, timeout=30)
    assert done.status_code == 201
    assert client.get(url + done.headers["Location"], timeout=30).content == content


def test_many_push_the_same_and_different_images_at_once(
    world: Any, url: str, client: requests.Session, digest: Any
) -> None:
    shared = b"shared" * 200_000
    authorization = {"Authorization": str(client.headers["Authorization"])}

    def push(number: int) -> int:
        name = f"v2/db/s/r/image{number % 4}"
        config = json.dumps({"architecture": "amd64", "os": "linux", "number": number % 4}).encode()
        with requests.Session() as http:
            http.headers.update(authorization)
            for blob in (shared, config):
                place = url + http.post(f"{url}/{name}/blobs/uploads/", timeout=30).headers["Location"]
                http.patch(place, data=iter([blob[:70_000], blob[70_000:]]), timeout=30)
                assert http.put(place, params={"digest": digest(blob)}, timeout=30).status_code == 201
            manifest = {
                "schemaVersion": 2,
                "config": {"digest": digest(config)},
                "layers": [{"digest": digest(shared)}],
            }
            kind = {"Content-Type": "application/vnd.oci.image.manifest.v1+json"}
            where = f"{url}/{name}/manifests/v1"
            return http.put(where, data=json.dumps(manifest), headers=kind, timeout=30).status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(push, range(16))) == [201] * 16
    assert len({image.digest for image in world.shelf.images}) == 4
    assert world.blobs.blob(digest(shared)).read_bytes() == shared
    assert list((world.folder / "uploads").iterdir()) == []


def test_a_token_that_ends_while_a_blob_is_on_its_way(world: Any, url: str, client: requests.Session) -> None:
    """What is on its way arrives; the next request is told to log in, and the push goes on from there."""
    place = url + client.post(f"{url}/{NAME}/blobs/uploads/", timeout=30).headers["Location"]

    def ending() -> Iterator[bytes]:
        yield b"x" * 2_000_000
        end, never = time.monotonic() + 30, threading.Event()
        while not any(file.stat().st_size for file in (world.folder / "uploads").iterdir()):
            assert time.monotonic() < end
            never.wait(0.01)
        world.shelf.sessions.clear()
        yield b"x" * 70_000

    assert client.patch(place, data=ending(), timeout=30).status_code == 202
    refused = client.patch(place, data=b"x" * 3_000_000, timeout=30)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith(f'Bearer realm="{url}/login"')
    world.shelf.sessions["session-2"] = None
    secret = json.dumps({"token": "session-2", "expires_in": 3600})
    bearer = client.get(f"{url}/login", auth=("0sessiontoken", secret), timeout=30).json()["token"]
    client.headers["Authorization"] = f"Bearer {bearer}"
    assert client.get(place, timeout=30).headers["Range"] == "0-2069999"
