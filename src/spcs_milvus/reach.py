"""What a connection that is good for one role cannot do: the steps of a plan that need another role.

Comes in: a plan, what it was made from, and the one role. Goes out: the plan with a conflict for every such
step, with the SQL for whoever may run it, so that it is refused before the first write. Touches nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from spcs_milvus.errors import Problem
from spcs_milvus.kinds import kind_of
from spcs_milvus.observe import Observation
from spcs_milvus.plan import Plan
from spcs_milvus.resource import Presence
from spcs_milvus.steps import Push, Statement, Step, Upload


def within(plan: Plan, observation: Observation, role: str | None) -> Plan:
    """The plan as it stands for a connection bound to ``role``; None leaves it as it is."""
    if role is None:
        return plan
    conflicts = [
        *(_with_sql(problem, plan, observation, role) for problem in plan.conflicts),
        *_beyond(plan, role),
    ]
    if not conflicts:
        return plan
    return replace(plan, conflicts=(_bound(role), *conflicts))


def _bound(role: str) -> Problem:
    return Problem(
        f"this connection is good for the role {role} only",
        "other roles are needed for what follows",
        None,
        "use a connection that may take every role (a key pair, or a token without a role restriction), "
        "or have the statements below run by whoever may, and run the command again",
    )


def _beyond(plan: Plan, role: str) -> Iterator[Problem]:
    for change in plan.changes:
        if text := _sql(change.steps, role):
            summary = f"{change.address} needs another role to {change.action}"
            yield Problem(summary, change.because, str(change.address), text)


def _with_sql(problem: Problem, plan: Plan, observation: Observation, role: str) -> Problem:
    """What this role cannot see it cannot find missing either: the SQL for the case that it is."""
    for address, actual in observation.actual.items():
        if (
            str(address) == problem.place
            and actual.presence is Presence.UNKNOWN
            and address in plan.resources
        ):
            text = _sql(kind_of(address.kind).create(plan.resources[address]), role)
            return replace(problem, hint=f"where it is missing: {text}" if text else problem.hint)
    return problem


def _sql(steps: Sequence[Step], role: str) -> str:
    """The steps that need another role, as SQL to paste; empty when there are none."""
    said: list[str] = []
    for step in steps:
        if isinstance(step, Statement) and step.role != role:
            said += [f"USE ROLE {step.role};", f"{step.sql};"]
        if isinstance(step, Upload) and step.role != role:
            said.append(f"-- as {step.role}, that file holding the specification: {step.sql};")
        if isinstance(step, Push) and step.role != role:
            said.append(f"-- push {step.name}:{step.image.tag} to {step.repository} as {step.role}")
    return "\n".join(said)
