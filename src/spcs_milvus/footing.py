"""What the session itself stands on: its user, its role and the roles above that. Nothing ever changes these.

Comes in: a plan, the observation it was made from, and who signed in. Goes out: the plan, with a conflict for
whatever would. Touches nothing. Who drops the role or the user it is signed in with has no way back; the
project's own roles may be taken by whoever runs it, and are only safe while they are not the session's.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from spcs_milvus.errors import Problem
from spcs_milvus.observe import Observation
from spcs_milvus.plan import Action, Plan
from spcs_milvus.resource import Resource

# documented: Access control overview, system-defined roles
_BUILT_IN = frozenset("ACCOUNTADMIN GLOBALORGADMIN ORGADMIN PUBLIC SECURITYADMIN SYSADMIN USERADMIN".split())
_CHANGES = (Action.UPDATE, Action.REPLACE, Action.DELETE, Action.ADOPT)


@dataclass(frozen=True)
class Footing:
    """The ``user`` of the session, and its ``role`` (None: it has none)."""

    user: str
    role: str | None


def on_footing(plan: Plan, observation: Observation, footing: Footing) -> Plan:
    """The plan, refused where it declares the session's user, or changes what the session stands on."""
    above = _above(footing, plan.resources.values(), observation)
    changes = {one.address: one.action for one in plan.changes if one.action in _CHANGES}
    found = [
        _stands_on(resource, why)
        for address, resource in plan.resources.items()
        if not resource.existing and (why := _why(resource, changes.get(address), footing, above))
    ]
    places = {problem.place for problem in found}
    return replace(plan, conflicts=(*found, *(one for one in plan.conflicts if one.place not in places)))


def _why(resource: Resource, action: Action | None, footing: Footing, above: Collection[str]) -> str | None:
    """Why something must be left alone; None when it need not be."""
    kind, name = resource.address.kind, resource.name.last
    if kind == "user" and name == footing.user:
        return "it is the user of this very session"
    if kind != "role" or action is None:
        return None
    if name in above:
        return "it is the role of this very session" + ("" if name == footing.role else ", or above it")
    # a plan of adopt looks at nothing else, so what is above a role of the account's own is not known
    if action is Action.ADOPT and footing.role not in (None, *_BUILT_IN):
        return "it may be above the role of this very session"
    return None


def _stands_on(resource: Resource, why: str) -> Problem:
    return Problem(
        f"{resource.address} is what this session stands on",
        why,
        str(resource.address),
        f"give the project's {resource.address.kind} another name, or connect as somebody else",
    )


def _above(footing: Footing, resources: Collection[Resource], observation: Observation) -> frozenset[str]:
    """The session's role, and the roles that inherit it, as far as the looks show."""
    inherited = set(_memberships(resources, observation))
    found: frozenset[str] = frozenset(filter(None, [footing.role]))
    while more := {member for role, member in inherited if role in found} - found:
        found |= more
    return found


def _memberships(resources: Collection[Resource], observation: Observation) -> Iterator[tuple[str, str]]:
    """Each role that another role has, with that one: SHOW GRANTS OF ROLE and SHOW GRANTS TO ROLE tell."""
    for resource in resources:
        answer = observation.answers.get(resource.address, {}).get("show")
        for row in answer.rows if answer and resource.address.kind == "grant" else ():
            if row.get("granted_on") == "ROLE" and row["privilege"] == "USAGE":
                yield str(row["name"]).strip('"'), str(row["grantee_name"]).strip('"')
            elif resource.detail["form"] == "role" and row["granted_to"] == "ROLE":
                yield resource.detail["on"].last, str(row["grantee_name"]).strip('"')
