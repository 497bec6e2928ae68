"""Whose an object is: read from the mark in its comment, and what follows when it is not ours.

*Ours* is changed or dropped. What is *not ours*, or where we *cannot tell*, is a conflict that stops ``up``
before the first write, and that ``down`` leaves where it is. Touches nothing.
"""

from enum import StrEnum

from spcs_milvus.errors import Problem
from spcs_milvus.kinds import kind_of
from spcs_milvus.kinds.base import Kind
from spcs_milvus.project_values import MAY_EXIST
from spcs_milvus.resource import Actual, Presence, Resource, read_mark
from spcs_milvus.steps import Statement


class Ownership(StrEnum):
    """Whose an object is, as far as its mark says."""

    OURS = "ours"
    NOT_OURS = "not ours"
    CANNOT_TELL = "cannot tell"


def ownership(resource: Resource, actual: Actual) -> Ownership:
    """Whose the object is; kinds without a comment are ours by their parent or grantee."""
    if actual.presence is Presence.UNKNOWN:
        return Ownership.CANNOT_TELL
    if resource.mark is None:
        return Ownership.OURS
    mark = read_mark(actual.comment)
    return Ownership.OURS if mark and mark.same_owner(resource.mark) else Ownership.NOT_OURS


def lent(resource: Resource, actual: Actual) -> bool:
    """Whether it is there, or may be, and is not ours, but serves: Snowflake may have it built in."""
    there = actual.presence is not Presence.ABSENT
    built_in = kind_of(resource.address.kind).built_in
    return there and built_in and ownership(resource, actual) is not Ownership.OURS


def conflict(resource: Resource, actual: Actual) -> Problem | None:
    """Why an object must be left alone; None when it is ours, not there, or built in."""
    if actual.presence is Presence.ABSENT or lent(resource, actual):
        return None
    verdict = ownership(resource, actual)
    kind = kind_of(resource.address.kind)
    if verdict is Ownership.CANNOT_TELL:
        return Problem(
            f"whether the {kind.title} {resource.name} is there cannot be told",
            actual.reason,
            str(resource.address),
        )
    if verdict is Ownership.NOT_OURS:
        return _not_ours(resource, actual, kind)
    return None


def missing(resource: Resource, actual: Actual) -> Problem | None:
    """Why something that has to be there cannot be used; None when it can."""
    if actual.presence is Presence.UNKNOWN:
        return conflict(resource, actual)
    if actual.presence is Presence.PRESENT:
        return None
    kind = kind_of(resource.address.kind)
    place = str(resource.address)
    if resource.address.kind == "grant":
        (step,) = kind.create(resource)
        assert isinstance(step, Statement)
        summary = f"a grant between two things that are not ours is missing: {resource.address.name}"
        return Problem(summary, None, place, f"USE ROLE {step.role}; {step.sql};")
    summary = f"the {kind.title} {resource.name} is listed under `existing` and is not there"
    return Problem(summary, None, place, f"make it, or take {resource.address} out of `existing:`")


def _not_ours(resource: Resource, actual: Actual, kind: Kind) -> Problem:
    mark = read_mark(actual.comment)
    whose = (
        f"it belongs to {mark.project}/{mark.environment}" if mark else "it carries no mark of this project"
    )
    hint = "choose other names with `names: {prefix: …}` in the project file"
    if resource.address.kind in MAY_EXIST:
        hint += f", or list {resource.address} under `existing:` to use it as it is"
    if mark is None:
        hint += f", or make it ours: spcs-milvus adopt {resource.address}"
    if resource.address.kind == "user":
        hint = "give it another name under `users:`; or leave it out, and name it in `roles: {grant_to: …}`"
    elif mark and resource.mark and mark.project == resource.mark.project:
        hint = "two environments in one account need names of their own: `names: {prefix: …}` in one of them"
    return Problem(
        f"the {kind.title} {resource.name} is there and is not ours",
        f"{whose}; its owner is {actual.live.get('owner') or 'unknown'}",
        str(resource.address),
        hint,
    )
