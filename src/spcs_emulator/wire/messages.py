"""The two values that cross the HTTP door: a request as it came in and the answer to it.

In: what `wire.http` read from a socket. Out: what it writes back. Used by the Snowflake wire and by the image
registry alike. Touches nothing.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


class Readable(Protocol):
    """A stream of bytes that ends where the request's body ends."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, all that is left when negative, and b"" at the end.

        EOFError when the client broke off before the end; ValueError when it does not speak HTTP.
        """
        ...


@dataclass(frozen=True)
class Request:
    """One HTTP request.

    `path` has no query and, outside `/v2/`, single slashes only. `query` and `headers` are decoded; header
    names are lower case. `body` is read at most once and never goes past the request's own length.
    """

    method: str
    path: str
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Readable = field(default_factory=io.BytesIO)

    def header(self, name: str) -> str | None:
        """Return the header called `name` in any case, None when it was not sent."""
        return self.headers.get(name.lower())

    def first(self, name: str) -> str | None:
        """Return the first query parameter called `name`, None when it was not sent."""
        values = self.query.get(name, ())
        return values[0] if values else None


@dataclass(frozen=True)
class FilePart:
    """`length` bytes of a file from `start` on."""

    path: Path
    start: int
    length: int


@dataclass(frozen=True)
class Response:
    """One HTTP answer. A `body` that is a part of a file, or a path for the whole of it, is streamed."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Path | FilePart = b""


def json_response(value: Any, status: int = 200) -> Response:
    """Return `value` as a JSON answer. Half a surrogate pair, which UTF-8 cannot hold, becomes "?"."""
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")
    return Response(status, {"Content-Type": "application/json"}, body)
