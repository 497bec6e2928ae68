"""Declared attributes against actual ones → what differs, for the plan, and leaf by leaf for whoever reads
it.

Touches nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from spcs_milvus.kinds import kind_of
from spcs_milvus.resource import Actual, Resource, read_mark
from spcs_milvus.secrets import MASK
from spcs_milvus.specification import Hunk, hunks, keyed, masked

SPECIFICATION = "specification"
"""The attribute whose differences are shown as YAML."""


@dataclass(frozen=True)
class Difference:
    """One attribute that is not as declared; ``actual`` is None where it is not set, and where it is
    ``unreadable``.
    """

    attribute: str
    desired: Any
    actual: Any
    unreadable: bool = False


def differences(resource: Resource, actual: Actual) -> tuple[Difference, ...]:
    """The attributes that are not as declared, in the kind's order.

    An attribute that Snowflake never shows, or did not show this time, counts as different when the mark's
    digest says that something was declared otherwise. A mark that differs for another reason is a difference
    of its own.
    """
    kind = kind_of(resource.address.kind)
    found = [
        _difference(name, resource.attributes[name], actual.attributes[name])
        for name in kind.attributes
        if name in actual.attributes and actual.attributes[name] != resource.attributes[name]
    ]
    mark = read_mark(actual.comment)
    if resource.mark and (mark is None or mark.digest != resource.mark.digest):
        found += _unseen(resource, actual)
        found = found or [Difference("mark", str(resource.mark), str(mark))]
    return tuple(found)


def _difference(attribute: str, desired: Any, actual: Any) -> Difference:
    """What sounds secret in a specification is masked from here on."""
    if attribute != SPECIFICATION:
        return Difference(attribute, desired, actual)
    shown = masked(desired, actual, f"{MASK} (as declared)"), masked(actual, desired, f"{MASK} (as it is)")
    return Difference(attribute, *shown)


def parts(difference: Difference) -> tuple[Hunk, ...]:
    """What differs of a specification, as YAML; nothing for other attributes and where it is not shown."""
    if difference.attribute != SPECIFICATION or difference.unreadable:
        return ()
    return tuple(hunks(difference.actual, difference.desired))


def _unseen(resource: Resource, actual: Actual) -> list[Difference]:
    """What may differ though nobody can see it. An attribute that cannot be altered is suspected only where
    Snowflake never shows it.
    """
    kind = kind_of(resource.address.kind)
    hidden = [name for name in kind.attributes if name not in actual.attributes]
    suspects = [name for name in hidden if name not in kind.create_only or name in kind.unreadable]
    desired = {name: _difference(name, resource.attributes[name], None).desired for name in suspects}
    return [Difference(name, desired[name], None, unreadable=True) for name in suspects]


def leaves(difference: Difference) -> Iterator[Difference]:
    """The difference of each single value: ``specification.containers.milvus.env.LOG_LEVEL``.

    Items of a list go by their ``name`` where all have one. A value that only one side has is None on the
    other.
    """
    if difference.unreadable:
        yield difference
    else:
        yield from _leaves(difference.attribute, difference.desired, difference.actual)


def _leaves(path: str, desired: Any, actual: Any) -> Iterator[Difference]:
    one, other = keyed(desired), keyed(actual)
    if one is None or other is None:
        if desired != actual:
            yield Difference(path, desired, actual)
        return
    for key in sorted({*one, *other}):
        yield from _leaves(f"{path}.{key}", one.get(key), other.get(key))
