"""SEQUENCE: what others may keep in a schema beside what belongs to services; columns and rules.

In: statements' values. Out: results; the catalogue changes. Documented: CREATE SEQUENCE, ALTER SEQUENCE, SHOW
SEQUENCES. Nothing here takes a number from one.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.results import columns
from spcs_emulator.faults import INVALID_VALUE
from spcs_emulator.objects.kind import Kind, Row, owner_cells, place_cells, yes_no
from spcs_emulator.statement.values import ObjectKind


class Sequence(Kind):
    """Sequences. Only the owner changes one."""

    kind = ObjectKind.SEQUENCE
    title = "Sequence"
    defaults: ClassVar[Mapping[str, Any]] = {"START": 1, "INCREMENT": 1}
    shape = columns(
        "SHOW SEQUENCES",
        "name database_name schema_name next_value interval created_on owner comment owner_role_type ordered",
        fixed="next_value interval",
        source="documented: SHOW SEQUENCES; assumed: that the list is complete",
    )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Refuse a step of 0 (documented: INCREMENT, positive or negative; assumed: the number)."""
        if settings["INCREMENT"] == 0:
            raise INVALID_VALUE(name="INCREMENT", value=0, why=": must not be 0")

    def row(self, context: Context, entry: AccountObject) -> Row:
        """Return the SHOW SEQUENCES row. Documented: NOORDER is the default of new accounts."""
        return {
            "name": entry.name,
            "next_value": entry.settings["START"],
            "interval": entry.settings["INCREMENT"],
            "created_on": entry.created_on,
            "comment": entry.comment,
            "ordered": yes_no(False),
            **place_cells(context, entry),
            **owner_cells(context, entry),
        }
