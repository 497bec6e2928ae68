"""An environment that cannot be made is told by name: skipped on a machine, failed where CI=true."""

import pytest
from tests.peers.environments import CONSTRAINTS, DISTRIBUTIONS, programs


def test_without_one_a_test_is_skipped_by_name() -> None:
    with pytest.raises(pytest.skip.Exception, match="the environment of snow could not be made: no network"):
        programs("snow", lambda name: "no network", {})


def test_without_one_continuous_integration_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match="snow could not be made"):
        programs("snow", lambda name: "no network", {"CI": "true"})


def test_every_version_is_pinned() -> None:
    for name, distribution in DISTRIBUTIONS.items():
        lines = (CONSTRAINTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        assert all("==" in line for line in lines)
        assert any(line.startswith(f"{distribution}==") for line in lines)
