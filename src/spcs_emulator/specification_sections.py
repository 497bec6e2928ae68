"""The sections of a service specification that the local account keeps and does nothing with.

In: parsed YAML of a section and its path. Out: the section as it is kept, or 395018. Touches nothing.
Documented: Service specification reference: capabilities, corsSettings, logExporters, platformMonitor,
resourceManagement, sessionTokenConfig. Assumed: of a condition of an autoscaling policy only how it scales is
looked at, and mountConnectionConfig is true or false. Nothing is scaled here.
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
ADJUSTMENTS = ("changeInstanceCount", "exactInstanceCount", "percentChangeInstanceCount")
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
            name: _policy(policy, f"{inner}.{name}", name) for name, policy in policies.items()
        }
    }


def _policy(entry: Any, path: str, policy: str) -> dict[str, Any]:
    key = _POLICIES[policy]
    conditions = fields(entry, path, key, must=key)[key]
    found = items(conditions, f"{path}.{key}")
    return {key: [_condition(condition, at, policy) for condition, at in found]}


def _condition(entry: Any, path: str, policy: str) -> dict[str, Any]:
    """Documented: targetScaling or stepScaling, the latter not for suspending."""
    if not isinstance(entry, dict):
        raise refused(f"invalid '{path}'. Not a mapping")
    if "targetScaling" in entry and "stepScaling" in entry:
        raise refused(f"'{path}' takes either targetScaling or stepScaling")
    if "targetScaling" in entry:
        fields(entry["targetScaling"], f"{path}.targetScaling", "targetValue", must="targetValue")
    if "stepScaling" in entry:
        if policy == "suspend":
            raise refused(f"unknown option 'stepScaling' for '{path}' of policy suspend.")
        _check_steps(entry["stepScaling"], f"{path}.stepScaling")
    kept: dict[str, Any] = plain(entry, path)
    return kept


def _check_steps(entry: Any, path: str) -> None:
    found = fields(entry, path, "adjustmentType scalingSteps", must="adjustmentType scalingSteps")
    choice(found["adjustmentType"], f"{path}.adjustmentType", ADJUSTMENTS, keep_case=True)
    for step, at in items(found["scalingSteps"], f"{path}.scalingSteps"):
        fields(step, at, "lowerBound upperBound targetAdjustment", must="targetAdjustment")


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
