"""A value that must not be seen: it prints as ``***`` and gives its text only when asked by name.

A secret that the program makes up itself is written to a file that only its owner reads, since Snowflake
never tells it again.
"""

import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

MASK = "***"

# the length of passwords and the tokens of a text are no secrets
_SECRET = re.compile(
    r"secret|password(?!length)|passwd|passphrase|token(?!i[sz])|(access|api|private)[._/-]?key"
    r"|auth[._/-]?params|credential[._/-]?json",
    re.IGNORECASE,
)

PASSWORDS = ".spcs-milvus"
"""The folder beside a project file that keeps the passwords made up for it; never a part of an image."""


def looks_secret(name: str) -> bool:
    """Whether what has that name is most likely a secret, wherever it stands."""
    return _SECRET.search(name) is not None


@dataclass(frozen=True)
class Secret:
    """Text that no log, plan, error or JSON may show. ``reveal()`` is the only way to the text."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """The text itself, for the one place that hands it to Snowflake."""
        return self._text

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __format__(self, _specification: str) -> str:
        return MASK


@dataclass(frozen=True)
class Generated:
    """A secret made up by us, and the file to keep it in."""

    secret: Secret
    file: Path

    def draft(self) -> Path:
        """Writes it to a file of its own beside ``file``, readable by its owner only (0600), and gives that
        file's name: nothing that is kept there already is touched. Raises OSError.
        """
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.file.parent / ".gitignore").write_text("*\n", encoding="utf-8")
        handle, name = tempfile.mkstemp(prefix=f"{self.file.name}.", dir=self.file.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(self.secret.reveal() + "\n")
        return Path(name)

    def drafts(self) -> tuple[Path, ...]:
        """What runs left that were ended from outside: whether Snowflake has one of these, nobody knows."""
        return tuple(sorted(self.file.parent.glob(f"{self.file.name}.*")))
