"""``down`` over generated projects: the account is what it was before, byte for byte, and a second one finds
nothing to do.
"""

from typing import Any

from hypothesis import example, given
from tests.spcs_milvus.flow.test_up_down import done

from spcs_milvus.report import Report

from .conftest import projects_of
from .projects import EVERY_KIND, projects
from .sections import Data
from .worlds import Tally, World, world


@projects_of(8)
@given(data=projects())
@example(data=EVERY_KIND)
def test_down_leaves_the_world_as_it_was_and_a_second_one_writes_nothing(tally: Tally, data: Data) -> None:
    with world(tally, data) as made:
        before = made.local.dump()
        done(made.do_up())
        made.pause(60)

        report = done(made.do_down())

        take_back(made, report)
        assert without_snapshots(made.local.dump()) == before
        again = done(made.do_down())
        assert (again.plan.changes, made.writes) == ((), [])


@projects_of(3)
@given(data=projects())
def test_what_keeps_its_data_is_woken_up_or_goes_after_all(tally: Tally, data: Data) -> None:
    with world(tally, data) as made:
        before = made.local.dump()
        done(made.do_up())
        made.pause(60)
        dump = made.local.dump()
        done(made.do_down(keep_data=True))
        again = done(made.do_down(keep_data=True))
        assert (again.plan.changes, made.writes) == ((), [])

        done(made.do_up())

        assert made.status().ready
        assert without_passwords(made.local.dump()) == without_passwords(dump)
        done(made.do_down(keep_data=True))
        take_back(made, done(made.do_down()))
        assert without_snapshots(made.local.dump()) == before


def take_back(made: World, report: Report) -> None:
    """Runs what ``down`` says of privileges that outlast the stack."""
    for problem in report.plan.lasting:
        role, _, sql = str(problem.hint).removeprefix("USE ROLE ").removesuffix(";").partition("; ")
        if sql.startswith("REVOKE "):
            made.run(role, sql)


def without_snapshots(dump: dict[str, Any]) -> dict[str, Any]:
    """Snowflake's own of a dropped block volume stay for seven days where the schema stays (documented)."""
    objects = [one for one in dump["objects"] if "SYS_BACKUP_ON_DELETE" not in one["name"]]
    return {**dump, "objects": objects}


def without_passwords(dump: dict[str, Any]) -> dict[str, Any]:
    """A user that is made again has a password of its own."""
    users = [one for one in dump["objects"] if one["kind"] == "USER"]
    for user in users:
        user["settings"] = {key: value for key, value in user["settings"].items() if "PASSWORD" not in key}
    return dump
