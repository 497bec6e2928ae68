"""The whole stack under a prefix of its own: up, ready, up again without a write, down without a trace.

On a real account the images are those that SPCS_MILVUS_LIVE_MILVUS_IMAGE and SPCS_MILVUS_LIVE_JUPYTER_IMAGE
name (/database/schema/repository/name:tag, readable by the roles of the project); it starts paid nodes.
"""

import os
import threading
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from spcs_milvus import deployment, opening
from spcs_milvus.config import load
from spcs_milvus.opening import Connection, Target
from spcs_milvus.report import Report

from .conftest import Observed

IMAGES = {name: os.environ.get(f"SPCS_MILVUS_LIVE_{name.upper()}_IMAGE") for name in ("milvus", "jupyter")}


def test_up_and_down_leave_the_account_as_it_was(observed: Observed, tmp_path: Path) -> None:
    if observed.name == "live" and not all(IMAGES.values()):
        pytest.skip("needs SPCS_MILVUS_LIVE_MILVUS_IMAGE and SPCS_MILVUS_LIVE_JUPYTER_IMAGE")
    file = tmp_path / "spcs-milvus.yaml"
    file.write_text(_project(observed), encoding="utf-8")

    first, again, down = _up(observed, file), _up(observed, file), _down(observed, file)

    assert first.exit_code == 0, first
    assert (again.exit_code, again.counts.write) == (0, 0)
    assert (down.exit_code, down.leftovers) == (0, ())
    assert observed.left() == []


def _up(observed: Observed, file: Path) -> Report:
    with _target(observed, file) as on:
        return deployment.up(on, deployment.make_plan(on), lambda event: None, threading.Event())


def _down(observed: Observed, file: Path) -> Report:
    with _target(observed, file) as on:
        return deployment.down(on, deployment.make_down_plan(on), lambda event: None, threading.Event())


def _target(observed: Observed, file: Path) -> AbstractContextManager[Target]:
    image_format = "container" if observed.name == "live" else "process"
    return opening.target(load(file, {}), Connection(observed.name, observed.options, image_format))


def _project(observed: Observed) -> str:
    lines = ["project: live-suite", f"names: {{prefix: {observed.prefix}}}"]
    if observed.name == "live":
        lines += [f"{name}: {{image: {{reference: {image}}}}}" for name, image in IMAGES.items()]
    return "\n".join(lines) + "\n"
