"""What BuildKit says of a build: protobuf in base64 inside an event → steps and lines.

documented: moby/buildkit, api/services/control/control.proto, StatusResponse: 1 vertexes (1 digest, 3
name, 5 started, 7 error), 3 logs (1 vertex, 4 msg). Observed with engine 20.10.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass

_VERTEX, _LOG = 1, 3
_VARINT, _EIGHT_BYTES, _TEXT, _FOUR_BYTES = 0, 1, 2, 5


@dataclass(frozen=True)
class Said:
    """One step began or failed (``text`` is its name, ``output`` False), or printed ``text``."""

    step: str
    text: str
    output: bool


def said(aux: str) -> Iterator[Said]:
    """What one event says; steps that only wait are left out."""
    for number, value in _fields(base64.b64decode(aux)):
        if number not in (_VERTEX, _LOG):
            continue
        field = dict(_fields(value))
        step = field.get(1, b"").decode()
        if number == _LOG:
            yield Said(step, field.get(4, b"").decode(errors="replace"), output=True)
        elif 5 in field and (6 not in field or 7 in field):
            yield Said(step, field.get(3, b"").decode(errors="replace"), output=False)


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a message that hold text, bytes or a message, by number (documented: protobuf.dev,
    Encoding).
    """
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == _TEXT:
            size, at = _varint(data, at)
            yield number, data[at : at + size]
            at += size
        elif kind == _VARINT:
            _, at = _varint(data, at)
        else:
            at += {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}[kind]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number, seven bits a byte from the lowest, and where the next thing begins."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
