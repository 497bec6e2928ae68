"""Free ports of 127.0.0.1 for services.

In: how many. Out: ports on which nothing listens. Binds each for a moment to be sure.
"""

import secrets
import socket
import threading
from collections.abc import Sequence

from spcs_emulator.runtime.api import NoFreePortError

# Below the ranges from which Linux (32768) and macOS (49152) take ports for outgoing connections, so that a
# port kept in the catalogue is rarely taken by a passing connection.
LOWEST, HIGHEST = 20000, 32000


class PortInUseError(Exception):
    """Another program listens on a port that the service has had since it was created."""

    def __init__(self, port: int, local: int) -> None:
        super().__init__(
            f"port {local} of this machine, which stands for port {port}, is taken by another program"
        )


class PortPool:
    """Gives out every port once, and again only when no other is left."""

    def __init__(self, ports: Sequence[int] = range(LOWEST, HIGHEST)) -> None:
        self._ports = ports
        self._given: list[int] = []
        self._lock = threading.Lock()

    def take(self, count: int) -> list[int]:
        """`count` free ports. NoFreePortError when there are not as many.

        Nobody gives a port back, so when too few are left that were never given out, the half that was given
        out longest ago counts as given back; whoever still listens on one of those keeps it.
        """
        with self._lock:
            taken = self._free(count)
            if len(taken) < count:
                self._given = self._given[(len(self._given) + 1) // 2 :]
                taken = self._free(count)
            if len(taken) < count:
                raise NoFreePortError(
                    f"{count} free ports asked for from {self._ports[0]} to {self._ports[-1]}, "
                    f"{len(taken)} found"
                )
            self._given += taken
            return taken

    def _free(self, count: int) -> list[int]:
        candidates = list(set(self._ports).difference(self._given))
        free: list[int] = []
        while candidates and len(free) < count:
            port = candidates.pop(secrets.randbelow(len(candidates)))
            free += [port] if is_free(port) else []
        return free


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
