"""Templates cannot be injected: the type decides how a value is written, any text stays one token, and the
templates hold nothing that could undo it.
"""

import json
import re
from pathlib import Path

import jinja2
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from spcs_milvus import assets
from spcs_milvus.components import jupyter
from spcs_milvus.names import DollarQuoted, Keyword, Name
from spcs_milvus.secrets import Secret
from spcs_milvus.templates import (
    canonical_json,
    literal,
    specification,
    specification_json,
    sql,
    sql_text,
)
from spcs_milvus.tokens import tokens

TEMPLATES = sorted(assets.templates().glob("*.sql.j2"))
SPECS = sorted(assets.specs().glob("*.j2"))

# --- values ------------------------------------------------------------------------------------------------

WRITTEN: list[tuple[object, str]] = [
    (True, "TRUE"),
    (False, "FALSE"),
    (0, "0"),
    (-5, "-5"),
    ("plain", "'plain'"),
    ("it's", "'it''s'"),
    ("back\\slash", "'back\\\\slash'"),
    ("'; DROP DATABASE X; --", "'''; DROP DATABASE X; --'"),
    ("{{ name }}", "'{{ name }}'"),
    (Secret("hunter2"), "'hunter2'"),
    (Name.of("A", "b"), 'A."b"'),
    (Keyword("CREATE SERVICE"), "CREATE SERVICE"),
    (DollarQuoted('{"a":"$$"}'), '$${"a":"\\u0024\\u0024"}$$'),
    ((1, "a", Name.of("B")), "(1, 'a', B)"),
    ((), "()"),
]


@pytest.mark.parametrize(("value", "text"), WRITTEN)
def test_the_type_decides_how_a_value_is_written(value: object, text: str) -> None:
    assert sql_text(value) == text


NO_WAY: list[object] = [None, 1.5, b"x", ["a"], {"a": 1}, {"a"}, object(), Path("x"), (None,), ("a", 1.5)]


@pytest.mark.parametrize("value", NO_WAY, ids=lambda value: type(value).__name__)
def test_every_other_type_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no way to write"):
        sql_text(value)
    with pytest.raises(TypeError, match="no way to write"):
        sql("role", "create", {"name": Name.of("R"), "comment": value})


@given(st.text())
def test_any_text_is_one_literal_that_reads_back(text: str) -> None:
    (token,) = tokens(literal(text))
    assert re.sub(r"\\(.)|''", lambda match: match[1] or "'", token[1:-1], flags=re.DOTALL) == text


@given(st.text(), st.text())
def test_any_text_stays_one_token_of_a_statement(name: str, comment: str) -> None:
    statement = sql("role", "create", {"name": Name.of(name), "comment": comment})
    assert tokens(statement) == ["CREATE", "ROLE", str(Name.of(name)), "COMMENT", "=", literal(comment)]


@given(st.text(), st.text(), st.text())
def test_any_text_stays_one_token_of_a_service(name: str, specified: str, comment: str) -> None:
    quoted = DollarQuoted(canonical_json({"x": specified}))
    given_ = {
        "name": Name.of(name),
        "compute_pool": Name.of(specified),
        "inline": quoted,
        "comment": comment,
        "external_access_integrations": (),
    }
    statement = sql(
        "service", "create", given_ | {"min_instances": 1, "max_instances": 2, "query_warehouse": None}
    )
    found = tokens(statement)
    assert found[:3] == ["CREATE", "SERVICE", str(Name.of(name))]
    assert [quoted.text, literal(comment)] == [found[9], found[-1]]


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="comment"):
        sql("role", "create", {"name": Name.of("R")})


def test_a_statement_is_one_line_but_for_what_is_quoted() -> None:
    statement = sql("role", "create", {"name": Name.of("A\n  B"), "comment": "two\n\n  lines"})
    assert statement == "CREATE ROLE \"A\n  B\" COMMENT = 'two\n\n  lines'"


# --- specifications ----------------------------------------------------------------------------------------

plain = st.recursive(
    st.text() | st.integers() | st.booleans(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=60), inner),
    max_leaves=5,
)
ONE = {"image": "/db/schema/repo/milvus:1", "requests": {"cpu": "1"}, "environment": {}}


# a key of YAML has at most 1024 characters; the names of variables are checked when the project file is read
@given(st.dictionaries(st.text(max_size=60), st.text() | plain))
def test_any_value_of_a_specification_comes_back_as_it_was(environment: dict[str, object]) -> None:
    found = specification(assets.specs() / "milvus.yaml.j2", {**ONE, "environment": environment})
    assert found["spec"]["containers"][0]["env"] == environment


@given(st.text())
def test_any_text_in_a_specification_stays_one_scalar(text: str) -> None:
    found = specification(assets.specs() / "milvus.yaml.j2", {**ONE, "image": text})
    assert found["spec"]["containers"][0]["image"] == text
    assert sorted(found["spec"]) == ["containers", "endpoints"]


@pytest.mark.parametrize(
    "value", [None, Secret("hunter2"), Name.of("A"), b"x", object()], ids=lambda value: type(value).__name__
)
def test_other_types_have_no_way_into_a_specification(value: object) -> None:
    with pytest.raises(TypeError, match="no way to write"):
        specification(assets.specs() / "milvus.yaml.j2", {**ONE, "image": value})


def test_a_specification_needs_every_value() -> None:
    with pytest.raises(jinja2.UndefinedError, match="requests"):
        specification(assets.specs() / "milvus.yaml.j2", {"image": "a", "environment": {}})


def test_a_specification_is_a_mapping(tmp_path: Path) -> None:
    template = tmp_path / "list.yaml.j2"
    template.write_text("- {{ image }}\n", encoding="utf-8")
    with pytest.raises(TypeError, match="not a mapping"):
        specification(template, {"image": "a"})


@given(plain)
def test_canonical_json_is_the_same_for_the_same_data(data: object) -> None:
    text = canonical_json(data)
    assert json.loads(text) == data
    assert text.isascii()
    assert canonical_json(json.loads(text)) == text


@given(plain)
@example("\U0001f680")
def test_a_specification_in_json_is_the_same_data_to_yaml(data: object) -> None:
    text = specification_json(data)
    assert yaml.safe_load(text) == json.loads(text) == data


# --- the lint ----------------------------------------------------------------------------------------------

_VALUE = re.compile(r"\{\{ [a-z_]+ \}\}")
_STATEMENT = re.compile(
    r"\{% (block [a-z_]+|endblock|if [a-z_]+|if [a-z_]+ is not none|if [a-z_]+ is defined|endif) %\}"
)
_BESIDE = re.compile(r"['\"`$\w]\{\{|\}\}['\"`$\w]")


def _faults(text: str) -> list[str]:
    """What stands in a template that has no place there."""
    found = [opened for opened in re.findall(r"\{\{.*?\}\}", text, re.DOTALL) if not _VALUE.fullmatch(opened)]
    found += [
        opened for opened in re.findall(r"\{%.*?%\}", text, re.DOTALL) if not _STATEMENT.fullmatch(opened)
    ]
    found += _BESIDE.findall(text)
    found += re.findall(r"\{#|#\}", text)
    rest = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.DOTALL)
    return found + re.findall(r"\{\{|\}\}|\{%|%\}", rest)


def _sql_faults(text: str) -> list[str]:
    """SQL templates hold no quotes and no comments of their own either."""
    return _faults(text) + re.findall(r"['\"]|--|//|/\*|\$\$|~", text)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_sql_templates_hold_bare_names_only(template: Path) -> None:
    assert not _sql_faults(template.read_text(encoding="utf-8"))


@pytest.mark.parametrize("template", SPECS, ids=lambda path: path.name)
def test_specification_templates_hold_bare_names_only(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not _faults(text)
    # a value is everything behind its key: nothing is put together in a template
    assert all(re.search(r"(: |- )\{\{ [a-z_]+ \}\}$", line) for line in text.splitlines() if "{{" in line)


BAD = [
    "{{ name|upper }}",
    "{{ name }}{{ other }}x",
    "'{{ name }}'",
    '"{{ name }}"',
    "$${{ name }}$$",
    "{{ a ~ b }}",
    "{{ a.b }}",
    "{{ f(a) }}",
    "{{- name -}}",
    "{# note #}",
    "{% macro a() %}{% endmacro %}",
    "{% extends a %}",
    "{% include a %}",
    "{% set a = b %}",
    "{% for a in b %}{% endfor %}",
    "{% raw %}{% endraw %}",
    "SHOW -- all",
    "SHOW /* all */",
    "{{ name",
]


@pytest.mark.parametrize("text", BAD)
def test_the_lint_finds(text: str) -> None:
    assert _sql_faults(text)


def test_every_template_belongs_to_a_kind_and_every_specification_to_an_image() -> None:
    images = {folder.name for folder in assets.images().iterdir() if folder.is_dir()}
    # beside them the job that runs in the notebook's image
    assert {path.name.removesuffix(".yaml.j2") for path in SPECS} <= {*images, jupyter.VERIFY}
