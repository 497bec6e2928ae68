"""The HTTP server: requests from sockets to a function, its answers back.

In: a function from `Request` to `Response`. Out: a listening server on loopback. Touches one listening
socket and a thread a connection. Each answer goes out in one write and with TCP_NODELAY: small writes would
wait for the other side's delayed acknowledgement, 40 ms a statement. Other Host headers than loopback are
refused, so that no web page reaches the account through a name of its own.
"""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from spcs_emulator.wire.messages import FilePart, Readable, Request, Response, json_response

Respond = Callable[[Request], Response]
DRAIN_LIMIT = 1_000_000
LINGER_SECONDS = 2.0
_PIECE = 65536
HOSTS = ("127.0.0.1", "localhost")
_CHUNK_SIZE = re.compile(rb"[0-9a-fA-F]{1,15}")


class NoAnswer(Exception):  # noqa: N818
    """Raised by the function in place of an answer."""


class HangUp(NoAnswer):
    """Close the connection."""


class Silence(NoAnswer):
    """Say nothing until the client hangs up, or the server closes."""


class OtherStatus(NoAnswer):
    """Answer with an HTTP status, as what stands between a client and Snowflake does."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.response = json_response({"message": "arranged by the script"}, status)


class LimitedBody:
    """Reads `length` bytes of the stream and no more. EOFError when it ends before."""

    def __init__(self, stream: BufferedIOBase, length: int) -> None:
        self._stream = stream
        self._left = length

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes of what is left."""
        wanted = self._left if size < 0 else min(size, self._left)
        data = _some(self._stream, wanted) if wanted else b""
        self._left -= len(data)
        return data


class ChunkedBody:
    """Decodes `Transfer-Encoding: chunked`. ValueError at, and ever after, a size that is none; EOFError when
    the stream ends before the last chunk.
    """

    def __init__(self, stream: BufferedIOBase) -> None:
        self._stream = stream
        self._left = 0
        self._ended = False
        self._bad = False

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes of what is left."""
        parts: list[bytes] = []
        wanted = size if size >= 0 else 2**62
        try:
            while wanted and self._fill():
                data = _some(self._stream, min(wanted, self._left))
                parts.append(data)
                self._left -= len(data)
                wanted -= len(data)
                if not self._left:
                    _line(self._stream)
        except EOFError:
            if not parts:  # else the next read says so
                raise
        return b"".join(parts)

    def _fill(self) -> bool:
        if self._left or self._ended:
            return not self._ended
        line = _line(self._stream).partition(b";")[0].strip()
        if self._bad or not _CHUNK_SIZE.fullmatch(line):
            self._bad = True
            raise ValueError("bad chunk size")
        self._left = int(line, 16)
        if not self._left:
            self._ended = True
            while _line(self._stream).strip():
                pass
        return not self._ended


def _some(stream: BufferedIOBase, wanted: int) -> bytes:
    try:
        data = stream.read(wanted)
    except ConnectionError as error:
        raise EOFError("the client broke off") from error
    if not data:
        raise EOFError("the client broke off")
    return data


def _line(stream: BufferedIOBase) -> bytes:
    try:
        line = stream.readline(_PIECE)
    except ConnectionError as error:
        raise EOFError("the client broke off") from error
    if not line:
        raise EOFError("the client broke off")
    return line


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = _PIECE
    # Docker sends blobs in chunks of 32 KiB: read them in one go where several have arrived.
    rbufsize = 4 * _PIECE
    server: "_Server"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what matters is logged by the function."""

    def _handle(self) -> None:
        try:
            body = self._body()
        except ValueError:
            self._answer(json_response({"message": "bad Content-Length", "success": False}, 400))
            self.close_connection = True
            return
        try:
            response = self._checked() or self.server.respond(self._request(body))
        except OtherStatus as other:
            response = other.response
        except NoAnswer as none:
            if isinstance(none, Silence):
                self._hear_out()
            self.close_connection = True
            return
        drained = _drained(body)
        self.close_connection = self.close_connection or not drained
        self._answer(response)
        if not drained:
            self._linger()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _handle  # noqa: N815

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer as JSON what the standard library refuses: other methods, and what is no HTTP."""
        unknown_method = code == HTTPStatus.NOT_IMPLEMENTED
        status = HTTPStatus.METHOD_NOT_ALLOWED if unknown_method else code
        answer = json_response({"message": message or explain or "bad request", "success": False}, status)
        self.close_connection = True
        self._answer((self._checked() if unknown_method else None) or answer)

    def _body(self) -> Readable:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return ChunkedBody(self.rfile)
        length = int(self.headers.get("Content-Length") or 0)
        if length < 0:
            raise ValueError(length)
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.flush()
        return LimitedBody(self.rfile, length)

    def _checked(self) -> Response | None:
        host = (self.headers.get("Host") or "").rsplit(":", 1)[0]
        if host not in HOSTS:
            return json_response({"message": f"host {host} is not this account", "success": False}, 403)
        return None

    def _request(self, body: Readable) -> Request:
        parts = urlsplit(self.path if self.path.startswith("/") else "/")
        path = parts.path
        if self.path.startswith("//"):
            path = "/" + self.path.lstrip("/").partition("?")[0]
        while "//" in path and not path.startswith("/v2/"):
            path = path.replace("//", "/")
        query = {name: tuple(values) for name, values in parse_qs(parts.query, True).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, path, query, headers, body)

    def _answer(self, response: Response) -> None:
        headers = dict(response.headers)
        body = response.body
        if isinstance(body, Path):
            body = FilePart(body, 0, body.stat().st_size)
        headers.setdefault("Content-Length", str(len(body) if isinstance(body, bytes) else body.length))
        if self.close_connection:
            headers["Connection"] = "close"
        self.send_response(response.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self._send(body)
        self.wfile.flush()

    def _send(self, body: bytes | FilePart) -> None:
        if isinstance(body, bytes):
            self.wfile.write(body)
        elif body.length:
            self.wfile.flush()
            with body.path.open("rb") as file:
                self.connection.sendfile(file, body.start, body.length)

    def _hear_out(self) -> None:
        """Wait for the other side to hang up."""
        with contextlib.suppress(OSError):
            while self.connection.recv(_PIECE):
                pass

    def _linger(self) -> None:
        """Let a client that still sends read the answer: closed at once, the connection would be reset, and
        the answer with it.
        """
        end = time.monotonic() + LINGER_SECONDS
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(LINGER_SECONDS)
            while time.monotonic() < end and self.connection.recv(_PIECE):
                pass


def _drained(body: Readable) -> bool:
    """Read what the function left of the body; False when that is too much and the connection must go."""
    read = 0
    try:
        while piece := body.read(_PIECE):
            read += len(piece)
            if read > DRAIN_LIMIT:
                return False
    except (OSError, EOFError, ValueError):
        return False
    return True


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], respond: Respond) -> None:
        self.respond = respond
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is the client's business."""

    def hang_up(self) -> None:
        """End every open connection, so that its thread ends."""
        with self._guard:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class HttpServer:
    """A running server. `port` is the one it listens on."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self.port: int = server.server_address[1]
        self._thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="http")
        self._thread.start()

    def close(self) -> None:
        """Stop listening, end every connection, and return when all threads have ended."""
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()


def serve(respond: Respond, port: int = 0, host: str = "127.0.0.1") -> HttpServer:
    """Listen on `port` (0: any free one) and answer by `respond`. OSError when the port is taken."""
    return HttpServer(_Server((host, port), respond))
