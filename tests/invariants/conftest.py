"""How many projects are generated, and the account of what ran. ``SPCS_MILVUS_INVARIANTS=10`` runs ten times
as many, and looks for the smallest that fails. What is drawn is the same in every run.
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from .worlds import Tally

HERE = Path(__file__).parent
LAST = "test_every_kind_every_action_and_every_command_took_part"
TIMES = int(os.environ.get("SPCS_MILVUS_INVARIANTS", "1"))


def projects_of(count: int) -> settings:
    """So many examples, each of some seconds, and the same ones every time."""
    phases = (Phase.explicit, Phase.generate, *([Phase.shrink] if TIMES > 1 else []))
    return settings(
        max_examples=count * TIMES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=phases,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
    )


_TALLY = Tally()


@pytest.fixture(scope="session")
def tally() -> Tally:
    """What has run so far."""
    return _TALLY


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is held against all that ran comes last, and is deselected where not all of it runs."""
    here = [item for item in items if item.path.parent == HERE]
    last = [item for item in here if item.name == LAST]
    whole = {item.path for item in here} == set(HERE.glob("test_*.py"))
    partly = config.option.keyword or config.option.markexpr or config.option.deselect
    items[:] = [item for item in items if item not in last]
    if whole and not partly:
        items += last
    else:
        config.hook.pytest_deselected(items=last)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what ran."""
    if _TALLY.projects:
        terminalreporter.write_line(
            f"invariants: {_TALLY.projects} projects, {sum(_TALLY.commands.values())} commands "
            f"({_TALLY.refused} refused), {_TALLY.statements} statements ({_TALLY.writes} writes)"
        )
