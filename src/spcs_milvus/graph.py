"""What needs what: an order to do things in, and the longest chain that no amount of workers can shorten.

Comes in: for each node, the nodes it needs. Goes out: mappings and paths over the same nodes. Touches
nothing.
"""

import graphlib
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def closure(needs: Mapping[Node, frozenset[Node]]) -> dict[Node, frozenset[Node]]:
    """Each node with everything it needs, directly or through others.

    Raises graphlib.CycleError when nodes need each other in a circle, which is a bug in a component.
    """
    reached: dict[Node, frozenset[Node]] = {}
    for node in _ordered(needs):
        direct = needs.get(node, frozenset())
        reached[node] = direct.union(*(reached[need] for need in direct))
    return reached


def among(needs: Mapping[Node, frozenset[Node]], nodes: Collection[Node]) -> dict[Node, frozenset[Node]]:
    """The needs among ``nodes`` alone: what one needs through others that are not among them counts as its
    own.
    """
    kept = frozenset(nodes)
    return {node: reached & kept for node, reached in closure(needs).items() if node in kept}


def reduced(needs: Mapping[Node, frozenset[Node]]) -> dict[Node, frozenset[Node]]:
    """The same graph without the needs that follow from others: what is left to be drawn."""
    reached = closure(needs)
    return {
        node: required.difference(*(reached.get(need, frozenset()) for need in required))
        for node, required in needs.items()
    }


def reverse(needs: Mapping[Node, frozenset[Node]]) -> dict[Node, frozenset[Node]]:
    """The same graph the other way round, for taking things down: a node waits for all that needed it."""
    turned: dict[Node, set[Node]] = {node: set() for node in needs}
    for node, required in needs.items():
        for need in required:
            turned.setdefault(need, set()).add(node)
    return {node: frozenset(users) for node, users in turned.items()}


def grouped(needs: Mapping[Node, frozenset[Node]], key: Callable[[Node], Hashable]) -> list[list[Node]]:
    """All nodes in an order that heeds the needs, in groups of one key each, and few of them: the next group
    is one that leaves none of its key for later where there is such, else the first that can begin.

    The order of ``needs`` decides between equals. Raises graphlib.CycleError as :func:`closure` does.
    """
    reached = closure(needs)
    left = {node: reached[node] for node in needs}
    groups: list[list[Node]] = []
    while left:
        group = _next_group(left, key)
        groups.append(_in_order(group, reached))
        left = {node: required.difference(group) for node, required in left.items() if node not in group}
    return groups


def _next_group(left: Mapping[Node, frozenset[Node]], key: Callable[[Node], Hashable]) -> list[Node]:
    """``left`` is a closure."""
    begun: dict[Hashable, list[Node]] = {}
    for node, required in left.items():
        if all(key(need) == key(node) for need in required):
            begun.setdefault(key(node), []).append(node)
    count = Counter(map(key, left))
    whole = (group for one, group in begun.items() if len(group) == count[one])
    return next(whole, next(iter(begun.values())))


def _in_order(nodes: Collection[Node], reached: Mapping[Node, frozenset[Node]]) -> list[Node]:
    """The nodes as they come, but each behind those that it needs; ``reached`` is a closure, so whatever is
    needed reaches fewer nodes.
    """
    placed: dict[Node, None] = {}
    for node in nodes:
        before = sorted((one for one in nodes if one in reached[node]), key=lambda one: len(reached[one]))
        placed |= dict.fromkeys((*before, node))
    return list(placed)


def longest_path(
    needs: Mapping[Node, frozenset[Node]], cost: Callable[[Node], float]
) -> tuple[float, tuple[Node, ...]]:
    """The chain of needs that costs most, with its cost, first node first; ``(0.0, ())`` for no nodes."""
    best: dict[Node, tuple[float, tuple[Node, ...]]] = {}
    for node in _ordered(needs):
        before = _costliest(best[need] for need in needs.get(node, frozenset()))
        best[node] = (before[0] + cost(node), (*before[1], node))
    return _costliest(best.values())


def _ordered(needs: Mapping[Node, frozenset[Node]]) -> Iterable[Node]:
    """What is needed first. The order of ``needs`` decides between equals, never the order of a set."""
    sorter: graphlib.TopologicalSorter[Node] = graphlib.TopologicalSorter(dict.fromkeys(needs, ()))
    for node, required in needs.items():
        sorter.add(node, *required)
    return sorter.static_order()


def _costliest(paths: Iterable[tuple[float, tuple[Node, ...]]]) -> tuple[float, tuple[Node, ...]]:
    return max(paths, key=lambda path: path[0], default=(0.0, ()))
