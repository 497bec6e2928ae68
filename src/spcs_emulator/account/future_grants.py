"""Grants on objects that are still to come, and on all there are in a schema or database.

In: statements' values, and objects that were just made. Out: results; the catalogue changes. Documented:
GRANT <privileges> (ON ALL, ON FUTURE; those of a schema win over those of its database; MANAGE GRANTS is
needed, in a schema of managed access its ownership), SHOW GRANTS (FUTURE).
"""

from typing import Any

from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject, FutureGrant, Grant
from spcs_emulator.account.results import SUCCESS, Result, columns, status, table
from spcs_emulator.faults import CANNOT, INVALID_GRANT, INVALID_PRIVILEGE
from spcs_emulator.statement.values import GrantPrivileges, Name, ObjectKind, ShowGrants, Target

FUTURE = columns(
    "SHOW FUTURE GRANTS",
    "created_on privilege grant_on name grant_to grantee_name grant_option",
    source="documented: SHOW GRANTS; observed: grant_on and grant_to, in the tests of the Terraform provider",
)


def place_of(context: Context, target: Target) -> AccountObject:
    """Return the schema or database that the grant is about. 002043 when it is not there or not seen."""
    assert target.place is not None
    kind, name = target.place
    found = context.find(kind, name)
    if found is None:
        raise CANNOT()
    return found


def objects_in(context: Context, target: Target) -> list[AccountObject]:
    """Return all objects of the target's kind in its place, deeper ones too, as far as they are seen."""
    place = place_of(context, target)
    assert target.kind is not None
    return [
        entry
        for entry in context.catalogue.of_kind(target.kind)
        if place.key in _homes(context, entry) and context.access.sees(entry)
    ]


def _homes(context: Context, entry: AccountObject) -> list[str]:
    """Return the keys of the schema and database the object lies in, innermost first."""
    parent = context.catalogue.get(entry.parent)
    return [parent.key, *_homes(context, parent)] if parent else []


def grant_future(
    context: Context, statement: GrantPrivileges, privileges: tuple[str, ...], role: AccountObject
) -> Result:
    """Grant or revoke on what is still to come. 003001 without MANAGE GRANTS."""
    place = place_of(context, statement.target)
    managed = place.kind is ObjectKind.SCHEMA and place.settings["MANAGED ACCESS"]
    if not context.access.on_account("MANAGE GRANTS") and not (managed and context.access.owns(place)):
        raise context.access.refusal(place)
    assert statement.target.kind is not None
    for privilege in privileges:
        grant = FutureGrant(
            privilege,
            statement.target.kind,
            place.key,
            role.key,
            statement.grant_option,
            context.access.primary,
            context.now,
        )
        if statement.revoke:
            context.catalogue.future_grants.remove(grant.id)
        else:
            context.catalogue.future_grants.put(grant)
    return status(SUCCESS)


def grant_as_foreseen(context: Context, entry: AccountObject) -> None:
    """Give the new object the grants that were made before it was there."""
    for home in _homes(context, entry):
        found = [
            grant
            for grant in context.catalogue.future_grants.values()
            if grant.place == home and grant.kind is entry.kind
        ]
        for future in found:
            context.catalogue.grants.put(
                Grant(
                    future.privilege,
                    entry.key,
                    future.grantee,
                    future.option,
                    future.granted_by,
                    context.now,
                )
            )
        if found:
            return


def show_future(context: Context, statement: ShowGrants) -> Result:
    """Return the grants on what is still to come: in a schema or database, or to a role."""
    grants = context.catalogue.future_grants.values()
    if statement.direction == "IN":
        place = place_of(context, statement.target)
        found = [grant for grant in grants if grant.place == place.key]
    else:
        role = context.get(ObjectKind.ROLE, statement.target.name or Name(()))
        found = [grant for grant in grants if grant.grantee == role.key]
    rows = [_row(context, grant) for grant in found]
    return table(FUTURE, sorted(rows, key=lambda row: (row["grant_on"], row["name"], row["privilege"])))


def _row(context: Context, grant: FutureGrant) -> dict[str, Any]:
    catalogue = context.catalogue
    kind = grant.kind.value.replace(" ", "_")
    return {
        "created_on": grant.created_on,
        "privilege": grant.privilege,
        "grant_on": kind,
        "name": f"{catalogue.full_name(catalogue.the(grant.place))}.<{kind}>",
        "grant_to": "ROLE",
        "grantee_name": catalogue.name_of(grant.grantee),
        "grant_option": "true" if grant.option else "false",
    }


def check_known(statement: GrantPrivileges, known: tuple[str, ...]) -> None:
    """Raise 003008 at a privilege that the kind does not have, 003042 for a place without such objects."""
    kind = statement.target.kind.value if statement.target.kind else "ACCOUNT"
    for privilege in statement.privileges:
        if privilege not in known:
            raise INVALID_PRIVILEGE(kind=kind, privilege=privilege)
    place = statement.target.place
    if place is not None and place[0] is ObjectKind.SCHEMA and statement.target.kind is ObjectKind.SCHEMA:
        raise INVALID_GRANT(why="a schema holds no schemas")
