"""Those who look for canaries: in texts, in files, in what processes were told, in what the account keeps.

Comes in: a text and where it was seen. Goes out: what was found, each with the place it comes from and the
text around. Reads files, and the account of a test's own process; changes nothing.
"""

import base64
import json
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from tests.canaries.places import Place

from spcs_emulator.server import LocalAccount

# what holds secrets on purpose: what is generated, the connections, and what the local account lives on
MEANT = (
    "project/.spcs-milvus/*.password",
    "snowflake/connections.toml",
    "home/account.json",
    "home/server.json",
    "home/catalogue.sqlite*",
    "home/secrets/*",
)
_AROUND = 60
# what a terminal is told, and the blanks and line ends that wrapping puts in
_BETWEEN = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\s")


@dataclass(frozen=True)
class Seen:
    """Something that somebody can see: ``observer`` says who, ``what`` says where."""

    observer: str
    what: str
    content: bytes


@dataclass(frozen=True)
class Leak:
    """A canary that was seen; it prints as all that is needed to find out how."""

    place: Place
    seen: Seen
    around: str

    def __str__(self) -> str:
        return f"{self.place.name}: seen by {self.seen.observer} in {self.seen.what}: …{self.around}…"


def leaks(seen: Iterable[Seen], places: Collection[Place]) -> list[Leak]:
    """Every canary that was seen, in whatever form."""
    forms = [(needle.lower(), place) for place in places for needle in _forms(place.core)]
    return [
        Leak(place, one, _around(content, needle))
        for one, content in ((one, _BETWEEN.sub(b"", one.content)) for one in seen)
        for folded in (content.lower(),)
        for needle, place in forms
        if needle in folded
    ]


def _forms(core: str) -> Iterator[bytes]:
    """The core itself, which no quoting changes, in hexadecimal, and in base64 wherever it begins in a longer
    text.
    """
    yield core.encode()
    yield core.encode().hex().encode()
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + core.encode())
        # the first and the last signs depend on what stands beside
        yield encoded[4 if offset else 0 : -4]


def _around(content: bytes, needle: bytes) -> str:
    at = content.lower().index(needle)
    return content[max(0, at - _AROUND) : at + len(needle) + _AROUND].decode(errors="replace")


# --- who sees what ------------------------------------------------------------------------------------


def texts(observer: str, **said: str | bytes) -> Iterator[Seen]:
    """What a program said, by the name of the stream."""
    for name, text in said.items():
        yield Seen(observer, name, text if isinstance(text, bytes) else text.encode(errors="surrogateescape"))


def below(folder: Path, leave: Collection[Path] = ()) -> Iterator[Seen]:
    """Every file below a folder and its name, but for those to leave out and those that are meant to hold
    secrets and are their owner's alone.
    """
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        yield Seen("files", "the name of a file", str(name).encode())
        if path.is_file() and path not in leave and not (_is_meant(name) and _is_private(path, folder)):
            yield Seen("files", str(name), path.read_bytes())


def _is_meant(name: Path) -> bool:
    return any(fnmatch(str(name), pattern) for pattern in MEANT)


def _is_private(path: Path, folder: Path) -> bool:
    """Whether the file, or a folder on the way to it, is its owner's alone."""
    way = (path, *(parent for parent in path.parents if parent != folder and parent.is_relative_to(folder)))
    return any(not stat.S_IMODE(one.stat().st_mode) & 0o077 for one in way)


def processes(audit: Path, own: Mapping[str, str]) -> Iterator[Seen]:
    """What the processes that were started were told: their words, and of their environment what the command
    did not have itself; of those that outlive the command, all of it.
    """
    for line in audit.read_text(encoding="utf-8").splitlines() if audit.exists() else ():
        told: dict[str, Any] = json.loads(line)
        words = [str(word) for word in told["words"]]
        yield Seen("processes", f"the words of {words[:1]}", json.dumps(words).encode())
        environment = {name: value for name, value in told["environment"].items() if own.get(name) != value}
        yield Seen("processes", f"the environment of {words[:1]}", json.dumps(environment).encode())


def lasting(environments: Iterable[Mapping[str, str]]) -> Iterator[Seen]:
    """The whole environment of a process that outlives the command."""
    for environment in environments:
        yield Seen("processes", "the environment of one that lasts", json.dumps(environment).encode())


def account(local: LocalAccount[Any]) -> Iterator[Seen]:
    """What the account tells: its dump, and of its statements the texts, the errors and the rows."""
    yield Seen("account", "dump", json.dumps(local.dump()).encode())
    for query in tuple(local.account.history._queries.values()):
        answer = query.answer.result(10)
        told = f"{query.text}\n{answer.error and answer.error.message}\n{answer.outcome}"
        yield Seen("account", "statement history", told.encode(errors="surrogateescape"))
