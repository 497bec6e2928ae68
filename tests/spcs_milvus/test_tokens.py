"""The tokenizer that proves templates: what it takes apart, and what it refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spcs_milvus.tokens import tokens

TAKEN_APART = [
    ("", []),
    ("  \n\t", []),
    ("CREATE ROLE R", ["CREATE", "ROLE", "R"]),
    ("A.B!C", ["A", ".", "B", "!", "C"]),
    ("X = 'it''s'", ["X", "=", "'it''s'"]),
    (r"'a\'b' c", [r"'a\'b'", "c"]),
    (r"'a\\' c", [r"'a\\'", "c"]),
    ("'-- no comment /* here */'", ["'-- no comment /* here */'"]),
    ('"a""b".C', ['"a""b"', ".", "C"]),
    ("$$ 'x' \" \n $ $$ Y", ["$$ 'x' \" \n $ $$", "Y"]),
    ("(1, 2.5, -3)", ["(", "1", ",", "2.5", ",", "-", "3", ")"]),
    ("a => b", ["a", "=>", "b"]),
]

REFUSED = [
    "'open",
    '"open',
    "$$open",
    "a -- comment",
    "a // comment",
    "a /* comment */ b",
    "a ` b",
    "ä",
    "a\\b",
    "{x}",
]


@pytest.mark.parametrize(("text", "expected"), TAKEN_APART)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_sql_as_we_write_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"unexpected .* at character"):
        tokens(text)


@given(st.text())
def test_tokens_hold_everything_but_white_space_or_the_text_is_refused(text: str) -> None:
    try:
        found = tokens(text)
    except ValueError:
        return
    position = 0
    for token in found:
        at = text.index(token, position)
        assert not text[position:at].strip()
        position = at + len(token)
    assert not text[position:].strip()
