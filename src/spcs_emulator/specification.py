"""A service specification: YAML or JSON text to checked values, with the defaults Snowflake fills in.

In: the text between the dollars. Out: a `Specification`, or 395018 with the path of what is wrong. Touches
nothing. Documented: Service specification reference (keys, limits, defaults); observed: the wording
`unknown option 'x' for 'spec'`. What the local account does nothing with (logExporters, platformMonitor,
livenessProbe) is checked and kept.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from spcs_emulator.specification_containers import check_container
from spcs_emulator.specification_jobs import check_job
from spcs_emulator.specification_parts import (
    amount,
    boolean,
    choice,
    cores,
    fields,
    items,
    label,
    port,
    refused,
    string,
    strings,
)
from spcs_emulator.specification_secrets import check_number
from spcs_emulator.specification_sections import (
    check_capabilities,
    check_cors,
    check_log_exporters,
    check_platform_monitor,
    check_resource_management,
)
from spcs_emulator.specification_text import load
from spcs_emulator.specification_volumes import check_volume

# Documented: the least there is and the default of both; assumed: the default of encryption.
DEFAULT_IOPS = 3000
DEFAULT_THROUGHPUT = 125
DEFAULT_ENCRYPTION = "SNOWFLAKE_SSE"
# Documented: block storage volumes.
DEFAULT_KEPT_FOR = "7d"
_SECTIONS: Mapping[str, Callable[[Any, str], dict[str, Any]]] = {
    "logExporters": check_log_exporters,
    "platformMonitor": check_platform_monitor,
    "resourceManagement": check_resource_management,
}


@dataclass(frozen=True)
class Probe:
    """A readiness probe: HTTP GET of `path` on `port`."""

    port: int
    path: str
    period_seconds: int
    failure_threshold: int


@dataclass(frozen=True)
class SecretUse:
    """What a container gets of the secret called `name`: its `key` in a `variable`, or all its files in a
    `directory`; what it is not is "".
    """

    name: str
    variable: str
    key: str
    directory: str


@dataclass(frozen=True)
class Container:
    """One container. `cpu` in cores and `memory` in bytes are its requests; `gpus` counts whole ones. The
    limits are None where none is set.

    `mounts` are (volume name, path) pairs.
    """

    name: str
    image: str
    command: tuple[str, ...]
    args: tuple[str, ...]
    environment: Mapping[str, str]
    readiness: Probe | None
    mounts: tuple[tuple[str, str], ...]
    secrets: tuple[SecretUse, ...]
    cpu: float
    memory: int
    gpus: int
    cpu_limit: float | None
    memory_limit: int | None


@dataclass(frozen=True)
class Endpoint:
    """One endpoint. `port` is None for a range of ports, then `port_range` is set."""

    name: str
    port: int | None
    port_range: str | None
    public: bool
    protocol: str


@dataclass(frozen=True)
class Volume:
    """One volume. `stage` is "@db.schema.stage/folder" as written for stage volumes, `size` as written or
    "". `size_bytes` is 0 without a size; `block` is what cannot be changed of a block volume beside its size.
    `snapshot` is the name of the snapshot it begins with, "" for none; `kept` whether an automatic snapshot
    is left when it is deleted, None when nothing is said, and `kept_for` how long. `uid` and `gid` are whose
    it is, None when nothing is said.
    """

    name: str
    source: Literal["block", "local", "memory", "stage"]
    size: str
    stage: str
    size_bytes: int
    block: tuple[int, int, str] | None
    snapshot: str
    kept: bool | None
    kept_for: timedelta
    uid: int | None
    gid: int | None


@dataclass(frozen=True)
class Specification:
    """The whole. `document` is the normalised form: defaults filled in, as DESCRIBE SERVICE begins from."""

    containers: tuple[Container, ...]
    endpoints: tuple[Endpoint, ...]
    volumes: tuple[Volume, ...]
    service_roles: Mapping[str, tuple[str, ...]]
    document: Mapping[str, Any]

    @property
    def block_volumes(self) -> tuple[Volume, ...]:
        """The volumes that outlive the instance."""
        return tuple(volume for volume in self.volumes if volume.source == "block")

    @property
    def cpu(self) -> float:
        """Cores that one instance requests."""
        return sum(container.cpu for container in self.containers)

    @property
    def memory(self) -> int:
        """Bytes that one instance requests."""
        return sum(container.memory for container in self.containers)

    @property
    def gpus(self) -> int:
        """GPUs that one instance requests."""
        return sum(container.gpus for container in self.containers)


def parse_specification(text: str, job: bool = False) -> Specification:
    """Return the checked specification, of a job or of a service. 395018 names the path of the first thing
    that is wrong.
    """
    specification = from_document(load(text))
    if job:
        check_job(specification.document)
    return specification


def from_document(document: Any) -> Specification:
    """Return the checked specification of parsed YAML, or of a normalised document kept earlier."""
    top = fields(document, "", "spec capabilities serviceRoles", must="spec")
    spec = fields(
        top["spec"],
        "spec",
        "containers endpoints volumes logExporters platformMonitor resourceManagement",
        must="containers",
    )
    containers = items(spec["containers"], "spec.containers", most=20)
    listed = items(spec.get("volumes"), "spec.volumes", most=20)
    volumes = [check_volume(entry, path) for entry, path in listed]
    endpoints = [
        _endpoint(entry, path) for entry, path in items(spec.get("endpoints"), "spec.endpoints", most=100)
    ]
    checked = [check_container(entry, path) for entry, path in containers]
    _distinct([entry["name"] for entry in checked], "container")
    check_number(checked)
    _distinct([entry["name"] for entry in volumes], "volume")
    _distinct([entry["name"] for entry in endpoints], "endpoint")
    _check_ports(endpoints)
    _check_mounts(checked, volumes)
    sections = {name: check(spec[name], f"spec.{name}") for name, check in _SECTIONS.items() if name in spec}
    normal: dict[str, Any] = {"spec": {"containers": checked, **sections}}
    if endpoints:
        normal["spec"]["endpoints"] = endpoints
    if volumes:
        normal["spec"]["volumes"] = volumes
    if "capabilities" in top:
        normal["capabilities"] = check_capabilities(top["capabilities"], "capabilities")
    roles = _service_roles(top.get("serviceRoles"), {entry["name"] for entry in endpoints})
    if roles:
        normal["serviceRoles"] = [{"name": name, "endpoints": list(names)} for name, names in roles.items()]
    return Specification(
        tuple(_container_value(entry) for entry in checked),
        tuple(_endpoint_value(entry) for entry in endpoints),
        tuple(_volume_value(entry) for entry in volumes),
        roles,
        normal,
    )


def _endpoint(entry: Any, path: str) -> dict[str, Any]:
    found = fields(entry, path, "name port portRange public protocol corsSettings", must="name")
    if ("port" in found) == ("portRange" in found):
        raise refused(f"'{path}' needs either port or portRange")
    public = boolean(found.get("public", False), f"{path}.public")
    protocol = choice(found.get("protocol", "HTTP"), f"{path}.protocol", ("TCP", "HTTP"))
    if public and protocol == "TCP":
        raise refused(f"'{path}': a public endpoint cannot use protocol TCP")
    normal: dict[str, Any] = {"name": label(found["name"], f"{path}.name")}
    if "port" in found:
        normal["port"] = port(found["port"], f"{path}.port")
    else:
        normal["portRange"] = _port_range(found["portRange"], f"{path}.portRange")
        if public or protocol != "TCP":
            raise refused(f"'{path}': portRange needs protocol TCP and cannot be public")
    normal.update(protocol=protocol, public=public)
    if "corsSettings" in found:
        if protocol != "HTTP":
            raise refused(f"unknown option 'corsSettings' for '{path}' with protocol {protocol}.")
        normal["corsSettings"] = check_cors(found["corsSettings"], f"{path}.corsSettings")
    return normal


def _port_range(value: Any, path: str) -> str:
    text = string(value, path)
    match = re.fullmatch(r"([0-9]{1,5})-([0-9]{1,5})", text)
    if not match or not 1 <= int(match[1]) < int(match[2]) <= 65535:
        raise refused(f"invalid '{path}': {text}")
    return text


def _service_roles(value: Any, endpoints: set[str]) -> dict[str, tuple[str, ...]]:
    roles: dict[str, tuple[str, ...]] = {}
    for entry, path in items(value, "serviceRoles"):
        found = fields(entry, path, "name endpoints", must="name endpoints")
        name = string(found["name"], f"{path}.name").upper()
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            raise refused(f"invalid '{path}.name': {found['name']}")
        names = strings(found["endpoints"], f"{path}.endpoints")
        for endpoint in names:
            if endpoint not in endpoints:
                raise refused(f"'{path}.endpoints' names endpoint '{endpoint}', which is not there")
        if name in roles or name == "ALL_ENDPOINTS_USAGE":
            raise refused(f"service role '{name}' is given twice")
        roles[name] = tuple(names)
    return roles


def _distinct(names: list[str], what: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise refused(f"{what} '{name}' is given twice")


def _check_ports(endpoints: list[dict[str, Any]]) -> None:
    """Refuse a port that two endpoints have, in a range or not (assumed for ranges: the stricter reading)."""
    taken: set[int] = set()
    for entry in endpoints:
        first, _, last = entry.get("portRange", str(entry.get("port"))).partition("-")
        ports = set(range(int(first), int(last or first) + 1))
        if taken & ports:
            raise refused(f"endpoint port '{min(taken & ports)}' is given twice")
        taken |= ports


def _check_mounts(containers: list[dict[str, Any]], volumes: list[dict[str, Any]]) -> None:
    names = {volume["name"] for volume in volumes}
    for container in containers:
        mounts = container.get("volumeMounts", [])
        for mount in mounts:
            if mount["name"] not in names:
                raise refused(f"volume '{mount['name']}' of container '{container['name']}' is not defined")
        _distinct([mount["mountPath"] for mount in mounts], "mountPath")
    if sum(1 for volume in volumes if volume["source"] == "block") > 3:
        raise refused("more than 3 block volumes")


def _container_value(entry: dict[str, Any]) -> Container:
    probe = entry.get("readinessProbe")
    requests, limits = entry["resources"]["requests"], entry["resources"].get("limits", {})
    return Container(
        entry["name"],
        entry["image"],
        tuple(entry.get("command", ())),
        tuple(entry.get("args", ())),
        entry.get("env", {}),
        Probe(probe["port"], probe["path"], probe["periodSeconds"], probe["failureThreshold"])
        if probe
        else None,
        tuple((mount["name"], mount["mountPath"]) for mount in entry.get("volumeMounts", ())),
        tuple(_secret_value(secret) for secret in entry.get("secrets", ())),
        cores(requests["cpu"], "cpu"),
        amount(requests["memory"], "memory"),
        int(requests.get("nvidia.com/gpu", 0)),
        cores(limits["cpu"], "cpu") if "cpu" in limits else None,
        amount(limits["memory"], "memory") if "memory" in limits else None,
    )


def _secret_value(entry: dict[str, Any]) -> SecretUse:
    name = entry["snowflakeSecret"]["objectName"]
    return SecretUse(
        name, entry.get("envVarName", ""), entry.get("secretKeyRef", ""), entry.get("directoryPath", "")
    )


def _endpoint_value(entry: dict[str, Any]) -> Endpoint:
    return Endpoint(
        entry["name"], entry.get("port"), entry.get("portRange"), entry["public"], entry["protocol"]
    )


def _volume_value(entry: dict[str, Any]) -> Volume:
    source = entry["source"]
    on_stage = entry.get("stageConfig", {})
    stage = source if source.startswith("@") else on_stage.get("name", "")
    size = entry.get("size", "")
    config = entry.get("blockConfig", {})
    return Volume(
        entry["name"],
        "stage" if stage else source,
        size,
        stage,
        amount(size, "size") if size else 0,
        _block_value(config) if source == "block" else None,
        config.get("initialContents", {}).get("fromSnapshot", ""),
        config.get("snapshotOnDelete"),
        _period(config.get("snapshotDeleteAfter", DEFAULT_KEPT_FOR)),
        on_stage.get("uid", entry.get("uid")),
        on_stage.get("gid", entry.get("gid")),
    )


def _period(text: str) -> timedelta:
    return timedelta(hours=int(text[:-1]) * (24 if text.endswith("d") else 1))


def _block_value(config: dict[str, Any]) -> tuple[int, int, str]:
    """Return iops, throughput in MiB a second, and encryption."""
    return (
        config.get("iops", DEFAULT_IOPS),
        config.get("throughput", DEFAULT_THROUGHPUT),
        config.get("encryption", DEFAULT_ENCRYPTION),
    )
