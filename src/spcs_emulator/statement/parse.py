"""SQL text to one statement.

In: the text of a request and how many statements the client said it holds. Out: one statement's value.
Touches nothing.
"""

from collections.abc import Callable

from spcs_emulator.faults import EMPTY, STATEMENT_COUNT, UNSUPPORTED
from spcs_emulator.statement.grants import parse_grant, parse_revoke, parse_show_grants
from spcs_emulator.statement.objects import parse_alter, parse_create, parse_describe, parse_drop
from spcs_emulator.statement.reader import Reader
from spcs_emulator.statement.sessions import parse_alter_session, parse_call, parse_select, parse_use
from spcs_emulator.statement.show import parse_show
from spcs_emulator.statement.tokens import split_statements, tokenize
from spcs_emulator.statement.values import Statement

# The first words decide; longer ones stand before shorter ones.
STARTS: tuple[tuple[str, Callable[[Reader], Statement]], ...] = (
    ("ALTER SESSION", parse_alter_session),
    ("ALTER", parse_alter),
    ("CALL", parse_call),
    ("CREATE", parse_create),
    ("DESCRIBE", parse_describe),
    ("DESC", parse_describe),
    ("DROP", parse_drop),
    ("GRANT", parse_grant),
    ("REVOKE", parse_revoke),
    ("SELECT", parse_select),
    ("SHOW GRANTS", parse_show_grants),
    ("SHOW", parse_show),
    ("USE", parse_use),
)


def parse(text: str, count: int = 1) -> Statement:
    """Return the one statement in `text`. `count` is the client's MULTI_STATEMENT_COUNT, 0 for any number.

    SqlError 000900 when there is none, 000008 when the number differs from `count`, 000002 when there are
    several and the client expected them (not built yet), 001003 when it is not understood.
    """
    statements = split_statements(tokenize(text))
    if not statements:
        raise EMPTY()
    if count not in (0, len(statements)):
        raise STATEMENT_COUNT(actual=len(statements), desired=count)
    if len(statements) > 1:
        raise UNSUPPORTED(feature="several statements in one request")
    reader = Reader(statements[0])
    for words, parser in STARTS:
        if reader.try_words(*words.split()):
            statement = parser(reader)
            reader.finish()
            return statement
    raise reader.fail()
