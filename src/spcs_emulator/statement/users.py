"""ALTER USER, and what only users have: programmatic access tokens.

In: a reader behind ALTER USER. Out: the statement's value, or 001003. Touches nothing.
Documented: ALTER USER … ADD | MODIFY | ROTATE | REMOVE PROGRAMMATIC ACCESS TOKEN, SHOW USER PROGRAMMATIC
ACCESS TOKENS; PAT and PATS are short for these words.
"""

from collections.abc import Mapping

from spcs_emulator.faults import UNSUPPORTED
from spcs_emulator.statement import properties
from spcs_emulator.statement.forms import Clause, clause, read_options
from spcs_emulator.statement.objects import altered, object_name
from spcs_emulator.statement.properties import read_unset
from spcs_emulator.statement.reader import Reader
from spcs_emulator.statement.values import Alter, Identifier, Name, ObjectKind

VERBS = ("ADD", "MODIFY", "ROTATE", "REMOVE")
# Documented: ALTER USER; what needs a browser, an integration or a warehouse that computes.
NOT_HERE = ("RESET PASSWORD", "ABORT ALL QUERIES", "ADD DELEGATED AUTHORIZATION", "REMOVE DELEGATED")
TOKEN_WORDS = ("PROGRAMMATIC ACCESS TOKEN", "PAT")
SELF = Name((Identifier(""),))
"""Stands for the user of the session, where a statement names none."""


_MODIFY = "documented: ALTER USER … MODIFY PROGRAMMATIC ACCESS TOKEN"
_ADD = "documented: ALTER USER … ADD PROGRAMMATIC ACCESS TOKEN"
_ROTATE = "documented: ALTER USER … ROTATE PROGRAMMATIC ACCESS TOKEN"
# The properties of a token, by the verb that takes them.
TOKEN_CLAUSES: Mapping[str, Mapping[str, Clause]] = {
    "ADD": {
        "ROLE_RESTRICTION": clause(properties.stored_name, _ADD),
        "DAYS_TO_EXPIRY": clause(properties.integer, _ADD),
        "MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT": clause(properties.integer, _ADD),
        "COMMENT": clause(properties.text, _ADD),
    },
    "MODIFY": {
        "DISABLED": clause(properties.boolean, _MODIFY),
        "MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT": clause(properties.integer, _MODIFY),
        "COMMENT": clause(properties.text, _MODIFY),
    },
    "ROTATE": {"EXPIRE_ROTATED_TOKEN_AFTER_HOURS": clause(properties.integer, _ROTATE)},
}


def parse_alter_user(reader: Reader) -> Alter:
    """Read what follows ALTER USER. Documented: for one's own tokens no user need be named."""
    if_exists = reader.try_words("IF", "EXISTS")
    if _begins_token(reader):
        return _token(reader, SELF, if_exists)
    name = object_name(reader, ObjectKind.USER)
    if _begins_token(reader):
        return _token(reader, name, if_exists)
    if missing := reader.try_one_of(*NOT_HERE):
        raise UNSUPPORTED(feature=missing)
    return altered(reader, ObjectKind.USER, name, if_exists)


def _begins_token(reader: Reader) -> bool:
    """Whether the words that come next are about a token, and not a user's name."""
    return any(reader.looking_at(verb, *words.split()) for verb in VERBS for words in TOKEN_WORDS)


def _token(reader: Reader, user: Name, if_exists: bool) -> Alter:
    """Read ADD | MODIFY | ROTATE | REMOVE PROGRAMMATIC ACCESS TOKEN … of that user."""
    verb = reader.one_of(*VERBS)
    reader.one_of(*TOKEN_WORDS)
    values: dict[str, object] = {"NAME": reader.identifier().text}
    new_name = None
    unset: tuple[str, ...] = ()
    if verb in ("ADD", "ROTATE"):
        values.update(read_options(reader, TOKEN_CLAUSES[verb]))
    elif verb == "MODIFY":
        what = reader.one_of("SET", "UNSET", "RENAME TO")
        if what == "RENAME TO":
            new_name = Name((reader.identifier(),))
        elif what == "UNSET":
            unset = read_unset(reader, tuple(TOKEN_CLAUSES[verb]))
        elif reader.at_end:
            raise reader.fail()
        else:
            values.update(read_options(reader, TOKEN_CLAUSES[verb]))
    return Alter(ObjectKind.USER, user, f"{verb} TOKEN", values, unset, new_name, if_exists)
