"""What was measured, as values; and how they are printed.

Comes in: figures. Goes out: a table for people, a document for scripts. Touches nothing.
"""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

VERSION = 1


@dataclass(frozen=True)
class Figure:
    """One measurement.

    ``goal`` is the most it should be, None where there is no goal. ``noisy`` figures depend on the machine
    and on what else it does; the others come out the same everywhere. ``note`` says what was divided by what.
    """

    name: str
    value: float
    unit: str
    note: str
    goal: float | None = None
    noisy: bool = True

    @property
    def met(self) -> bool | None:
        """Whether the goal was reached; None without a goal."""
        return None if self.goal is None else self.value <= self.goal


def table(figures: Sequence[Figure]) -> str:
    """Ratios and counts of rounds come first, as given; one line a figure."""
    rows = [("FIGURE", "VALUE", "GOAL", "", "HOW")]
    rows += [
        (one.name, _value(one), _goal(one), "noisy" if one.noisy else "exact", one.note) for one in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def document(figures: Sequence[Figure]) -> dict[str, Any]:
    """The same for scripts, with the machine they were taken on."""
    machine = {"python": platform.python_version(), "system": platform.system(), "cpus": os.cpu_count()}
    return {"version": VERSION, "machine": machine, "figures": [_plain(figure) for figure in figures]}


def _value(figure: Figure) -> str:
    return f"{figure.value:.2f}".rstrip("0").rstrip(".") + f" {figure.unit}"


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    return f"{figure.goal:g} {'met' if figure.met else 'MISSED'}"


def _plain(figure: Figure) -> dict[str, Any]:
    return {**vars(figure), "value": round(figure.value, 4), "met": figure.met}
