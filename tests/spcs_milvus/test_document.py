"""YAML → data with places, read safely."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from spcs_milvus.document import Document, read_document
from spcs_milvus.errors import ConfigError
from spcs_milvus.yaml_file import MAX_BYTES

# what can be seen, and holds no reference
texts = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"])).filter(
    lambda text: "${" not in text
)
data = st.recursive(
    texts | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def _read(folder: Path, text: str, environment: dict[str, str] | None = None) -> Document:
    file = folder / "p.yaml"
    file.write_text(text, encoding="utf-8")
    return read_document(file, environment or {})


@given(st.dictionaries(texts, data, max_size=4))
def test_data_comes_back_as_yaml_says_it(
    tmp_path_factory: pytest.TempPathFactory, written: dict[str, Any]
) -> None:
    text = yaml.safe_dump(written, allow_unicode=False)
    assert _read(tmp_path_factory.getbasetemp(), text).data == written


@given(st.dictionaries(texts.filter(bool), st.integers(), min_size=1, max_size=5))
def test_every_value_knows_its_line(
    tmp_path_factory: pytest.TempPathFactory, written: dict[str, int]
) -> None:
    lines = [
        f"{yaml.safe_dump(key, default_style=chr(34), width=10**6).strip()}: {value}"
        for key, value in written.items()
    ]
    found = _read(tmp_path_factory.getbasetemp(), "\n".join(lines))
    assert {path[0]: place for path, place in found.places.items() if path} == {
        key: (number, 1) for number, key in enumerate(written, 1)
    }


def test_places(tmp_path: Path) -> None:
    found = _read(tmp_path, "a: 1\nb:\n  c: [x, y]\n  d: {e: f}\n")
    file = tmp_path / "p.yaml"
    assert found.place(("b", "c", 1)) == f"{file}:3:10"
    assert found.place(("b", "d", "e")) == f"{file}:4:7"
    # what is not in the file is at the nearest thing around it
    assert found.place(("b", "d", "nowhere", "at all")) == f"{file}:4:3"
    assert found.place(("nowhere",)) == f"{file}:1:1"


SCALARS = [
    ("a: 2026-01-02", "2026-01-02"),
    ("a: 012", 10),
    ("a: '012'", "012"),
    ("a: yes", True),
    ("a: 'yes'", "yes"),
    ("a: 1.5", 1.5),
    ("a: ~", None),
    ("a:", None),
    ("a: ''", ""),
    ("a: =", "="),
    ("a: !!str 5", "5"),
    ("a: !!int 'x'", "x"),
    ("a: !!bool maybe", "maybe"),
    ("a: !!float ''", ""),
    ("a: !!map b", "b"),
    ("a: !!seq b", "b"),
    ("a: !!merge b", "b"),
    ("a: " + "9" * 5000, "9" * 5000),
    ("a: 0x" + "f" * 5000, "0x" + "f" * 5000),
    ("&x a: *x", "a"),
]


@pytest.mark.parametrize(("text", "value"), SCALARS, ids=[text[:20] for text, _ in SCALARS])
def test_scalars(tmp_path: Path, text: str, value: object) -> None:
    assert _read(tmp_path, text).data == {"a": value}


FILLED = [
    ("${env:X}", "5", 5),
    ("'${env:X}'", "5", "5"),
    ('"${env:X}"', "true", "true"),
    ("${env:X}", "true", True),
    # an empty variable is no default, and neither is one that spells null
    ("${env:X}", "", ""),
    ("${env:X}", "null", "null"),
    ("${env:X}", "~", "~"),
    ("${env:X}", "a\n\tb", "a\n\tb"),
    ("a${env:X}b", "5", "a5b"),
    ("${env:X}${env:X}", "5", "55"),
    ("'${env:X}'", "${env:X}", "${env:X}"),
    ("${env:X}", "a: b", "a: b"),
    ("${env:X}", "!!python/object:os.system x", "!!python/object:os.system x"),
    ("${env:X}", "<<", "<<"),
    ("${env:X}", "2026-01-02", "2026-01-02"),
    ("$env:X", "5", "$env:X"),
]


@pytest.mark.parametrize(("written", "variable", "value"), FILLED)
def test_references_to_the_environment(tmp_path: Path, written: str, variable: str, value: object) -> None:
    found = _read(tmp_path, f"a: {written}\n", {"X": variable})
    assert found.data == {"a": value}
    assert (("a",) in found.filled) == (written.strip("'\"") == "${env:X}")


def test_references_to_files_are_beside_the_project_file(tmp_path: Path) -> None:
    (tmp_path / "password.txt").write_text("hunter2\n", encoding="utf-8")
    found = _read(tmp_path, "a: ${file:password.txt}\n")
    assert found.data == {"a": "hunter2"}
    assert found.filled == {("a",)}


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError) as caught:
        _read(tmp_path, "a: ${file:noise}\n")
    assert caught.value.problem.detail == f"{tmp_path / 'noise'}: not UTF-8 text"


def test_a_file_written_with_carriage_returns(tmp_path: Path) -> None:
    (tmp_path / "password.txt").write_bytes(b"one\r\ntwo\r\n")
    assert _read(tmp_path, "a: ${file:password.txt}\n").data == {"a": "one\ntwo"}


@pytest.mark.parametrize(("size", "refused"), [(MAX_BYTES, False), (MAX_BYTES + 1, True)])
def test_a_file_to_fill_in_has_a_greatest_size(tmp_path: Path, size: int, refused: bool) -> None:
    (tmp_path / "long").write_bytes(b"x" * size)
    if not refused:
        assert len(_read(tmp_path, "a: ${file:long}\n").data["a"]) == size
        return
    with pytest.raises(ConfigError) as caught:
        _read(tmp_path, "a: ${file:long}\n")
    assert caught.value.problem.detail == f"{tmp_path / 'long'}: more than {MAX_BYTES} bytes"


@pytest.mark.parametrize("name", ["pipe", "/dev/zero"])
def test_only_a_regular_file_is_filled_in(tmp_path: Path, name: str) -> None:
    """A pipe that nobody writes to would be waited for."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError) as caught:
        _read(tmp_path, f"a: ${{file:{name}}}\n")
    assert caught.value.problem.detail == f"{tmp_path / name}: not a regular file"


# how a character is written, and its code point
HIDDEN = [
    (r"\0", "U+0000"),
    (r"\a", "U+0007"),
    (r"\r", "U+000D"),
    (r"\e", "U+001B"),
    (r"\x85", "U+0085"),
    (r"\u061c", "U+061C"),
    (r"\u200b", "U+200B"),
    (r"\u202e", "U+202E"),
    (r"\u2066", "U+2066"),
    (r"\ufeff", "U+FEFF"),
    (r"\ud800", "U+D800"),
]
KEY_ONLY = [(r"\n", "U+000A"), (r"\t", "U+0009")]


def _hidden(folder: Path, text: str, environment: dict[str, str] | None = None) -> tuple[str, str | None]:
    with pytest.raises(ConfigError) as caught:
        _read(folder, text, environment)
    (problem,) = caught.value.problems
    assert "hunter2" not in repr(problem)
    return problem.summary, problem.detail


@pytest.mark.parametrize(("written", "point"), HIDDEN)
def test_an_escaped_character_is_checked_like_one_that_stands_there(
    tmp_path: Path, written: str, point: str
) -> None:
    summary = "a control or invisible character stands in a value"
    assert _hidden(tmp_path, f'a: "hunter2{written}"\n') == (summary, point)
    assert _hidden(tmp_path, f'a: "${{env:X}}{written}"\n', {"X": "hunter2"}) == (summary, point)


@pytest.mark.parametrize(("written", "point"), HIDDEN + KEY_ONLY)
def test_a_name_holds_no_line_end_either(tmp_path: Path, written: str, point: str) -> None:
    summary = "a control or invisible character stands in a key"
    assert _hidden(tmp_path, f'a: {{"hunter2{written}": 1}}\n') == (summary, point)


@pytest.mark.parametrize(("written", "point"), HIDDEN)
def test_what_is_filled_in_is_checked_too(tmp_path: Path, written: str, point: str) -> None:
    character = yaml.safe_load(f'"{written}"')
    summary = "a control or invisible character stands in a value"
    assert _hidden(tmp_path, "a: ${env:X}\n", {"X": f"hunter2{character}"}) == (summary, point)
    if point != "U+D800":
        (tmp_path / "secret").write_text(f"hunter2{character}.", encoding="utf-8", newline="")
        assert _hidden(tmp_path, "a: ${file:secret}\n") == (summary, point)


def test_a_tag_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        _read(tmp_path, "a: !x%1b%5b31m y\n")
    assert "x" not in str(caught.value.problem.detail)


def test_a_file_of_the_greatest_size_is_read(tmp_path: Path) -> None:
    head = "a: 1\n#"
    assert _read(tmp_path, head + "x" * (MAX_BYTES - len(head))).data == {"a": 1}
    with pytest.raises(ConfigError, match="too large"):
        _read(tmp_path, head + "x" * (MAX_BYTES - len(head) + 1))


def test_an_alias_is_the_value_it_names(tmp_path: Path) -> None:
    assert _read(tmp_path, "a: &x {b: [1]}\nc: *x\n").data == {"a": {"b": [1]}, "c": {"b": [1]}}


def test_reading_runs_nothing(tmp_path: Path) -> None:
    target = tmp_path / "made"
    with pytest.raises(ConfigError, match="tag is not allowed"):
        _read(
            tmp_path,
            f"a: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path [{target}]]\n",
        )
    assert not target.exists()
