"""TestMilvus.ipynb as a document: valid, clean, explained, free of calls that some Milvus edition lacks."""

import ast
from itertools import pairwise
from typing import Any

import nbformat
import pytest
from tests.images.conftest import read_notebook


@pytest.fixture(scope="module")
def notebook() -> Any:
    return read_notebook()


def code(notebook: Any) -> str:
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def test_it_is_valid_in_format_4_5(notebook: Any) -> None:
    nbformat.validate(notebook, relax_add_props=False)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"


def test_every_cell_has_an_id_of_its_own_that_says_what_it_does(notebook: Any) -> None:
    names = [cell.id for cell in notebook.cells]
    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").isalpha() for name in names)


def test_nothing_of_a_run_is_stored(notebook: Any) -> None:
    for cell in notebook.cells:
        assert cell.metadata == {}
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_each_step_is_explained_before_its_code(notebook: Any) -> None:
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds[0] == kinds[-1] == "markdown"
    assert ("code", "code") not in pairwise(kinds)


def test_the_code_can_be_read_by_python_and_ends_in_the_answer(notebook: Any) -> None:
    ast.parse(code(notebook))
    assert '"Alan Turing was the first person to conduct substantial research in AI."' in code(notebook)
    assert "assert answer ==" in code(notebook)


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ('consistency_level="Strong"', "a search right after the insert finds nothing otherwise"),
        ("client.has_collection(COLLECTION)", "a second run starts clean"),
        ('os.environ.get("MILVUS_URI")', "the service says where Milvus is"),
        ('os.environ.get("MILVUS_TOKEN")', "a Milvus with a login is reached too"),
        ('print(f"Embedder: ', "the reader sees which embedder answers"),
    ],
)
def test_it_holds(notebook: Any, wanted: str, why: str) -> None:
    assert wanted in code(notebook), why


def test_it_asks_for_no_server_version(notebook: Any) -> None:
    assert "get_server_version" not in code(notebook), "Milvus Lite has no such call"


def test_the_reader_is_told_that_the_offline_embedder_is_lexical(notebook: Any) -> None:
    explained = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "lexical" in explained
    assert "http://milvus:19530" in code(notebook)
