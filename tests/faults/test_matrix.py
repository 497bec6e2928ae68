"""Faults at the statements of commands: what the run says is true, and what it leaves leads on.

With ``SPCS_MILVUS_FAULTS_EVERY=1`` (``make faults``) every fault strikes at every statement; unless it is
set, at every fourth, since the whole would take as long as all other tests.

All of it goes over the wire by the real connector. A faulted run must tell no lie: code 0 only where the
account is as wanted, 1 only where it is as it was, and never a bug. What it leaves is then gone on from, by
the same command and to nothing (``Then``); states are equal when the whole account is, things of others
included, and one that several runs leave is gone on from once.

Not struck: what only reads, by faults that differ in its effect ("after"), by a refusal, an HTTP status or
the end of a master token (error, cut, hang, stale, an expired session and kill -9 strike it); a first look
that is stale right after another run, since each run begins on an account that was opened anew; and requests
that carry no statement. The number of cases may not shrink unseen.
"""

from typing import get_args

import pytest
from tests.faults.commands import CASES, COMMANDS
from tests.faults.faults import FAULTS
from tests.faults.harness import Harness
from tests.faults.world import ACTS

from spcs_emulator.script import INTERRUPTIONS, Trouble


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_run_that_is_struck(struck: Harness, name: str, fault: str) -> None:
    judged = struck.judge(name, FAULTS[fault])
    assert judged.wrong == (), "\n".join(judged.wrong)


def test_no_case_is_lost_unseen(struck: Harness) -> None:
    points = [point for name in COMMANDS for point in struck.points(name)]
    assert sum(fault.strikes(point.text) for fault in FAULTS.values() for point in points) >= CASES


def test_no_command_and_no_trouble_is_left_out() -> None:
    assert {command.run.act for command in COMMANDS.values()} == set(ACTS)
    others = {trouble for part in get_args(Trouble) for trouble in get_args(part)}
    # a status is a status: what a client makes of each is tested with the wire
    statuses = {one for one in INTERRUPTIONS if one.startswith(("429", "500"))}
    assert {fault.trouble for fault in FAULTS.values()} == others - statuses
