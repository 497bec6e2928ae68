"""Ten thousand project files, changed as bytes, as nodes of YAML, or in one value: each is refused with words
and a place, or all that is done with it without an account holds. Never a traceback, a warning, or a hang.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from tests.fuzz import mutations
from tests.fuzz.cases import CASES, Case, Tally, run_all
from tests.fuzz.pipeline import run

# to show all there is to show of a file takes as long as the rest
_WHOLE = 0.1


def changed_bytes(random: Random, folder: Path) -> str:
    return run(mutations.changed_bytes(random), folder, whole=random.random() < _WHOLE)


def changed_nodes(random: Random, folder: Path) -> str:
    return run(mutations.changed_nodes(random), folder, whole=random.random() < _WHOLE)


def changed_value(random: Random, folder: Path) -> str:
    return run(mutations.changed_value(random), folder, whole=random.random() < _WHOLE)


@pytest.mark.parametrize("case", [changed_bytes, changed_nodes, changed_value])
def test_a_file_is_refused_with_words_or_deployed(case: Case, tell: Callable[[str, Tally], None]) -> None:
    group = case.__name__.replace("_", " ")
    tally = run_all(group, case, -(-CASES // 3))
    tell(group, tally)
    tally.hold(accepted=0.3, rejected=0.2)
