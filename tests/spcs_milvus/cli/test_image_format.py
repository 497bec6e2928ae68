"""Which images an account runs, as far as that is known without signing in."""

from pathlib import Path

import pytest

from spcs_milvus.cli.image_format import image_format
from spcs_milvus.cli.local import Runtime
from spcs_milvus.cli.local_account import IMAGE_FORMATS


def test_every_runtime_of_the_local_account_runs_images_of_a_known_sort() -> None:
    assert {runtime.value for runtime in Runtime} <= IMAGE_FORMATS.keys()
    assert set(IMAGE_FORMATS.values()) == {"process", "container"}


def test_an_account_runs_containers_and_a_local_one_that_is_not_there_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPCS_MILVUS_HOME", str(tmp_path))
    assert image_format("prod") == "container"
    assert image_format("local") == "process"
