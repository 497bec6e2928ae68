"""How two specifications differ, as YAML and by image; and that nothing secret is shown."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from spcs_milvus.specification import Hunk, ImageChange, canonical, hunks, image_changes, masked

HUNKS: dict[str, tuple[Any, Any, list[Hunk]]] = {
    "nothing": ({"a": "1"}, {"a": "1"}, []),
    "a value": (
        {"a": {"b": "1", "c": "2"}},
        {"a": {"b": "2", "c": "2"}},
        [Hunk("a", ("-b: '1'", "+b: '2'"))],
    ),
    "a key more": ({"a": {}}, {"a": {"b": {"c": "d"}}}, [Hunk("a", ("+b:", "+  c: d"))]),
    "the same in two places": (
        {"a": {"x": "1"}, "b": {"y": "1"}},
        {"a": {"x": "2"}, "b": {"y": "2"}},
        [Hunk("a", ("-x: '1'", "+x: '2'")), Hunk("b", ("-y: '1'", "+y: '2'"))],
    ),
    "an item by its name": (
        {"containers": [{"name": "a", "image": "/i:1"}, {"name": "b"}]},
        {"containers": [{"name": "a", "image": "/i:2"}, {"name": "b"}]},
        [Hunk("containers.a", ("-image: /i:1", "+image: /i:2"))],
    ),
    "an item more": (
        {"containers": [{"name": "a"}]},
        {"containers": [{"name": "a"}, {"name": "b", "args": ["x"]}]},
        [Hunk("containers", ("+- args:", "+  - x", "+  name: b"))],
    ),
    "a list without names": (
        {"args": ["a", "b"]},
        {"args": ["a", "c"]},
        [Hunk("args", (" - a", "-- b", "+- c"))],
    ),
    "a long list, of which most is left out": (
        {"args": [*"abcdefghijklm"]},
        {"args": ["A", *"bcdefghijkl", "M"]},
        [
            Hunk(
                "args",
                (
                    "-- a",
                    "+- A",
                    *(f" - {x}" for x in "bcd"),
                    "…",
                    *(f" - {x}" for x in "jkl"),
                    "-- m",
                    "+- M",
                ),
            )
        ],
    ),
    "text in place of a mapping": ({"a": {"b": "1"}}, {"a": "x"}, [Hunk("", ("-a:", "-  b: '1'", "+a: x"))]),
    "not shown at all": (None, {"a": "1"}, [Hunk("", ("+a: '1'",))]),
}


@pytest.mark.parametrize("what", HUNKS)
def test_what_differs_is_shown_with_its_path(what: str) -> None:
    actual, desired, expected = HUNKS[what]
    assert list(hunks(actual, desired)) == expected


_SCALARS = st.sampled_from(["1", "true", "x: y", "- a", "é", "", "#", "null"])
_DATA = st.recursive(
    _SCALARS,
    lambda inner: (
        st.dictionaries(st.sampled_from([*"abc", "env"]), inner, max_size=3) | st.lists(inner, max_size=3)
    ),
    max_leaves=12,
)
_TREES = st.dictionaries(st.sampled_from("abc"), _DATA, max_size=3)


@given(_TREES, _TREES)
def test_there_is_a_part_exactly_where_something_differs(one: dict[str, Any], other: dict[str, Any]) -> None:
    found = list(hunks(one, other))
    assert bool(found) == (one != other)
    assert all(any(line[0] in "+-" for line in part.lines) for part in found)


@given(_TREES)
def test_all_of_a_new_specification_is_in_its_lines(tree: dict[str, Any]) -> None:
    lines = [line[1:] for part in hunks(None, tree) for line in part.lines]
    assert (yaml.safe_load("\n".join(lines)) if lines else {}) == tree


# --- secrets -----------------------------------------------------------------------------------------------

CANARY = "c4n4ry"
SECRETIVE: list[tuple[Any, Any, Any]] = [
    ({"env": {"PASSWORD": CANARY, "A": "1"}}, {}, {"env": {"PASSWORD": "!", "A": "1"}}),
    ({"env": {"API_KEY": CANARY}}, {"env": {"API_KEY": CANARY}}, {"env": {"API_KEY": "***"}}),
    ({"env": {"API_KEY": CANARY}}, {"env": {"API_KEY": "x"}}, {"env": {"API_KEY": "!"}}),
    ({"args": ["--token=" + CANARY, "b"]}, {}, {"args": ["--token=!", "b"]}),
    ({"args": ["--token", CANARY]}, {"args": ["--token", CANARY]}, {"args": ["--token", "***"]}),
    ({"args": ["--tokens", "5", "--x=1", "y"]}, None, {"args": ["--tokens", "!", "--x=1", "y"]}),
    (
        {"containers": [{"name": "b", "env": {"TOKEN": CANARY}}]},
        {"containers": [{"name": "a"}, {"name": "b", "env": {"TOKEN": CANARY}}]},
        {"containers": [{"name": "b", "env": {"TOKEN": "***"}}]},
    ),
    # which secret is mounted is no secret
    ({"secrets": [{"snowflakeSecret": {"objectName": "d.s.k"}, "secretKeyRef": "secret_string"}]},) * 2
    + ({"secrets": [{"snowflakeSecret": {"objectName": "d.s.k"}, "secretKeyRef": "secret_string"}]},),
]


@pytest.mark.parametrize(("value", "other", "expected"), SECRETIVE)
def test_what_sounds_secret_is_masked(value: Any, other: Any, expected: Any) -> None:
    assert masked(value, other, "!") == expected


@given(_TREES, _TREES)
def test_only_what_sounds_secret_is_masked(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert masked(one, other, "!") == one


# --- images ------------------------------------------------------------------------------------------------


def _spec(**images: str) -> Any:
    return canonical(
        {"spec": {"containers": [{"name": name, "image": image} for name, image in images.items()]}}
    )


def test_another_image_is_told_with_what_is_known_of_it() -> None:
    found = image_changes(
        _spec(a="/r/a:1", b="/r/b:1"),
        _spec(a="/r/a:2", b="/r/b:1"),
        {"a": "sha256:1"},
        {"/r/a:2": "sha256:2"},
    )
    assert found == (ImageChange("a", "/r/a:1", "/r/a:2", "sha256:1", "sha256:2"),)


def test_a_digest_that_nobody_knows_is_left_out() -> None:
    (found,) = image_changes(_spec(a="/r/a:1"), _spec(a="/r/a:2"), {}, {})
    assert (found.actual_digest, found.desired_digest) == (None, None)


def test_a_container_that_is_new_and_a_specification_that_is_not_shown_have_no_image_before() -> None:
    assert image_changes(_spec(a="/r/a:1"), _spec(b="/r/b:1"), {}, {}) == ()
    assert image_changes(None, _spec(b="/r/b:1"), {}, {}) == ()
