"""SQL text → tokens, strictly enough to prove that a value written into a statement stayed one token.

Touches nothing. The rules are Snowflake's for literals, identifiers, ``$$`` text and comments
(documented: String & binary data types, "String constants"; Identifier requirements).
"""

import re

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<comment>--[^\n]*|//[^\n]*|/\*.*?\*/)
  | (?P<dollar>\$\$.*?\$\$)
  | (?P<string>'(?:[^'\\]|''|\\.)*')
  | (?P<quoted>"(?:[^"]|"")*")
  | (?P<word>[A-Za-z_][A-Za-z0-9_$]*)
  | (?P<number>\d+(?:\.\d+)?)
  | (?P<mark>=>|[(),.=;!*@%<>:+\-/])
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(sql: str) -> list[str]:
    """The tokens of one statement in order, without white space.

    Raises ValueError where the text is not SQL as we write it: an open quote, a comment, a character no rule
    knows.
    """
    found: list[str] = []
    at = 0
    while at < len(sql):
        match = _TOKEN.match(sql, at)
        if match is None or match.lastgroup == "comment":
            raise ValueError(f"unexpected {sql[at : at + 12]!r} at character {at}")
        if match.lastgroup != "space":
            found.append(match.group())
        at = match.end()
    return found
