"""What this user cannot do, for want of a role: the part of a plan that is for others, as SQL for them.

Comes in: a plan, the observation it was made from, and who runs it. Goes out: the plan; where a part of it is
for others, with a conflict that has their statements, so that it is refused before the first write. Once they
have run them, the same plan is without that part. Touches nothing.

Who lacks a role sees less, too. What may be there unseen is never made by ``up``: it is among the statements
as long as what it needs is to be made as well, and merely told once all that is there, since then nobody can
say any more whether it is missing.
"""

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from spcs_milvus.errors import Problem
from spcs_milvus.graph import among, closure, grouped
from spcs_milvus.kinds import kind_of
from spcs_milvus.names import Name
from spcs_milvus.observe import Observation
from spcs_milvus.plan import Plan
from spcs_milvus.resource import Address, Presence, Resource
from spcs_milvus.sight import Reach
from spcs_milvus.steps import Push, Statement, Step, Upload, Wait

Needs = Mapping[Address, frozenset[Address]]
Steps = Mapping[Address, tuple[Step, ...]]
Acting = Statement | Upload | Push
"""The steps that take a role."""
_ALSO_IN_PLAN = " (`plan --output json` has them in conflicts[0].detail)"


@dataclass(frozen=True)
class _Asking:
    """Who asks others: the ``roles`` that they will have, where ``elsewhere`` the statements can be seen, and
    the secrets that they wanted ``rotated``.
    """

    reach: Reach
    roles: frozenset[str]
    elsewhere: str = ""
    rotated: Collection[Address] = ()


def within_up(plan: Plan, observation: Observation, reach: Reach, rotated: Collection[Address] = ()) -> Plan:
    """A plan of ``up`` as it stands for whoever runs it. The roles that it gives them count as theirs.
    ``rotated`` are the secrets that it was asked to set again.
    """
    hidden = _hidden(plan, observation)
    to_do = {one.address: kind_of(one.address.kind).create(one) for one in hidden} | _steps(plan)
    needs = {address: resource.needs for address, resource in plan.resources.items()}
    needs |= {one.address: one.needs | needs.get(one.address, frozenset()) for one in plan.changes}
    roles = _later(plan.resources.values(), reach)
    shown = _without_blind_waits(plan, observation)
    return _within(shown, hidden, to_do, needs, _Asking(reach, roles, _ALSO_IN_PLAN, rotated))


def within(plan: Plan, observation: Observation, reach: Reach) -> Plan:
    """Any other plan in the same way; what cannot be seen is not in the SQL."""
    needs = {change.address: change.needs for change in plan.changes}
    shown = _without_blind_waits(plan, observation)
    return _within(shown, _hidden(plan, observation), _steps(plan), needs, _Asking(reach, reach.roles))


def _within(plan: Plan, hidden: Collection[Resource], to_do: Steps, needs: Needs, asking: _Asking) -> Plan:
    """``to_do`` has the steps of what is, or may be, to be done."""
    beyond = {address for address, steps in to_do.items() if not _roles(steps) <= asking.roles}
    unseen = {one.address for one in hidden}
    asked = {one for one in beyond if one not in unseen or needs[one] & to_do.keys()}
    if not asked:
        told = [one for one in hidden if one.address in beyond]
        return _cleared(plan, told, (), [_cannot_tell(one, to_do[one.address]) for one in told])
    reached = closure(needs)
    wanted = asked.union(*(reached[one] & to_do.keys() for one in asked))
    script = [step for address in _ordered(wanted, needs, to_do) for step in to_do[address]]
    set_by_others = [plan.resources[one].name.last for one in asking.rotated if one in wanted]
    return _cleared(plan, hidden, [_for_others(script, len(wanted & unseen), set_by_others, asking)], ())


def _cleared(
    plan: Plan, hidden: Collection[Resource], conflicts: Iterable[Problem], kept: Iterable[Problem]
) -> Plan:
    """The plan with these problems in place of those that what is hidden gave rise to."""
    places = {str(one.address) for one in hidden}
    return replace(
        plan,
        conflicts=(*conflicts, *(one for one in plan.conflicts if one.place not in places)),
        kept=(*(one for one in plan.kept if one.place not in places), *kept),
    )


def _hidden(plan: Plan, observation: Observation) -> list[Resource]:
    """What may be there or not, of what this project makes."""
    unknown = {one for one, actual in observation.actual.items() if actual.presence is Presence.UNKNOWN}
    return [one for address, one in plan.resources.items() if address in unknown and not one.existing]


def _steps(plan: Plan) -> dict[Address, tuple[Step, ...]]:
    return {change.address: change.steps for change in plan.changes}


def _roles(steps: Collection[Step]) -> frozenset[str]:
    """The roles that the steps take."""
    return frozenset(step.role for step in steps if isinstance(step, Acting))


def _later(resources: Iterable[Resource], reach: Reach) -> frozenset[str]:
    """The roles that this user may take when all that is declared is granted."""
    if reach.bound:
        return reach.roles
    members = [one.detail for one in resources if one.detail.get("form") == "role"]
    found, roles = frozenset[str](), reach.roles
    while roles != found:
        found = roles
        roles |= {str(one["on"].last) for one in members if _is_given(one, found, reach.user)}
    return found


def _is_given(membership: Mapping[str, Any], roles: Collection[str], user: str) -> bool:
    to_user = membership["grantee_kind"].text == "USER"
    return membership["role"].last in ((user,) if to_user else roles)


def _without_blind_waits(plan: Plan, observation: Observation) -> Plan:
    """Without the waits for services that are there, and of which this user is not shown how they are."""
    blind = {
        address
        for address, answers in observation.answers.items()
        if "containers" in answers and answers["containers"].refused
        if observation.actual[address].presence is Presence.PRESENT
    }
    waits = {
        change.address
        for change in plan.changes
        if any(isinstance(step, Wait) and step.service in blind for step in change.steps)
    }
    left = (replace(one, needs=one.needs - waits) for one in plan.changes if one.address not in waits)
    told = (
        Problem(f"whether {change.address.name} is ready cannot be told", None, str(change.address))
        for change in plan.changes
        if change.address in waits
    )
    return replace(plan, changes=tuple(left), kept=(*plan.kept, *told))


def _ordered(wanted: Collection[Address], needs: Needs, to_do: Steps) -> Iterator[Address]:
    """What is wanted, in an order that heeds the needs and changes the role seldom."""
    limited = among(needs, wanted)
    for group in grouped(
        {one: limited[one] for one in needs if one in wanted}, lambda one: _roles(to_do[one])
    ):
        yield from group


def _cannot_tell(resource: Resource, steps: Collection[Step]) -> Problem:
    """That nobody here can say whether it is there; all that it needs is."""
    kind = kind_of(resource.address.kind)
    return Problem(
        f"whether the {kind.title} {resource.address.name} is there cannot be told; it is for others to make",
        "\n".join(_sql(steps)),
        str(resource.address),
        "whoever may runs that if it is missing",
    )


def _for_others(script: Collection[Step], unseen: int, rotated: Collection[str], asking: _Asking) -> Problem:
    """``rotated`` are secrets that others set again, which nobody can see afterwards."""
    reach = asking.reach
    taken = dict.fromkeys(step.role for step in script if isinstance(step, Acting))
    lacking = [role for role in taken if role not in asking.roles]
    note = [
        f"-- {unseen} of these may be there already: {reach.user} cannot see whether they are",
        "-- (leave out a CREATE that says so, once it is known to be this project's)",
    ]
    sql = "\n".join([*(note if unseen else []), *_sql(script)])
    options = " ".join(f"--rotate {shlex.quote(name)}" for name in rotated)
    again = f"run the command again, without {options}" if options else "run the command again"
    paste = f"whoever may runs these statements{asking.elsewhere}, and then you {again}"
    if reach.bound:
        (role,) = reach.roles
        other = (
            "use a connection that may take every role (a key pair, or a token without a role restriction)"
        )
        summary = f"this connection is good for the role {role} only"
        return Problem(summary, sql, None, f"{other}; or {paste}")
    word = "role" if len(lacking) == 1 else "roles"
    summary = f"the user {reach.user} may not take the {word} {', '.join(lacking)}"
    grant = f"GRANT ROLE {Name.of(lacking[0])} TO USER {Name.of(reach.user)}"
    return Problem(summary, sql, reach.place, f"{paste}; or {grant}; or name other roles under `roles:`")


def _sql(steps: Iterable[Step]) -> Iterator[str]:
    """The steps as SQL to paste."""
    acting = None
    for step in steps:
        if isinstance(step, Acting) and step.role != acting:
            yield f"USE ROLE {Name.of(step.role)};"
            acting = step.role
        match step:
            case Statement() if step.secret:
                # run as it stands, it would set the mask, and nobody would see the difference
                yield f"-- with the secret in place of ***: {step.sql};"
            case Statement():
                yield f"{step.sql};"
            case Upload():
                yield f"-- that file holding the specification: {step.sql};"
            case Push():
                yield f"-- {step.name}:{step.image.tag}: spcs-milvus images push {step.name}"
