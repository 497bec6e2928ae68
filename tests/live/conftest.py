"""An account to observe: always the local one, and a real one when SPCS_MILVUS_LIVE=1.

The connection to the real account is the one that SPCS_MILVUS_LIVE_CONNECTION names (in connections.toml; its
user must be able to act as ACCOUNTADMIN). Everything made there has a prefix of its own and is dropped at the
end; what the account answered is written to the file SPCS_MILVUS_LIVE_RECORD, by default live-observed.json.
"""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
from snowflake.connector import DictCursor

from spcs_emulator.clock import RealClock
from spcs_emulator.server import LocalAccount

LIVE = os.environ.get("SPCS_MILVUS_LIVE") == "1"
CONNECTION = os.environ.get("SPCS_MILVUS_LIVE_CONNECTION", "default")
RECORD = Path(os.environ.get("SPCS_MILVUS_LIVE_RECORD", "live-observed.json"))
QUIET = {"login_timeout": 30, "enable_server_session_keep_alive_auto_detection": False}
ACCOUNTS = [
    "local",
    pytest.param(
        "live", marks=pytest.mark.skipif(not LIVE, reason="needs SPCS_MILVUS_LIVE=1 and a Snowflake account")
    ),
]
# What may be left with the prefix, in the order in which it can be dropped.
LEFT = (
    ("SHOW SERVICES LIKE '{}%' IN ACCOUNT", "DROP SERVICE {} FORCE"),
    ("SHOW COMPUTE POOLS LIKE '{}%'", "DROP COMPUTE POOL {}"),
    ("SHOW EXTERNAL ACCESS INTEGRATIONS LIKE '{}%'", "DROP INTEGRATION {}"),
    ("SHOW DATABASES LIKE '{}%'", "DROP DATABASE {}"),
    ("SHOW WAREHOUSES LIKE '{}%'", "DROP WAREHOUSE {}"),
    ("SHOW USERS LIKE '{}%'", "DROP USER {}"),
    ("SHOW ROLES LIKE '{}%'", "DROP ROLE {}"),
)


class Observed:
    """One account under observation: runs statements, remembers each answer, and cleans up."""

    def __init__(self, name: str, options: dict[str, Any], records: list[dict[str, Any]]) -> None:
        self.name = name
        self.options = options
        self.prefix = f"SPCSLIVE_{secrets.token_hex(4).upper()}"
        self._records = records
        self._connection = snowflake.connector.connect(**options)
        self._must("USE ROLE ACCOUNTADMIN")
        self._must("USE SECONDARY ROLES NONE")

    def run(self, sql: str) -> dict[str, Any]:
        """The answer: `errno` and `message` (None when the account agrees), `columns`, `rows` as dicts."""
        answer: dict[str, Any] = {"errno": None, "message": None, "columns": [], "rows": []}
        with self._connection.cursor(DictCursor) as cursor:
            try:
                answer["rows"] = [dict(row) for row in cursor.execute(sql).fetchall()]
                answer["columns"] = [column.name for column in cursor.description or ()]
            except snowflake.connector.errors.DatabaseError as error:
                answer |= {"errno": error.errno, "sqlstate": error.sqlstate, "message": error.raw_msg}
        kept = {key: value for key, value in answer.items() if key != "rows"}
        self._records.append({"account": self.name, "sql": sql.replace(self.prefix, "{P}"), **kept})
        return answer

    def _must(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a statement that may not fail: nobody would see what is left."""
        answer = self.run(sql)
        assert answer["errno"] is None, f"{sql}: {answer['message']}"
        rows: list[dict[str, Any]] = answer["rows"]
        return rows

    def left(self) -> list[str]:
        """The statements that drop what is still there with the prefix."""
        found = []
        for show, drop in LEFT:
            for row in self._must(show.format(self.prefix)):
                # In the pattern of LIKE the prefix's "_" stands for any letter.
                if not row["name"].startswith(self.prefix):
                    continue
                place = [row.get("database_name"), row.get("schema_name"), row["name"]]
                found.append(drop.format(".".join(part for part in place if part)))
        return found

    def clean(self) -> None:
        """Drops everything with the prefix; fails when something stays."""
        self._must("USE ROLE ACCOUNTADMIN")
        for statement in self.left():
            self.run(statement)
        stays = self.left()
        self._connection.close()
        assert stays == [], f"left in the account {self.name}: {stays}"


@pytest.fixture(scope="session")
def records() -> Iterator[list[dict[str, Any]]]:
    """Every answer; those of a real account are written down at the end."""
    kept: list[dict[str, Any]] = []
    yield kept
    live = [record for record in kept if record["account"] == "live"]
    if live:
        document = {"observed_on": datetime.now(UTC).date().isoformat(), "answers": live}
        RECORD.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


@contextmanager
def opened(name: str, folder: Path) -> Iterator[dict[str, Any]]:
    """How to reach the account of that name; the local one runs while the block does."""
    if name == "live":
        yield {"connection_name": CONNECTION, **QUIET}
        return
    with LocalAccount(folder / "account", RealClock()) as local:
        yield {**local.connection, **QUIET}


@pytest.fixture(params=ACCOUNTS)
def observed(
    request: pytest.FixtureRequest, tmp_path: Path, records: list[dict[str, Any]]
) -> Iterator[Observed]:
    with opened(request.param, tmp_path) as options:
        account = Observed(request.param, options, records)
        try:
            yield account
        finally:
            account.clean()
