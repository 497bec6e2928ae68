"""A door before a registry: it knows tokens that end, writes down what passes, and may act at a given
moment.

In: the registry behind it, with its own login. Out: a host to push to. Every request goes on with the
registry's login when its password is a valid token, else the answer is 401.
"""

import base64
import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qs, urlsplit

from tests.docker.registries import DockerRegistry

USER = "0sessiontoken"
BLOCK_BYTES = 64 * 1024
# documented: OCI distribution specification, "Error Codes"
DENIED = b'{"errors": [{"code": "DENIED", "message": "not for you", "detail": "repository"}]}'
HOP_BY_HOP = ("connection", "transfer-encoding", "content-length", "authorization", "expect")


@dataclass(frozen=True)
class Passed:
    """One answer that went through."""

    method: str
    path: str
    status: int

    @property
    def blob(self) -> str | None:
        """The digest of the layer, or configuration, that arrived with it; None for everything else."""
        whole = self.method == "PUT" and "/blobs/uploads/" in self.path and self.status == 201
        return parse_qs(urlsplit(self.path).query)["digest"][0] if whole else None

    @property
    def settled(self) -> str | None:
        """The digest of a blob that the client was told to be there: then it knows that it need not send
        it.
        """
        there = self.method == "HEAD" and "/blobs/" in self.path and self.status == 200
        return self.path.rpartition("/")[2] if there else None


@dataclass
class Front:
    """`tokens` are the passwords it takes. `meet` is called with every request (method, path) and may say
    a status to answer with instead of passing it on; `after` with every answer, before the client gets
    it.
    """

    registry: DockerRegistry
    tokens: set[str]
    host: str = ""
    meet: Callable[[str, str], int | None] = lambda method, path: None
    after: Callable[[Passed], object] = lambda passed: None
    passed: list[Passed] = field(default_factory=list)

    @property
    def blobs(self) -> list[str]:
        """The digests of what arrived, in that order."""
        return [passed.blob for passed in self.passed if passed.blob]


@contextmanager
def before(registry: DockerRegistry, *tokens: str) -> Iterator[Front]:
    """One that listens on a free loopback port."""
    front = Front(registry, set(tokens))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(front))
    server.daemon_threads = True
    front.host = f"127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield front
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _handler(front: Front) -> type[BaseHTTPRequestHandler]:
    # one answer after the other, so that what `after` does is done before the next is given
    answering = Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def __getattr__(self, name: str) -> Callable[[], None]:
            if name.startswith("do_"):
                return self._pass
            raise AttributeError(name)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

        def _pass(self) -> None:
            if self.headers.get("Authorization") not in [_basic(USER, token) for token in front.tokens]:
                self._answer(401, {"WWW-Authenticate": 'Basic realm="front"'}, b"")
                return
            if status := front.meet(self.command, self.path):
                self._answer(status, {"Content-Type": "application/json"}, DENIED)
                return
            backend = http.client.HTTPConnection(front.registry.host, timeout=60)
            try:
                backend.request(self.command, self.path, self._body(), self._headers(), encode_chunked=True)
                answer = backend.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException):
                self.close_connection = True
                return
            finally:
                backend.close()
            with answering:
                front.passed.append(Passed(self.command, self.path, answer.status))
                front.after(front.passed[-1])
                headers = {key: value for key, value in answer.getheaders() if key.lower() not in HOP_BY_HOP}
                self._answer(answer.status, headers, content, answer.getheader("Content-Length"))

        def _headers(self) -> dict[str, str]:
            # a client may send one of them more than once
            every = {key: ", ".join(self.headers.get_all(key, [])) for key in self.headers}
            kept = {key: value for key, value in every.items() if key.lower() not in HOP_BY_HOP}
            if "chunked" in self.headers.get("Transfer-Encoding", ""):
                kept["Transfer-Encoding"] = "chunked"
            else:
                kept["Content-Length"] = self.headers.get("Content-Length", "0")
            return kept | {"Authorization": _basic(front.registry.user, front.registry.password)}

        def _body(self) -> Iterator[bytes]:
            if "chunked" in self.headers.get("Transfer-Encoding", ""):
                while size := self._chunk_size():
                    yield self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return
            left = int(self.headers.get("Content-Length", "0"))
            while left and (block := self.rfile.read(min(left, BLOCK_BYTES))):
                left -= len(block)
                yield block

        def _chunk_size(self) -> int:
            line = self.rfile.readline()
            if not line:
                raise ConnectionError("the client hung up")
            return int(line, 16)

        def _answer(
            self, status: int, headers: dict[str, str], content: bytes, length: str | None = None
        ) -> None:
            with suppress(OSError):
                self.send_response_only(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", length or str(len(content)))
                if status in (401, 403):
                    self.send_header("Connection", "close")
                    self.close_connection = True
                self.end_headers()
                self.wfile.write(content)

    return Handler
