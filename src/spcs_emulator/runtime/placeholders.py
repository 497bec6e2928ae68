"""The placeholders of a process image: {python} {files} {port:N} {mount:PATH}; {{ and }} stand for one brace.

In: a template, and what the placeholders stand for. Out: the text with all of them replaced. Pure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class UnknownPlaceholderError(ValueError):
    """The template holds a placeholder that stands for nothing, or a lone brace."""


@dataclass(frozen=True)
class Meanings:
    """What each placeholder stands for: container ports to local ports, container paths to folders."""

    python: str
    files: str
    ports: Mapping[int, int]
    mounts: Mapping[str, str]


def fill(template: str, meanings: Meanings) -> str:
    """The template with its placeholders replaced; UnknownPlaceholderError names one that means nothing."""
    return _PIECE.sub(lambda piece: _meaning(piece, meanings), template)


def _meaning(piece: re.Match[str], meanings: Meanings) -> str:
    text = piece.group()
    if text in ("{{", "}}"):
        return text[0]
    kind, _, value = (piece.group(1) or "").partition(":")
    match kind, value:
        case "python", "":
            return meanings.python
        case "files", "":
            return meanings.files
        case "port", port if port.isdecimal() and int(port) in meanings.ports:
            return str(meanings.ports[int(port)])
        case "mount", path if path in meanings.mounts:
            return meanings.mounts[path]
    raise UnknownPlaceholderError(
        f"{text} in {piece.string!r} is no placeholder of this image: {{python}}, {{files}}, {{port:N}} and "
        "{mount:PATH} with N and PATH from its ports and mounts"
    )
