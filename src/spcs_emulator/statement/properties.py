"""How the values of properties are written, and `NAME = value …` as a whole.

In: a reader in front of a value or of the first name. Out: Python values. Touches nothing. Which kind takes
which property stands in `forms`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from spcs_emulator.faults import NOT_FOUND, UNSUPPORTED
from spcs_emulator.statement.reader import NUMBER_LIMIT, Reader, name_in
from spcs_emulator.statement.values import Identifier, Name

Read = Callable[[Reader], Any]
# Documented: CREATE SECRET; what these hold comes from a cloud provider or an OAuth server.
SECRETS_ELSEWHERE = ("OAUTH2", "CLOUD_PROVIDER_TOKEN", "SYMMETRIC_KEY")


def text(reader: Reader) -> str | None:
    """Read a string, or NULL for None."""
    return None if reader.try_words("NULL") else reader.string()


def word(reader: Reader) -> str:
    """Read a bare word, in upper case, or a string as it is."""
    return reader.word_or_string()


def integer(reader: Reader) -> int:
    """Read a whole number."""
    return reader.integer()


def integer_or_null(reader: Reader) -> int | None:
    """Read a whole number, or NULL for None."""
    return None if reader.try_words("NULL") else reader.integer()


def boolean(reader: Reader) -> bool:
    """Read TRUE or FALSE."""
    return reader.boolean()


def name(reader: Reader) -> Name:
    """Read an object's name."""
    return reader.name()


def stored_name(reader: Reader) -> str | None:
    """Read a name, bare or in a string, as it is stored; NULL for None."""
    if reader.try_words("NULL"):
        return None
    if reader.here.kind in ("string", "dollar"):
        return str(name_in(reader.string(), 2))
    return str(reader.name(2))


def constant(reader: Reader) -> Any:
    """Read NULL, TRUE, FALSE, a string or a whole number."""
    if reader.try_words("NULL"):
        return None
    if reader.looking_at("TRUE") or reader.looking_at("FALSE"):
        return reader.boolean()
    if reader.here.kind in ("string", "dollar"):
        return reader.string()
    return reader.integer(NUMBER_LIMIT)


def tags(reader: Reader) -> None:
    """Read `name = 'value', …`, in brackets or not. 002003, as the account holds no tags."""
    bracket = reader.try_symbol("(")
    first = reader.name()
    while True:
        reader.symbol("=")
        reader.string()
        if not reader.try_symbol(","):
            break
        reader.name()
    if bracket:
        reader.symbol(")")
    raise NOT_FOUND(kind="Tag", name=str(first))


def items(reader: Reader, read: Read, least: int = 0) -> tuple[Any, ...]:
    """Read `(…, …)`, each with `read`, and at least `least` of them."""
    reader.symbol("(")
    return _items_left(reader, read, least)


def _items_left(reader: Reader, read: Read, least: int) -> tuple[Any, ...]:
    values: list[Any] = []
    while len(values) < least or not reader.try_symbol(")"):
        if values:
            reader.symbol(",")
        values.append(read(reader))
    return tuple(values)


def names(reader: Reader) -> tuple[Name, ...]:
    """Read `(NAME, …)`, at least one."""
    return items(reader, name, least=1)


def exact_names(reader: Reader) -> tuple[Name, ...]:
    """Read `(NAME, …)`, each of one part and in the case it is written in, quoted or not (documented: CREATE
    SERVICE, the names of integrations are case-sensitive; observed: the official CLI sends `()` for none).
    """
    return items(reader, _exact_name)


def _exact_name(reader: Reader) -> Name:
    place = reader.here
    found = reader.identifier()
    return Name((Identifier(place.text) if place.kind == "word" else found,))


def strings(reader: Reader) -> tuple[str, ...]:
    """Read `('…', …)`."""
    return items(reader, Reader.string)


def string(reader: Reader) -> str:
    """Read a string."""
    return reader.string()


def names_or_none(reader: Reader) -> tuple[Name, ...] | str:
    """Read `(NAME, …)`, or NONE for none, in brackets or not."""
    return _names_or(reader, "NONE")


def names_all_or_none(reader: Reader) -> tuple[Name, ...] | str:
    """Read `(NAME, …)`, NONE for none, or ALL, which stays that word; both in brackets or not."""
    return _names_or(reader, "ALL", "NONE")


def _names_or(reader: Reader, *words: str) -> tuple[Name, ...] | str:
    bracket = reader.try_symbol("(")
    word = reader.try_one_of(*words)
    if word and bracket:
        reader.symbol(")")
    if word:
        return () if word == "NONE" else word
    if not bracket:
        raise reader.fail()
    return _items_left(reader, name, least=1)


def secret_type(reader: Reader) -> str:
    """Read a secret's type. 000002 for those whose value comes from elsewhere than the statement."""
    found = reader.word_or_string().upper()
    if found in SECRETS_ELSEWHERE:
        raise UNSUPPORTED(feature=f"SECRET with TYPE = {found}")
    return found


def encryption(reader: Reader) -> str:
    """Read `(TYPE = '…')`."""
    reader.symbol("(")
    reader.words("TYPE")
    reader.symbol("=")
    value = reader.string().upper()
    reader.symbol(")")
    return value


def directory(reader: Reader) -> bool:
    """Read `(ENABLE = TRUE|FALSE)`."""
    reader.symbol("(")
    reader.words("ENABLE")
    reader.symbol("=")
    value = reader.boolean()
    reader.symbol(")")
    return value


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


def read_unset(reader: Reader, known: tuple[str, ...]) -> tuple[str, ...]:
    """Read the property names of an UNSET, at least one, to the end of the statement. 002003 at TAG, as the
    account holds no tags.
    """
    if "TAG" in known and reader.try_words("TAG"):
        raise NOT_FOUND(kind="Tag", name=str(reader.name()))
    found = [reader.one_of(*known)]
    while not reader.at_end:
        reader.try_symbol(",")
        found.append(reader.one_of(*known))
    return tuple(found)
