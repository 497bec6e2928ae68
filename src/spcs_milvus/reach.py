"""What a connection that is good for one role cannot do: the steps of a plan that need another role.

Comes in: a plan, what it was made from, and the one role. Goes out: the plan, with a conflict that has the
SQL for whoever may run it, so that it is refused before the first write. Touches nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from spcs_milvus.errors import Problem
from spcs_milvus.kinds import kind_of
from spcs_milvus.observe import Observation
from spcs_milvus.plan import Plan
from spcs_milvus.resource import Presence, Resource
from spcs_milvus.steps import Push, Statement, Step, Upload


def within_up(plan: Plan, observation: Observation, role: str | None) -> Plan:
    """A plan of ``up`` as it stands for a connection bound to ``role``; None leaves it as it is.

    What the role cannot see it cannot find missing either: the SQL makes it.
    """
    hidden = _hidden(plan, observation)
    made = [step for resource in hidden for step in kind_of(resource.address.kind).create(resource)]
    return _within(plan, role, hidden, made)


def within_down(plan: Plan, observation: Observation, role: str | None) -> Plan:
    """A plan of ``down``, in the same way; what the role cannot see is not in the SQL."""
    return _within(plan, role, _hidden(plan, observation), [])


def _hidden(plan: Plan, observation: Observation) -> list[Resource]:
    unknown = {one for one, actual in observation.actual.items() if actual.presence is Presence.UNKNOWN}
    return [resource for address, resource in plan.resources.items() if address in unknown]


def _within(plan: Plan, role: str | None, hidden: list[Resource], made: list[Step]) -> Plan:
    steps = [*made, *(step for change in plan.changes for step in change.steps)]
    if role is None or not (hidden or any(_beyond(steps, role))):
        return plan
    places = {str(resource.address) for resource in hidden}
    problem = Problem(
        f"this connection is good for the role {role} only",
        "\n".join(_sql(_beyond(steps, role))) or "it does not see all that is there",
        None,
        "use a connection that may take every role (a key pair, or a token without a role restriction); or "
        "whoever may runs what is missing of these statements, and then run the command again",
    )
    return replace(
        plan,
        conflicts=(problem, *(one for one in plan.conflicts if one.place not in places)),
        kept=tuple(one for one in plan.kept if one.place not in places),
    )


def _beyond(steps: Iterable[Step], role: str) -> Iterator[Statement | Upload | Push]:
    """The steps that need another role."""
    return (step for step in steps if isinstance(step, Statement | Upload | Push) and step.role != role)


def _sql(steps: Iterable[Statement | Upload | Push]) -> Iterator[str]:
    """The steps as SQL to paste."""
    acting = None
    for step in steps:
        if step.role != acting:
            yield f"USE ROLE {step.role};"
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
                yield f"-- push {step.name}:{step.image.tag} to {step.repository}"
