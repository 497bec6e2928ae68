"""What the program may ever send to an account, by the first words of each statement.

Comes in: the texts that arrived at the account. Goes out: those that write, and those that are not allowed.
Touches nothing. The list is written by hand and not from the templates: what is not in it fails, so that
nothing that could reach beyond the project's own objects slips in.
"""

import re
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from spcs_emulator.script import Event, Script

READS = (
    "SHOW ",
    "DESCRIBE ",
    "SELECT SYSTEM$",
    "SELECT CURRENT_",
    "USE ROLE ",
    "USE SECONDARY ROLES NONE",
    "LIST ",
)
KINDS = (
    "ROLE",
    "USER",
    "WAREHOUSE",
    "DATABASE",
    "SCHEMA",
    "IMAGE REPOSITORY",
    "STAGE",
    "SECRET",
    "NETWORK RULE",
    "EXTERNAL ACCESS INTEGRATION",
    "SECURITY INTEGRATION",
    "COMPUTE POOL",
    "SERVICE",
)
WRITES = (
    *(f"{verb} {kind} " for verb in ("CREATE", "ALTER", "DROP") for kind in KINDS),
    "GRANT ",
    "PUT ",
    "EXECUTE JOB SERVICE ",
)
# CREATE OR REPLACE drops what is there; STOP ALL drops every service of a pool, whoever's; a force on a
# database or the account's own settings reach beyond what is ours
NEVER = re.compile(
    r"^CREATE\s+OR\b|\bSTOP\s+ALL\b|^ALTER\s+ACCOUNT\b|\bCASCADE\b|\bREVOKE\b|^GRANT\s+OWNERSHIP\b|^GRANT\s+ALL\b"
    r"|\bTO\s+ROLE\s+PUBLIC\b|\bWITH\s+GRANT\s+OPTION\b",
    re.IGNORECASE,
)
_TARGET = re.compile(rf"^(?:ALTER|DROP) ({'|'.join(KINDS)}) (?:IF EXISTS )?(\S+)", re.IGNORECASE)


class Recorder(Script):
    """Keeps every statement that arrives at the account while somebody :meth:`listens`."""

    def __init__(self) -> None:
        super().__init__()
        self._recording = threading.Lock()
        self._heard: list[list[str]] = []

    def at_statement(self, text: str) -> Event | None:
        with self._recording:
            for heard in self._heard:
                heard.append(" ".join(text.split()))
        return super().at_statement(text)

    @contextmanager
    def listens(self) -> Iterator[list[str]]:
        """The statements, as they come in."""
        heard: list[str] = []
        with self._recording:
            self._heard.append(heard)
        try:
            yield heard
        finally:
            with self._recording:
                self._heard.remove(heard)


def writes(texts: Collection[str]) -> list[str]:
    """Those that change something."""
    return [text for text in texts if not text.upper().startswith(READS)]


def forbidden(texts: Collection[str]) -> list[str]:
    """Those that nobody may send."""
    return [text for text in texts if NEVER.search(text) or not text.upper().startswith((*READS, *WRITES))]


def changed(texts: Collection[str]) -> set[tuple[str, str]]:
    """The kind and the name of each object that is altered or dropped."""
    found = (_TARGET.match(text) for text in texts)
    return {(match[1].upper(), match[2].replace('"', "").rstrip(";")) for match in found if match}
