"""An environment that cannot be made is told by name: skipped on a machine, failed where CI=true."""

import pytest
from tests.environments import CONSTRAINTS, DOWNLOADED, INSTALLED, ROOT, constraints, programs


def test_without_one_a_test_is_skipped_by_name() -> None:
    with pytest.raises(pytest.skip.Exception, match="the environment of snow could not be made: no network"):
        programs("snow", lambda name: "no network", {})


def test_without_one_continuous_integration_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match="snow could not be made"):
        programs("snow", lambda name: "no network", {"CI": "true"})


@pytest.mark.parametrize("name", INSTALLED)
def test_every_version_is_pinned_once(name: str) -> None:
    lines = constraints(name).splitlines()
    assert all("==" in line for line in lines if not line.startswith("#"))
    pinned = [line.partition("==")[0] for line in lines]
    assert len(pinned) == len(set(pinned))
    installed = [word for word in INSTALLED[name] if word != "--editable" and word != str(ROOT)]
    assert set(installed) <= set(pinned)


def test_the_notebook_s_base_has_what_its_image_installs() -> None:
    wanted = (ROOT / "images/jupyter/requirements.txt").read_text(encoding="utf-8").splitlines()
    assert {line for line in wanted if "==" in line} <= set(constraints("jupyter-base").splitlines())


def test_every_file_of_versions_is_used() -> None:
    assert {path.stem for path in CONSTRAINTS.iterdir()} == set(INSTALLED) | DOWNLOADED


def test_the_connector_before_takes_the_place_of_ours() -> None:
    lines = constraints("connector-4.8").splitlines()
    assert [line for line in lines if line.startswith("snowflake-connector-python==")] == [
        "snowflake-connector-python==4.8.1"
    ]
