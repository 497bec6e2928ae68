"""What volumes hold through a service's life, and how jobs end, as with the runtimes that need no engine."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import docker
import pytest
from tests.docker import leftovers
from tests.docker.runtime.conftest import build_and_push
from tests.emulator.keeping import (
    FOLDERS,
    IMAGE,
    Bench,
    check_a_killed_container,
    check_a_life,
    check_jobs,
    check_snapshots,
    prepare,
)

from spcs_emulator.clock import RealClock
from spcs_emulator.runtime.docker.engine import ACCOUNT, CONTAINER
from spcs_emulator.server import LocalAccount

WRITER = f"""
trap 'exit 0' TERM
for folder in {" ".join(FOLDERS)}; do touch /$folder/$(cat /proc/sys/kernel/random/uuid); done
if test "$END"; then echo bye; exit $END; fi
sleep 600 & wait
"""


class Containers:
    """The runtime `docker`."""

    container: Mapping[str, Any] = {"command": ["sh", "-c"], "args": [WRITER]}

    def __init__(self, data: Path, engine: docker.APIClient, base: str) -> None:
        self._engine = engine
        self._base = base
        self.local = LocalAccount(data, RealClock(), runtime="docker")
        self.label = f"{ACCOUNT}={self.local.folder.existing_account().mark}"

    def push(self, tag: str) -> None:
        build_and_push(self._engine, self.local.connection, self._base, f"{IMAGE}:{tag}")

    def reopen(self) -> None:
        self.local.close()
        self.local = LocalAccount(self.local.folder.path, RealClock(), runtime=None)

    def goes_on(self, service: str) -> None:
        """It does by itself."""

    def kill(self) -> None:
        [found] = self._engine.containers(filters={"label": [self.label, CONTAINER]})
        self._engine.kill(found["Id"])


@pytest.fixture
def bench(engine: docker.APIClient, tiny_base: str, tmp_path: Path) -> Iterator[Containers]:
    made = Containers(tmp_path / "account", engine, tiny_base)
    try:
        prepare(made)
        yield made
    finally:
        made.local.close()
        left = leftovers.labelled(engine, made.label)
        leftovers.remove(engine, made.label)
    assert all(each.startswith("volume") for each in left)


@pytest.mark.parametrize("check", [check_a_life, check_snapshots, check_jobs])
def test_what_lasts_and_how_it_ends(bench: Containers, check: Callable[[Bench], None]) -> None:
    check(bench)


def test_a_killed_container(bench: Containers) -> None:
    check_a_killed_container(bench, bench.kill)
