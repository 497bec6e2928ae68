"""In place of a Docker engine, on the wire: keeps what it is told, has nothing, and refuses to build.

Comes in: HTTP requests of the docker library. Goes out: as little as that needs to go on.
"""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from tests.canaries.observers import Seen

_ANSWERS = {"/version": (200, b'{"ApiVersion": "1.41", "MinAPIVersion": "1.12"}')}
_REFUSED = (500, b'{"message": "refused"}')
_MISSING = (404, b'{"message": "no such image"}')


class Engine:
    """``told`` is every request, whole. A context manager; ``url`` is for DOCKER_HOST."""

    def __init__(self) -> None:
        self.told: list[Seen] = []
        told = self.told

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                told.append(Seen("engine", "GET", f"{self.path}\n{self.headers}".encode()))
                self._answer(
                    *next((what for end, what in _ANSWERS.items() if self.path.endswith(end)), _MISSING)
                )

            def do_POST(self) -> None:
                body = b"".join(iter(self._chunk, b""))
                told.append(Seen("engine", "POST", f"{self.path}\n{self.headers}".encode() + body))
                self._answer(*_REFUSED)

            def _chunk(self) -> bytes:
                size = int(self.rfile.readline().strip() or b"0", 16)
                chunk = self.rfile.read(size)
                self.rfile.readline()
                return chunk

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.url = f"tcp://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
