"""What needs what, as nodes to be drawn.

Comes in: resources, and a plan where there is one. Goes out: a :class:`Node` for each. Touches nothing. Needs
that follow from others are left out.
"""

from collections.abc import Collection
from dataclasses import dataclass

from spcs_milvus.graph import among, reduced
from spcs_milvus.plan import Action, Plan
from spcs_milvus.resource import Address, Resource

CONFLICT = "conflict"
EXISTING = "existing"
UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Node:
    """One resource, what it needs at once, and what becomes of it: an action of the plan, or ``conflict``,
    ``existing``, ``unchanged``; None where nobody asked the account.
    """

    address: Address
    needs: tuple[Address, ...]
    state: str | None = None


def nodes(resources: Collection[Resource], plan: Plan | None = None) -> tuple[Node, ...]:
    """The resources in the order given, and behind them what the plan drops though nobody declares it."""
    declared = {resource.address: resource for resource in resources}
    needs = among({one.address: one.needs for one in resources}, declared)
    drawn = reduced(needs)
    found = [
        Node(address, tuple(sorted(drawn[address])), _state(resource, plan) if plan else None)
        for address, resource in declared.items()
    ]
    gone = [one.address for one in plan.changes if one.action is Action.DELETE] if plan else []
    return (*found, *(Node(address, (), Action.DELETE.value) for address in gone))


def _state(resource: Resource, plan: Plan) -> str:
    address = resource.address
    if str(address) in {problem.place for problem in plan.conflicts}:
        return CONFLICT
    if resource.existing:
        return EXISTING
    changes = {change.address: change.action.value for change in plan.changes}
    return changes.get(address, UNCHANGED)
