"""The project file → a checked :class:`Project`, or every problem it has, each with its place.

Reads the file and the files it names (through ``document``), the environment variables it names, and looks at
the file system for the image folders it names; nothing else is touched. What a later release builds is parsed
and checked like the rest, and refused with its place when it is used.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic

from spcs_milvus.document import Path_, read_document
from spcs_milvus.document_rules import holds_secret, later, literal_secrets, wrong_environments
from spcs_milvus.errors import ConfigError, Problem
from spcs_milvus.missing_files import missing_files
from spcs_milvus.model_errors import problems_of
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT, lay_over, of_another
from spcs_milvus.project import Project
from spcs_milvus.rules import contradictions, warnings

DEFAULT_FILE = Path("spcs-milvus.yaml")


@dataclass(frozen=True)
class Loaded:
    """A checked project, the file it came from, what is allowed but unwise, and the environment it is for."""

    project: Project
    file: Path
    warnings: tuple[Problem, ...] = ()
    environment: str = DEFAULT_ENVIRONMENT

    @property
    def title(self) -> str:
        """Whose the stack is, in a person's words: the project, with its environment where one was chosen."""
        name = self.project.project
        return name if self.environment == DEFAULT_ENVIRONMENT else f"{name}/{self.environment}"

    def words(self, connection: str | None) -> str:
        """The options that name it on a command line, and a connection where one was named there, each with a
        blank before it; empty for the defaults.
        """
        file = None if self.file == DEFAULT_FILE else str(self.file)
        environment = None if self.environment == DEFAULT_ENVIRONMENT else self.environment
        given = {"-f": file, "-e": environment, "-c": connection}
        return "".join(f" {option} {shlex.quote(value)}" for option, value in given.items() if value)


def load(
    file: Path,
    variables: Mapping[str, str],
    environment: str = DEFAULT_ENVIRONMENT,
    *,
    secrets_too: bool = True,
) -> Loaded:
    """The project in ``file`` as it is in an environment, ``${env:…}`` filled in from ``variables``.

    With ``secrets_too`` False, passwords and secrets stay references, so that what only looks or takes away
    works without them. Looks at the file system for the image folders and templates it names. Raises
    ConfigError with every problem that can be seen, each with its place.
    """

    def leave(path: Path_) -> bool:
        return of_another(environment, path) or (not secrets_too and holds_secret(path))

    document = read_document(file, variables, leave)
    lay_over(document, environment)
    literal = [*literal_secrets(document), *wrong_environments(document)]
    try:
        project = Project.model_validate(_plain(document.data))
    except pydantic.ValidationError as error:
        problems = problems_of(document, error.errors(include_url=False, include_input=False))
        raise ConfigError.of([*literal, *problems]) from None
    wrong = (*contradictions(project, document), *missing_files(project, document))
    problems = [*literal, *wrong, *later(document)]
    if problems:
        raise ConfigError.of(problems)
    return Loaded(project, file, tuple(warnings(project, document)), environment)


def _plain(data: Any) -> Any:
    """Lists become tuples, since the models are frozen and strict."""
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    return tuple(_plain(item) for item in data) if isinstance(data, list) else data
