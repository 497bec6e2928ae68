"""PUT, GET, LIST and REMOVE: files on internal stages.

In: a reader behind the first word. Out: the statement's value, or 001003. Touches nothing. The options that
each takes stand in tables with their sources.
"""

from collections.abc import Mapping

from spcs_emulator.statement import properties
from spcs_emulator.statement.forms import Clause, clause, read_options
from spcs_emulator.statement.reader import Reader
from spcs_emulator.statement.values import GetFiles, ListFiles, PutFiles, RemoveFiles

FILE_SCHEME = "file://"

_PUT = "documented: PUT"
_GET = "documented: GET"
FILE_CLAUSES: Mapping[str, Mapping[str, Clause]] = {
    "PUT": {
        "PARALLEL": clause(properties.integer, _PUT),
        "AUTO_COMPRESS": clause(properties.boolean, _PUT),
        "SOURCE_COMPRESSION": clause(properties.word, _PUT),
        "OVERWRITE": clause(properties.boolean, _PUT),
    },
    "GET": {
        "PARALLEL": clause(properties.integer, _GET),
        "PATTERN": clause(Reader.string, _GET),
    },
    "LIST": {"PATTERN": clause(Reader.string, "documented: LIST")},
    "REMOVE": {"PATTERN": clause(Reader.string, "documented: REMOVE")},
}


def parse_put(reader: Reader) -> PutFiles:
    """Read what follows PUT."""
    return PutFiles(_local(reader), reader.location(), read_options(reader, FILE_CLAUSES["PUT"]))


def parse_get(reader: Reader) -> GetFiles:
    """Read what follows GET."""
    return GetFiles(reader.location(), _local(reader), read_options(reader, FILE_CLAUSES["GET"]))


def parse_list(reader: Reader) -> ListFiles:
    """Read what follows LIST or LS."""
    return ListFiles(reader.location(), read_options(reader, FILE_CLAUSES["LIST"]).get("PATTERN"))


def parse_remove(reader: Reader) -> RemoveFiles:
    """Read what follows REMOVE or RM."""
    return RemoveFiles(reader.location(), read_options(reader, FILE_CLAUSES["REMOVE"]).get("PATTERN"))


def _local(reader: Reader) -> str:
    """Read `file://…`, in quotes or not, and return the path in it. Not empty."""
    place = reader.here
    text = reader.take().value
    if place.kind not in ("file", "string") or not text.lower().startswith(FILE_SCHEME):
        raise place.unexpected()
    path = text[len(FILE_SCHEME) :]
    if not path:
        raise place.unexpected()
    return path
