"""Marks: written into a comment and read back, and a digest that changes with the data and nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spcs_milvus.errors import ConfigError
from spcs_milvus.names import Name
from spcs_milvus.resource import MARK_VERSION, Address, Mark, address, mark_of, read_mark

projects = st.from_regex(r"[a-z][a-z0-9-]{1,39}", fullmatch=True)
environments = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)
scalars = st.text() | st.integers() | st.booleans() | st.none()
values = scalars | st.lists(scalars).map(tuple) | st.dictionaries(st.text(), scalars)


@given(projects, environments, st.dictionaries(st.text(), values))
def test_a_mark_reads_back(project: str, environment: str, attributes: dict[str, object]) -> None:
    mark = mark_of(project, environment, attributes)
    assert read_mark(str(mark)) == mark
    assert mark.version == MARK_VERSION


@given(st.text(), projects)
def test_a_mark_reads_back_behind_any_text(before: str, project: str) -> None:
    mark = mark_of(project, "default", {})
    assert read_mark(f"{before} {mark}") == replace(mark, note=before.rstrip())


@given(st.dictionaries(st.text(), values, min_size=2))
def test_the_digest_does_not_depend_on_the_order_of_keys(attributes: dict[str, object]) -> None:
    turned = dict(reversed(attributes.items()))
    assert mark_of("demo", "default", attributes) == mark_of("demo", "default", turned)


@given(st.dictionaries(st.text(), scalars, min_size=1), st.data())
def test_the_digest_changes_with_the_data(attributes: dict[str, object], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(attributes)))
    changed = {**attributes, key: (attributes[key],)}
    assert mark_of("demo", "default", attributes) != mark_of("demo", "default", changed)


def test_the_digest_is_over_canonical_data() -> None:
    digests = {
        mark_of("demo", "default", {"a": value}).digest
        for value in (("x", "y"), ["x", "y"], frozenset({"y", "x"}))
    }
    assert len(digests) == 1
    assert mark_of("demo", "default", {"a": ({"b": Name.of("x")},)}).digest == (
        mark_of("demo", "default", {"a": [{"b": '"x"'}]}).digest
    )
    assert mark_of("demo", "default", {"a": Name.of("x")}) == mark_of("demo", "default", {"a": '"x"'})


def test_a_mark_of_another_version_reads_back() -> None:
    assert read_mark("spcs-milvus:demo/default#2.0123456789ab") == Mark("demo", "default", "0123456789ab", 2)


@pytest.mark.parametrize("note", ["", "kept", "our own words:"])
def test_a_note_stands_in_front_of_a_mark_and_reads_back(note: str) -> None:
    mark = Mark("demo", "default", "0" * 12, note=note)
    assert read_mark(str(mark)) == mark
    assert mark.same_owner(Mark("demo", "default", "0" * 12))


NO_MARKS = [
    None,
    "",
    "made by hand",
    "spcs-milvus:demo/default#1.0123456789a",
    "spcs-milvus:demo/default#1.0123456789abc",
    "spcs-milvus:demo/default#1.0123456789ab and more",
    "spcs-milvus:Demo/default#1.0123456789ab",
    "spcs-milvus:demo#1.0123456789ab",
    "spcs-milvus:demo/default#x.0123456789ab",
]


@pytest.mark.parametrize("comment", NO_MARKS)
def test_what_is_no_mark(comment: str | None) -> None:
    assert read_mark(comment) is None


def test_owners() -> None:
    mark = Mark("demo", "default", "0" * 12)
    assert mark.same_owner(Mark("demo", "default", "1" * 12, 2))
    assert not mark.same_owner(Mark("demo", "prod", "0" * 12))
    assert not mark.same_owner(Mark("other", "default", "0" * 12))


def test_an_address_reads_as_kind_and_name() -> None:
    assert str(Address("compute_pool", "P_POOL")) == "compute_pool.P_POOL"
    assert sorted([Address("b", "A"), Address("a", "B")]) == [Address("a", "B"), Address("b", "A")]


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [("role.A", "role", "A"), ("stage.D.S.X", "stage", "D.S.X"), ('role."a.b"', "role", '"a.b"')],
)
def test_an_address_that_a_person_wrote(text: str, kind: str, name: str) -> None:
    assert address(text) == Address(kind, name)


@pytest.mark.parametrize("text", ["", "role", "role.", ".A", "."])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        address(text)
    assert error.value.problem.summary == f"`{text}` is no address"
    assert error.value.problem.hint == "write it as the plan does, say database.MILVUS_DEMO"
