"""Every statement, clause, column list, function and error number says where we know it from."""

import ast
import runpy
from pathlib import Path

import pytest

from spcs_emulator import faults
from spcs_emulator.facts import CONFIDENCES, SOURCE, Fact, facts
from spcs_emulator.faults import Fault
from spcs_emulator.objects.kinds import KINDS
from spcs_emulator.statement.forms import FORMS
from spcs_emulator.statement.sessions import TABLE_METHODS
from spcs_emulator.statement.words import WORDS

ROOT = Path(__file__).parents[2]
TABLES = [fact for fact in facts() if fact.area != "rules"]


@pytest.mark.parametrize("fact", TABLES, ids=lambda fact: f"{fact.area}-{fact.subject}")
def test_it_has_a_source(fact: Fact) -> None:
    assert SOURCE.fullmatch(fact.source), fact.source
    assert fact.confidence in CONFIDENCES


def test_no_error_number_is_left_out() -> None:
    known = {fact.subject for fact in facts() if fact.area == "errors"}
    numbers = {f"{one.errno:06d} ({one.sqlstate})" for one in vars(faults).values() if isinstance(one, Fault)}
    assert numbers <= known


def test_every_kind_says_where_its_columns_are_known_from() -> None:
    known = {fact.subject for fact in facts() if fact.area == "columns"}
    for kind in KINDS.values():
        assert kind.shape.title in known
        if FORMS[kind.kind].described:
            assert kind.describe_shape.title in known


@pytest.mark.parametrize(
    ("source", "confidence"),
    [
        ("documented: a page", "documented"),
        ("observed: number; assumed: text", "assumed"),
        ("documented: a page; observed: a report", "observed"),
    ],
)
def test_the_least_certain_source_counts(source: str, confidence: str) -> None:
    assert Fact("errors", "one", source).confidence == confidence


@pytest.mark.parametrize(
    "source", ["", "memory", "documented:", "documented: a; guessed: b", "documented: a;"]
)
def test_what_is_no_source_is_refused(source: str) -> None:
    assert not SOURCE.fullmatch(source)


def test_a_source_without_a_tag_has_no_confidence() -> None:
    with pytest.raises(ValueError, match="empty"):
        _ = Fact("errors", "one", "memory").confidence


def test_rules_told_in_docstrings_are_facts() -> None:
    told = [fact for fact in facts() if fact.subject == "account.access.session_access"]
    assert [fact.confidence for fact in told] == ["assumed"]


def test_the_page_is_the_one_made_from_the_code() -> None:
    page = runpy.run_path(str(ROOT / "docs/facts.py"))["page"]()
    assert (ROOT / "docs/facts.md").read_text(encoding="utf-8") == page, "run docs/facts.py"


def test_properties_of_tokens_and_functions_of_tables_are_facts() -> None:
    known = {fact.subject for fact in facts()}
    assert "ALTER USER … ADD PROGRAMMATIC ACCESS TOKEN: ROLE_RESTRICTION" in known
    assert {f"TABLE(service!{method})" for method in TABLE_METHODS} <= known


READS = ("words", "try_words", "one_of", "try_one_of", "looking_at")


@pytest.mark.parametrize(
    "file", sorted((ROOT / "src/spcs_emulator/statement").glob("*.py")), ids=lambda it: it.stem
)
def test_every_word_that_is_read_has_a_source(file: Path) -> None:
    read: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READS:
            texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
            words = [str(text) for text in texts]
            read.update(words if "one_of" in node.func.attr else [" ".join(words)] if words else [])
    assert read == set(WORDS.get(file.stem, ()))
