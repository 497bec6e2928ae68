"""SHOW PARAMETERS: of the session, or of the account.

In: a session, a pattern. Out: rows. Touches nothing. Documented: SHOW PARAMETERS.
"""

from typing import Any

from spcs_emulator.account.context import Context
from spcs_emulator.account.results import Result, columns, pattern_matches, table
from spcs_emulator.account.session_parameters import ACCOUNT_VALUES, PARAMETERS
from spcs_emulator.objects.kind import true_false
from spcs_emulator.statement.values import Show

COLUMNS = columns(
    "SHOW PARAMETERS",
    "key value default level description type",
    source="documented: SHOW PARAMETERS; assumed: descriptions are left empty",
)


def show_parameters(context: Context, statement: Show) -> Result:
    """Return the session's parameters, or with IN ACCOUNT the account's, by name, and on which level each was
    set ("" for its default).
    """
    of_account = statement.scope is not None and statement.scope.word == "ACCOUNT"
    given = {} if of_account else context.session.parameters
    rows = []
    for name, parameter in sorted(PARAMETERS.items()):
        if (parameter.level == "ACCOUNT" and not of_account) or not pattern_matches(
            statement.like or "%", name
        ):
            continue
        rows.append(
            {
                "key": name,
                "value": _text(given.get(name, ACCOUNT_VALUES.get(name, parameter.default))),
                "default": parameter.default,
                "level": "SESSION" if name in given else "ACCOUNT" if name in ACCOUNT_VALUES else "",
                "description": "",
                "type": parameter.type,
            }
        )
    return table(COLUMNS, rows)


def _text(value: Any) -> str:
    return true_false(value) if isinstance(value, bool) else str(value)
