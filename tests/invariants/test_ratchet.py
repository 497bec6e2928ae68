"""Nothing is left out: every kind, every action and every command that changes an account took part.

The last test is held against what ran before it, so it is run last, and only when all the others are.
"""

from spcs_milvus.cli import COMMANDS
from spcs_milvus.kinds import KINDS
from spcs_milvus.kinds.base import Kind
from spcs_milvus.plan import WAIT, Action

from .statements import Recorder, forbidden, writes
from .test_drift import MUTATORS
from .worlds import Tally

MADE_AGAIN = ("stage", "compute_pool", "service")
"""The kinds with a create-only attribute that a project file can ask for."""

CHANGE_NOTHING = {"init", "validate", "graph", "render", "status", "open", "logs", "local"}
"""What asks, or works on this machine alone; ``plan`` is among those that are watched all the same."""


def test_what_may_never_be_sent_is_found() -> None:
    allowed = [
        "SHOW ROLES",
        "USE ROLE X",
        "CREATE ROLE X COMMENT = 'y'",
        "DROP SERVICE A.B.C FORCE",
        "GRANT ROLE A TO ROLE B",
        "PUT 'file:///a' @S",
    ]
    never = [
        "CREATE OR REPLACE ROLE X",
        "CREATE OR ALTER STAGE X",
        "ALTER COMPUTE POOL X STOP ALL",
        "ALTER ACCOUNT SET X = 1",
        "DROP DATABASE X CASCADE",
        "REVOKE ROLE A FROM ROLE B",
        "GRANT OWNERSHIP ON ROLE A TO ROLE B",
        "GRANT ROLE A TO ROLE PUBLIC",
        "CREATE NETWORK POLICY X",
        "DROP INTEGRATION X",
    ]
    assert forbidden([*allowed, *never]) == never
    assert writes(allowed) == allowed[2:]
    with Recorder().listens() as heard:
        assert heard == []


def test_every_kind_every_action_and_every_command_took_part(tally: Tally) -> None:
    assert {(kind, action) for kind, action in _wanted() if not tally.changes[kind, action]} == set()
    assert COMMANDS.keys() - tally.commands.keys() == CHANGE_NOTHING
    assert {action for _, action in tally.changes} == set(Action)
    assert tally.refused > 0
    assert tally.writes > 1000


def _wanted() -> set[tuple[str, str]]:
    """What has to be done to each kind."""
    found = {(name, str(action)) for name, kind in KINDS.items() for action in _actions(kind)}
    return found | {(WAIT, str(Action.WAIT))} | {(kind, str(Action.REPLACE)) for kind in MADE_AGAIN}


def _actions(kind: Kind) -> set[Action]:
    actions = {Action.CREATE}
    # Snowflake's own serves, and is neither changed nor dropped
    if kind.built_in:
        return actions
    if kind.goes_with is None:
        actions |= {Action.DELETE}
    if kind.marked:
        actions |= {Action.ADOPT}
    if any((kind.name, attribute) in MUTATORS for attribute in kind.attributes):
        actions |= {Action.UPDATE}
    if kind.suspend is not Kind.suspend:
        actions |= {Action.PAUSE, Action.RESUME}
    return actions
