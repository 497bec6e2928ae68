"""The graph functions against brute force on small random graphs."""

import graphlib
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spcs_milvus.graph import among, closure, grouped, longest_path, reverse

Graph = dict[int, frozenset[int]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Each node needs some of the smaller ones, so there is no circle; the order of the keys is any."""
    size = draw(st.integers(0, 7))
    needs = {n: frozenset(draw(st.sets(st.integers(0, n - 1)))) if n else frozenset() for n in range(size)}
    return {node: needs[node] for node in draw(st.permutations(sorted(needs)))}


def _chains(needs: Graph, node: int) -> Iterator[tuple[int, ...]]:
    """Every chain of needs that ends in a node."""
    yield (node,)
    for need in needs[node]:
        for chain in _chains(needs, need):
            yield (*chain, node)


def _reached(needs: Graph, node: int) -> frozenset[int]:
    return frozenset(chain[0] for chain in _chains(needs, node)) - {node}


@given(graphs())
def test_closure(needs: Graph) -> None:
    assert closure(needs) == {node: _reached(needs, node) for node in needs}


@given(graphs())
def test_closure_comes_in_an_order_that_respects_needs(needs: Graph) -> None:
    order = list(closure(needs))
    assert all(order.index(need) < order.index(node) for node in needs for need in needs[node])


@given(graphs(), st.data())
def test_among(needs: Graph, data: st.DataObject) -> None:
    kept = data.draw(st.sets(st.sampled_from(sorted(needs)))) if needs else set()
    found = among(needs, kept)
    assert found == {node: _reached(needs, node) & kept for node in kept}
    order = list(found)
    assert all(order.index(need) < order.index(node) for node in found for need in found[node])


@given(graphs(), st.integers(1, 3))
def test_groups_heed_the_needs_and_have_one_key_each(needs: Graph, keys: int) -> None:
    groups = grouped(needs, lambda node: node % keys)
    order = [node for group in groups for node in group]
    assert sorted(order) == sorted(needs)
    assert all(order.index(need) < order.index(node) for node in needs for need in needs[node])
    assert all(len({node % keys for node in group}) == 1 for group in groups)
    # a group goes on as long as it can
    for group, after in pairwise(groups):
        assert group[0] % keys != after[0] % keys


def test_a_group_keeps_the_order_that_is_given_where_it_can() -> None:
    needs: dict[str, frozenset[str]] = {"c": frozenset("a"), "b": frozenset(), "a": frozenset()}
    assert grouped(needs, len) == [["a", "c", "b"]]


def test_a_group_that_leaves_nothing_for_later_comes_first() -> None:
    keys = {"a1": "a", "b1": "b", "a2": "a"}
    needs: dict[str, frozenset[str]] = {"a1": frozenset(), "b1": frozenset(), "a2": frozenset({"b1"})}
    assert grouped(needs, keys.__getitem__) == [["b1"], ["a1", "a2"]]


@given(graphs())
def test_reverse(needs: Graph) -> None:
    turned = reverse(needs)
    assert turned == {node: frozenset(user for user in needs if node in needs[user]) for node in needs}
    assert reverse(turned) == needs


@given(graphs(), st.data())
def test_longest_path(needs: Graph, data: st.DataObject) -> None:
    cost = {node: data.draw(st.integers(0, 100)) for node in needs}
    length, path = longest_path(needs, lambda node: float(cost[node]))
    every = [chain for node in needs for chain in _chains(needs, node)]
    assert length == max((sum(cost[node] for node in chain) for chain in every), default=0)
    assert sum(cost[node] for node in path) == length
    assert path in every if needs else path == ()


def test_the_order_does_not_depend_on_how_a_set_is_iterated() -> None:
    """Two equal sets whose members share a place in the table are iterated as they were filled."""
    one, other = frozenset([0, 8]), frozenset([8, 0])
    assert (one, list(one)) != (other, list(other))
    graph = {20: one, 8: frozenset[int](), 0: frozenset[int]()}
    assert list(closure(graph)) == list(closure({**graph, 20: other})) == [8, 0, 20]


def test_a_need_that_is_no_key_is_a_node_too() -> None:
    assert closure({"b": frozenset({"a"})}) == {"a": frozenset(), "b": frozenset({"a"})}
    assert reverse({"b": frozenset({"a"})}) == {"a": frozenset({"b"}), "b": frozenset()}


def test_a_circle_is_a_bug_of_ours() -> None:
    with pytest.raises(graphlib.CycleError):
        closure({"a": frozenset({"b"}), "b": frozenset({"a"})})
