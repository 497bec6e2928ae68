"""The text of a service specification, YAML or JSON, to plain values.

In: the text between the dollars. Out: mappings, lists, strings, numbers and booleans, or 395018. Touches
nothing. Documented: Service specification reference (YAML). Assumed: no aliases, no key twice, a date is a
string, and no binary data, sets or numbers beyond 64 bits or without end.
"""

import math
import re
from typing import Any

import yaml

from spcs_emulator.specification_parts import refused

SIZE_LIMIT = 1_000_000
_INTEGER_LIMIT = 2**63
# NUL ends a text for every process, and half a character cannot be written anywhere.
_FORBIDDEN = re.compile("[\0\ud800-\udfff]")
_PREFIX = "tag:yaml.org,2002:"
_LEFT_OUT = frozenset(_PREFIX + name for name in ("timestamp", "binary", "set", "omap", "pairs"))


class _Loader(yaml.SafeLoader):
    """A SafeLoader with less, not more."""

    yaml_constructors = {  # noqa: RUF012 - the library's own way of leaving tags out
        tag: made for tag, made in yaml.SafeLoader.yaml_constructors.items() if tag not in _LEFT_OUT
    }
    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [pair for pair in pairs if pair[0] not in _LEFT_OUT]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise refused("YAML aliases are not supported")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        if not isinstance(node, yaml.MappingNode):
            raise refused("a tag for a mapping stands where there is none")
        seen: set[Any] = set()
        for key, _ in node.value:
            name = str(getattr(key, "value", key))
            if name in seen:
                raise refused(f"option '{name}' is given twice")
            seen.add(name)
        return super().construct_mapping(node, deep)

    def construct_scalar(self, node: Any) -> Any:
        if isinstance(node.value, str) and _FORBIDDEN.search(node.value):
            raise refused("it holds a character that is not allowed")
        return super().construct_scalar(node)

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        value = super().construct_object(node, deep)
        if isinstance(value, int) and abs(value) >= _INTEGER_LIMIT:
            raise refused("a number is too large")
        if isinstance(value, float) and not math.isfinite(value):
            raise refused("a number is not finite")
        return value


def load(text: str) -> Any:
    """Return what the text says. 395018 when it is not YAML, or more than it may be."""
    if len(text) > SIZE_LIMIT:
        raise refused(f"longer than {SIZE_LIMIT} characters")
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506
    # A tag that is written out may be put on anything, which the library's constructors do not expect.
    except (yaml.YAMLError, ValueError, LookupError, RecursionError) as error:
        why = str(error).splitlines()[0] if str(error) else "too deep"
        raise refused(f"not valid YAML: {why}") from error
