"""Asking a local port whether a service is ready.

In: a port of 127.0.0.1, and a path for HTTP. Out: yes or no. Opens one short connection.
"""

import http.client
import socket
from dataclasses import dataclass

TIMEOUT_SECONDS = 2.0


@dataclass(frozen=True)
class Readiness:
    """How a container's readiness is asked: local port, and the path for HTTP or None for a TCP connect.

    Asked every `period_seconds`; after `failure_threshold` answers in a row that it is not, a ready container
    is not ready any more. `waiting` is what SHOW SERVICE CONTAINERS says while it is not.
    """

    port: int
    path: str | None
    period_seconds: float
    failure_threshold: int
    waiting: str


def is_ready(port: int, path: str | None) -> bool:
    """True when a connection is accepted (`path` None), or when HTTP GET `path` is answered with 200."""
    if path is None:
        return _accepts(port)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS):
            return True
    except OSError:
        return False
