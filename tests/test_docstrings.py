"""Every module, public class and public function of the two programs says what it is for.

A method that a protocol of ours documents need not say it again where it is implemented.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
MODULES = sorted(SOURCE.rglob("*.py"))

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _public(tree: Documented, name: str) -> Iterator[tuple[str, Documented]]:
    """The module or class itself and what is public in it; what stands inside a function is nobody else's."""
    yield name, tree
    for node in tree.body:
        if isinstance(
            node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) and not node.name.startswith("_"):
            inside = f"{name}.{node.name}"
            yield from _public(node, inside) if isinstance(node, ast.ClassDef) else [(inside, node)]


def _promised() -> set[str]:
    """The methods that protocols document."""
    classes = (node for path in MODULES for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    protocols = (
        node
        for node in classes
        if isinstance(node, ast.ClassDef) and "Protocol" in map(ast.unparse, node.bases)
    )
    methods = (node for protocol in protocols for node in protocol.body if isinstance(node, ast.FunctionDef))
    return {method.name for method in methods if ast.get_docstring(method)}


PROMISED = _promised()


def _undocumented(text: str, name: str) -> list[str]:
    return [
        of
        for of, node in _public(ast.parse(text), name)
        if not ast.get_docstring(node) and not (_is_method(of) and of.rpartition(".")[2] in PROMISED)
    ]


def _is_method(name: str) -> bool:
    """Whether it is module.Class.method."""
    return name.count(".") == 2


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_everything_public_has_a_docstring(module: Path) -> None:
    assert not _undocumented(module.read_text(encoding="utf-8"), module.stem)


SAMPLE = '''
class A:
    """a"""
    def f(self): ...
    def _g(self): ...

def h():
    """h"""
    def i(): ...

class _B: ...
'''


def test_what_is_missing_is_found() -> None:
    assert _undocumented(SAMPLE, "m") == ["m", "m.A.f"]
