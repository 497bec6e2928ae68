"""SQL text to tokens, by Snowflake's rules for strings, quoted names and comments.

In: the text of one request. Out: tokens with their place, the last one the end. Touches nothing.
Documented: String & binary data types (escapes, dollar quoting), Identifier requirements, comments, PUT
(paths of files and places on stages).
"""

import re
from dataclasses import dataclass
from typing import Literal

from spcs_emulator.faults import SYNTAX, SqlError

TokenKind = Literal["file", "location", "word", "quoted", "string", "dollar", "number", "symbol", "end"]

_SKIPPED = re.compile(r"(?:\s|--[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_PATTERNS: tuple[tuple[TokenKind, re.Pattern[str]], ...] = (
    # One token each, as "//" in a path begins no comment. Documented: PUT, GET (with blanks: in quotes).
    ("file", re.compile(r"file://[^\s;]*", re.IGNORECASE)),
    ("location", re.compile(r"""@(?:"(?:[^"]|"")*"|[^\s;,()'"])+""")),
    ("word", re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")),
    ("number", re.compile(r"[0-9]+(?:\.[0-9]+)?(?![A-Za-z0-9_$])")),
    ("quoted", re.compile(r'"(?:[^"]|"")*"')),
    ("string", re.compile(r"'(?:[^'\\]|''|\\.)*'", re.DOTALL)),
    ("dollar", re.compile(r"\$\$.*?\$\$", re.DOTALL)),
    ("symbol", re.compile(r"=>|[=(),.;!@*+\-/<>:?]")),
)
_SURROGATE = re.compile("[\ud800-\udfff]")
HALF = "half a character"
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}
_ESCAPE = re.compile(r"''|\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-7]{3})|(.))", re.DOTALL)


@dataclass(frozen=True)
class Token:
    """One token: as written, as meant (a name folded, a string unescaped), and where it starts.

    `line` counts from 1 and `position` from 0, as in Snowflake's messages; `offset` is the place in the text.
    """

    kind: TokenKind
    text: str
    value: str
    line: int
    position: int
    offset: int

    def unexpected(self) -> SqlError:
        """Return the syntax error that names this token."""
        shown = "<EOF>" if self.kind == "end" else self.text
        return SYNTAX(line=self.line, position=self.position, token=shown)


def tokenize(text: str) -> tuple[Token, ...]:
    """Return the tokens of `text`. SqlError 001003 where none begins (an unclosed quote too)."""
    tokens: list[Token] = []
    line, begins, done = 1, 0, 0
    offset = _skip(text, 0)
    while True:
        line += text.count("\n", done, offset)
        begins = max(begins, text.rfind("\n", done, offset) + 1)
        done = offset
        if offset == len(text):
            return (*tokens, Token("end", "", "", line, offset - begins, offset))
        token = _token(text, offset, line, offset - begins)
        tokens.append(token)
        offset = _skip(text, offset + len(token.text))


def split_statements(tokens: tuple[Token, ...]) -> list[tuple[Token, ...]]:
    """Return the tokens of each statement, each with an end token; empty statements are left out."""
    statements: list[tuple[Token, ...]] = []
    current: list[Token] = []
    for token in tokens:
        if token.kind == "end" or token.text == ";":
            if current:
                statements.append((*current, Token("end", "", "", token.line, token.position, token.offset)))
            current = []
        else:
            current.append(token)
    return statements


def _skip(text: str, offset: int) -> int:
    match = _SKIPPED.match(text, offset)
    return match.end() if match else offset


def _token(text: str, offset: int, line: int, position: int) -> Token:
    for kind, pattern in _PATTERNS:
        match = pattern.match(text, offset)
        if match:
            token = Token(kind, match.group(), _meaning(kind, match.group()), line, position, offset)
            if _SURROGATE.search(token.value):
                raise SYNTAX(line=line, position=position, token=HALF)
            return token
    shown = HALF if _SURROGATE.match(text[offset]) else text[offset]
    raise SYNTAX(line=line, position=position, token=shown)


def _meaning(kind: TokenKind, written: str) -> str:
    match kind:
        case "word":
            return written.upper()
        case "quoted":
            return written[1:-1].replace('""', '"')
        case "string":
            return _ESCAPE.sub(_unescape, written[1:-1])
        case "dollar":
            return written[2:-2]
        case _:
            return written


def _unescape(match: re.Match[str]) -> str:
    if match.group() == "''":
        return "'"
    unicode, hexadecimal, octal, other = match.groups()
    if unicode or hexadecimal:
        return chr(int(unicode or hexadecimal, 16))
    if octal:
        return chr(int(octal, 8))
    return _ESCAPES.get(other, other)
