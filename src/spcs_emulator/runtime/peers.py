"""Names of other services in environment values, turned into addresses of this machine.

In: environment values and the peers an instance may know. Out: values with local addresses, and what could
not be reached. Pure.
"""

import re
from collections.abc import Mapping

from spcs_emulator.runtime.api import InstanceRequest

# Port 1 of the loopback is never served: whoever connects is refused at once, as by a missing service role.
REFUSING = "127.0.0.1:1"


def with_local_addresses(value: str, peers: Mapping[str, int | None]) -> tuple[str, frozenset[str]]:
    """`value` with each peer ("host:port", in any case) that stands whole replaced by its local address.

    A peer stands whole when neither neighbour could belong to a host name or a port. Returned beside the
    value are the peers in it that exist but are not reachable; they became an address that refuses.
    """
    if not peers:
        return value, frozenset()
    ports = {name.lower(): port for name, port in peers.items()}
    names = "|".join(re.escape(name) for name in sorted(ports, key=len, reverse=True))
    unreachable: set[str] = set()

    def local(found: re.Match[str]) -> str:
        name = found.group().lower()
        port = ports[name]
        if port is None:
            unreachable.add(name)
            return REFUSING
        return f"127.0.0.1:{port}"

    replaced = re.sub(rf"(?<![\w.-])(?:{names})(?![\w.-])", local, value, flags=re.IGNORECASE)
    return replaced, frozenset(unreachable)


def moved(old: InstanceRequest, new: InstanceRequest) -> bool:
    """True when a name in an environment value of `old` means another address by what `new` knows.

    A peer that is gone changes nothing: its address refuses as the name would.
    """
    before = {name: old.peers.get(name) for name in new.peers}
    values = {value for container in old.containers for value in container.environment.values()}
    return any(
        with_local_addresses(value, before) != with_local_addresses(value, new.peers) for value in values
    )


def bare_host(environment: Mapping[str, str], hosts: frozenset[str]) -> str | None:
    """The first variable whose whole value is a peer's host name without a port; None when there is none.

    Snowflake's own variables name accounts, databases and services, never a host to connect to.
    """
    own = {name: value for name, value in environment.items() if not name.startswith("SNOWFLAKE_")}
    return next((name for name, value in own.items() if value.strip().lower() in hosts), None)
