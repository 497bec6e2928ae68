"""Every place of a resource whose text ends in a statement: names, roles, hosts, secrets, passwords,
comments, and whatever stands in a specification.

In: a resource. Out: its places, and the resource with another text in one of them. Touches nothing.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from spcs_milvus.names import Name
from spcs_milvus.resource import Resource
from spcs_milvus.secrets import Secret

Place = tuple[Any, ...]
"""The field of the resource, then keys and indexes into it; with ``KEY`` behind it, a key itself."""

KEY = object()
# words of a closed list, which no file can be other than right about; and what stands in no statement
_CLOSED = frozenset("type mode encryption size instance_family form default_secondary_roles".split())
# either; and the rules of an integration, which are names already joined by dots
_UNSAID = frozenset(
    """allowed_network_rules volumes data fixed integrations object file uploader image image_name
    source""".split()
)


def places(resource: Resource) -> Iterator[Place]:
    """In the order of the fields; nothing for what no statement is about."""
    yield from (("name", at) for at in range(len(resource.name.parts)))
    for key in resource.attributes.keys() - _CLOSED - _UNSAID - {"specification"}:
        yield from _inside(resource.attributes[key], ("attributes", key))
    for key in resource.detail.keys() - _CLOSED - _UNSAID:
        yield from _inside(resource.detail[key], ("detail", key))
    if resource.mark:
        yield ("mark",)


def _inside(value: Any, place: Place) -> Iterator[Place]:
    if isinstance(value, str | Secret):
        yield place
    elif isinstance(value, Name):
        yield from ((*place, at) for at in range(len(value.parts)))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from ((*place, key, KEY),) if "env" in place else ()
            yield from _inside(item, (*place, key))
    elif isinstance(value, list | tuple):
        for at, item in enumerate(value):
            yield from _inside(item, (*place, at))


def put(resource: Resource, place: Place, text: str) -> Resource:
    """The resource with that text in that place."""
    field, *rest = place
    if field == "mark":
        assert resource.mark
        return replace(resource, mark=replace(resource.mark, project=text))
    return replace(resource, **{field: _put(getattr(resource, field), rest, text)})


def is_name(resource: Resource, place: Place) -> bool:
    """Whether the text is a name of an object there: an account takes 1 to 255 characters for one."""
    field, *rest = place
    value = getattr(resource, field)
    for key in rest:
        if isinstance(value, Name):
            return True
        value = value[key] if key is not KEY else value
    return isinstance(value, Name) or (field == "attributes" and "value_list" not in rest)


def _put(value: Any, rest: list[Any], text: str) -> Any:
    match rest, value:
        case [], Secret():
            return Secret(text)
        case [], _:
            return text
        case [at], Name(parts):
            return Name((*parts[:at], text, *parts[at + 1 :]))
        case [key, end], dict() if end is KEY:
            return {text if one == key else one: item for one, item in value.items()}
        case [key, *further], list() | tuple():
            return type(value)(_put(one, further, text) if at == key else one for at, one in enumerate(value))
        case [key, *further], _:
            return {**value, key: _put(value[key], further, text)}
