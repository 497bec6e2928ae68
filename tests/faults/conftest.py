"""The harness, made once, and what all its cases came to, told at the end."""

from collections.abc import Iterator

import pytest
from tests.faults.harness import Harness, harness

_HARNESS = pytest.StashKey[Harness]()


@pytest.fixture(scope="session")
def struck(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """Named states, and processes to strike runs in."""
    asked: dict[str, list[str]] = {}
    for item in request.session.items:
        if isinstance(item, pytest.Function) and item.originalname == "test_a_run_that_is_struck":
            given = item.callspec.params
            asked.setdefault(str(given["name"]), []).append(str(given["fault"]))
    with harness(tmp_path_factory.mktemp("states"), asked) as found:
        request.config.stash[_HARNESS] = found
        yield found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the number of cases and of failures."""
    if found := config.stash.get(_HARNESS, None):
        terminalreporter.write_line(f"faults: {found.told}")
