"""What differs, leaf by leaf and as YAML, and what is suspected where nobody can see it."""

from dataclasses import replace
from typing import Any

import pytest
from tests.spcs_milvus.stack import as_declared, by_address, declared

from spcs_milvus.differences import Difference, differences, leaves, parts
from spcs_milvus.resource import mark_of
from spcs_milvus.secrets import MASK

STACK = by_address(declared())
MILVUS = STACK["service.MILVUS_DEMO.PUBLIC.MILVUS"]
STAGE = STACK["stage.MILVUS_DEMO.PUBLIC.DATA"]
POOL = STACK["compute_pool.MILVUS_DEMO_MILVUS_POOL"]
OLD = str(mark_of("milvus-demo", "default", {}))
PASSWORD = {"spec": {"containers": [{"name": "a", "env": {"PASSWORD": "hunter2", "SHOWN": "x"}}]}}
MASKED = {"spec": {"containers": [{"name": "a", "env": {"PASSWORD": f"{MASK} (as declared)", "SHOWN": "x"}}]}}


# --- what nobody can see -----------------------------------------------------------------------------------


def test_what_is_never_shown_is_suspected_when_the_mark_is_another() -> None:
    (found,) = differences(STAGE, as_declared(STAGE, attributes={}, comment=OLD))
    assert found == Difference("encryption", "SNOWFLAKE_SSE", None, unreadable=True)


def test_what_is_suspected_shows_no_secret() -> None:
    service = replace(MILVUS, attributes={**MILVUS.attributes, "specification": PASSWORD})
    hidden = {name: value for name, value in service.attributes.items() if name != "specification"}
    (found,) = differences(service, as_declared(service, attributes=hidden, comment=OLD))
    assert found == Difference("specification", MASKED, None, unreadable=True)


@pytest.mark.parametrize("comment", [None, "made by hand"])
def test_without_a_mark_everything_hidden_is_suspected(comment: str | None) -> None:
    (found,) = differences(STAGE, as_declared(STAGE, attributes={}, comment=comment))
    assert found.unreadable


def test_a_mark_that_is_another_for_no_reason_to_be_seen_is_a_difference_of_its_own() -> None:
    assert differences(POOL, as_declared(POOL, comment=OLD)) == (Difference("mark", str(POOL.mark), OLD),)


def test_what_cannot_be_altered_is_not_suspected_where_it_is_only_not_shown_this_time() -> None:
    """A volume that was not shown this time would mean that the service has to be made again."""
    shown = {**MILVUS.attributes, "max_instances": 2}
    del shown["volumes"]
    found = differences(MILVUS, as_declared(MILVUS, attributes=shown, comment=OLD))
    assert [one.attribute for one in found] == ["max_instances"]


# --- shown -------------------------------------------------------------------------------------------------

_LEAVES: dict[str, tuple[Any, Any, list[tuple[str, Any, Any]]]] = {
    "a value": (1, 2, [("a", 1, 2)]),
    "a tree": ({"b": {"c": 1, "d": 1}}, {"b": {"c": 2, "d": 1}}, [("a.b.c", 1, 2)]),
    "what only one side has": ({"b": 1}, {"c": 2}, [("a.b", 1, None), ("a.c", None, 2)]),
    "items by their names": (
        [{"name": "x", "v": 1}, {"name": "y", "v": 1}],
        [{"name": "y", "v": 2}, {"name": "x", "v": 1}],
        [("a.y.v", 1, 2)],
    ),
    "a tree where there was a value": ({"b": 1}, 1, [("a", {"b": 1}, 1)]),
    "a value where there was a tree": (1, {"b": 1}, [("a", 1, {"b": 1})]),
}


@pytest.mark.parametrize("what", _LEAVES)
def test_each_single_value_that_differs(what: str) -> None:
    desired, actual, expected = _LEAVES[what]
    found = leaves(Difference("a", desired, actual))
    assert [(one.attribute, one.desired, one.actual) for one in found] == expected


def test_what_cannot_be_read_is_one_leaf() -> None:
    hidden = Difference("a", {"b": 1}, None, unreadable=True)
    assert list(leaves(hidden)) == [hidden]


@pytest.mark.parametrize(
    ("attribute", "unreadable", "shown"),
    [("specification", False, True), ("specification", True, False), ("volumes", False, False)],
)
def test_only_a_specification_that_is_shown_is_shown_as_yaml(
    attribute: str, unreadable: bool, shown: bool
) -> None:
    difference = Difference(attribute, {"b": 1}, {"b": 2}, unreadable)
    assert bool(parts(difference)) is shown


def test_the_yaml_says_what_goes_and_what_comes() -> None:
    (hunk,) = parts(Difference("specification", {"b": 1}, {"b": 2}))
    assert [line for line in map(str, hunk.lines) if line[0] in "+-"] == ["-b: 2", "+b: 1"]


def test_a_secret_that_differs_is_a_difference_and_not_shown() -> None:
    other = {"spec": {"containers": [{"name": "a", "env": {"PASSWORD": "other", "SHOWN": "x"}}]}}
    service = replace(MILVUS, attributes={**MILVUS.attributes, "specification": PASSWORD})
    there = as_declared(service, attributes={**service.attributes, "specification": other})
    (found,) = differences(service, there)
    told = [(one.attribute, one.desired, one.actual) for one in leaves(found)]
    at = "specification.spec.containers.a.env.PASSWORD"
    assert told == [(at, f"{MASK} (as declared)", f"{MASK} (as it is)")]


def test_a_secret_that_is_as_declared_is_no_difference_beside_one() -> None:
    other = {"spec": {"containers": [{"name": "a", "env": {"PASSWORD": "hunter2", "SHOWN": "y"}}]}}
    service = replace(MILVUS, attributes={**MILVUS.attributes, "specification": PASSWORD})
    there = as_declared(service, attributes={**service.attributes, "specification": other})
    (found,) = differences(service, there)
    assert "hunter2" not in str(found)
    told = [(one.attribute, one.desired, one.actual) for one in leaves(found)]
    assert told == [("specification.spec.containers.a.env.SHOWN", "x", "y")]
