"""PUT, GET, LIST and REMOVE.

In: statements' values. Out: rows, or for PUT and GET what the client is to transfer itself. Documented: PUT,
GET, LIST, REMOVE (a path is the beginning of names), Access control privileges (READ lists and gets, WRITE
puts and removes).
"""

from collections.abc import Callable
from pathlib import Path

from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.results import Result, Transfer, columns, table
from spcs_emulator.account.stage_files import plain_name, remove_files, stored_files
from spcs_emulator.faults import INVALID_VALUE, NOT_FOUND, UNSUPPORTED
from spcs_emulator.statement.values import (
    GetFiles,
    ListFiles,
    ObjectKind,
    PutFiles,
    RemoveFiles,
    StageLocation,
)

LIST_COLUMNS = columns(
    "LIST", "name size md5 last_modified", fixed="size", source="documented: LIST; assumed: the types"
)
REMOVE_COLUMNS = columns("REMOVE", "name result", source="documented: REMOVE")
COMPRESSIONS = ("AUTO_DETECT", "GZIP", "BZ2", "BROTLI", "ZSTD", "DEFLATE", "RAW_DEFLATE", "NONE")
_PARALLEL_LIMIT = 99
_PARALLEL = {"PUT": 4, "GET": 10}


def put_files(context: Context, statement: PutFiles) -> Transfer:
    """Return what is to be sent, where to. 001008 for an option out of its values or a path that leads
    elsewhere.
    """
    stage = _stage(context, statement.to, "WRITE")
    compression = str(statement.options.get("SOURCE_COMPRESSION", "AUTO_DETECT")).upper()
    if compression not in COMPRESSIONS:
        raise INVALID_VALUE(name="SOURCE_COMPRESSION", value=compression, why="")
    folder = statement.to.path.rstrip("/")
    if folder and not plain_name(folder):
        raise INVALID_VALUE(name="path", value=statement.to.path, why=": it must stay on the stage")
    return Transfer(
        "UPLOAD",
        stage.key,
        statement.local,
        prefix=f"{folder}/" if folder else "",
        parallel=_parallel("PUT", statement.options.get("PARALLEL")),
        compress=bool(statement.options.get("AUTO_COMPRESS", True)),
        compression=compression.lower(),
        overwrite=bool(statement.options.get("OVERWRITE", False)),
    )


def get_files(context: Context, statement: GetFiles) -> Transfer:
    """Return which files are to be fetched."""
    stage = _stage(context, statement.source, "READ")
    pattern = statement.options.get("PATTERN")
    files = stored_files(_folder(context, stage), statement.source.path, pattern)
    return Transfer(
        "DOWNLOAD",
        stage.key,
        statement.local,
        files=tuple(file.name for file in files),
        parallel=_parallel("GET", statement.options.get("PARALLEL")),
    )


def list_files(context: Context, statement: ListFiles) -> Result:
    """Return the files, each with the stage's name in small letters before it."""
    stage = _stage(context, statement.source, "READ")
    files = stored_files(_folder(context, stage), statement.source.path, statement.pattern)
    named = _named(stage)
    return table(
        LIST_COLUMNS,
        [
            {
                "name": named(file.name),
                "size": file.size,
                "md5": file.md5,
                "last_modified": file.last_modified,
            }
            for file in files
        ],
    )


def remove_listed(context: Context, statement: RemoveFiles) -> Result:
    """Remove the files and return their names."""
    stage = _stage(context, statement.source, "WRITE")
    files = stored_files(_folder(context, stage), statement.source.path, statement.pattern)
    remove_files(files)
    named = _named(stage)
    return table(REMOVE_COLUMNS, [{"name": named(file.name), "result": "removed"} for file in files])


def _stage(context: Context, location: StageLocation, privilege: str) -> AccountObject:
    if location.owner == "~":
        raise UNSUPPORTED(feature="the user's stage @~ (local account)")
    if location.name is None:
        raise NOT_FOUND(kind="Table", name=location.path)
    return context.use(ObjectKind.STAGE, location.name, privilege)


def _folder(context: Context, stage: AccountObject) -> Path:
    return context.world.stage_folder(stage.key)


def _named(stage: AccountObject) -> Callable[[str], str]:
    return lambda name: f"{stage.name.lower()}/{name}"


def _parallel(statement: str, value: object) -> int:
    number = _PARALLEL[statement] if value is None else value
    if not isinstance(number, int) or not 1 <= number <= _PARALLEL_LIMIT:
        raise INVALID_VALUE(name="PARALLEL", value=number, why=f": between 1 and {_PARALLEL_LIMIT}")
    return number
