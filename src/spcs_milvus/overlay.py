"""``environments:`` of the project file: what a named one says is laid over the file, places included.

Comes in: a document and the name of an environment. Goes out: the same document, in which the environment's
values stand where the file's stood and know where they came from. Mappings are laid over each other key by
key; anything else, lists too, takes the place of what was there. Touches nothing.
"""

from collections.abc import Iterator
from typing import Any

from spcs_milvus.document import Document, Path_
from spcs_milvus.errors import ConfigError, nearest

SECTION = "environments"
DEFAULT_ENVIRONMENT = "default"
"""The file as it stands, with nothing laid over it."""

NOT_LAID = ("project", SECTION)
"""The project's name says, with the environment's, whose a stack is; and there is one layer, not many."""


def of_another(environment: str, path: Path_) -> bool:
    """Whether a path stands in an environment other than that one: what it refers to need not be there."""
    return len(path) > 1 and path[0] == SECTION and path[1] != environment


def lay_over(document: Document, environment: str) -> None:
    """Changes the document to what it is in that environment.

    Raises ConfigError for an environment that the file does not have. One that is no mapping, and keys that
    cannot be laid over, are left for the checks of the file to name.
    """
    if environment == DEFAULT_ENVIRONMENT:
        return
    declared = document.data.get(SECTION)
    known = declared if isinstance(declared, dict) else {}
    if environment not in known:
        names = (DEFAULT_ENVIRONMENT, *known)
        raise ConfigError(
            f"there is no environment `{environment}`",
            detail=f"known: {', '.join(names)}",
            place=document.place((SECTION,)),
            hint=nearest("declare it under `environments:`, or leave -e out", environment, names),
        )
    if isinstance(known[environment], dict):
        given = {key: value for key, value in known[environment].items() if key not in NOT_LAID}
        replaced = set(_merge(document.data, given, ()))
        _move_places(document, (SECTION, environment), replaced)


def _merge(below: dict[str, Any], over: dict[str, Any], path: Path_) -> Iterator[Path_]:
    """Puts ``over`` into ``below``; the paths at which something else stands now."""
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            yield from _merge(below[key], value, (*path, key))
        else:
            below[key] = value
            yield (*path, key)


def _move_places(document: Document, source: Path_, replaced: set[Path_]) -> None:
    """What stands at a path that was replaced has the place it has in the environment."""

    def new(path: Path_) -> bool:
        return any(path[:length] in replaced for length in range(1, len(path) + 1))

    def under(path: Path_) -> Path_:
        return path[len(source) :] if path[: len(source)] == source else ()

    moved = {under(path): place for path, place in document.places.items() if new(under(path))}
    document.places = {path: at for path, at in document.places.items() if not new(path)} | moved
    filled = {under(path) for path in document.filled if new(under(path))}
    document.filled = {path for path in document.filled if not new(path)} | filled
