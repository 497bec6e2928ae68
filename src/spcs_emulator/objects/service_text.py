"""The specification as DESCRIBE SERVICE gives it to the service's owner.

In: a service. Out: YAML text. Touches nothing. Documented: DESCRIBE SERVICE (defaults filled in, values
quoted, each container with the digest of its image).
"""

import json
from functools import lru_cache
from typing import Any

import yaml

from spcs_emulator.account.entries import AccountObject
from spcs_emulator.objects.kind import true_false


def described_specification(entry: AccountObject) -> str:
    """Return the normalised specification as YAML: every value quoted, each container with its image's
    digest.
    """
    digests = {name: image["digest"] for name, image in entry.settings["images"].items()}
    return _described(entry.settings["spec"], tuple(sorted(digests.items())))


@lru_cache(maxsize=256)
def _described(specification: str, digests: tuple[tuple[str, str], ...]) -> str:
    """Kept, since writing YAML takes longer than the rest of a statement."""
    document = json.loads(specification)
    for container in document["spec"]["containers"]:
        container["sha256"] = f"@{dict(digests)[container['name']]}"
    text: str = yaml.dump(_texts(document), Dumper=_Quoted, sort_keys=False, explicit_start=True)
    return text


class _Quoted(yaml.SafeDumper):
    """Writes every value, but no key, in double quotes."""

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        node = super().represent_mapping(tag, mapping, flow_style)
        for _, value in node.value:
            if isinstance(value, yaml.ScalarNode):
                value.style = '"'
        return node


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    if isinstance(value, bool):
        return true_false(value)
    return str(value)
