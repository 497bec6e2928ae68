"""The resources that a container or a stage volume requests: checked.

In: parsed YAML of a `resources` section and its path. Out: its requests and limits as texts, or 395018.
Touches nothing. Documented: Service specification reference: resources.
"""

from typing import Any

from spcs_emulator.specification_parts import amount, cores, fields, integer, refused


def check_resources(entry: Any, path: str, requested: dict[str, str] | None = None) -> dict[str, Any]:
    """Return requests and limits. `requested` is what is requested where the section says nothing and has no
    limit; None fills nothing in.
    """
    found = fields(entry, path, "requests limits")
    requests, limits = (_part(found.get(name, {}), f"{path}.{name}") for name in ("requests", "limits"))
    if requests.get("nvidia.com/gpu") != limits.get("nvidia.com/gpu"):
        raise refused(f"'{path}': nvidia.com/gpu must be the same in requests and limits")
    for name, default in (requested or {}).items():
        requests.setdefault(name, limits.get(name, default))
    for name, measure in (("cpu", cores), ("memory", amount)):
        both = name in requests and name in limits
        if both and measure(limits[name], path) < measure(requests[name], path):
            raise refused(f"'{path}': the {name} request is above the limit")
    return {name: part for name, part in (("requests", requests), ("limits", limits)) if part}


def _part(entry: Any, path: str) -> dict[str, str]:
    given = fields(entry, path, "memory cpu nvidia.com/gpu")
    if "cpu" in given:
        cores(given["cpu"], f"{path}.cpu")
    if "memory" in given:
        amount(given["memory"], f"{path}.memory")
    if "nvidia.com/gpu" in given:
        integer(given["nvidia.com/gpu"], f"{path}.nvidia.com/gpu", 1)
    return {key: str(value) for key, value in given.items()}
