"""The models' errors → problems in our words, each with its place in the file and the nearest key.

Comes in: the errors of pydantic and the document. Goes out: problems. Touches nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

from spcs_milvus.document import Document, Path_
from spcs_milvus.errors import Problem, nearest
from spcs_milvus.project import Project, Section
from spcs_milvus.project_values import FORMS

_WORDS = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def problems_of(document: Document, errors: Sequence[Any]) -> list[Problem]:
    """One problem for each thing that is wrong, in the order of ``errors`` (``ValidationError.errors()``).

    A value that may be of several types has an error for each of them, which come out as one problem: the
    one of the type whose inside is wrong, where there is such.
    """
    by_location: dict[Path_, list[Any]] = {}
    for error in errors:
        location = _location(document.data, error["loc"])
        by_location.setdefault(location, []).append(error)
    around = {location[:length] for location in by_location for length in range(len(location))}
    return [
        _problem(document, location, alike)
        for location, alike in by_location.items()
        if location not in around
    ]


def _problem(document: Document, location: Path_, errors: list[Any]) -> Problem:
    error = errors[0]
    place = document.place(location)
    key = ".".join(map(str, location))
    if error["type"] == "extra_forbidden":
        return _unknown(location, place)
    if error["type"] == "missing":
        return Problem(f"the key `{key}` is missing", None, place)
    null = _at(document.data, location) is None and error["type"] in _WORDS
    if null or any(one["type"] == "string_too_short" for one in errors):
        filled = "what fills it in is empty" if location in document.filled else None
        return Problem(
            f"`{key}` is empty", filled, place, "give it a value, or leave the line out for the default"
        )
    wanted = dict.fromkeys(_WORDS[error["type"]] for error in errors if error["type"] in _WORDS)
    detail = f"{' or '.join(wanted)} is wanted here" if wanted else _sentence(error)
    unquoted = error["type"] == "string_type" and location in document.filled
    quoting = 'what fills it in reads as a number or a truth; quote it: "${env:NAME}"'
    return Problem(f"`{key}` is not right", detail, place, quoting if unquoted else None)


def _unknown(location: Path_, place: str) -> Problem:
    """A key that is not known there. What may be a secret is not repeated: what stands in place of the key of
    its value, and what follows a colon without a blank.
    """
    fields = _fields(location[:-1])
    key, colon, _ = str(location[-1]).partition(":")
    if colon:
        return Problem(f"unknown key `{key}:…`", None, place, "put a blank behind the colon")
    hint = nearest(f"known here: {', '.join(fields)}", key, fields)
    if location[0] == "secrets":
        return Problem(f"unknown key in `{'.'.join(map(str, location[:-1]))}`", None, place, hint)
    return Problem(f"unknown key `{key}`", None, place, hint)


def _sentence(error: Any) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] == "string_pattern_mismatch":
        return f"wanted: {FORMS[error['ctx']['pattern']]}"
    if error["type"] == "literal_error":
        return f"one of {error['ctx']['expected']} is wanted here"
    return str(error["msg"]).replace("Input should be", "should be")


def _location(data: Any, parts: Sequence[str | int]) -> Path_:
    """Without what pydantic adds: the branch of a union, the key of a mapping. A key of the user's own may
    have the name of one.
    """
    found: list[str | int] = []
    for part in parts:
        inside = _at(data, (*found, part)) is not ...
        if inside or not _internal(part):
            found.append(part)
    return tuple(found)


def _internal(part: str | int) -> bool:
    return part in ("[key]", "str", "constrained-str", "int", "float", "bool") or part in _BRANCHES


_BRANCHES = {"ImageSource", "Volume", "Jupyter"}


def _at(data: Any, path: Path_) -> Any:
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return ...
    return data


def _fields(path: Path_) -> list[str]:
    """The keys known in a section of the project file."""
    known: Any = Project
    for part in path:
        # under a mapping or list, the part is a key of the user's own, or an index
        known = _section(known) if get_origin(known) in (dict, tuple) else _field(_section(known), part)
    section = _section(known)
    return [field.alias or name for name, field in section.model_fields.items()] if section else []


def _field(section: type[Section] | None, key: str | int) -> Any:
    """What a key of a section may hold; None for a key it does not know."""
    fields = section.model_fields.items() if section else ()
    return next((field.annotation for name, field in fields if key in (name, field.alias)), None)


def _section(annotation: Any) -> type[Section] | None:
    """The section in what a key may hold, directly or one of several or many."""
    return next(
        (one for one in _flat(annotation) if isinstance(one, type) and issubclass(one, Section)), None
    )


def _flat(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in get_args(annotation):
        yield from _flat(argument)
