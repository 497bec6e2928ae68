"""What left the project file, over the wire: dropped by `up` after all else, but never with vectors."""

import pytest

from spcs_milvus import deployment
from spcs_milvus.errors import RefusedError
from spcs_milvus.plan import Action, Plan

from .conftest import QUICKSTART, Stack
from .test_up_down import done

WITHOUT_NOTEBOOK = QUICKSTART + "jupyter: null\n"
ELSEWHERE = QUICKSTART + "names: {prefix: ELSEWHERE, database: ELSEWHERE}\n"
JUPYTER = [
    "service.MILVUS_DEMO.PUBLIC.JUPYTER",
    "compute_pool.MILVUS_DEMO_JUPYTER_POOL",
    "role.MILVUS_DEMO_JUPYTER",
]


def dropped(plan: Plan) -> list[str]:
    return [str(change.address) for change in plan.changes if change.action is Action.DELETE]


def test_what_left_the_file_is_dropped_by_up(stack: Stack) -> None:
    before = stack.local.dump()
    done(stack.up())
    stack.write(WITHOUT_NOTEBOOK)

    report = done(stack.up())

    assert dropped(report.plan) == JUPYTER
    assert report.counts.write == len(JUPYTER)
    assert {change.because for change in report.plan.changes} == {
        "it is ours and not in the project file any more"
    }
    assert stack.plan().changes == ()
    done(stack.down())
    assert stack.local.dump() == before


def test_it_says_what_goes_with_it(stack: Stack) -> None:
    stack.write(QUICKSTART + "stages: {MORE: {}}\n")
    done(stack.up())
    stack.write(QUICKSTART)

    (change,) = stack.plan().changes

    assert (str(change.address), change.loses) == ("stage.MILVUS_DEMO.PUBLIC.MORE", "the files in it")


def test_what_others_put_into_it_keeps_it(stack: Stack) -> None:
    stack.write(QUICKSTART + "names: {schema: VECTORS}\n")
    done(stack.up())
    with stack.session("MILVUS_DEMO_OWNER") as session:
        session.run("CREATE STAGE MILVUS_DEMO.VECTORS.MINE")
    stack.write(QUICKSTART + "names: {schema: OTHER}\n")

    plan = stack.plan()

    kept = {problem.place: problem.detail for problem in plan.kept}
    assert kept["schema.MILVUS_DEMO.VECTORS"] == "stage MILVUS_DEMO.VECTORS.MINE"
    assert "schema.MILVUS_DEMO.VECTORS" not in dropped(plan)


def test_vectors_are_never_dropped_by_up_but_by_name(stack: Stack) -> None:
    done(stack.up())
    stack.write(QUICKSTART + "names: {schema: OTHER}\n")
    milvus = "service.MILVUS_DEMO.PUBLIC.MILVUS"

    plan = stack.plan()

    kept = {problem.place: problem for problem in plan.kept}
    assert milvus not in dropped(plan)
    assert "the data on its volume (data 20Gi)" in kept[milvus].summary
    assert kept[milvus].hint == (
        f"`spcs-milvus down --target {milvus}` drops it with that; or put it back into the file"
    )
    with stack.target() as on:
        down = deployment.make_down_plan(on, targets=[milvus])
    assert [(str(change.address), change.loses) for change in down.changes] == [
        (milvus, "the data on its volume (data 20Gi)")
    ]


def test_a_plan_that_drops_most_of_what_is_ours_stops_up(stack: Stack) -> None:
    done(stack.up())
    stack.write(ELSEWHERE)
    before = stack.local.dump()

    with pytest.raises(RefusedError, match="13 of 13 objects that are ours are not") as refused:
        stack.up()

    assert "--allow-deletions" in (refused.value.problem.hint or "")
    assert stack.local.dump() == before
    with stack.target() as on:
        plan = deployment.make_plan(on, allow_deletions=True).plan
    assert not plan.conflicts
    # what may be used by the service that stays, stays
    assert set(dropped(plan)) == {*JUPYTER, "role.MILVUS_DEMO_ROLE"}


def test_the_marks_of_others_are_no_orphans(stack: Stack) -> None:
    done(stack.up())
    before = stack.local.dump()
    stack.write("project: another\nconnection: local\n")

    done(stack.up())
    done(stack.down())

    assert stack.local.dump() == before
