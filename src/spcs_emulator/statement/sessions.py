"""USE, ALTER SESSION, and SELECT or CALL of functions.

In: a reader behind the first word. Out: the statement's value, or 001003. Touches nothing.
Documented: USE …, ALTER SESSION, Context functions, System functions.
"""

from typing import Any

from spcs_emulator.statement.objects import object_name
from spcs_emulator.statement.properties import constant, items
from spcs_emulator.statement.reader import Reader
from spcs_emulator.statement.values import (
    AlterSession,
    Call,
    Name,
    ObjectKind,
    ResultScan,
    Select,
    SelectItem,
    ServiceTable,
    Statement,
    Use,
    UseSecondaryRoles,
)

# What TABLE(…) takes: RESULT_SCAN, and the methods of a service that return rows; with the names of their
# arguments, and where we know them from.
TABLE_METHODS = {"SPCS_GET_LOGS": {"START_TIME", "END_TIME"}}
TABLE_SOURCES = {
    "RESULT_SCAN": "documented: RESULT_SCAN; assumed: SELECT * of it alone",
    "service!SPCS_GET_LOGS": "documented: SPCS_GET_LOGS; assumed: its times are written as constants",
}
USED = (ObjectKind.ROLE, ObjectKind.WAREHOUSE, ObjectKind.DATABASE, ObjectKind.SCHEMA)
# Documented: Context functions; these may be written without their brackets.
_WORD_CALLS = ("CURRENT_DATE", "CURRENT_TIMESTAMP", "CURRENT_USER")


def parse_use(reader: Reader) -> Statement:
    """Read what follows USE; without a kind it is a database, or a schema when the name has two parts."""
    if reader.try_words("SECONDARY", "ROLES"):
        return UseSecondaryRoles(reader.one_of("ALL", "NONE") == "ALL")
    for kind in USED:
        if reader.try_words(*kind.value.split()):
            return Use(kind, object_name(reader, kind))
    name = reader.name(2)
    return Use(ObjectKind.DATABASE if len(name.parts) == 1 else ObjectKind.SCHEMA, name)


def parse_alter_session(reader: Reader) -> AlterSession:
    """Read what follows ALTER SESSION."""
    if reader.one_of("SET", "UNSET") == "UNSET":
        names = [reader.identifier().text]
        while reader.try_symbol(","):
            names.append(reader.identifier().text)
        return AlterSession(unset=tuple(names))
    values: dict[str, Any] = {}
    while not values or not reader.at_end:
        name = reader.identifier().text
        reader.symbol("=")
        values[name] = constant(reader)
        reader.try_symbol(",")
    return AlterSession(set=values)


def _result_scan(reader: Reader) -> ResultScan:
    reader.words("RESULT_SCAN")
    reader.symbol("(")
    scan = _scanned(reader)
    reader.symbol(")")
    return scan


def _service_table(reader: Reader) -> ServiceTable:
    """Read `service!METHOD(name => constant, …)`. Assumed: times are written as constants."""
    service = object_name(reader, ObjectKind.SERVICE)
    reader.symbol("!")
    method = reader.one_of(*TABLE_METHODS)
    place = reader.here
    given = dict(items(reader, _named_argument))
    if not given.keys() <= TABLE_METHODS[method]:
        raise place.unexpected()
    return ServiceTable(service, method, given)


def _named_argument(reader: Reader) -> tuple[str, Any]:
    name = reader.identifier().text
    reader.symbol("=>")
    return name, constant(reader)


def _scanned(reader: Reader) -> ResultScan:
    if not reader.try_words("LAST_QUERY_ID"):
        return ResultScan(reader.string())
    reader.symbol("(")
    number = -1 if reader.looking_at_symbol(")") else reader.integer()
    reader.symbol(")")
    return ResultScan(None, number)


def parse_select(reader: Reader) -> Statement:
    """Read what follows SELECT."""
    if reader.try_symbol("*"):
        reader.words("FROM", "TABLE")
        reader.symbol("(")
        table = _result_scan(reader) if reader.looking_at("RESULT_SCAN") else _service_table(reader)
        reader.symbol(")")
        return table
    items = [_item(reader)]
    while reader.try_symbol(","):
        items.append(_item(reader))
    return Select(tuple(items))


def parse_call(reader: Reader) -> Select:
    """Read what follows CALL: one function, whose bare name is the heading."""
    call = _call(reader)
    return Select((SelectItem(call, call.function),))


def _item(reader: Reader) -> SelectItem:
    place = reader.here
    value: Any
    if place.kind == "quoted" or (place.kind == "word" and place.value not in ("TRUE", "FALSE", "NULL")):
        value = _call(reader)
        heading = _heading(value)
    else:
        value = constant(reader)
        heading = place.text if place.text != "-" else f"-{value}"
    if reader.try_words("AS") or reader.here.kind in ("word", "quoted"):
        heading = reader.heading()
    return SelectItem(value, heading)


def _heading(call: Call) -> str:
    arguments = ", ".join(_shown(argument) for argument in call.arguments)
    service = f"{call.service}!" if call.service else ""
    return f"{service}{call.function}({arguments})"


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "TRUE", False: "FALSE"}[value]
    return str(value) if isinstance(value, int) else f"'{value}'"


def _call(reader: Reader) -> Call:
    service = _service(reader)
    place = reader.here
    if place.kind != "word":
        raise reader.fail()
    reader.take()
    arguments: list[Any] = []
    if service is None and place.value in _WORD_CALLS and not reader.looking_at_symbol("("):
        return Call(place.value, (), place.line, place.position)
    reader.symbol("(")
    while not reader.try_symbol(")"):
        if arguments:
            reader.symbol(",")
        arguments.append(constant(reader))
    return Call(place.value, tuple(arguments), place.line, place.position, service)


def _service(reader: Reader) -> Name | None:
    """Read `[db.][schema.]service!` before a method; None when no method comes next."""
    if reader.following.kind != "symbol" or reader.following.text not in (".", "!"):
        return None
    name = object_name(reader, ObjectKind.SERVICE)
    reader.symbol("!")
    return name
