"""Names, keywords and dollar-quoted text come out as one token each, and as what they were."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spcs_milvus.names import RESERVED, DollarQuoted, Keyword, Name
from spcs_milvus.tokens import tokens

WRITTEN = [
    (("MILVUS",), "MILVUS"),
    (("DB", "PUBLIC", "S_1$"), "DB.PUBLIC.S_1$"),
    (("_A",), "_A"),
    (("lower",), '"lower"'),
    (("TWO WORDS",), '"TWO WORDS"'),
    (("1ST",), '"1ST"'),
    (('A"B',), '"A""B"'),
    (("A.B", "C"), '"A.B".C'),
    (("TABLE", "ORDER"), '"TABLE"."ORDER"'),
    (("IDENTIFIER", "LIMIT"), '"IDENTIFIER"."LIMIT"'),
    (("IF",), '"IF"'),
    (("ÄPFEL",), '"ÄPFEL"'),
    (("A\n",), '"A\n"'),
]


@pytest.mark.parametrize(("parts", "text"), WRITTEN)
def test_name_as_sql_writes_it(parts: tuple[str, ...], text: str) -> None:
    assert str(Name(parts)) == text


@given(st.text())
def test_any_text_as_a_name_is_one_token_that_reads_back(text: str) -> None:
    (token,) = tokens(str(Name.of(text)))
    stored = token[1:-1].replace('""', '"') if token.startswith('"') else token
    assert stored == text
    assert token not in RESERVED


def test_parts_of_a_name() -> None:
    name = Name.of("DB", "PUBLIC").child("MILVUS")
    assert (name.last, name.parent, name.parts) == (
        "MILVUS",
        Name.of("DB", "PUBLIC"),
        ("DB", "PUBLIC", "MILVUS"),
    )


def test_what_stands_inside_what() -> None:
    database, schema = Name.of("DB"), Name.of("DB", "S")
    assert schema.inside(database)
    assert schema.child("T").inside(database)
    assert not schema.inside(schema)
    assert not database.inside(schema)
    assert not Name.of("DB", "S2", "T").inside(schema)
    assert not Name.of("OTHER", "S").inside(database)


@pytest.mark.parametrize("text", ["USAGE", "CREATE COMPUTE POOL", "BIND SERVICE ENDPOINT", "X2"])
def test_keyword(text: str) -> None:
    assert Keyword(text).text == text


@pytest.mark.parametrize(
    "text", ["", "usage", "A;B", "A  B", " A", "A\n", "A--B", "'A'", "A, B", "1A", "A/*"]
)
def test_what_is_no_keyword_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a keyword"):
        Keyword(text)


@given(
    st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_any_json_between_dollars_is_one_token_of_the_same_data(data: object) -> None:
    (token,) = tokens(DollarQuoted(json.dumps({"data": data})).text)
    assert token[:2] == token[-2:] == "$$"
    assert "$$" not in token[2:-2]
    assert json.loads(token[2:-2]) == {"data": data}


@pytest.mark.parametrize("text", ["&a", "&{ a }", "&&", "<% a %>", "{# a #}", "a & <b> {c}"])
def test_what_the_official_cli_would_take_for_a_template_is_escaped(text: str) -> None:
    token = DollarQuoted(json.dumps({text: [text]})).text
    assert json.loads(token[2:-2]) == {text: [text]}
    assert not re.search(r"&|<%|\{#", token)


@pytest.mark.parametrize("text", ["$$", "$$$", "$$$$", "a$$b", "$"])
def test_dollars_inside_are_escaped(text: str) -> None:
    token = DollarQuoted(json.dumps([text])).text
    assert json.loads(token[2:-2]) == [text]
    assert "$$" not in token[2:-2]
