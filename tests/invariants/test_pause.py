"""``pause`` and ``resume`` over generated projects: the world is the same afterwards, and a paused stack is
no difference.
"""

from hypothesis import given
from tests.spcs_milvus.flow.test_up_down import done

from .conftest import projects_of
from .projects import projects
from .sections import Data
from .worlds import Tally, world


@projects_of(4)
@given(data=projects())
def test_a_paused_stack_is_no_difference_and_wakes_up_as_it_was(tally: Tally, data: Data) -> None:
    with world(tally, data) as made:
        done(made.do_up())
        dump, shown = made.local.dump(), made.status()

        done(made.do_pause())

        assert made.plan_of().changes == ()
        assert (done(made.do_up()).plan.changes, made.writes) == ((), [])
        assert (done(made.do_pause()).plan.changes, made.writes) == ((), [])
        done(made.do_resume())
        assert made.local.dump() == dump
        assert made.status() == shown
        assert (done(made.do_resume()).plan.changes, made.writes) == ((), [])
        assert made.plan_of().changes == ()
