"""The durable catalogue: one SQLite file that its owner alone may read, one JSON document an entry.

In: documents to put and to remove. Out: all documents, at start. Touches one file (and its WAL beside it).
Once `save` has returned, its documents survive the process being killed.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Document:
    """One entry: the table it belongs to, its id there, and its JSON body."""

    table: str
    id: str
    body: dict[str, Any]


class StoreError(Exception):
    """The catalogue could not be written; the text names the cause (disk full, read-only, …)."""


class DamagedError(StoreError):
    """The catalogue is there, but an entry of it, which the text names, cannot be understood."""


class Store:
    """The file. Write-ahead log with synchronous NORMAL: safe against kill -9, not against a power cut."""

    def __init__(self, path: Path) -> None:
        """Open or make the file at `path`. StoreError when that cannot be done."""
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.chmod(0o600)
            self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.execute(
                'CREATE TABLE IF NOT EXISTS documents ("table" TEXT, id TEXT, body TEXT, '
                'PRIMARY KEY ("table", id))'
            )
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"cannot open {path}: {error}") from error

    def load(self) -> list[Document]:
        """Return every document. StoreError when the file cannot be read, DamagedError for an entry of it."""
        try:
            with self._lock:
                rows = self._database.execute('SELECT "table", id, body FROM documents').fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"cannot read the catalogue: {error}") from error
        return [Document(table, id_, _body(table, id_, body)) for table, id_, body in rows]

    def save(self, puts: Iterable[Document], removes: Iterable[tuple[str, str]]) -> None:
        """Put documents and remove (table, id) pairs, all or nothing. StoreError when it cannot be done."""
        rows = [(put.table, put.id, json.dumps(put.body, separators=(",", ":"))) for put in puts]
        with self._lock:
            try:
                self._database.execute("BEGIN IMMEDIATE")
                self._database.executemany(
                    'DELETE FROM documents WHERE "table" = ? AND id = ?', list(removes)
                )
                self._database.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", rows)
                self._database.execute("COMMIT")
            except sqlite3.Error as error:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise StoreError(f"cannot write the catalogue: {error}") from error

    def close(self) -> None:
        """Close the file. Closing twice is fine."""
        with self._lock:
            self._database.close()


def _body(table: str, id_: str, text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise DamagedError(f"entry {table} {id_} of the catalogue is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise DamagedError(f"entry {table} {id_} of the catalogue is not a JSON object")
    return body
