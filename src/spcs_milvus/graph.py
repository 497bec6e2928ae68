"""What needs what: an order to do things in, and the longest chain that no amount of workers can shorten.

Comes in: for each node, the nodes it needs. Goes out: mappings and paths over the same nodes. Touches
nothing.
"""

import graphlib
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


def reverse(needs: Mapping[Node, frozenset[Node]]) -> dict[Node, frozenset[Node]]:
    """The same graph the other way round, for taking things down: a node waits for all that needed it."""
    turned: dict[Node, set[Node]] = {node: set() for node in needs}
    for node, required in needs.items():
        for need in required:
            turned.setdefault(need, set()).add(node)
    return {node: frozenset(users) for node, users in turned.items()}


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
