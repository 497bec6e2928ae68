"""Another version of Milvus has another message queue, and a volume with data stays with the one it has."""

import copy
import json

import pytest

from spcs_milvus.errors import RefusedError

from .conftest import QUICKSTART, Stack
from .test_up_down import done

OLD = QUICKSTART + "milvus: {version: v2.5.27}\n"
MILVUS = "service.MILVUS_DEMO.PUBLIC.MILVUS"


def _queue(stack: Stack) -> str:
    (milvus,) = (one for one in stack.local.dump()["objects"] if one["name"] == MILVUS.partition(".")[2])
    specification = milvus["settings"]["specification"]
    return str(specification["spec"]["containers"][0]["env"]["MQ_TYPE"])


def test_an_upgrade_that_would_change_the_queue_is_refused_and_can_stay_with_it(stack: Stack) -> None:
    stack.write(OLD)
    done(stack.up())
    before = stack.local.dump()
    stack.write(QUICKSTART + "milvus: {version: v2.6.25}\n")

    with pytest.raises(RefusedError) as refused:
        stack.up()

    problem = refused.value.problem
    assert problem.place == MILVUS
    assert problem.detail == "it is rocksmq, and woodpecker from now on"
    kept = "milvus: {settings: {mq.type: rocksmq}}"
    assert kept in str(problem.hint)
    assert stack.local.dump() == before

    stack.write(QUICKSTART + kept.replace("{", "{version: v2.6.25, ", 1) + "\n")
    assert stack.plan().changes == ()
    assert _queue(stack) == "rocksmq"


def test_a_milvus_without_a_volume_takes_any_queue(stack: Stack) -> None:
    volatile = "milvus: {volume: null, volatile: true, version: %s}\n"
    stack.write(QUICKSTART + volatile % "v2.5.27")
    done(stack.up())
    stack.write(QUICKSTART + volatile % "v2.6.25")
    done(stack.up())
    assert _queue(stack) == "woodpecker"


def test_a_queue_that_somebody_took_out_is_put_back(stack: Stack) -> None:
    done(stack.up())
    with stack.target() as on:
        (milvus,) = (one for one in on.resources if str(one.address) == MILVUS)
    specification = copy.deepcopy(milvus.detail["specification"])
    del specification["spec"]["containers"][0]["env"]["MQ_TYPE"]
    with stack.session("MILVUS_DEMO_MILVUS") as session:
        text = json.dumps(specification)
        session.run(f"ALTER SERVICE MILVUS_DEMO.PUBLIC.MILVUS FROM SPECIFICATION $${text}$$")
    done(stack.up())
    assert _queue(stack) == "woodpecker"
