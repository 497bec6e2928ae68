"""What was there before under the names of a generated project, and is not ours: nothing touches it, and
``up`` stops before any write with a conflict that names it.

The things of others with the same names in other databases stand in every world (``bystanders``).
"""

from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.spcs_milvus.flow.test_up_down import done

from spcs_milvus.apply import Status
from spcs_milvus.errors import RefusedError
from spcs_milvus.kinds import kind_of
from spcs_milvus.kinds.base import comment_step
from spcs_milvus.resource import Address, Resource
from spcs_milvus.standing import stood_on

from .bystanders import MARKS
from .conftest import projects_of
from .projects import EVERY_KIND, projects
from .sections import Data
from .worlds import Tally, World, world

PROJECTS = projects()


@projects_of(5)
@given(data=PROJECTS, mark=st.sampled_from(sorted(MARKS)), choice=st.randoms(use_true_random=False))
def test_objects_of_others_with_our_names_stop_up_and_survive_down(
    tally: Tally, data: Data, mark: str, choice: Random
) -> None:
    with world(tally, data) as made:
        done(made.do_up())
        ours = [one for one in made.resources() if one.mark and not kind_of(one.address.kind).built_in]
        others = sorted(choice.sample(ours, choice.randint(1, len(ours))), key=lambda one: one.address)
        _give_away(made, others, MARKS[mark].format(project=data["project"]))

        with pytest.raises(RefusedError) as refused:
            made.do_up()

        assert {problem.place for problem in refused.value.problems} == {str(one.address) for one in others}
        for one in others if mark != "none" else []:
            with pytest.raises(RefusedError, match="marked by another project or environment"):
                made.do_adopt(str(one.address))
        before = made.local.dump()
        report = made.do_down()
        stays = _what_stays(others, ours)
        assert {Address(*str(one.place).split(".", 1)) for one in report.leftovers} == stays
        tried = any(one.status is not Status.DONE for one in report.outcomes)
        in_vain = 1 if tried and made.local.dump() == before else 4
        assert report.exit_code == (in_vain if stays else 0)
        assert {problem.place for problem in report.plan.strange} == {str(one.address) for one in others}
        left = made.local.dump()
        # what others use of ours is refused again
        assert bool(made.do_down().exit_code) is bool(stays)
        assert made.local.dump() == left


@projects_of(2)
@given(data=PROJECTS)
@example(data=EVERY_KIND)
def test_all_that_lost_its_mark_is_adopted_and_the_world_is_as_it_was(tally: Tally, data: Data) -> None:
    with world(tally, data) as made:
        done(made.do_up())
        before = made.local.dump()
        ours = [one for one in made.resources() if one.mark and not kind_of(one.address.kind).built_in]
        _give_away(made, ours, "")

        for one in ours:
            done(made.do_adopt(str(one.address)))
            assert len(made.writes) == 1

        assert made.local.dump() == before
        assert made.plan_of().changes == ()


def _what_stays(others: list[Resource], ours: list[Resource]) -> frozenset[Address]:
    """What of ours something of others is in, or belongs to, or uses so that it cannot be dropped."""
    theirs = {one.address for one in others}
    used = {one for service in others if service.address.kind == "service" for one in service.needs}
    through = {one for one in used if one.kind == "external_access_integration"}
    return (stood_on(theirs | through, ours) | through) - theirs


def _give_away(made: World, resources: list[Resource], comment: str) -> None:
    """Somebody writes another comment on them."""
    for resource in resources:
        step = comment_step(resource, comment)
        made.run(step.role, step.sql)
