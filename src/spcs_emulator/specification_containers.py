"""The container section of a service specification: checked, with its defaults filled in.

In: parsed YAML of one container and its path. Out: its normalised form, or 395018. Touches nothing.
Documented: Service specification reference: containers, probes, volume mounts, resources and their defaults.
"""

from typing import Any

from spcs_emulator.specification_parts import (
    amount,
    cores,
    fields,
    integer,
    items,
    label,
    mapping,
    port,
    refused,
    string,
    strings,
)

DEFAULT_CPU = 0.5
DEFAULT_MEMORY = "0.5Gi"
CONTAINER_KEYS = (
    "name image command args env secrets readinessProbe livenessProbe volumeMounts resources "
    "mountSessionToken sessionTokenConfig"
)


def check_container(entry: Any, path: str) -> dict[str, Any]:
    """Return the container with every default that Snowflake fills in."""
    found = fields(entry, path, CONTAINER_KEYS, must="name image")
    if "secrets" in found:
        raise refused(f"secret in '{path}.secrets' does not exist or not authorized")
    normal: dict[str, Any] = {
        "name": label(found["name"], f"{path}.name"),
        "image": string(found["image"], f"{path}.image"),
    }
    for key in ("command", "args"):
        if key in found:
            normal[key] = strings(found[key], f"{path}.{key}")
    if "env" in found:
        normal["env"] = {
            str(name): string(value, f"{path}.env.{name}")
            for name, value in mapping(found["env"], f"{path}.env").items()
        }
    for key, period in (("readinessProbe", 5), ("livenessProbe", 10)):
        if key in found:
            normal[key] = _probe(found[key], f"{path}.{key}", period)
    if "volumeMounts" in found:
        normal["volumeMounts"] = [
            _mount(*mount) for mount in items(found["volumeMounts"], f"{path}.volumeMounts")
        ]
    normal["resources"] = _resources(found.get("resources", {}), f"{path}.resources")
    for key in ("mountSessionToken", "sessionTokenConfig"):
        if key in found:
            normal[key] = found[key]
    return normal


def _probe(entry: Any, path: str, period: int) -> dict[str, Any]:
    found = fields(entry, path, "port path periodSeconds failureThreshold", must="port path")
    target = string(found["path"], f"{path}.path")
    if not target.startswith("/"):
        raise refused(f"'{path}.path' must begin with '/'")
    return {
        "port": port(found["port"], f"{path}.port"),
        "path": target,
        "periodSeconds": integer(found.get("periodSeconds", period), f"{path}.periodSeconds", 1),
        "failureThreshold": integer(found.get("failureThreshold", 3), f"{path}.failureThreshold", 1),
    }


def _mount(entry: Any, path: str) -> dict[str, str]:
    found = fields(entry, path, "name mountPath", must="name mountPath")
    target = string(found["mountPath"], f"{path}.mountPath")
    if not target.startswith("/") or ".." in target.split("/"):
        raise refused(f"'{path}.mountPath' must be an absolute path")
    return {"name": label(found["name"], f"{path}.name"), "mountPath": target.rstrip("/") or "/"}


def _resources(entry: Any, path: str) -> dict[str, Any]:
    found = fields(entry, path, "requests limits")
    parts: dict[str, dict[str, str]] = {}
    for part in ("requests", "limits"):
        given = fields(found.get(part, {}), f"{path}.{part}", "memory cpu nvidia.com/gpu")
        parts[part] = {key: str(value) for key, value in given.items()}
        if "cpu" in given:
            cores(given["cpu"], f"{path}.{part}.cpu")
        if "memory" in given:
            amount(given["memory"], f"{path}.{part}.memory")
        if "nvidia.com/gpu" in given:
            integer(given["nvidia.com/gpu"], f"{path}.{part}.nvidia.com/gpu", 1)
    requests, limits = parts["requests"], parts["limits"]
    if requests.get("nvidia.com/gpu") != limits.get("nvidia.com/gpu"):
        raise refused(f"'{path}': nvidia.com/gpu must be the same in requests and limits")
    requests.setdefault("cpu", limits.get("cpu", str(DEFAULT_CPU)))
    requests.setdefault("memory", limits.get("memory", DEFAULT_MEMORY))
    if "cpu" in limits and cores(limits["cpu"], path) < cores(requests["cpu"], path):
        raise refused(f"'{path}': the cpu request is above the limit")
    if "memory" in limits and amount(limits["memory"], path) < amount(requests["memory"], path):
        raise refused(f"'{path}': the memory request is above the limit")
    return {name: part for name, part in parts.items() if part}
