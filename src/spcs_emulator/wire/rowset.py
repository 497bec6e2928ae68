"""Results as the JSON row sets that every connector reads.

In: a `Result`. Out: `rowtype` and `rowset` of the answer. Touches nothing. Observed with connectors 3 to 5:
cells are strings or null only, numbers carry precision and scale, booleans are "1" and "0", times are
seconds with exactly `scale` digits of fraction.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from spcs_emulator.account.results import Column, Family, Result, Transfer

STATEMENT_TYPES: dict[Family, int] = {"show": 0x1000, "describe": 0x1000, "select": 0x1000, "ddl": 0x6000}
UPLOAD_TYPE, DOWNLOAD_TYPE, SEVERAL_TYPE = 0x7101, 0x7102, 0xA000
TEXT_LENGTH = 16777216
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def row_type(column: Column) -> dict[str, Any]:
    """Return the description of one column, every key that any client reads present."""
    text = column.type == "text"
    precision, scale = {"fixed": (38, 0), "timestamp_ltz": (0, 3)}.get(column.type, (None, None))
    return {
        "name": column.name,
        "type": column.type,
        "nullable": True,
        "length": TEXT_LENGTH if text else None,
        "byteLength": TEXT_LENGTH if text else None,
        "precision": precision,
        "scale": scale,
        "database": "",
        "schema": "",
        "table": "",
        "collation": None,
    }


def cell(value: Any) -> str | None:
    """Return one value as it goes over the wire."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime):
        milliseconds = (value - _EPOCH) // _MILLISECOND
        return f"{milliseconds // 1000}.{milliseconds % 1000:03d}"
    if isinstance(value, date):
        return str((value - _EPOCH.date()).days)
    return str(value)


def statement_type(outcome: Result | Transfer) -> int:
    """Return the number that tells clients what sort of statement it was."""
    if isinstance(outcome, Transfer):
        return UPLOAD_TYPE if outcome.command == "UPLOAD" else DOWNLOAD_TYPE
    return STATEMENT_TYPES[outcome.family]


def several_data(parts: list[tuple[str, int]]) -> dict[str, Any]:
    """Return the part of an answer's `data` that tells where the results of several statements are: of each
    its query's id and statement type.
    """
    done = Result(
        (Column("multiple statement execution"),), (("Multiple statements executed successfully.",),), "ddl"
    )
    return {
        **result_data(done),
        "resultIds": ",".join(id_ for id_, _ in parts),
        "resultTypes": ",".join(str(number) for _, number in parts),
        "statementTypeId": SEVERAL_TYPE,
    }


def result_data(result: Result) -> dict[str, Any]:
    """Return the part of an answer's `data` that tells the result."""
    rows = [[cell(value) for value in row] for row in result.rows]
    return {
        "rowtype": [row_type(column) for column in result.columns],
        "rowset": rows,
        "total": len(rows),
        "returned": len(rows),
        "queryResultFormat": "json",
        "statementTypeId": statement_type(result),
    }
