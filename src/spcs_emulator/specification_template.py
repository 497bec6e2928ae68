"""Specification templates: `{{ key }}` replaced by the values of USING.

In: the template's text and values. Out: the specification's text, or 395069. Touches nothing. Documented:
CREATE SERVICE (SPECIFICATION_TEMPLATE, USING). Assumed: a key is the only thing that may stand between the
braces, and blocks and comments of a template language are refused; nothing of a template is ever evaluated.
"""

import re
from collections.abc import Mapping
from typing import Any

from spcs_emulator.faults import BAD_TEMPLATE

_PLACE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_LEFT = re.compile(r"\{[{%#]")


def render(template: str, using: Mapping[str, Any]) -> str:
    """Return the text with every `{{ key }}` replaced. 395069 at a key without a value and at anything else
    in double braces.
    """
    return "".join(
        _value(part, using) if index % 2 else _plain(part)
        for index, part in enumerate(_PLACE.split(template))
    )


def _value(key: str, using: Mapping[str, Any]) -> str:
    if key not in using:
        raise BAD_TEMPLATE(why=f"'{key}' is undefined")
    value = using[key]
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)


def _plain(text: str) -> str:
    found = _LEFT.search(text)
    if found:
        raise BAD_TEMPLATE(why=f"'{found[0]}' does not begin a '{{{{ key }}}}'")
    return text
