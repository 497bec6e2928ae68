"""Snowflake's words in SQL text: names of objects, keywords, and text that stands between ``$$``.

A :class:`Name` is one or more parts (``database.schema.object``), stored as Snowflake stores them. Written
out, a part is bare where that is legal and double-quoted otherwise (documented: Identifier requirements).
"""

import re
from dataclasses import dataclass

_BARE = re.compile(r"[A-Z_][A-Z0-9_$]*")
# none of these stands in JSON outside its strings; documented: Snowflake CLI, "Using variables for SQL
# templates" (&name, <% name %>); observed: snow 3.30 renders with Jinja, and leaves its comments {# on
_NOT_BETWEEN_DOLLARS = re.compile(r"\$\$|&|<%|\{#")

# documented: Reserved & limited keywords; only those that may not name an object when bare
RESERVED = frozenset(
    """ACCOUNT ALL ALTER AND ANY AS BETWEEN BY CASE CAST CHECK COLUMN CONNECT CONNECTION CONSTRAINT
    CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DATABASE DELETE
    DISTINCT DROP ELSE EXISTS FALSE FOLLOWING FOR FROM FULL GRANT GROUP GSCLUSTER HAVING ILIKE IN
    INCREMENT INNER INSERT INTERSECT INTO IS ISSUE JOIN LATERAL LEFT LIKE LOCALTIME LOCALTIMESTAMP MINUS
    NATURAL NOT NULL OF ON OR ORDER ORGANIZATION QUALIFY REGEXP REVOKE RIGHT RLIKE ROW ROWS SAMPLE
    SCHEMA SELECT SET SOME START TABLE TABLESAMPLE THEN TO TRIGGER TRUE TRY_CAST UNION UNIQUE UPDATE
    USING VALUES VIEW WHEN WHENEVER WHERE WITH""".split()
)
# assumed: bare, where a name may stand, these begin a clause or a function of Snowflake's (IDENTIFIER('…'),
# IF EXISTS, SHOW … IN DATABASE LIMIT 1); in quotes they name the same object
_CLAUSES = frozenset("IDENTIFIER IF LIMIT NONE STARTS".split())


@dataclass(frozen=True, order=True)
class Name:
    """The name of an object; ``parts`` are stored spellings, outermost first, at least one."""

    parts: tuple[str, ...]

    @classmethod
    def of(cls, *parts: str) -> "Name":
        """``Name.of("DB", "PUBLIC", "MILVUS")``."""
        return cls(parts)

    def child(self, part: str) -> "Name":
        """The name one level further in."""
        return Name((*self.parts, part))

    @property
    def last(self) -> str:
        """The object's own name, without what holds it."""
        return self.parts[-1]

    @property
    def parent(self) -> "Name":
        """What holds the object; only for names of more than one part."""
        return Name(self.parts[:-1])

    def inside(self, other: "Name") -> bool:
        """Whether this names something that stands in ``other``, at whatever depth."""
        return len(self.parts) > len(other.parts) and self.parts[: len(other.parts)] == other.parts

    def __str__(self) -> str:
        return ".".join(_written(part) for part in self.parts)


@dataclass(frozen=True)
class Keyword:
    """A word of SQL that a kind lists, for instance a privilege; written as it is."""

    text: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*( [A-Z][A-Z0-9_]*)*", self.text):
            raise ValueError(f"not a keyword: {self.text!r}")


@dataclass(frozen=True)
class DollarQuoted:
    """Canonical JSON to stand between ``$$``. Inner ``$$`` is written with JSON escapes, as the official CLI
    does, and so is what that CLI would take for a variable or comment of its templates in a file it runs.
    """

    json: str

    @property
    def text(self) -> str:
        """The whole token, delimiters included."""
        return "$$" + _NOT_BETWEEN_DOLLARS.sub(_json_escaped, self.json) + "$$"


def _json_escaped(match: re.Match[str]) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in match.group())


def _written(part: str) -> str:
    if _BARE.fullmatch(part) and part not in RESERVED | _CLAUSES:
        return part
    return '"' + part.replace('"', '""') + '"'
