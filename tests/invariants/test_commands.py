"""The commands that change an account beside ``up`` and ``down``: they take part in the same world."""

from hypothesis import given
from hypothesis import strategies as st
from tests.spcs_milvus.flow.test_up_down import done

from .conftest import projects_of
from .projects import NOTHING, projects
from .sections import Data
from .worlds import Tally, world


@projects_of(2)
@given(data=projects(shared=st.just(NOTHING)))
def test_images_are_pushed_and_a_notebook_is_run_and_nothing_else_changes(tally: Tally, data: Data) -> None:
    with world(tally, data) as made:
        (repository,) = (one for one in made.resources() if one.address.kind == "image_repository")
        done(made.do_up([str(repository.address)]))
        done(made.do_push())
        assert (done(made.do_push()).plan.changes, made.writes) == ((), [])
        done(made.do_up())
        dump = made.local.dump()

        if data.get("jupyter", {}) is not None:
            made.do_verify()
            assert any(text.startswith("EXECUTE JOB SERVICE") for text in made.writes)

        assert made.local.dump() == dump
        assert made.plan_of().changes == ()
