"""The HTTP server below the wire and the registry: bodies, kept connections, one write an answer, methods."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.emulator.conftest import World

from spcs_emulator.wire.http import _Handler, serve
from spcs_emulator.wire.messages import FilePart, Request, Response


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


HEAD = b"PUT / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
CUT_OFF = {
    "length": (HEAD + b"Content-Length: 9\r\n\r\nabc", b"abc"),
    "length, nothing came": (HEAD + b"Content-Length: 9\r\n\r\n", b""),
    "chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n9\r\nde", b"abcde"),
    "between chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"abc"),
    "no chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b""),
    "before the last line": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b""),
}


@pytest.mark.parametrize("case", CUT_OFF)
def test_a_body_that_breaks_off_is_not_taken_for_a_whole_one(case: str) -> None:
    """What came is given, and then said to be not all: a repository must not take it for the content."""
    sent, arrived = CUT_OFF[case]
    seen: list[object] = []

    def read(request: Request) -> Response:
        try:
            while piece := request.body.read(1000):
                seen.append(piece)
        except EOFError as error:
            seen.append(error)
        return Response(200)

    with (
        closing(serve(read)) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=5) as client,
    ):
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        while client.recv(1000):
            pass
    assert b"".join(piece for piece in seen if isinstance(piece, bytes)) == arrived
    assert isinstance(seen[-1], EOFError)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_refusal_is_heard_by_a_client_that_is_still_sending(chunked: bool) -> None:
    """A push is refused in its middle: clients that lose the connection while they write never read why."""
    with closing(serve(lambda _request: Response(401, {}, b"log in again"))) as server:
        for _ in range(5):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
            pieces = [b"x" * 1_000_000] * 30
            body = iter(pieces) if chunked else b"".join(pieces)
            with closing(connection):
                connection.request("PUT", "/", body, encode_chunked=chunked)
                answer = connection.getresponse()
                assert (answer.status, answer.read()) == (401, b"log in again")


def test_a_part_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"abcdef")
    parts: Iterator[FilePart | Path] = iter([FilePart(file, 2, 3), file, FilePart(file, 6, 0), file])
    with (
        closing(serve(lambda _request: Response(200, {}, next(parts)))) as server,
        closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)) as connection,
    ):
        for method, length, expected in (
            ("GET", 3, b"cde"),
            ("GET", 6, b"abcdef"),
            ("GET", 0, b""),
            ("HEAD", 6, b""),
        ):
            connection.request(method, "/")
            answer = connection.getresponse()
            assert (answer.getheader("Content-Length"), answer.read()) == (str(length), expected)
