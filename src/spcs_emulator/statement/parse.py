"""SQL text to statements.

In: the text of a request, how many statements the client said it holds, and values for its placeholders.
Out: the statements as written, and each one's value. Touches nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from spcs_emulator.faults import EMPTY, STATEMENT_COUNT
from spcs_emulator.statement.bindings import bound
from spcs_emulator.statement.files import parse_get, parse_list, parse_put, parse_remove
from spcs_emulator.statement.grants import (
    parse_grant,
    parse_revoke,
    parse_show_future_grants,
    parse_show_grants,
)
from spcs_emulator.statement.objects import (
    parse_alter,
    parse_create,
    parse_describe,
    parse_drop,
    parse_execute_job,
)
from spcs_emulator.statement.reader import Reader
from spcs_emulator.statement.sessions import parse_alter_session, parse_call, parse_select, parse_use
from spcs_emulator.statement.show import parse_show
from spcs_emulator.statement.tokens import Token, split_statements, tokenize
from spcs_emulator.statement.users import parse_alter_user
from spcs_emulator.statement.values import Statement


@dataclass(frozen=True)
class Start:
    """A kind of statement: its first words, what reads the rest, and where we know it from."""

    words: str
    parse: Callable[[Reader], Statement]
    source: str


# The first words decide; longer ones stand before shorter ones.
STARTS = (
    Start("ALTER SESSION", parse_alter_session, "documented: ALTER SESSION"),
    Start("ALTER USER", parse_alter_user, "documented: ALTER USER"),
    Start("ALTER", parse_alter, "documented: ALTER <object>"),
    Start("CALL", parse_call, "documented: CALL; assumed: system functions only, as in SELECT"),
    Start("CREATE", parse_create, "documented: CREATE <object>"),
    Start("DESCRIBE", parse_describe, "documented: DESCRIBE <object>"),
    Start("DESC", parse_describe, "documented: DESCRIBE <object>"),
    Start("DROP", parse_drop, "documented: DROP <object>"),
    Start("GET", parse_get, "documented: GET"),
    Start("EXECUTE JOB SERVICE", parse_execute_job, "documented: EXECUTE JOB SERVICE"),
    Start(
        "GRANT",
        parse_grant,
        "documented: GRANT <privileges>, GRANT ROLE, GRANT SERVICE ROLE, GRANT OWNERSHIP",
    ),
    Start("LIST", parse_list, "documented: LIST"),
    Start("LS", parse_list, "documented: LIST"),
    Start("PUT", parse_put, "documented: PUT"),
    Start("REMOVE", parse_remove, "documented: REMOVE"),
    Start("REVOKE", parse_revoke, "documented: REVOKE <privileges>, REVOKE ROLE, REVOKE SERVICE ROLE"),
    Start("RM", parse_remove, "documented: REMOVE"),
    Start(
        "SELECT",
        parse_select,
        "documented: SELECT; assumed: constants and functions only, as there are no tables",
    ),
    Start("SHOW FUTURE GRANTS", parse_show_future_grants, "documented: SHOW GRANTS"),
    Start("SHOW GRANTS", parse_show_grants, "documented: SHOW GRANTS"),
    Start("SHOW", parse_show, "documented: SHOW <objects>"),
    Start("USE", parse_use, "documented: USE <object>, USE SECONDARY ROLES"),
)


@dataclass(frozen=True)
class Written:
    """One statement as it was sent: its text, and its tokens with an end token."""

    text: str
    tokens: tuple[Token, ...]


def read(text: str, count: int = 1, bindings: Mapping[str, Any] | None = None) -> tuple[Written, ...]:
    """Return the statements in `text`, none of them understood yet. `count` is the client's
    MULTI_STATEMENT_COUNT, 0 for any number; `bindings` are the values for `?` and `:1` as the wire has them.

    SqlError 000900 when there is none, 000008 when the number differs from `count`, 001003 where no token
    begins, 002049 for a placeholder without a value.
    """
    statements = split_statements(bound(tokenize(text), bindings or {}))
    if not statements:
        raise EMPTY()
    if count not in (0, len(statements)):
        raise STATEMENT_COUNT(actual=len(statements), desired=count)
    return tuple(
        Written(text[tokens[0].offset : tokens[-1].offset].rstrip(), tokens) for tokens in statements
    )


def parse(written: Written) -> Statement:
    """Return what the statement says. SqlError 001003 when it is not understood, and what its own parser
    raises.
    """
    reader = Reader(written.tokens)
    for start in STARTS:
        if reader.try_words(*start.words.split()):
            statement = start.parse(reader)
            reader.finish()
            return statement
    raise reader.fail()
