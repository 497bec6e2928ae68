"""What a statement gives back: columns and rows of Python values.

In: values. Out: a `Result` that the wire turns into a row set, or a `Transfer`. Touches nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

ColumnType = Literal["text", "fixed", "boolean", "date", "timestamp_ltz"]
MOMENTS = ("created_on", "updated_on", "resumed_on", "suspended_on")
Family = Literal["show", "describe", "ddl", "select"]


@dataclass(frozen=True)
class Column:
    """A column's name and type. Cells are str, int, bool, date, aware datetime, or None."""

    name: str
    type: ColumnType = "text"


@dataclass(frozen=True)
class Result:
    """Columns (at least one) and rows, each as long as the columns."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    family: Family


@dataclass(frozen=True)
class Transfer:
    """Files that the client is to send or fetch itself (PUT, GET).

    `stage` is the key of the stage, `local` the client's own path or folder. Uploads go below `prefix`
    (empty, or ending with a slash); downloads are `files`, named relative to the stage. `compression` is the
    client's word for what it sends, in small letters.
    """

    command: Literal["UPLOAD", "DOWNLOAD"]
    stage: str
    local: str
    prefix: str = ""
    files: tuple[str, ...] = ()
    parallel: int = 1
    compress: bool = False
    compression: str = "none"
    overwrite: bool = False


class Shape(tuple[Column, ...]):
    """The columns, in order, that the statement `title` answers with, and the `source` of that list."""

    title: str
    source: str


def columns(title: str, names: str, *, source: str, fixed: str = "", times: str = "") -> Shape:
    """Return the columns that `title` answers with: `names` separated by blanks. Those in `fixed` are whole
    numbers, those in `times` and the usual `created_on` and the like are times, the rest is text."""
    numbers, moments = fixed.split(), (*times.split(), *MOMENTS)
    shape = Shape(
        Column(name, "fixed" if name in numbers else "timestamp_ltz" if name in moments else "text")
        for name in names.split()
    )
    shape.title, shape.source = title, source
    return shape


def status(text: str) -> Result:
    """Return the one row that DDL answers with (documented: column `status`)."""
    return Result((Column("status"),), ((text,),), "ddl")


SUCCESS = "Statement executed successfully."


def table(shape: Sequence[Column], rows: Iterable[Mapping[str, Any]], family: Family = "show") -> Result:
    """Return rows given by column name. KeyError when a row lacks a column or has one that is not there."""
    names = [column.name for column in shape]
    cells = []
    for row in rows:
        unknown = set(row).difference(names)
        if unknown:
            raise KeyError(f"no such column: {sorted(unknown)}")
        cells.append(tuple(row[name] for name in names))
    return Result(tuple(shape), tuple(cells), family)


def without(result: Result, names: Sequence[str]) -> Result:
    """Return the result without the columns of these names."""
    kept = [index for index, column in enumerate(result.columns) if column.name not in names]
    rows = tuple(tuple(row[index] for index in kept) for row in result.rows)
    return Result(tuple(result.columns[index] for index in kept), rows, result.family)


def pattern_matches(pattern: str, name: str) -> bool:
    """Whether `name` matches a LIKE pattern: % and _ are wildcards, a backslash takes the next as it is,
    and case does not matter (documented: SHOW … LIKE).
    """
    return _match(pattern.upper(), name.upper())


def _match(pattern: str, name: str) -> bool:
    """Match by the places in `name` that may be reached, so that time stays pattern × name."""
    reached = {0}
    index = 0
    while index < len(pattern) and reached:
        character = pattern[index]
        if character == "%":
            reached = set(range(min(reached), len(name) + 1))
        elif character == "_":
            reached = {place + 1 for place in reached if place < len(name)}
        else:
            if character == "\\" and index + 1 < len(pattern):
                index += 1
                character = pattern[index]
            reached = {place + 1 for place in reached if place < len(name) and name[place] == character}
        index += 1
    return len(name) in reached
