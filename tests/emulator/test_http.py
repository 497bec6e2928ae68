"""The HTTP server below the wire and the registry: bodies, kept connections, one write an answer, methods."""

import http.client
import json
import socket

import pytest
from tests.emulator.conftest import World

from spcs_emulator.wire.http import _Handler, serve
from spcs_emulator.wire.messages import Request, Response


def test_one_write_an_answer_and_no_delay() -> None:
    """Guards the 40 ms that small writes cost on a connection that is kept."""
    seen: list[int] = []

    class Watched(_Handler):
        def setup(self) -> None:
            super().setup()
            seen.append(self.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    def answer(request: Request) -> Response:
        return Response(200, {"Content-Type": "text/plain"}, b"x" * 1000)

    server = serve(answer)
    server._server.RequestHandlerClass = Watched
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        for _ in range(3):
            client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            head = client.recv(65536)
            assert head.endswith(b"x" * 1000)
    server.close()
    assert seen
    assert all(seen)


def test_bodies_and_kept_connections() -> None:
    def echo(request: Request) -> Response:
        if request.path == "/unread":
            return Response(200)
        return Response(200, {}, request.body.read())

    server = serve(echo)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    for path, body, chunked, expected in (
        ("/", b"abc", False, b"abc"),
        ("/", iter([b"ab", b"cdef"]), True, b"abcdef"),
        ("/unread", b"x" * 10_000, False, b""),
        ("/", b"again", False, b"again"),
        ("/unread", b"x" * 3_000_000, False, b""),
        ("/", b"anew", False, b"anew"),
    ):
        connection.request("PUT", path, body, encode_chunked=chunked)
        assert connection.getresponse().read() == expected
    connection.close()
    with pytest.raises(OSError):
        serve(echo, server.port)
    server.close()


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "FROB"])
@pytest.mark.parametrize(("host", "status"), [("localhost", 405), ("evil.example", 403)])
def test_unknown_methods(world: World, method: str, host: str, status: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", world.local.port, timeout=5)
    connection.request(method, "/", headers={"Host": host})
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["success"]) == (status, False)
    connection.close()
