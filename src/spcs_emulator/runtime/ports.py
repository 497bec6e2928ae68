"""Free ports of 127.0.0.1 for services.

In: how many. Out: ports on which nothing listens. Binds each for a moment to be sure.
"""

import random
import socket
import threading

# Below the ranges from which Linux (32768) and macOS (49152) take ports for outgoing connections, so that a
# port kept in the catalogue is rarely taken by a passing connection.
LOWEST, HIGHEST = 20000, 32000


class NoFreePortError(Exception):
    """Too few free ports are left on this machine."""


class PortPool:
    """Gives out every port once."""

    def __init__(self) -> None:
        self._given: set[int] = set()
        self._lock = threading.Lock()

    def take(self, count: int) -> list[int]:
        """`count` free ports, none given out before. NoFreePortError when there are not as many."""
        with self._lock:
            candidates = [port for port in range(LOWEST, HIGHEST) if port not in self._given]
            random.shuffle(candidates)
            free = (port for port in candidates if is_free(port))
            taken = [port for port, _ in zip(free, range(count), strict=False)]
            if len(taken) < count:
                raise NoFreePortError(
                    f"{count} free ports asked for between {LOWEST} and {HIGHEST}, {len(taken)} found"
                )
            self._given.update(taken)
            return taken


def is_free(port: int) -> bool:
    """True when a server could listen on the port of 127.0.0.1 now and nobody answers there.

    Both are asked, because some systems let one bind 127.0.0.1 under a server that listens on all addresses.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as caller:
        caller.settimeout(1)
        if caller.connect_ex(("127.0.0.1", port)) == 0:
            return False
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
