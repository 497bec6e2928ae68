"""What a role must be allowed on the account for the part of a plan that it does.

Comes in: a plan, and how to ask. Goes out: problems, each with the GRANT. What the built-in roles hold is
known (documented: Access control, system-defined roles), so nothing is asked where these are used as they are
by default; any other role under ``roles:`` is looked at before the first write.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from spcs_milvus.errors import Problem
from spcs_milvus.names import Name
from spcs_milvus.observe import Query
from spcs_milvus.plan import Action, Plan
from spcs_milvus.resource import Resource
from spcs_milvus.steps import Look, Row
from spcs_milvus.templates import sql

OPTION = " WITH GRANT OPTION"
MANAGE = "MANAGE GRANTS"
BUILT_IN: Mapping[str, frozenset[str]] = {
    "USERADMIN": frozenset({"CREATE ROLE", "CREATE USER"}),
    "SECURITYADMIN": frozenset({"CREATE ROLE", "CREATE USER", MANAGE}),
}
"""What these hold on the account; ACCOUNTADMIN holds everything, and may pass it on."""

_CREATES = {
    "role": "CREATE ROLE",
    "user": "CREATE USER",
    "warehouse": "CREATE WAREHOUSE",
    "database": "CREATE DATABASE",
    "compute_pool": "CREATE COMPUTE POOL",
    "external_access_integration": "CREATE EXTERNAL ACCESS INTEGRATION",
    "security_integration": "CREATE INTEGRATION",
}
"""documented: Access control privileges, global privileges."""
_ENOUGH = {"CREATE EXTERNAL ACCESS INTEGRATION": "CREATE INTEGRATION"}
"""documented: CREATE EXTERNAL ACCESS INTEGRATION: the wider, older privilege does for it as well."""

Wanted = Mapping[str, tuple[str, ...]]


def on_rights(plan: Plan, administrators: Collection[str], seer: str, place: str, query: Query) -> Plan:
    """The plan, refused where one of the ``administrators`` lacks what its part takes; ``seer``, where it is
    one of them, has to see everything, and ``place`` is where they are named.
    """
    wanted = needed(plan, administrators, seer)
    asked = {role: rights for role, rights in wanted.items() if lacking(rights, known(role))}
    if not asked:
        return plan
    held = privileges(asked, query)
    short = {role: left for role, rights in asked.items() if (left := lacking(rights, held[role]))}
    problems = tuple(_lacks(role, left, place) for role, left in short.items())
    return replace(plan, conflicts=(*problems, *plan.conflicts))


def needed(plan: Plan, administrators: Collection[str], seer: str) -> Wanted:
    """The privileges on the account that the plan takes of each administrator, in the order of the plan."""
    found: dict[str, dict[str, None]] = {}
    for change in plan.changes:
        resource = plan.resources.get(change.address)
        if change.action is Action.CREATE and resource:
            if resource.role in administrators and (right := right_for(resource)):
                found.setdefault(resource.role, {})[right] = None
            # only MANAGE GRANTS sees all there is, so without it nothing is proven not to be there
            if seer in administrators:
                found.setdefault(seer, {})[MANAGE] = None
    return {role: tuple(rights) for role, rights in found.items()}


def right_for(resource: Resource) -> str | None:
    """What the role that makes it must hold on the account; None for what takes nothing there."""
    detail = resource.detail
    match detail.get("form"):
        case "account":
            return f"{detail['privilege'].text}{OPTION}"
        case "object" | "role":
            return MANAGE
    return _CREATES.get(resource.address.kind)


def known(role: str) -> frozenset[str] | None:
    """What a built-in role holds without being asked; None: everything."""
    return None if role == "ACCOUNTADMIN" else BUILT_IN.get(role, frozenset())


def lacking(rights: Collection[str], held: frozenset[str] | None) -> tuple[str, ...]:
    """Those of the rights that are not held; whoever holds everything (None) lacks none."""
    if held is None:
        return ()
    return tuple(
        right for right in rights if held.isdisjoint((right, right + OPTION, _ENOUGH.get(right, right)))
    )


def privileges(roles: Collection[str], query: Query) -> dict[str, frozenset[str] | None]:
    """What each role holds on the account, itself or by a role that it inherits; None: everything.

    documented: SHOW GRANTS TO ROLE shows what was granted to the role itself, so the roles that it has are
    asked for, too. assumed: a role is shown what it inherits.
    """
    return {role: _held_by(role, query) for role in roles}


def _held_by(role: str, query: Query) -> frozenset[str] | None:
    found: set[str] = set()
    seen: set[str] = set()
    waiting = {role}
    while waiting:
        seen |= waiting
        built_in = [known(one) for one in waiting]
        if None in built_in:
            return None
        found = found.union(*(one for one in built_in if one is not None))
        looks = [Look(sql("grant", "to_role", {"role": Name.of(one)}), role) for one in waiting]
        rows = [row for answer in query(looks).values() for row in answer.rows]
        found |= set(_on_account(rows))
        waiting = {str(row["name"]).strip('"') for row in rows if row["granted_on"] == "ROLE"} - seen
    return frozenset(found)


def _on_account(rows: Collection[Row]) -> Iterator[str]:
    for row in rows:
        if row["granted_on"] == "ACCOUNT":
            option = OPTION if str(row["grant_option"]).lower() == "true" else ""
            yield f"{row['privilege']}{option}"


def _lacks(role: str, rights: Collection[str], place: str) -> Problem:
    return Problem(
        f"the role {role} lacks what its part of this takes",
        "\n".join(("USE ROLE ACCOUNTADMIN;", *(grant(right, role) for right in rights))),
        place,
        "whoever may runs these statements, and then you run the command again; or name other roles under "
        "`roles:`",
    )


def grant(right: str, role: str) -> str:
    """The statement that gives a role a privilege on the account."""
    privilege = right.removesuffix(OPTION)
    return f"GRANT {privilege} ON ACCOUNT TO ROLE {Name.of(role)}{OPTION if right.endswith(OPTION) else ''};"
