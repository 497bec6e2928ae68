"""What is wrong with the file as it is written, before it is a project: secrets that stand in it,
environments that cannot be, keys that a later release builds.

Comes in: the document. Goes out: problems. Touches nothing. These are told beside what is wrong with single
values, so they take the data as it comes, of whatever form.
"""

import re
from collections.abc import Iterator
from typing import Any

from spcs_milvus.document import Document, Path_
from spcs_milvus.errors import Problem
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT, NOT_LAID, SECTION


def wrong_environments(document: Document) -> Iterator[Problem]:
    """What an environment cannot say, and names that cannot stand in a mark; for each that is declared."""
    for name, over in _environments(document):
        place = document.place((SECTION, name))
        if name == DEFAULT_ENVIRONMENT:
            hint = "give it another name; without -e the file stands as it is"
            yield Problem(f"the environment `{name}` is the file itself", None, place, hint)
        elif not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", name):
            yield Problem(
                "an environment's name is lower case letters, digits and -",
                name,
                place,
                "it stands in the mark of every object; name it like `prod`",
            )
        for key in NOT_LAID:
            if isinstance(over, dict) and key in over:
                yield Problem(
                    f"`{key}` cannot be another in an environment",
                    None,
                    document.place((SECTION, name, key)),
                    "leave it out; the project and its environment together say whose a stack is",
                )


def _environments(document: Document) -> Iterator[tuple[str, Any]]:
    declared = document.data.get(SECTION)
    yield from declared.items() if isinstance(declared, dict) else ()


def holds_secret(path: Path_) -> bool:
    """Whether a password or the value of a secret stands at a path, in an environment too."""
    match path[2:] if path[:1] == (SECTION,) else path:
        case ("users", int(), "password") | ("secrets", str(), "generic_string"):
            return True
    return False


def literal_secrets(document: Document) -> Iterator[Problem]:
    """A password or secret that stands in the file itself, in an environment too; its text is not repeated.

    What was laid over the file is told once, where it stands.
    """
    found = list(_literal_secrets(document, document.data, ()))
    for name, over in _environments(document):
        found += _literal_secrets(document, over if isinstance(over, dict) else {}, (SECTION, name))
    yield from {problem.place: problem for problem in found}.values()


def _literal_secrets(document: Document, data: dict[str, Any], at: Path_) -> Iterator[Problem]:
    users = data.get("users")
    for index, user in enumerate(users if isinstance(users, list) else []):
        path: Path_ = (*at, "users", index, "password")
        if (
            isinstance(user, dict)
            and user.get("password") not in (None, "generate")
            and path not in document.filled
        ):
            yield Problem(
                "a password stands in the project file",
                None,
                document.place(path),
                "write `password: generate`, or `password: ${env:NAME}` and set the variable",
            )
    secrets = data.get("secrets")
    for name, secret in secrets.items() if isinstance(secrets, dict) else ():
        path = (*at, "secrets", name, "generic_string")
        if (
            isinstance(secret, dict)
            and secret.get("generic_string") is not None
            and path not in document.filled
        ):
            yield Problem(
                "a secret stands in the project file",
                None,
                document.place(path),
                "write `generic_string: ${env:NAME}` and set the variable",
            )


# What is parsed and checked today and built by a later release: its path, and the value that asks for
# nothing.
_LATER: tuple[tuple[Path_, Any], ...] = ((("milvus", "authorization"), False),)


def later(document: Document) -> Iterator[Problem]:
    """What is used although a later release builds it."""
    for path, nothing in _LATER:
        value: Any = document.data
        for part in path:
            value = value.get(part, nothing) if isinstance(value, dict) else nothing
        if value != nothing:
            yield Problem(
                f"`{'.'.join(map(str, path))}` is not built yet",
                "the value is valid; a later release acts on it",
                document.place(path),
                "leave it out for now",
            )
