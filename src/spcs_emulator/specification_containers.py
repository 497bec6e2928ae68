"""The container section of a service specification: checked, with its defaults filled in.

In: parsed YAML of one container and its path. Out: its normalised form, or 395018. Touches nothing.
Documented: Service specification reference: containers, probes, volume mounts, the defaults of resources.
"""

from typing import Any

from spcs_emulator.specification_parts import (
    boolean,
    fields,
    integer,
    items,
    label,
    mapping,
    port,
    refused,
    string,
    strings,
    variable,
)
from spcs_emulator.specification_resources import check_resources
from spcs_emulator.specification_secrets import check_no_template, check_places, check_secrets
from spcs_emulator.specification_sections import check_session_token

DEFAULT_CPU = 0.5
DEFAULT_MEMORY = "0.5Gi"
CONTAINER_KEYS = (
    "name image command args env secrets readinessProbe livenessProbe volumeMounts resources "
    "mountSessionToken sessionTokenConfig"
)


def check_container(entry: Any, path: str) -> dict[str, Any]:
    """Return the container with every default that Snowflake fills in."""
    found = fields(entry, path, CONTAINER_KEYS, must="name image")
    normal: dict[str, Any] = {
        "name": label(found["name"], f"{path}.name"),
        "image": string(found["image"], f"{path}.image"),
    }
    for key in ("command", "args"):
        if key in found:
            normal[key] = strings(found[key], f"{path}.{key}")
    if "env" in found:
        normal["env"] = {
            variable(name, f"{path}.env"): _value(value, f"{path}.env.{name}")
            for name, value in mapping(found["env"], f"{path}.env").items()
        }
    if "secrets" in found:
        normal["secrets"] = check_secrets(found["secrets"], f"{path}.secrets")
    for key, period in (("readinessProbe", 5), ("livenessProbe", 10)):
        if key in found:
            normal[key] = _probe(found[key], f"{path}.{key}", period)
    if "volumeMounts" in found:
        normal["volumeMounts"] = [
            _mount(*mount) for mount in items(found["volumeMounts"], f"{path}.volumeMounts")
        ]
    check_places(normal, path)
    requested = {"cpu": str(DEFAULT_CPU), "memory": DEFAULT_MEMORY}
    normal["resources"] = check_resources(found.get("resources", {}), f"{path}.resources", requested)
    if "mountSessionToken" in found:
        normal["mountSessionToken"] = boolean(found["mountSessionToken"], f"{path}.mountSessionToken")
    if "sessionTokenConfig" in found:
        key = f"{path}.sessionTokenConfig"
        normal["sessionTokenConfig"] = check_session_token(found["sessionTokenConfig"], key)
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


def _value(value: Any, path: str) -> str:
    """Return a variable's value. Documented: a string. Observed: the Milvus guide's bare `true` was taken;
    assumed: as that word, and no other bare value.
    """
    return str(value).lower() if isinstance(value, bool) else check_no_template(string(value, path), path)
