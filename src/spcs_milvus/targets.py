"""``--target``: as much of a plan as was asked for, and what that takes along.

Comes in: a plan and addresses as people write them. Goes out: the plan without the rest, which it names.
Touches nothing. ``up`` takes along what a target needs, ``down`` what stands on it; with a service goes the
wait for it.
"""

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from spcs_milvus.errors import ConfigError, Problem
from spcs_milvus.graph import closure
from spcs_milvus.kinds import kind_of
from spcs_milvus.plan import Action, Change, Plan
from spcs_milvus.resource import Address, Resource
from spcs_milvus.standing import standing_on


def address_of(text: str, known: Iterable[Address]) -> Address:
    """The address that is meant. Raises ConfigError, with the nearest, when there is none like it."""
    by_text = {str(address): address for address in known}
    if text in by_text:
        return by_text[text]
    raise ConfigError(
        f"there is no `{text}` in this project",
        hint=_nearest(text, by_text) or "`spcs-milvus graph` lists all addresses",
    )


def only_up(plan: Plan, targets: Collection[str]) -> Plan:
    """A plan of ``up`` for the targets and what they need; all of it where there are none. Raises as
    :func:`address_of` does.
    """
    if not targets:
        return plan
    asked = {address_of(text, plan.resources) for text in targets}
    dropped = {change.address for change in plan.changes if change.action is Action.DELETE}
    orphans = [plan.resources[address] for address in dropped]
    needs = {one.address: one.needs for one in plan.resources.values() if one.address not in dropped}
    reached = closure(needs)
    needed = {need for address in asked & needs.keys() for need in reached[address]}
    return _only(plan, asked, asked | needed | set(standing_on(asked & dropped, orphans)))


def only_down(plan: Plan, targets: Collection[str]) -> Plan:
    """A plan of ``down`` for the targets and what stands on them. Raises as :func:`address_of` does, and
    ConfigError for what has no drop of its own.
    """
    if not targets:
        return plan
    asked = {address_of(text, plan.resources) for text in targets}
    for address in sorted(asked):
        if goes_with := kind_of(address.kind).goes_with:
            raise ConfigError(f"{address} goes with {goes_with}, and not by itself", hint=f"name {goes_with}")
    return _only(plan, asked, asked.union(standing_on(asked, tuple(plan.resources.values()))))


def _only(plan: Plan, asked: Collection[Address], kept: Collection[Address]) -> Plan:
    changes = [change for change in plan.changes if _about_what(change) in kept]
    done = frozenset(change.address for change in changes)
    left_out = (change for change in plan.changes if change.address not in done)
    return Plan(
        tuple(replace(change, needs=change.needs & done) for change in changes),
        _about(plan.conflicts, plan.resources, kept),
        _about(plan.kept, plan.resources, kept),
        {address: plan.resources[address] for address in plan.resources if address in kept},
        tuple(address for address in plan.existing if address in kept),
        _about(plan.lasting, plan.resources, kept),
        tuple(one.address for one in changes if one.address in kept and one.address not in asked),
        tuple(change.address for change in left_out if change.action is not Action.WAIT),
        tuple(address for address in plan.absent if address in kept),
        _about(plan.strange, plan.resources, kept),
    )


def _about_what(change: Change) -> Address:
    """What a change is about: a wait is about its service."""
    return Address("service", change.address.name) if change.action is Action.WAIT else change.address


def _about(
    problems: Iterable[Problem], resources: Mapping[Address, Resource], kept: Collection[Address]
) -> tuple[Problem, ...]:
    """Those that are not about something that is left out."""
    out = {str(address) for address in resources if address not in kept}
    return tuple(problem for problem in problems if problem.place not in out)


def _nearest(text: str, known: Collection[str]) -> str | None:
    """The address that was probably meant: of the same kind and last name, else one that looks like it."""
    folded = {one.lower(): one for one in known}
    same = [one for one in folded if _kind_and_last(one) == _kind_and_last(text.lower())]
    alike = difflib.get_close_matches(text.lower(), folded)
    found = [folded[one] for one in (*same, *alike)]
    return f"did you mean {found[0]}?" if found else None


def _kind_and_last(text: str) -> tuple[str, str]:
    return text.partition(".")[0], text.rpartition(".")[2]
