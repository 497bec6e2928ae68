"""What an earlier release left in an account is no difference to this one.

``released/VERSION`` holds a project file, its images and the SQL that ``render`` of that version wrote for
it, which is all that ``up`` of that version did; the files are never written anew. There is no release yet,
so 0.1.0 is as it was in development: whoever changes what a mark is taken over, a specification or a default
sees here what that costs everybody's next ``up``. A release adds a folder.
"""

import shutil
from pathlib import Path

import pytest
import yaml
from tests.spcs_milvus.flow.test_up_down import done

from spcs_emulator.clock import TurnedClock
from spcs_emulator.server import LocalAccount

from .statements import Recorder
from .worlds import Tally, World

RELEASED = sorted((Path(__file__).parent / "released").iterdir())


@pytest.mark.parametrize("release", RELEASED, ids=lambda folder: folder.name)
def test_what_a_release_left_is_no_difference(release: Path, tmp_path: Path, tally: Tally) -> None:
    folder = shutil.copytree(release, tmp_path / "project")
    with LocalAccount(tmp_path / "account", TurnedClock(), script=(recorder := Recorder())) as local:
        made = World(local, folder, recorder, tally)
        made.declare(yaml.safe_load((release / "spcs-milvus.yaml").read_text(encoding="utf-8")))
        before = local.dump()
        files = sorted((release / "sql").iterdir())
        _run(made, [file for file in files if "services" not in file.name])
        done(made.do_push())
        _run(made, [file for file in files if "services" in file.name])
        left = local.dump()

        assert made.plan_of().changes == ()
        assert (done(made.do_up()).plan.changes, made.writes) == ((), [])
        assert local.dump() == left
        done(made.do_down())
        assert local.dump() == before


def _run(made: World, files: list[Path]) -> None:
    """As a person runs them; what starts in between goes on."""
    for file in files:
        with made.session() as session:
            text = file.read_text(encoding="utf-8")
            for cursor in session.connection.execute_string(text, remove_comments=True):
                cursor.fetchall()
        for _ in range(3):
            made.pause(60)
