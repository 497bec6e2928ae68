"""Says at the end of a run how many cases ended how, so that nobody has to believe it."""

from collections.abc import Callable

import pytest
from tests.fuzz.cases import Tally

_told = pytest.StashKey[list[str]]()


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str, Tally], None]:
    """Keeps what came of a group for the end of the run."""
    lines = request.config.stash.setdefault(_told, [])
    return lambda group, tally: lines.append(f"fuzz, {group}: {tally.words}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(_told, []):
        terminalreporter.write_line(line)
