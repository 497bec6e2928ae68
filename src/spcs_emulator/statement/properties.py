"""The properties of each kind: which CREATE, SET and UNSET take, and how each value is written.

In: a reader in front of `NAME = value …`. Out: a dict of values by property name. Touches nothing.
Documented: the CREATE and ALTER page of each kind. What is not in these tables is a syntax error.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from spcs_emulator.statement.reader import Reader
from spcs_emulator.statement.values import Name, ObjectKind

Read = Callable[[Reader], Any]


def _text(reader: Reader) -> str | None:
    return None if reader.try_words("NULL") else reader.string()


def _word(reader: Reader) -> str:
    return reader.word_or_string()


def _integer(reader: Reader) -> int:
    return reader.integer()


def _integer_or_null(reader: Reader) -> int | None:
    return None if reader.try_words("NULL") else reader.integer()


def _boolean(reader: Reader) -> bool:
    return reader.boolean()


def _name(reader: Reader) -> Name:
    return reader.name()


def _list(reader: Reader, read: Read) -> tuple[Any, ...]:
    reader.symbol("(")
    values: list[Any] = []
    while not reader.try_symbol(")"):
        if values:
            reader.symbol(",")
        values.append(read(reader))
    return tuple(values)


def _names(reader: Reader) -> tuple[Name, ...]:
    return _list(reader, _name)


def _strings(reader: Reader) -> tuple[str, ...]:
    return _list(reader, Reader.string)


def _encryption(reader: Reader) -> str:
    reader.symbol("(")
    reader.words("TYPE")
    reader.symbol("=")
    value = reader.string().upper()
    reader.symbol(")")
    return value


def _directory(reader: Reader) -> bool:
    reader.symbol("(")
    reader.words("ENABLE")
    reader.symbol("=")
    value = reader.boolean()
    reader.symbol(")")
    return value


@dataclass(frozen=True)
class PropertyTable:
    """The properties one kind takes in CREATE, in ALTER … SET, and in ALTER … UNSET."""

    create: Mapping[str, Read]
    alter: Mapping[str, Read]
    unset: tuple[str, ...] = field(default=())


_COMMENT: dict[str, Read] = {"COMMENT": _text}
_POOL: dict[str, Read] = {
    "MIN_NODES": _integer,
    "MAX_NODES": _integer,
    "INSTANCE_FAMILY": _word,
    "AUTO_RESUME": _boolean,
    "AUTO_SUSPEND_SECS": _integer,
    "PLACEMENT_GROUP": _text,
    "BACKUP_INSTANCE_FAMILIES": _strings,
    **_COMMENT,
}
_WAREHOUSE: dict[str, Read] = {
    "WAREHOUSE_SIZE": _word,
    "WAREHOUSE_TYPE": _word,
    "MIN_CLUSTER_COUNT": _integer,
    "MAX_CLUSTER_COUNT": _integer,
    "SCALING_POLICY": _word,
    "AUTO_SUSPEND": _integer_or_null,
    "AUTO_RESUME": _boolean,
    "ENABLE_QUERY_ACCELERATION": _boolean,
    "QUERY_ACCELERATION_MAX_SCALE_FACTOR": _integer,
    "MAX_CONCURRENCY_LEVEL": _integer,
    "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS": _integer,
    "STATEMENT_TIMEOUT_IN_SECONDS": _integer,
    **_COMMENT,
}
_CONTAINER: dict[str, Read] = {
    "DATA_RETENTION_TIME_IN_DAYS": _integer,
    "MAX_DATA_EXTENSION_TIME_IN_DAYS": _integer,
    **_COMMENT,
}
_STAGE: dict[str, Read] = {"DIRECTORY": _directory, **_COMMENT}
_SERVICE: dict[str, Read] = {
    "MIN_INSTANCES": _integer,
    "MAX_INSTANCES": _integer,
    "MIN_READY_INSTANCES": _integer,
    "AUTO_RESUME": _boolean,
    "AUTO_SUSPEND_SECS": _integer,
    "QUERY_WAREHOUSE": _name,
    "EXTERNAL_ACCESS_INTEGRATIONS": _names,
    "LOG_LEVEL": _word,
    **_COMMENT,
}

TABLES: Mapping[ObjectKind, PropertyTable] = {
    ObjectKind.ROLE: PropertyTable(_COMMENT, _COMMENT, ("COMMENT",)),
    ObjectKind.WAREHOUSE: PropertyTable(
        {**_WAREHOUSE, "INITIALLY_SUSPENDED": _boolean}, _WAREHOUSE, tuple(_WAREHOUSE)
    ),
    ObjectKind.DATABASE: PropertyTable(_CONTAINER, _CONTAINER, tuple(_CONTAINER)),
    ObjectKind.SCHEMA: PropertyTable(_CONTAINER, _CONTAINER, tuple(_CONTAINER)),
    ObjectKind.IMAGE_REPOSITORY: PropertyTable(
        {"ENCRYPTION": _encryption, **_COMMENT}, _COMMENT, ("COMMENT",)
    ),
    ObjectKind.STAGE: PropertyTable({"ENCRYPTION": _encryption, **_STAGE}, _STAGE, ("COMMENT",)),
    ObjectKind.COMPUTE_POOL: PropertyTable(
        {**_POOL, "INITIALLY_SUSPENDED": _boolean},
        _POOL,
        ("AUTO_RESUME", "AUTO_SUSPEND_SECS", "COMMENT", "PLACEMENT_GROUP", "BACKUP_INSTANCE_FAMILIES"),
    ),
    ObjectKind.SERVICE: PropertyTable(_SERVICE, _SERVICE, tuple(_SERVICE)),
}


def read_properties(reader: Reader, table: Mapping[str, Read]) -> dict[str, Any]:
    """Read `NAME = value` pairs, commas between them or not, to the end of the statement.

    SqlError 001003 at an unknown name, a name written twice, or a value of the wrong form.
    """
    values: dict[str, Any] = {}
    while not reader.at_end:
        token = reader.here
        if token.kind != "word" or token.value not in table or token.value in values:
            raise reader.fail()
        reader.take()
        reader.try_symbol("=")
        values[token.value] = table[token.value](reader)
        if reader.try_symbol(",") and reader.at_end:
            raise reader.fail()
    return values


def read_unset(reader: Reader, names: tuple[str, ...]) -> tuple[str, ...]:
    """Read the property names of an UNSET, at least one, to the end of the statement."""
    found = [reader.one_of(*names)]
    while not reader.at_end:
        reader.try_symbol(",")
        found.append(reader.one_of(*names))
    return tuple(found)
