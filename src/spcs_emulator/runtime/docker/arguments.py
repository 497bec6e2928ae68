"""What the engine is asked for: requests of the account as bodies of Docker's API.

In: requests, and what the runtime has decided (names, ports). Out: JSON bodies for /containers/create and
/volumes/create. Pure.

Documented (Snowpark Container Services: Service specification reference): `command` replaces the image's
ENTRYPOINT and `args` its CMD; containers of one instance share a network; they run without privileges.
Assumed: no process in one gains privileges by a set-user-id program, and none needs raw sockets or device
files; for the rest what an engine allows by default, which is what Kubernetes does.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from spcs_emulator.runtime.api import ContainerRequest, InstanceRequest, Mount

# Where no listener can ever be: a connection to the broadcast address fails at once, in every container.
NOWHERE = "255.255.255.255"
DOMAIN = "svc.spcs.internal"
HOST = "127.0.0.1"
KEPT = ("block", "local", "memory")
# Asked for by name: an engine may have another driver by default, which could not be read back.
LOG = {"Type": "json-file", "Config": {"max-size": "4m", "max-file": "2"}}
_NANO = 1_000_000_000
_LEAST_MEMORY_BYTES = 6 * 1024 * 1024
_UNPRIVILEGED = {
    "CapDrop": ["NET_RAW", "MKNOD"],
    "SecurityOpt": ["no-new-privileges"],
    "RestartPolicy": {"Name": "no"},
    "LogConfig": LOG,
}


def network_of(account: str) -> str:
    """The name of the account's private network."""
    return f"spcs-{account}"


def name_of(account: str, *parts: object) -> str:
    """A container's name, for people: of the letters that Docker allows in one."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", "-".join(["spcs", account, *map(str, parts)]))


def volume_of(account: str, key: str) -> str:
    """The name of the engine's volume for the account's: never the same for two keys."""
    return f"spcs-{account}-{hashlib.sha256(key.encode()).hexdigest()[:24]}"


def volumes_of(request: InstanceRequest) -> dict[str, Mount]:
    """The instance's volumes that the runtime keeps, by key."""
    return {mount.volume: mount for mount in _mounts(request) if mount.source in KEPT}


def folders_of(request: InstanceRequest) -> list[Mount]:
    """The instance's mounts of the account's own folders."""
    return [mount for mount in _mounts(request) if mount.source not in KEPT]


def volume(mount: Mount) -> dict[str, str]:
    """The driver options of a volume: memory is a tmpfs of its size, all else a folder of the engine's.

    A block volume's size binds nobody here.
    """
    if mount.source != "memory":
        return {}
    options = [f"uid={mount.uid or 0}", f"gid={mount.gid or 0}", "mode=0755"]
    if mount.size_bytes is not None:
        options.append(f"size={mount.size_bytes}")
    return {"type": "tmpfs", "device": "tmpfs", "o": ",".join(options)}


def pause(
    request: InstanceRequest, account: str, image: str, ports: Mapping[int, int], labels: Mapping[str, str]
) -> dict[str, Any]:
    """The container that holds the instance's network, and its volumes for as long as the instance lives.

    `ports` maps container ports to local ports. It has the service's names in the network's DNS; short names
    are looked up in the schema's domain only, and nothing outside of the network has an address.
    """
    network = network_of(account)
    mounts = [_volume_mount(account, mount, f"/{number}") for number, mount in _numbered(request)]
    return {
        "Image": image,
        "Labels": dict(labels),
        "ExposedPorts": {f"{port}/tcp": {} for port in ports},
        "HostConfig": {
            **_UNPRIVILEGED,
            "NetworkMode": network,
            "PortBindings": {
                f"{port}/tcp": [{"HostIp": HOST, "HostPort": str(local)}] for port, local in ports.items()
            },
            # What the network's DNS does not know it asks of others, whose answers find no way in. It asks
            # one that is not there instead, and the container does not wait long: newer engines say at
            # once that nobody knows the name, older ones say nothing.
            "Dns": [HOST],
            "DnsSearch": [request.search],
            "DnsOptions": ["ndots:1", "timeout:1", "attempts:2"],
            "ExtraHosts": [f"{name}:{NOWHERE}" for name in sorted(_hidden(request))],
            "Mounts": mounts,
        },
        "NetworkingConfig": {"EndpointsConfig": {network: {"Aliases": list(_names(request.name))}}},
    }


def container(
    request: ContainerRequest,
    account: str,
    image: str,
    pause_id: str,
    processors: int,
    labels: Mapping[str, str],
) -> dict[str, Any]:
    """One container of the instance whose network the container `pause_id` holds.

    `processors` is how many the engine has: an engine refuses a limit above that.
    """
    host: dict[str, Any] = {
        **_UNPRIVILEGED,
        "NetworkMode": f"container:{pause_id}",
        "Mounts": [_mount(account, mount) for mount in request.mounts],
    }
    if request.cpu_limit is not None:
        host["NanoCpus"] = int(min(request.cpu_limit, processors) * _NANO)
    if request.memory_limit_bytes is not None:
        # An engine refuses less than it needs itself. No swap, as on a node.
        host["Memory"] = host["MemorySwap"] = max(request.memory_limit_bytes, _LEAST_MEMORY_BYTES)
    environment = {**request.environment, **request.secret_environment}
    return {
        "Image": image,
        "Entrypoint": list(request.command) or None,
        "Cmd": list(request.args) or None,
        "Env": [f"{name}={value}" for name, value in environment.items()],
        "Labels": dict(labels),
        "HostConfig": host,
    }


def holder(account: str, image: str, key: str, target: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """A container that is never started, through which the content of a volume is read and written."""
    name = volume_of(account, key)
    return {
        "Image": image,
        "Labels": dict(labels),
        "HostConfig": {"NetworkMode": "none", "Mounts": [_named(name, target, read_only=False)]},
    }


def opens_or_closes(old: InstanceRequest, new: InstanceRequest) -> bool:
    """True when a name that stands in the environment of `old` leads nowhere in only one of the two."""
    names = _hidden(old) ^ _hidden(new)
    values = {value for container in old.containers for value in container.environment.values()}
    words = "|".join(re.escape(name) for name in names)
    found = re.compile(rf"(?<![\w.-])(?:{words})(?![\w.-])", re.IGNORECASE)
    return bool(names) and any(found.search(value) for value in values)


def _names(full: str) -> Iterator[str]:
    yield full
    yield full.removesuffix(f".{DOMAIN}")


def _hidden(request: InstanceRequest) -> set[str]:
    """Every form of the names that lead nowhere, the bare one where it would be looked up in the schema."""
    hidden: set[str] = set()
    for full in request.unreachable:
        hidden.update(_names(full))
        if full.endswith(f".{request.search}"):
            hidden.add(full.removesuffix(f".{request.search}"))
    return hidden


def _mounts(request: InstanceRequest) -> Iterator[Mount]:
    return (mount for container in request.containers for mount in container.mounts)


def _numbered(request: InstanceRequest) -> Iterator[tuple[int, Mount]]:
    return enumerate(volumes_of(request).values())


def _mount(account: str, mount: Mount) -> dict[str, Any]:
    if mount.source in KEPT:
        return _volume_mount(account, mount, mount.path)
    return {
        "Type": "bind",
        "Source": str(mount.folder),
        "Target": mount.path,
        "ReadOnly": mount.read_only,
    }


def _volume_mount(account: str, mount: Mount, target: str) -> dict[str, Any]:
    return _named(volume_of(account, mount.volume), target, mount.read_only)


def _named(name: str, target: str, read_only: bool) -> dict[str, Any]:
    # Docker would fill an empty volume with what the image has at its place; on Snowflake it is empty.
    options = {"NoCopy": True}
    return {
        "Type": "volume",
        "Source": name,
        "Target": target,
        "ReadOnly": read_only,
        "VolumeOptions": options,
    }
