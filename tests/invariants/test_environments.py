"""Environments of generated projects side by side: what is done to the one leaves the other byte for byte."""

from hypothesis import given
from tests.spcs_milvus.flow.test_up_down import done

from spcs_milvus.overlay import DEFAULT_ENVIRONMENT

from .conftest import projects_of
from .projects import beside
from .sections import Data
from .test_down import take_back, without_snapshots
from .worlds import Tally, world


@projects_of(3)
@given(data=beside())
def test_one_environment_goes_and_the_other_stays(tally: Tally, data: Data) -> None:
    with world(tally, data) as made:
        nothing = made.local.dump()
        done(made.do_up())
        alone = made.local.dump()
        made.pause(60)

        made.environment = "prod"
        done(made.do_up())
        done(made.do_pause())
        made.environment = DEFAULT_ENVIRONMENT
        assert made.status().ready
        assert (done(made.do_up()).plan.changes, made.writes) == ((), [])

        made.environment = "prod"
        take_back(made, done(made.do_down()))
        assert without_snapshots(made.local.dump()) == alone
        made.environment = DEFAULT_ENVIRONMENT
        assert (done(made.do_up()).plan.changes, made.writes) == ((), [])
        take_back(made, done(made.do_down()))
        assert without_snapshots(made.local.dump()) == nothing
