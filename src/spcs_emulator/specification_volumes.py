"""The volumes section of a service specification: checked, with its defaults filled in.

In: parsed YAML of one volume and its path. Out: its normalised form, or 395018. Touches nothing.
Documented: Service specification reference: volumes, blockConfig, stageConfig. Assumed: metadataCache is a
number with s, m, h or d, as its examples are.
"""

from typing import Any

from spcs_emulator.specification_parts import (
    amount,
    boolean,
    choice,
    fields,
    integer,
    label,
    matching,
    refused,
    string,
)
from spcs_emulator.specification_resources import check_resources

SOURCES = ("local", "memory", "stage", "block")
BLOCK_LIMIT_GI = 65536


def check_volume(entry: Any, path: str) -> dict[str, Any]:
    """Return the volume as it is kept."""
    found = fields(entry, path, "name source size uid gid blockConfig stageConfig", must="name source")
    normal: dict[str, Any] = {"name": label(found["name"], f"{path}.name")}
    source = string(found["source"], f"{path}.source")
    kind = "stage" if source.startswith("@") else choice(source, f"{path}.source", SOURCES, keep_case=True)
    normal["source"] = source
    if kind in ("block", "memory"):
        normal["size"] = _size(found, path, kind)
    elif "size" in found:
        raise refused(f"unknown option 'size' for '{path}'")
    if (kind == "stage" and source == "stage") != ("stageConfig" in found):
        raise refused(f"'{path}': stageConfig goes with source stage")
    if "stageConfig" in found:
        normal["stageConfig"] = _stage_config(found["stageConfig"], f"{path}.stageConfig")
    if "blockConfig" in found:
        if kind != "block":
            raise refused(f"unknown option 'blockConfig' for '{path}'")
        normal["blockConfig"] = _block_config(found["blockConfig"], f"{path}.blockConfig")
    return {**normal, **_ids(found, path)}


def _size(found: dict[str, Any], path: str, kind: str) -> str:
    if "size" not in found:
        raise refused(f"missing option 'size' for '{path}'")
    size = amount(found["size"], f"{path}.size", whole=True)
    if kind == "block" and not 2**30 <= size <= BLOCK_LIMIT_GI * 2**30:
        raise refused(f"invalid '{path}.size': {found['size']} is not between 1Gi and {BLOCK_LIMIT_GI}Gi")
    return str(found["size"])


def _ids(found: dict[str, Any], path: str) -> dict[str, int]:
    return {key: integer(found[key], f"{path}.{key}", 0) for key in ("uid", "gid") if key in found}


def _stage_config(entry: Any, path: str) -> dict[str, Any]:
    found = fields(entry, path, "name metadataCache resources enableSymlink uid gid", must="name")
    if not string(found["name"], f"{path}.name").startswith("@"):
        raise refused(f"invalid '{path}.name': {found['name']} does not begin with '@'")
    normal: dict[str, Any] = {"name": found["name"]}
    if "metadataCache" in found:
        normal["metadataCache"] = matching(found["metadataCache"], f"{path}.metadataCache", r"[0-9]+[smhd]")
    if "resources" in found:
        normal["resources"] = check_resources(found["resources"], f"{path}.resources")
    if "enableSymlink" in found:
        normal["enableSymlink"] = boolean(found["enableSymlink"], f"{path}.enableSymlink")
    return {**normal, **_ids(found, path)}


def _block_config(entry: Any, path: str) -> dict[str, Any]:
    keys = "initialContents iops throughput encryption snapshotOnDelete snapshotDeleteAfter"
    found = fields(entry, path, keys)
    normal: dict[str, Any] = {}
    if "initialContents" in found:
        inner = f"{path}.initialContents"
        contents = fields(found["initialContents"], inner, "fromSnapshot", must="fromSnapshot")
        snapshot = string(contents["fromSnapshot"], f"{inner}.fromSnapshot")
        normal["initialContents"] = {"fromSnapshot": snapshot}
    if "iops" in found:
        normal["iops"] = integer(found["iops"], f"{path}.iops", 3000, 80000)
    if "throughput" in found:
        normal["throughput"] = integer(found["throughput"], f"{path}.throughput", 125)
    if "encryption" in found:
        kinds = ("SNOWFLAKE_SSE", "SNOWFLAKE_FULL")
        normal["encryption"] = choice(found["encryption"], f"{path}.encryption", kinds)
    if "snapshotOnDelete" in found:
        normal["snapshotOnDelete"] = boolean(found["snapshotOnDelete"], f"{path}.snapshotOnDelete")
    if "snapshotDeleteAfter" in found:
        after = matching(found["snapshotDeleteAfter"], f"{path}.snapshotDeleteAfter", r"[1-9][0-9]{0,4}[hd]")
        normal["snapshotDeleteAfter"] = after
    return normal
