"""Frames of the engine's log as lines."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spcs_emulator.runtime.api import LogLine
from spcs_emulator.runtime.docker.output import last, lines
from spcs_emulator.runtime.logs import KEPT_BYTES

STAMP = b"2026-11-22T20:20:53.859443969Z "
TIME = datetime(2026, 11, 22, 20, 20, 53, 859443, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pieces", "texts"),
    [
        ([], []),
        ([b"one\n", b"\n", b"two words\n"], ["one", "", "two words"]),
        ([b"cut ", b"in ", b"pieces\n", b"whole\n"], ["cut in pieces", "whole"]),
        ([b"no end"], ["no end"]),
        ([b"\xff\r\n"], ["\ufffd"]),
    ],
)
def test_lines(pieces: list[bytes], texts: list[str]) -> None:
    assert list(lines(STAMP + piece for piece in pieces)) == [LogLine(TIME, text) for text in texts]


@pytest.mark.parametrize(
    ("stamp", "microseconds"), [("53Z", 0), ("53.1Z", 100_000), ("53.123456789Z", 123_456)]
)
def test_times(stamp: str, microseconds: int) -> None:
    [line] = lines([f"2026-11-22T20:20:{stamp} x\n".encode()])
    assert line.time == TIME.replace(microsecond=microseconds)


def test_of_a_line_without_end_the_last_mebibyte_is_left() -> None:
    frames = [STAMP + b"a" * KEPT_BYTES, *[STAMP + b"x" * 16384] * 64, STAMP + b"end"]
    [line] = last(lines(frames))
    assert len(line.text) == KEPT_BYTES - 1
    assert line.text.endswith("xend")


@given(st.lists(st.integers(0, KEPT_BYTES * 2), max_size=8))
def test_a_mebibyte_at_most_and_always_the_end(sizes: list[int]) -> None:
    found = [LogLine(TIME, "x" * size) for size in sizes]
    kept = last(found)
    assert list(kept) == found[len(found) - len(kept) :]
    assert sum(len(line.text) + 1 for line in kept) <= KEPT_BYTES
    if len(kept) < len(found):
        more = found[len(found) - len(kept) - 1]
        assert sum(len(line.text) + 1 for line in (more, *kept)) > KEPT_BYTES
