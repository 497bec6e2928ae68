"""A place in the tokens of one statement, and the small words of the grammar.

In: tokens. Out: names, constants, or the syntax error that names the token nobody expected. Touches nothing.
"""

import re

from spcs_emulator.faults import NAME_TOO_LONG, SqlError
from spcs_emulator.statement.tokens import Token, tokenize
from spcs_emulator.statement.values import Identifier, Name, StageLocation

# Documented: Reserved & limited keywords, those that cannot be an unquoted identifier anywhere here.
_RESERVED = (
    "ALL ALTER AND ANY AS BETWEEN BY CASE CAST CHECK COLUMN CONNECT CONSTRAINT CREATE CROSS CURRENT "
    "CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DATABASE DELETE DISTINCT DROP ELSE EXISTS "
    "FALSE FOLLOWING FOR FROM FULL GRANT GROUP HAVING ILIKE IN INCREMENT INNER INSERT INTERSECT INTO IS "
    "JOIN LATERAL LEFT LIKE LOCALTIME LOCALTIMESTAMP MINUS NATURAL NOT NULL OF ON OR ORDER QUALIFY REGEXP "
    "REVOKE RIGHT RLIKE ROW ROWS SAMPLE SCHEMA SELECT SET SOME START TABLE TABLESAMPLE THEN TO TRIGGER "
    "TRUE TRY_CAST UNION UNIQUE UPDATE USING VALUES VIEW WHEN WHENEVER WHERE WITH "
)
RESERVED = frozenset(_RESERVED.split())
# Documented: Reserved & limited keywords, where SHOW alone keeps these to itself; observed: Snowcap names
# columns by them.
_HEADINGS = frozenset(("DATABASE", "SCHEMA", "VIEW"))
NAME_LIMIT = 255
INTEGER_LIMIT = 2**31 - 1
# Documented: Numeric data types, 38 digits at most.
_DIGITS = 38
NUMBER_LIMIT = 10**_DIGITS - 1
_PLAIN = re.compile(r"[A-Z_][A-Z0-9_$]*")
_LOCATION = re.compile(r"""@((?:"(?:[^"]|"")*"|[^"/])+)(?:/(.*))?""", re.DOTALL)


class Reader:
    """Reads tokens from first to last; the `try_` methods leave the place alone when they do not match."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self._tokens = tokens
        self._index = 0

    @property
    def here(self) -> Token:
        """The token to be read next."""
        return self._tokens[self._index]

    @property
    def at_end(self) -> bool:
        """Whether everything is read."""
        return self.here.kind == "end"

    @property
    def following(self) -> Token:
        """The token behind the one to be read next; the end behind the end."""
        return self._tokens[min(self._index + 1, len(self._tokens) - 1)]

    def fail(self) -> SqlError:
        """Return the syntax error for the token to be read next."""
        return self.here.unexpected()

    def finish(self) -> None:
        """Raise the syntax error unless everything is read."""
        if not self.at_end:
            raise self.fail()

    def take(self) -> Token:
        """Read and return any one token but the end."""
        token = self.here
        if token.kind == "end":
            raise self.fail()
        self._index += 1
        return token

    def looking_at(self, *words: str) -> bool:
        """Whether the next tokens are these keywords."""
        ahead = self._tokens[self._index : self._index + len(words)]
        return len(ahead) == len(words) and all(
            token.kind == "word" and token.value == word for token, word in zip(ahead, words, strict=True)
        )

    def try_words(self, *words: str) -> bool:
        """Read these keywords if all of them come next."""
        found = self.looking_at(*words)
        if found:
            self._index += len(words)
        return found

    def words(self, *words: str) -> None:
        """Read these keywords, or raise at the first that is another."""
        for word in words:
            if not self.try_words(word):
                raise self.fail()

    def one_of(self, *choices: str) -> str:
        """Read the one of `choices` (several words each) that comes next and return it, or raise."""
        for choice in choices:
            if self.try_words(*choice.split()):
                return choice
        raise self.fail()

    def try_one_of(self, *choices: str) -> str:
        """Read the one of `choices` that comes next and return it; "" when none does."""
        return next((choice for choice in choices if self.try_words(*choice.split())), "")

    def looking_at_symbol(self, symbol: str) -> bool:
        """Whether the symbol comes next."""
        return self.here.kind == "symbol" and self.here.text == symbol

    def try_symbol(self, symbol: str) -> bool:
        """Read the symbol if it comes next."""
        found = self.looking_at_symbol(symbol)
        if found:
            self._index += 1
        return found

    def symbol(self, symbol: str) -> None:
        """Read the symbol or raise."""
        if not self.try_symbol(symbol):
            raise self.fail()

    def identifier(self) -> Identifier:
        """Read one part of a name."""
        token = self.here
        if token.kind == "quoted" and token.value:
            identifier = stored_identifier(token.value)
        elif token.kind == "word" and token.value not in RESERVED:
            identifier = Identifier(token.value)
        else:
            raise self.fail()
        if len(identifier.text) > NAME_LIMIT:
            raise NAME_TOO_LONG(name=identifier.text, length=len(identifier.text))
        self._index += 1
        return identifier

    def heading(self) -> str:
        """Read the name that a column of SELECT is given."""
        if self.here.kind == "word" and self.here.value in _HEADINGS:
            return str(self.take().value)
        return self.identifier().text

    def name(self, most: int = 3) -> Name:
        """Read a name of up to `most` parts, or IDENTIFIER('…')."""
        if self.try_words("IDENTIFIER"):
            self.symbol("(")
            place = self.here
            name = _inner_name(self.string(), most, place)
            self.symbol(")")
            return name
        parts = [self.identifier()]
        while len(parts) < most and self.try_symbol("."):
            parts.append(self.identifier())
        return Name(tuple(parts))

    @property
    def at_location(self) -> bool:
        """Whether a place on a stage comes next, in quotes or not."""
        quoted = self.here.kind == "string" and self.here.value.startswith("@")
        return quoted or self.here.kind == "location"

    def location(self) -> StageLocation:
        """Read a place on a stage, `@name/path`, in quotes or not."""
        place = self.here
        if not self.at_location:
            raise self.fail()
        return _location(self.take().value, place)

    def string(self) -> str:
        """Read a string constant, '…' or $$…$$."""
        if self.here.kind not in ("string", "dollar"):
            raise self.fail()
        return self.take().value

    def integer(self, limit: int = INTEGER_LIMIT) -> int:
        """Read a whole number up to `limit`, negative ones too. Assumed: as a property's value it is a syntax
        error beyond 32 bits.
        """
        sign = -1 if self.try_symbol("-") else 1
        text = self.here.value
        if self.here.kind != "number" or not text.isdigit() or len(text) > _DIGITS or int(text) > limit:
            raise self.fail()
        return sign * int(self.take().value)

    def boolean(self) -> bool:
        """Read TRUE or FALSE."""
        return self.one_of("TRUE", "FALSE") == "TRUE"

    def word_or_string(self) -> str:
        """Read a bare word, folded to upper case, or a string as it is."""
        if self.here.kind == "word":
            return self.take().value
        return self.string()


def stored_identifier(text: str) -> Identifier:
    """Return the part of a name that is kept as `text`, quoted if it can be written with quotes only."""
    return Identifier(text, not _PLAIN.fullmatch(text))


def _location(text: str, place: Token) -> StageLocation:
    match = _LOCATION.fullmatch(text)
    if match is None:
        raise place.unexpected()
    name, path = match[1], (match[2] or "").lstrip("/")
    if name[:1] in ("~", "%"):
        return StageLocation(None, path, name[:1])
    return StageLocation(_inner_name(name, 3, place), path)


def written(text: str) -> str:
    """Return the part of a name that is kept as `text` as it is written: in quotes if it needs them."""
    escaped = text.replace('"', '""')
    return f'"{escaped}"' if stored_identifier(text).quoted else text


def name_in(text: str, most: int = 3) -> Name:
    """Return the name of up to `most` parts that the text is. 001003 when it is none, 002017 for a long
    part.
    """
    reader = Reader(tokenize(text))
    name = reader.name(most)
    reader.finish()
    return name


def _inner_name(text: str, most: int, place: Token) -> Name:
    try:
        return name_in(text, most)
    except SqlError as error:
        if error.errno == NAME_TOO_LONG.errno:
            raise
        raise place.unexpected() from error
