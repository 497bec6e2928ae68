"""The secrets of a container in a service specification: checked, in their one form.

In: parsed YAML of the list and its path. Out: the list as it is kept, or 395018. Touches nothing.
Documented: Service specification reference, `containers.secrets`: a secret becomes a variable or files in a
folder, never both. Observed: a template `{{secret.…}}` in a variable works on some accounts; it is in no
reference, so it is refused here, and a secret that goes nowhere with it.
"""

import re
from typing import Any

from spcs_emulator.specification_parts import choice, fields, items, refused, string, variable

SECRET_LIMIT = 50
KEYS = ("secret_string", "username", "password", "access_token")
_TEMPLATE = re.compile(r"\{\{\s*secret\s*\.")


def check_secrets(entries: Any, path: str) -> list[dict[str, Any]]:
    """Return the container's secrets: each with its name and either a variable and a key, or a folder."""
    secrets = [_secret(entry, inner) for entry, inner in items(entries, path)]
    for key in ("envVarName", "directoryPath"):
        used = [secret[key] for secret in secrets if key in secret]
        for value in used:
            if used.count(value) > 1:
                raise refused(f"{key} '{value}' is given twice in '{path}'")
    return secrets


def _secret(entry: Any, path: str) -> dict[str, Any]:
    found = fields(
        entry, path, "snowflakeSecret directoryPath envVarName secretKeyRef", must="snowflakeSecret"
    )
    normal: dict[str, Any] = {
        "snowflakeSecret": {"objectName": _name(found["snowflakeSecret"], f"{path}.snowflakeSecret")}
    }
    if ("envVarName" in found) == ("directoryPath" in found):
        raise refused(f"'{path}' needs either envVarName or directoryPath")
    if ("envVarName" in found) != ("secretKeyRef" in found):
        raise refused(f"'{path}': secretKeyRef goes with envVarName")
    if "envVarName" in found:
        normal["envVarName"] = variable(found["envVarName"], f"{path}.envVarName")
        normal["secretKeyRef"] = choice(found["secretKeyRef"], f"{path}.secretKeyRef", KEYS, keep_case=True)
        return normal
    folder = string(found["directoryPath"], f"{path}.directoryPath").rstrip("/")
    if not folder.startswith("/") or ".." in folder.split("/"):
        raise refused(f"'{path}.directoryPath' must be an absolute path")
    normal["directoryPath"] = folder
    return normal


def _name(entry: Any, path: str) -> str:
    """Return the name of the secret. Documented: objectReference is for native apps only."""
    if isinstance(entry, str):
        return entry
    return string(fields(entry, path, "objectName", must="objectName")["objectName"], f"{path}.objectName")


def check_no_template(value: str, path: str) -> str:
    """Return the variable's value. 395018 when it asks for a secret by a template."""
    if _TEMPLATE.search(value):
        raise refused(f"'{path}' names a secret in a template; use envVarName and secretKeyRef in 'secrets'")
    return value


def check_places(container: dict[str, Any], path: str) -> None:
    """Refuse a secret whose variable or folder the container has for something else."""
    mounts = [mount["mountPath"] for mount in container.get("volumeMounts", ())]
    for secret in container.get("secrets", ()):
        if secret.get("envVarName") in container.get("env", {}):
            raise refused(f"variable '{secret['envVarName']}' is given twice in '{path}'")
        if secret.get("directoryPath") in mounts:
            raise refused(f"mountPath '{secret['directoryPath']}' is given twice in '{path}'")


def check_number(containers: list[dict[str, Any]]) -> None:
    """Refuse more secrets in a service than are allowed (documented: 50)."""
    if sum(len(container.get("secrets", ())) for container in containers) > SECRET_LIMIT:
        raise refused(f"more than {SECRET_LIMIT} secrets")
