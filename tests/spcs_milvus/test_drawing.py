"""What is drawn: every resource once, no need that follows from others, and what becomes of it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from tests.spcs_milvus.stack import QUICKSTART, as_declared, by_address, declared, nothing, seen

from spcs_milvus.drawing import Node, nodes
from spcs_milvus.graph import closure, reduced
from spcs_milvus.plan import Plan, plan_up
from spcs_milvus.resource import ABSENT, Address
from spcs_milvus.teardown import deletion
from spcs_milvus.views.graph import show_mermaid, show_tree

STACK = declared()
BY_ADDRESS = by_address(STACK)
POOL = BY_ADDRESS["compute_pool.MILVUS_DEMO_MILVUS_POOL"]
WAREHOUSE = BY_ADDRESS["warehouse.MILVUS_DEMO_WAREHOUSE"]

_GRAPHS = st.integers(0, 8).flatmap(
    lambda size: st.fixed_dictionaries(
        {at: st.frozensets(st.integers(0, at - 1)) if at else st.just(frozenset()) for at in range(size)}
    )
)


@given(_GRAPHS)
def test_what_is_left_to_be_drawn_means_the_same_and_nothing_of_it_is_too_much(
    needs: dict[int, frozenset[int]],
) -> None:
    drawn = reduced(needs)
    assert closure(drawn) == closure(needs)
    for node, required in drawn.items():
        for need in required:
            assert closure({**drawn, node: required - {need}}) != closure(needs)


def test_every_resource_is_drawn_once() -> None:
    drawn = nodes(STACK)
    assert [node.address for node in drawn] == [resource.address for resource in STACK]
    assert {node.state for node in drawn} == {None}


def _states(plan: Plan) -> dict[str, str | None]:
    return {str(node.address): node.state for node in nodes(STACK, plan)}


def test_it_is_marked_by_what_becomes_of_it() -> None:
    assert set(_states(plan_up(STACK, nothing(STACK))).values()) == {"create"}
    assert set(_states(plan_up(STACK, seen(STACK))).values()) == {"unchanged"}
    other = as_declared(POOL, attributes={**POOL.attributes, "max_nodes": 7})
    theirs = as_declared(WAREHOUSE, comment="theirs")
    states = _states(plan_up(STACK, seen(STACK, {POOL.address: other, WAREHOUSE.address: theirs})))
    assert states.pop(str(POOL.address)) == "update"
    assert states.pop(str(WAREHOUSE.address)) == "conflict"
    assert set(states.values()) == {"unchanged"}


def test_what_is_dropped_is_drawn_though_nobody_declares_it() -> None:
    orphan = next(one for one in declared(QUICKSTART + "stages: {OLD: {}}\n") if one.name.last == "OLD")
    drawn = nodes(STACK, Plan((deletion(orphan, as_declared(orphan), "gone", [orphan.role]),)))
    assert drawn[-1] == Node(orphan.address, (), "delete")


def test_what_exists_is_marked_so() -> None:
    stack = declared(QUICKSTART + "existing: [warehouse.W]\nwarehouse: {name: W}\n")
    warehouse = by_address(stack)["warehouse.W"].address
    plan = plan_up(stack, seen(stack, {POOL.address: ABSENT}))
    assert next(node.state for node in nodes(stack, plan) if node.address == warehouse) == "existing"


# --- text ----------------------------------------------------------------------------------------------


def _printed(show: object, drawn: tuple[Node, ...]) -> list[str]:
    console = Console(width=400, markup=False, highlight=False, emoji=False)
    with console.capture() as capture:
        show(console, drawn)  # type: ignore[operator]
    return capture.get().splitlines()


def test_a_tree_has_the_needs_of_each_node_once() -> None:
    drawn = nodes(STACK)
    lines = _printed(show_tree, drawn)
    for node in drawn:
        mine = [line for line in lines if line.rstrip(" …").endswith(f" {node.address}")]
        whole = [line for line in mine if not line.endswith("…")]
        assert mine
        assert len(whole) == 1 or not node.needs


ODD = 'A"]--> x <b>#;|{}()`é%%\n'


@pytest.mark.parametrize("name", [ODD, "end", "a b"])
def test_a_diagram_is_made_of_known_lines_whatever_the_names(name: str) -> None:
    role, other = Address("role", name), Address("role", "B")
    drawn = (Node(role, (), "create"), Node(other, (role,), "conflict"))
    first, *rest = _printed(show_mermaid, drawn)
    assert first == "flowchart LR"
    box, arrow = r'n\d+\["role<br/>[A-Za-z0-9 _.:/$#;-]+"\]', r"n\d+ --> n\d+"
    known = rf"  ({box}|{arrow}|classDef \w+ [\w:#,]+|class [n\d,]+ \w+)"
    assert all(re.fullmatch(known, line) for line in rest)
    assert "  n0 --> n1" in rest
    assert "  class n0 create" in rest
