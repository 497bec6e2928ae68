"""Which instance gets which node of a compute pool.

In: what the instances request and what a node offers. Out: the instances that fit, and for the others why
not. Touches nothing. Documented: several services share a node when their requests fit, others wait until
MAX_NODES allows another node, with the message "Unschedulable due to insufficient … resources." Assumed:
first fit, oldest first, and a further node is there at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from spcs_emulator.account.families import Node

_GIB = 2**30


@dataclass(frozen=True)
class Demand:
    """What one instance requests: cores, bytes, GPUs."""

    key: str
    cpu: float
    memory: int
    gpus: int


@dataclass(frozen=True)
class Placement:
    """Keys of the instances that have a node, how many nodes they take, and the message of each that has
    none.
    """

    placed: frozenset[str]
    nodes: int
    refused: dict[str, str]


@dataclass
class _Free:
    cpu: float
    memory: int
    gpus: int

    def lacking(self, demand: Demand) -> str:
        if demand.gpus > self.gpus:
            return "GPU"
        if demand.memory > self.memory:
            return "memory"
        return "CPU" if demand.cpu > self.cpu + 1e-9 else ""

    def take(self, demand: Demand) -> None:
        self.cpu -= demand.cpu
        self.memory -= demand.memory
        self.gpus -= demand.gpus


def lacking(node: Node, demand: Demand) -> str:
    """Return what an empty node of the family lacks for the demand (CPU, memory, GPU), "" when it fits."""
    return _empty(node).lacking(demand)


def place(node: Node, most: int, demands: Sequence[Demand]) -> Placement:
    """Return who fits on at most `most` nodes, demands served in their order."""
    nodes: list[_Free] = []
    placed: set[str] = set()
    refused: dict[str, str] = {}
    for demand in demands:
        home = next((free for free in nodes if not free.lacking(demand)), None)
        if home is None and len(nodes) < most and not lacking(node, demand):
            home = _empty(node)
            nodes.append(home)
        if home is None:
            resource = (nodes[-1] if nodes else _empty(node)).lacking(demand)
            refused[demand.key] = f"Unschedulable due to insufficient {resource or 'CPU'} resources."
        else:
            home.take(demand)
            placed.add(demand.key)
    return Placement(frozenset(placed), len(nodes), refused)


def _empty(node: Node) -> _Free:
    return _Free(node.vcpu, node.memory_gib * _GIB, node.gpus)
