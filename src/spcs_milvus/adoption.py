"""``adopt``: an object that was there before us becomes ours, by its mark and by nothing else.

Comes in: what is declared at an address and what is there. Goes out: a :class:`Plan` that sets the comment,
and shows what ``up`` would change afterwards. Touches nothing. From then on ``up`` manages the object and
``down`` drops it, so whatever is not plainly free to take is refused.
"""

import shlex
from collections.abc import Iterator
from dataclasses import replace

from spcs_milvus.differences import Difference, differences
from spcs_milvus.errors import Problem
from spcs_milvus.kinds import kind_of
from spcs_milvus.kinds.base import comment_step
from spcs_milvus.names import Name
from spcs_milvus.ownership import Ownership, conflict, ownership
from spcs_milvus.plan import Action, Change, Plan
from spcs_milvus.resource import MARKED, Actual, Address, Presence, Resource
from spcs_milvus.steps import Effect


def plan_adoption(resource: Resource, actual: Actual) -> Plan:
    """The plan that makes the object ours: a conflict where that cannot be, no change where it is."""
    resources = {resource.address: resource}
    if problem := _not_for_us(resource) or _not_free(resource, actual):
        return Plan((), (problem,), resources=resources)
    if ownership(resource, actual) is Ownership.OURS:
        told = Problem(f"{resource.address} is ours already", None, str(resource.address))
        return Plan((), (), (told,), resources)
    mark = str(resource.mark)
    found = differences(resource, replace(actual, comment=mark))
    if problem := _cannot_follow(resource, found) or _owned_by_another(resource, actual):
        return Plan((), (problem,), resources=resources)
    kind = kind_of(resource.address.kind)
    loses = kind.loses(resource, actual)
    cost = kind.altering(resource, actual, frozenset(one.attribute for one in found), False)
    dropped = "from then on `down` drops it" + (f", with {loses}" if loses else "")
    comment = f"{actual.comment} {mark}" if actual.comment else mark
    change = Change(
        resource.address,
        Action.ADOPT,
        "`up` then changes what differs" if found else "it is as declared",
        (replace(comment_step(resource, comment), effect=Effect.OURS),),
        differences=found,
        cost=replace(cost, data="; ".join(filter(None, (dropped, cost.data)))),
    )
    return Plan((change,), (), tuple(_taken_on_trust(resource, actual)), resources)


def _not_for_us(resource: Resource) -> Problem | None:
    """Why it is never ours, whatever is there."""
    kind, place = kind_of(resource.address.kind), str(resource.address)
    if resource.existing:
        summary = f"{place} is listed under `existing`, so it is used and left as it is"
        return Problem(summary, None, place, "take it out of `existing:` first")
    if resource.mark is None:
        return Problem(f"a {kind.title} has no mark: it is ours by {kind.goes_with}", None, place)
    if kind.built_in:
        return Problem(f"{place} serves as it is, whoever made it", None, place, "`up` uses it")
    return None


def _not_free(resource: Resource, actual: Actual) -> Problem | None:
    """Why what is there cannot be taken."""
    place = str(resource.address)
    if actual.presence is Presence.ABSENT:
        return Problem(f"{place} is not there", None, place, "`up` makes it")
    if actual.presence is Presence.UNKNOWN:
        return conflict(resource, actual)
    if _is_anothers(resource, actual):
        detail = f"its comment is: {actual.comment}"
        hint = "`down` there drops it; or whoever it belongs to takes the mark out of its comment"
        return Problem(f"{place} is marked by another project or environment", detail, place, hint)
    return None


def _is_anothers(resource: Resource, actual: Actual) -> bool:
    """Whether anything like a mark stands anywhere in its comment that is not one of ours."""
    assert resource.mark is not None
    ours = f"{MARKED}{resource.mark.project}/{resource.mark.environment}#"
    return actual.comment is not None and actual.comment.count(MARKED) > actual.comment.count(ours)


def _cannot_follow(resource: Resource, found: tuple[Difference, ...]) -> Problem | None:
    """What `up` would have to make again once it is ours, so that nothing would be won."""
    fixed = kind_of(resource.address.kind).create_only
    forcing = [
        f"{one.attribute} is {one.actual}, not {one.desired}" for one in found if one.attribute in fixed
    ]
    if not forcing:
        return None
    return Problem(
        f"{resource.address} is not what is declared, and cannot be altered to it",
        ", ".join(forcing),
        str(resource.address),
        "write what it is into the project file, or give it another name there",
    )


def _owned_by_another(resource: Resource, actual: Actual) -> Problem | None:
    """Only its owner alters and drops an object; integrations do not say who that is, and are tried."""
    owner = actual.live.get("owner")
    if owner is None or owner == resource.role:
        return None
    return Problem(
        f"{resource.address} belongs to the role {owner}, and {resource.role} is to manage it",
        None,
        str(resource.address),
        _handed_over(resource, Name.of(str(owner))),
    )


def _handed_over(resource: Resource, owner: Name) -> str:
    """How the role that is to manage it comes to own it."""
    if resource.address.kind == "service":
        # documented: ALTER SERVICE, the owner of a service never changes
        return "a service keeps its owner; give ours another name"
    things = [f"{kind_of(resource.address.kind).title.upper()} {resource.name}"]
    if resource.address.kind == "database":
        # documented: CREATE DATABASE, it comes with PUBLIC; GRANT OWNERSHIP, that keeps its own owner
        things = [f"SCHEMA {resource.name.child('PUBLIC')}", *things]
    role = Name.of(resource.role)
    grants = " ".join(f"GRANT OWNERSHIP ON {one} TO ROLE {role} COPY CURRENT GRANTS;" for one in things)
    membership = Address("grant", f"role {resource.role} to SYSADMIN")
    command = f"`spcs-milvus up --target {shlex.quote(str(membership))}` makes the role; then "
    return f"{command if membership in resource.needs else ''}USE ROLE {owner}; {grants} and adopt it again"


def _taken_on_trust(resource: Resource, actual: Actual) -> Iterator[Problem]:
    """What Snowflake does not show of it."""
    hidden = [name for name in kind_of(resource.address.kind).attributes if name not in actual.attributes]
    if hidden:
        names = ", ".join(hidden)
        yield Problem(
            f"{names} of {resource.address} cannot be read: taken as declared", None, str(resource.address)
        )
