"""Jinja templates → SQL statements and service specifications that cannot be injected.

``sql(kind, block, values)`` renders one block (``show``, ``create``, ``alter``, ``drop``, …) of
``templates/<kind>.sql.j2``; ``specification(template, values)`` renders ``specs/<name>.yaml.j2`` and parses
it. In both, a value's *type* decides how it is written, so a template holds a bare ``{{ value }}`` and no
quoting of its own. ``page`` renders what people read. Reads only the packaged template files.
"""

import json
import re
import traceback
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import jinja2.sandbox
import yaml

from spcs_milvus import assets
from spcs_milvus.errors import ConfigError
from spcs_milvus.names import DollarQuoted, Keyword, Name
from spcs_milvus.secrets import Secret
from spcs_milvus.tokens import tokens

MAX_SPECIFICATION = 1_000_000


def sql(kind: str, block: str, values: Mapping[str, object]) -> str:
    """One statement as a single line of SQL (line breaks inside literals and ``$$`` stay).

    ``values`` may hold str (becomes a literal), Secret (a literal), Name, Keyword, DollarQuoted, int, bool
    and tuples of these. Raises TypeError for any other type, jinja2.UndefinedError for a value the template
    needs and did not get, and ValueError when a value did not stay one token: all three are bugs of ours,
    never a user's.
    """
    written: list[str] = []
    template = _environment(assets.templates(), _sql_text).get_template(f"{kind}.sql.j2")
    text = "".join(template.blocks[block](template.new_context({**values, _WRITTEN: written})))
    statement = _one_line(text)
    _check(statement, written)
    return statement


def specification(template: Path, values: Mapping[str, object]) -> dict[str, Any]:
    """A service specification as plain data: every ``{{ }}`` is one whole YAML scalar, list or mapping.

    Raises TypeError and jinja2.UndefinedError as :func:`sql` does.
    """
    environment = _environment(template.parent, _yaml_text)
    text = environment.get_template(template.name).render(dict(values))
    parsed = yaml.safe_load(text)
    if not isinstance(parsed, dict):
        raise TypeError(f"{template.name} is not a mapping")
    return parsed


def page(name: str, values: Mapping[str, object]) -> str:
    """A page for people, from ``templates/<name>.j2``; values stand in it as they are.

    Raises jinja2.UndefinedError as :func:`sql` does.
    """
    return _environment(assets.templates(), str).get_template(f"{name}.j2").render(dict(values))


def users_specification(template: Path, values: Mapping[str, object]) -> dict[str, Any]:
    """As :func:`specification`, for a template of the user's: plain JSON data in which ``spec`` is a mapping.

    Raises ConfigError with file and line for whatever is wrong with it.
    """
    try:
        found = json.loads(_bounded_json(specification(template, values)))
    except jinja2.TemplateSyntaxError as error:
        file = Path(error.filename or template)
        raise _wrong_template(file, error.lineno, error.message, values) from error
    except yaml.MarkedYAMLError as error:
        raise _wrong_yaml(template, error) from error
    except Exception as error:  # a template can do what raises anything; the sandbox keeps it from the rest
        raise _wrong_template(template, _line_of(template, error), str(error), values) from error
    _check_form(template, found)
    return dict(found)


def _bounded_json(data: object) -> str:
    """Raises ValueError for numbers without an end, and for what aliases make too large to be meant."""
    parts: list[str] = []
    size = 0
    for part in json.JSONEncoder(default=str, allow_nan=False).iterencode(data):
        parts.append(part)
        size += len(part)
        if size > MAX_SPECIFICATION:
            raise ValueError(f"it grows to more than {MAX_SPECIFICATION} characters")
    return "".join(parts)


def _wrong_template(
    template: Path, line: int | None, detail: str | None, values: Iterable[str]
) -> ConfigError:
    return ConfigError(
        "the specification's template cannot be rendered",
        detail=detail,
        place=f"{template}:{line}" if line else str(template),
        hint=f"each {{{{ value }}}} stands alone; there are {', '.join(values)}",
    )


def _wrong_yaml(template: Path, error: yaml.MarkedYAMLError) -> ConfigError:
    """YAML sees what was rendered: the line is the template's own where no block was taken out before it, so
    its text is told too.
    """
    mark = error.problem_mark or error.context_mark
    shown = ((mark.get_snippet() if mark else None) or "").strip().splitlines()
    return ConfigError(
        "the specification is not YAML once it is rendered",
        detail=": ".join(filter(None, (error.problem or error.context, *shown[:1]))),
        place=f"{template}:{mark.line + 1}" if mark else str(template),
        hint="each {{ value }} stands alone, without quotes around it or text beside it",
    )


def _line_of(template: Path, error: Exception) -> int | None:
    """Where in the template an error came up; Jinja writes its own lines into the traceback."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    return next((frame.lineno for frame in frames if Path(frame.filename) == template), None)


def _check_form(template: Path, found: Mapping[str, Any]) -> None:
    """As much of a specification's form as is read here; the account checks the rest."""
    body: Any = found.get("spec")
    wrong = None if isinstance(body, dict) else "`spec` is not a mapping"
    for key in ("containers", "endpoints", "volumes"):
        items = (body.get(key) if isinstance(body, dict) else None) or []
        if not _are_mappings(items):
            wrong = wrong or f"`spec.{key}` is not a list of mappings"
        elif any(not isinstance(item.get(one) or {}, dict) for item in items for one in _MAPPINGS):
            wrong = wrong or f"one of {', '.join(_MAPPINGS)} in `spec.{key}` is not a mapping"
        elif not all(_are_mappings(item.get("secrets") or []) for item in items):
            wrong = wrong or "the secrets of a container are not a list of mappings"
        elif not all(_is_named(item) for item in items if item.get("source") == "block"):
            wrong = wrong or "a block volume has a name and a size"
    if wrong:
        hint = "compare it with Snowflake's service specification reference"
        raise ConfigError("the specification has another form", detail=wrong, place=str(template), hint=hint)


def _are_mappings(items: Any) -> bool:
    return isinstance(items, list) and all(isinstance(item, dict) for item in items)


def _is_named(volume: Mapping[str, Any]) -> bool:
    return all(isinstance(volume.get(key), str) for key in ("name", "size"))


_MAPPINGS = ("env", "stageConfig", "blockConfig")


def canonical_json(data: object) -> str:
    """Data as text that is the same for the same data: keys sorted, no blanks, plain ASCII."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"))


def specification_json(data: object) -> str:
    """As :func:`canonical_json`, and YAML, which Snowflake reads a specification as (documented: CREATE
    SERVICE), gives the same data.
    """
    return _as_yaml(json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def sql_text(value: object) -> str:
    """One value as SQL writes it; the type decides. Raises TypeError for a type that has no way to be
    written.
    """
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case str():
            return literal(value)
        case Secret():
            return literal(value.reveal())
        case int() | Name():
            return str(value)
        case Keyword() | DollarQuoted():
            return value.text
        case tuple():
            return "(" + ", ".join(sql_text(item) for item in value) + ")"
    raise TypeError(f"no way to write a {type(value).__name__} in SQL")


def literal(text: str) -> str:
    """A string literal: backslash and quote are escaped, since backslash escapes too (documented: String
    constants).
    """
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _yaml_text(value: object) -> str:
    if isinstance(value, jinja2.Undefined):
        return str(value)
    if not isinstance(value, str | int | float | bool | list | dict) or isinstance(value, Secret):
        raise TypeError(f"no way to write a {type(value).__name__} in a specification")
    return _as_yaml(json.dumps(value, ensure_ascii=False))


def _as_yaml(text: str) -> str:
    """JSON is YAML but for two things: YAML reads an escaped surrogate pair as two characters, and takes some
    characters for line breaks or refuses them when they stand there bare.
    """
    return _NOT_BARE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


@jinja2.pass_context
def _sql_text(context: jinja2.runtime.Context, value: object) -> str:
    """As :func:`sql_text`, and the rendering keeps what was written."""
    if isinstance(value, jinja2.Undefined):
        return str(value)
    text = sql_text(value)
    context[_WRITTEN].append(text)
    return text


# an environment keeps the templates it has compiled, and compiling one takes longer than a statement
@lru_cache
def _environment(folder: Path, finalize: Callable[..., str]) -> jinja2.Environment:
    return jinja2.sandbox.ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the output is SQL, YAML and Markdown; finalize does the quoting
    )


# not a name, so no template can mean it
_WRITTEN = "values written"
_NOT_BARE = re.compile("[\x7f-\uffff]")
_GAP = re.compile(r"('(?:[^'\\]|''|\\.)*'|\"(?:[^\"]|\"\")*\"|\$\$.*?\$\$)|\s+", re.DOTALL)


def _one_line(text: str) -> str:
    """The template's line breaks and indents become single blanks; quoted text is left as it is."""
    return _GAP.sub(lambda match: match.group(1) or " ", text).strip()


def _check(statement: str, written: list[str]) -> None:
    """Each written value must stand in the statement as exactly the tokens it is on its own, in order."""
    remaining = tokens(statement)
    for value in written:
        own = tokens(value)
        at = next((i for i in range(len(remaining)) if remaining[i : i + len(own)] == own), None)
        if at is None:
            raise ValueError(f"a value did not stay one token in: {statement.split(' ', 3)[:3]}")
        remaining = remaining[at + len(own) :]
