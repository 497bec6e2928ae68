"""Every statement, clause, column list, function and error number says where we know it from."""

import pytest

from spcs_emulator import faults
from spcs_emulator.facts import CONFIDENCES, SOURCE, Fact, facts
from spcs_emulator.faults import Fault
from spcs_emulator.objects.kinds import KINDS
from spcs_emulator.statement.forms import FORMS


@pytest.mark.parametrize("fact", facts(), ids=lambda fact: f"{fact.area}-{fact.subject}")
def test_it_has_a_source(fact: Fact) -> None:
    assert SOURCE.fullmatch(fact.source), fact.source
    assert fact.confidence in CONFIDENCES


def test_no_error_number_is_left_out() -> None:
    known = {fact.subject for fact in facts() if fact.area == "errors"}
    assert {
        f"{one.errno:06d} ({one.sqlstate})" for one in vars(faults).values() if isinstance(one, Fault)
    } <= known


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
    with pytest.raises(ValueError, match="no proper source"):
        _ = Fact("errors", "one", source).confidence
