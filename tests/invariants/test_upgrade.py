"""One generated project file after another: the world is as if the second had been there from the beginning,
but for what is guarded, and that is told.
"""

from hypothesis import example, given
from tests.spcs_milvus.flow.test_up_down import done

from spcs_milvus.errors import RefusedError
from spcs_milvus.plan import Plan

from .conftest import projects_of
from .projects import EVERY_KIND, MADE_AGAIN, upgrades
from .sections import Data
from .test_down import without_passwords
from .worlds import Tally, world

CREATE_ONLY = "would have to be made again"


@projects_of(12)
@given(files=upgrades())
@example(files=(EVERY_KIND, MADE_AGAIN))
def test_an_upgrade_ends_where_a_new_stack_begins(tally: Tally, files: tuple[Data, Data]) -> None:
    first, second = files
    with world(tally, first, second) as made:
        done(made.do_up())
        made.declare(second)
        try:
            plan = done(made.do_up()).plan
        except RefusedError as refused:
            # that nothing was written is seen to in every world
            assert all(CREATE_ONLY in problem.summary for problem in refused.problems), refused.problems
            return
        assert (done(made.do_up()).plan.changes, made.writes) == ((), [])
        upgraded = made.local.dump()
    with world(tally, second, first) as new:
        done(new.do_up())
        _nothing_but_what_is_told(without_passwords(upgraded), without_passwords(new.local.dump()), plan)


def _nothing_but_what_is_told(upgraded: Data, new: Data, plan: Plan) -> None:
    told = {str(problem.place).split(".", 1)[1] for problem in plan.kept if problem.place}
    # what a service was made from is put on a stage when it is made or changed, and only then
    for part in ("objects", "images", "volumes", "grants", "memberships"):
        # who granted it is whoever was the security administrator then
        there = [{**one, "by": None} for one in upgraded[part]]
        wanted = [{**one, "by": None} for one in new[part]]
        missing = [one for one in wanted if one not in there and one.get("name") not in told]
        assert missing == [], f"{part} that a new stack has"
    more = {one["name"] for one in upgraded["objects"]} - {one["name"] for one in new["objects"]}
    assert {name for name in more if name.split("!")[0] not in told and not _came_along(name, told)} == set()
    for part, ends in (("grants", ("on", "to")), ("memberships", ("role", "to"))):
        for one in upgraded[part]:
            between = {one[end].split("!")[0] for end in ends}
            if {**one, "by": None} not in [{**other, "by": None} for other in new[part]]:
                assert (more | told) & between, f"{one} is told nowhere"


def _came_along(name: str, told: set[str]) -> bool:
    database, _, rest = name.partition(".")
    return (database in told and rest in ("PUBLIC", "INFORMATION_SCHEMA")) or "SYS_BACKUP_ON_DELETE" in name
