"""The sections of a service specification that the local account keeps and does nothing with.

In: parsed YAML of a section and its path. Out: the section as it is kept, or 395018. Touches nothing.
Documented: Service specification reference: capabilities, corsSettings, logExporters, platformMonitor,
resourceManagement, sessionTokenConfig. Assumed: what a condition of an autoscaling policy holds is not
looked at, and mountConnectionConfig is true or false.
"""

from typing import Any

from spcs_emulator.specification_parts import (
    boolean,
    choice,
    fields,
    items,
    matching,
    plain,
    refused,
    string,
    strings,
)

LOG_LEVELS = ("INFO", "ERROR", "NONE")
METRIC_GROUPS = ("system", "system_limits", "network", "storage", "status")
_POLICIES = {"scaleUp": "anyConditions", "scaleDown": "allConditions", "suspend": "allConditions"}
_CORS = (
    "Access-Control-Allow-Origin Access-Control-Allow-Methods Access-Control-Allow-Headers "
    "Access-Control-Expose-Headers"
)


def check_capabilities(entry: Any, path: str) -> dict[str, Any]:
    """Return `capabilities`."""
    found = fields(entry, path, "securityContext", must="securityContext")
    inner = f"{path}.securityContext"
    context = fields(found["securityContext"], inner, "executeAsCaller enableCustomCredentials")
    return {"securityContext": {key: boolean(value, f"{inner}.{key}") for key, value in context.items()}}


def check_cors(entry: Any, path: str) -> dict[str, Any]:
    """Return an endpoint's `corsSettings`."""
    found = fields(entry, path, _CORS)
    return {key: strings(value, f"{path}.{key}") for key, value in found.items()}


def check_log_exporters(entry: Any, path: str) -> dict[str, Any]:
    """Return `logExporters`."""
    found = fields(entry, path, "eventTableConfig", must="eventTableConfig")
    inner = f"{path}.eventTableConfig"
    table = fields(found["eventTableConfig"], inner, "logLevel", must="logLevel")
    return {"eventTableConfig": {"logLevel": choice(table["logLevel"], f"{inner}.logLevel", LOG_LEVELS)}}


def check_platform_monitor(entry: Any, path: str) -> dict[str, Any]:
    """Return `platformMonitor`."""
    found = fields(entry, path, "metricConfig", must="metricConfig")
    inner = f"{path}.metricConfig"
    groups = fields(found["metricConfig"], inner, "groups", must="groups")["groups"]
    names = [
        choice(group, at, METRIC_GROUPS, keep_case=True) for group, at in items(groups, f"{inner}.groups")
    ]
    return {"metricConfig": {"groups": names}}


def check_resource_management(entry: Any, path: str) -> dict[str, Any]:
    """Return `resourceManagement`."""
    found = fields(entry, path, "autoScalingPolicies", must="autoScalingPolicies")
    inner = f"{path}.autoScalingPolicies"
    policies = fields(found["autoScalingPolicies"], inner, " ".join(_POLICIES))
    return {
        "autoScalingPolicies": {
            name: _policy(policy, f"{inner}.{name}", _POLICIES[name]) for name, policy in policies.items()
        }
    }


def _policy(entry: Any, path: str, key: str) -> dict[str, Any]:
    conditions = fields(entry, path, key, must=key)[key]
    found = items(conditions, f"{path}.{key}")
    for condition, at in found:
        if not isinstance(condition, dict):
            raise refused(f"invalid '{at}'. Not a mapping")
    return {key: [plain(condition, at) for condition, at in found]}


def check_session_token(entry: Any, path: str) -> dict[str, Any]:
    """Return a container's `sessionTokenConfig`."""
    found = fields(entry, path, "path permission mountConnectionConfig")
    normal: dict[str, Any] = {}
    if "path" in found:
        normal["path"] = string(found["path"], f"{path}.path")
        if not normal["path"].startswith("/"):
            raise refused(f"'{path}.path' must be an absolute path")
    if "permission" in found:
        normal["permission"] = matching(found["permission"], f"{path}.permission", r"0?[0-7]{3}")
    if "mountConnectionConfig" in found:
        key = f"{path}.mountConnectionConfig"
        normal["mountConnectionConfig"] = boolean(found["mountConnectionConfig"], key)
    return normal
