"""What needs what → a tree for people, or a Mermaid diagram for a page."""

import re
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from spcs_milvus.drawing import CONFLICT, EXISTING, UNCHANGED, Node
from spcs_milvus.resource import Address
from spcs_milvus.views.plan import SIGNS

_SIGNS = {
    **{action.value: sign for action, sign in SIGNS.items()},
    CONFLICT: ("!", "bold red"),
    EXISTING: ("=", "dim"),
    UNCHANGED: (" ", ""),
}
# fill and line of a box, light enough for dark text
_COLOURS = {
    "create": ("#d5f5df", "#2e8b57"),
    "update": ("#fff3c4", "#b8860b"),
    "replace": ("#f3d9f7", "#8b008b"),
    "delete": ("#fbd5d5", "#b22222"),
    CONFLICT: ("#fbd5d5", "#b22222"),
    EXISTING: ("#eeeeee", "#888888"),
    UNCHANGED: ("#ffffff", "#555555"),
}
# Mermaid gives a meaning to most of the others
_BARE = re.compile(r"[^A-Za-z0-9 _.:/$-]")


def show_tree(console: Console, nodes: Sequence[Node]) -> None:
    """Prints a tree from each that nobody needs, and what the marks in it mean; what was printed before is
    named again, without its own needs.
    """
    by_address = {node.address: node for node in nodes}
    needed = {need for node in nodes for need in node.needs}
    seen: set[Address] = set()
    roots = [node for node in nodes if node.address not in needed]
    lines = [line for root in roots for line in _tree(root, by_address, seen, "", "")]
    for line in (*lines, *_legend(nodes, lines)):
        console.print(line)


def _legend(nodes: Sequence[Node], lines: Sequence[Text]) -> Iterator[Text]:
    """What the marks that occur mean."""
    states = {node.state for node in nodes}
    marks = [f"{sign} {state}" for state, (sign, _) in _SIGNS.items() if state in states and sign.strip()]
    marks += ["… as above"] if any(line.plain.endswith(" …") for line in lines) else []
    if marks:
        yield Text(f"marks: {', '.join(marks)}", "dim")


def _tree(
    node: Node, nodes: Mapping[Address, Node], seen: set[Address], before: str, further: str
) -> Iterator[Text]:
    """``before`` stands on the node's own line, ``further`` on those of its needs."""
    again = " …" if node.address in seen and node.needs else ""
    seen.add(node.address)
    sign, style = _SIGNS[node.state or UNCHANGED]
    yield Text.assemble(
        (f"{sign} ", style), (before, "dim"), str(node.address), (" …" if again else "", "dim")
    )
    for at, need in enumerate(() if again else node.needs):
        branch, below = ("└─ ", "   ") if at == len(node.needs) - 1 else ("├─ ", "│  ")
        yield from _tree(nodes[need], nodes, seen, further + branch, further + below)


def show_mermaid(console: Console, nodes: Sequence[Node]) -> None:
    """Prints a flowchart in which what is needed stands to the left; a node with a state has its colour."""
    names = {node.address: f"n{at}" for at, node in enumerate(nodes)}
    console.print("flowchart LR")
    for node in nodes:
        address = node.address
        text = "<br/>".join(_BARE.sub(_entity, part) for part in (address.kind, address.name))
        console.print(f'  {names[address]}["{text}"]')
    for node in nodes:
        for need in node.needs:
            console.print(f"  {names[need]} --> {names[node.address]}")
    for state, (fill, stroke) in _COLOURS.items():
        if members := [names[node.address] for node in nodes if node.state == state]:
            console.print(f"  classDef {state} fill:{fill},stroke:{stroke},color:#111111")
            console.print(f"  class {','.join(members)} {state}")


def _entity(match: re.Match[str]) -> str:
    return f"#{ord(match.group())};"
