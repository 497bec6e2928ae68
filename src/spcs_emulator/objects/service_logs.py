"""What the containers of a service have printed: SYSTEM$GET_SERVICE_LOGS and SPCS_GET_LOGS.

In: a service, and which of its lines. Out: text or rows. Touches nothing. Documented: both pages. On
Snowflake SPCS_GET_LOGS reads the event table, minutes later; here both read what the runtime keeps.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.results import Result, columns, table
from spcs_emulator.account.services import instance_keys, specification_of
from spcs_emulator.faults import INVALID_VALUE
from spcs_emulator.statement.values import ObjectKind, ServiceTable

LOG_LIMIT = 100_000
DEFAULT_LINES = 500
# Documented: SPCS_GET_LOGS, without a START_TIME.
COLLECTED = timedelta(days=1)
LOG_LINES = columns(
    "SELECT * FROM TABLE(service!SPCS_GET_LOGS())",
    "TIMESTAMP INSTANCE_ID CONTAINER_NAME LOG RECORD_ATTRIBUTES",
    source="documented: SPCS_GET_LOGS; assumed: TIMESTAMP comes with a zone, and every line is of stdout",
    fixed="INSTANCE_ID",
    times="TIMESTAMP",
)


def service_logs(
    context: Context,
    service: AccountObject,
    instance: Any,
    container: Any,
    lines: Any = DEFAULT_LINES,
    previous: Any = False,
    since: Any = "",
    timestamps: Any = False,
) -> str:
    """Return the last lines of a container's log, 100 KB at most: those that came at or after `since` (ISO
    8601, "" for all), with `timestamps` each behind its time. MONITOR is needed. 001008 for an argument out
    of its values.
    """
    context.access.require(service, "MONITOR")
    names = [found.name for found in specification_of(service).containers]
    if container not in names:
        raise INVALID_VALUE(name="container_name", value=container, why=f": one of {', '.join(names)}")
    numbers = {str(number): key for number, key in enumerate(instance_keys(service))}
    if str(instance) not in numbers:
        raise INVALID_VALUE(name="instance_id", value=instance, why=f": one of {', '.join(numbers)}")
    if not isinstance(lines, int) or lines < 1:
        raise INVALID_VALUE(name="num_lines", value=lines, why=": must be a positive number")
    moment = _moment(since)
    found = context.world.runtime.logs(numbers[str(instance)], str(container), bool(previous))
    kept = [line for line in found if moment is None or line.time >= moment][-lines:]
    text = "".join(f"{_stamp(line.time) if timestamps else ''}{line.text}\n" for line in kept)
    return text[-LOG_LIMIT:]


def _moment(since: Any) -> datetime | None:
    """Return the time; nanoseconds are cut to microseconds, and one without a zone is UTC."""
    if since in ("", None):
        return None
    text = re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", str(since))
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise INVALID_VALUE(name="since_timestamp", value=since, why=": must be a time") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _stamp(time: datetime) -> str:
    """Return the time as it stands before a line (observed: nanoseconds, Z, a blank)."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}000Z "


def show_log_lines(context: Context, statement: ServiceTable) -> Result:
    """Return a row for each line of every container between two times, by default of the last day. MONITOR is
    needed.
    """
    service = context.use(ObjectKind.SERVICE, statement.service, "MONITOR")
    first = _moment(statement.arguments.get("START_TIME")) or context.now - COLLECTED
    last = _moment(statement.arguments.get("END_TIME")) or context.now
    rows = [
        {
            "TIMESTAMP": line.time,
            "INSTANCE_ID": number,
            "CONTAINER_NAME": container.name,
            "LOG": line.text,
            "RECORD_ATTRIBUTES": json.dumps({"log.iostream": "stdout"}),
        }
        for number, key in enumerate(instance_keys(service))
        for container in specification_of(service).containers
        for line in context.world.runtime.logs(key, container.name, False)
        if first <= line.time <= last
    ]
    return table(LOG_LINES, sorted(rows, key=lambda row: row["TIMESTAMP"]), "select")
