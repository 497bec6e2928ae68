"""The browser's part of a sign-in: it brings the client a token at the port where the client listens.

In: a port and a token. Out: nothing; one request to 127.0.0.1. There is no identity provider behind the local
account: whoever runs it is the person who signs in. So the token goes only to a port at which a process of
the same person on this machine listens, who could read the account's password from its folder anyway.
Observed: clients listen before they ask, and read the token from the query of one GET.
"""

import contextlib
import http.client
import os
import threading
from urllib.parse import quote

import psutil

SECONDS = 5.0
# Who listens at one of these gets what is sent to 127.0.0.1.
_REACHED = frozenset(("127.0.0.1", "0.0.0.0", "::"))  # noqa: S104 - compared, never listened at


def listens_here(port: int) -> bool:
    """Whether a process of the user who runs the local account listens at the port of 127.0.0.1."""
    return any(_listens(process, port) for process in psutil.process_iter())


def _listens(process: psutil.Process, port: int) -> bool:
    try:
        if process.uids().real != os.getuid():
            return False
        held = process.net_connections(kind="tcp")
    except psutil.Error:
        return False
    return any(
        one.status == psutil.CONN_LISTEN and one.laddr.port == port and one.laddr.ip in _REACHED
        for one in held
    )


def bring(port: int, token: str) -> None:
    """Bring the token to the client in the background, as a browser would after the person has signed in."""
    threading.Thread(target=_visit, args=(port, token), name="browser", daemon=True).start()


def _visit(port: int, token: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
        connection.request("GET", f"/?token={quote(token)}")
        connection.getresponse().read()
