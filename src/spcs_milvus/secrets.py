"""A value that must not be seen: it prints as ``***`` and gives its text only when asked by name."""

from dataclasses import dataclass, field

MASK = "***"


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
