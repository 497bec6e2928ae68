"""Any commands in any order on one generated project, of which there are two versions: whatever was done
before, ``up`` ends at what the file says, and ``down`` where the account began.

What holds after every single command is seen to in ``worlds``.
"""

from contextlib import ExitStack
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from tests.spcs_milvus.flow.test_up_down import done

from spcs_milvus.errors import RefusedError
from spcs_milvus.kinds import kind_of
from spcs_milvus.kinds.base import comment_step
from spcs_milvus.resource import Resource

from .conftest import projects_of
from .projects import upgrades
from .sections import Data
from .test_down import take_back, without_snapshots
from .test_upgrade import CREATE_ONLY
from .worlds import Tally, World, world

CHOICE = st.randoms(use_true_random=False)
STEPS = 8


class Sequences(RuleBasedStateMachine):
    """One account; ``made`` is the project on it."""

    tally: Tally

    def __init__(self) -> None:
        super().__init__()
        self._open = ExitStack()

    @initialize(files=upgrades())
    def begin(self, files: tuple[Data, Data]) -> None:
        self._files = files
        self.made: World = self._open.enter_context(world(self.tally, *files))
        self._before = self.made.local.dump()
        # without it most of what follows would find nothing to do
        done(self.made.do_up())

    # --- commands ---------------------------------------------------------------------------------------

    @rule(version=st.sampled_from([0, 1]))
    def up(self, version: int) -> None:
        self.made.declare(self._files[version])
        self._up()

    @rule(choice=CHOICE)
    def up_of_a_part(self, choice: Random) -> None:
        self._up(str(choice.choice(self.made.resources()).address))

    def _up(self, *targets: str) -> None:
        try:
            done(self.made.do_up(targets))
        except RefusedError as refused:
            assert all(CREATE_ONLY in problem.summary for problem in refused.problems), refused.problems
            return
        assert self.made.plan_of(targets).changes == ()

    @rule()
    def pause(self) -> None:
        done(self.made.do_pause())
        assert (done(self.made.do_pause()).plan.changes, self.made.writes) == ((), [])

    @rule()
    def resume(self) -> None:
        report = self.made.do_resume()
        # what is not there cannot be woken up, and is told
        assert report.exit_code == (4 if report.leftovers else 0)
        assert {problem.summary.endswith("is not there") for problem in report.leftovers} <= {True}

    @rule(choice=CHOICE)
    def lost_and_adopted(self, choice: Random) -> None:
        """Somebody takes the mark away, and ``adopt`` brings it back."""
        ours = [one for one in self.made.resources() if self._is_there(one)]
        if not ours:
            return
        one = choice.choice(ours)
        comment = self.made.comment(one)
        self.made.run(one.role, comment_step(one, "mine").sql)
        try:
            done(self.made.do_adopt(str(one.address)))
            assert self.made.mark in self.made.comment(one)
        except RefusedError as refused:
            assert "cannot be altered to it" in refused.problem.summary
        self.made.run(one.role, comment_step(one, comment).sql)

    def _is_there(self, one: Resource) -> bool:
        built_in = kind_of(one.address.kind).built_in
        return bool(one.mark and not built_in and self.made.mark in self.made.comment(one))

    @rule()
    def down(self) -> None:
        take_back(self.made, done(self.made.do_down()))
        self._nothing_is_left()

    @rule()
    def down_but_the_data(self) -> None:
        done(self.made.do_down(keep_data=True))
        assert (done(self.made.do_down(keep_data=True)).plan.changes, self.made.writes) == ((), [])

    @rule(choice=CHOICE)
    def down_of_a_part(self, choice: Random) -> None:
        droppable = [one for one in self.made.resources() if not kind_of(one.address.kind).goes_with]
        done(self.made.do_down([str(choice.choice(droppable).address)]))

    @rule()
    def time_passes(self) -> None:
        self.made.pause(60)

    # --- the end ----------------------------------------------------------------------------------------

    def teardown(self) -> None:
        with self._open:
            if hasattr(self, "made"):
                take_back(self.made, done(self.made.do_down()))
                assert (done(self.made.do_down()).plan.changes, self.made.writes) == ((), [])
                self._nothing_is_left()

    def _nothing_is_left(self) -> None:
        assert without_snapshots(self.made.local.dump()) == self._before


def test_any_commands_in_any_order(tally: Tally) -> None:
    machine = type("OnThisTally", (Sequences,), {"tally": tally})
    few = projects_of(6)
    run_state_machine_as_test(machine, settings=settings(few, stateful_step_count=STEPS))
