"""What can go wrong for a user, as values that read well.

An error is a summary (fixed wording), a detail (the values), a place (``file:line:column`` or an address) and
a hint (something to paste). Views print them; nothing else does. The tree is small on purpose::

    DeployError          exit 1   something could not be done; nothing says more precisely what
    ├── ConfigError      exit 2   the project file, an option or the environment is wrong
    ├── ConnectError     exit 1   the account cannot be reached or refuses the sign-in
    ├── RefusedError     exit 1   stopped before the first write, on purpose
    ├── StatementError   exit 1   Snowflake refused one statement (errno, SQLSTATE and query id are kept)
    ├── NotReadyError    exit 4   what was applied did not become ready
    ├── LeftError        exit 4   something stays that should go
    └── StoppedError     exit 130 Ctrl-C while something was waited for
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong; ``place`` and ``hint`` are None where there is nothing to point at or try."""

    summary: str
    detail: str | None = None
    place: str | None = None
    hint: str | None = None


class DeployError(Exception):
    """The base of every error a user can cause: at least one of ``problems``, and the ``exit_code`` that ends
    the program.
    """

    exit_code = 1

    def __init__(
        self, summary: str, *, detail: str | None = None, place: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(summary)
        self.problems: tuple[Problem, ...] = (Problem(summary, detail, place, hint),)

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> Self:
        """One error out of one or more problems, in the order given."""
        error = cls(problems[0].summary)
        error.problems = tuple(problems)
        return error

    @property
    def problem(self) -> Problem:
        """The first problem, for callers that report one."""
        return self.problems[0]


class ConfigError(DeployError):
    """The project file, an option or an environment variable is wrong. Holds every problem found."""

    exit_code = 2


class ConnectError(DeployError):
    """The account cannot be reached, or the sign-in was ``refused``. Never retried."""

    def __init__(
        self,
        summary: str,
        *,
        detail: str | None = None,
        place: str | None = None,
        hint: str | None = None,
        refused: bool = False,
    ) -> None:
        super().__init__(summary, detail=detail, place=place, hint=hint)
        self.refused = refused


class RefusedError(DeployError):
    """Stopped before the first write: going on would touch what is not ours, or lose data."""


class StatementError(DeployError):
    """Snowflake refused a statement. ``errno`` is what code branches on, None where no answer came; ``text``
    is the server's wording.
    """

    def __init__(
        self,
        text: str,
        *,
        errno: int | None,
        sqlstate: str | None,
        query_id: str | None,
        hint: str | None = None,
    ) -> None:
        first = text.strip().splitlines()[-1] if text.strip() else "the statement failed"
        codes = [
            f"error {errno:06d}" if errno is not None else None,
            sqlstate and f"SQLSTATE {sqlstate}",
            query_id and f"query {query_id}",
        ]
        super().__init__(first, detail=", ".join(code for code in codes if code) or None, hint=hint)
        self.text = text
        self.errno = errno
        self.sqlstate = sqlstate
        self.query_id = query_id


class NotReadyError(DeployError):
    """The changes were applied, but what they started did not become ready in time, or failed."""

    exit_code = 4


class LeftError(DeployError):
    """Something stays on the account that should have gone; what went wrong before it comes first."""

    exit_code = 4


class StoppedError(DeployError):
    """Ctrl-C while something was waited for: waiting ends, what was begun on the account goes on there."""

    exit_code = 130


def some(names: Sequence[str]) -> str:
    """The first few of many names."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def nearest(otherwise: str, word: str, known: Iterable[str]) -> str:
    """ "did you mean …?" when one of the known words is close, else the other text."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {found[0]}?" if found else otherwise
