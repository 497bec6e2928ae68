"""Faults at the statements of commands: what the run says is true, and what it leaves leads on.

With ``SPCS_MILVUS_FAULTS_SHARE=1`` (``make faults``) every fault strikes at every statement; unless it is
set, at every fourth, since the whole would take as long as all other tests.

All of it goes over the wire by the real connector. A faulted run must tell no lie: code 0 only where the
account is as wanted, 1 only where it is as it was, and never a bug. What it leaves is then gone on from, by
the same command and to nothing (``Then``); states are equal when the whole account is, things of others
included, and one that several runs leave is gone on from once.

Not struck: what only reads, by faults that differ in its effect ("after"), by a refusal, an HTTP status or
the end of a master token (error, cut, hang, stale, an expired session and kill -9 strike it); a first look
that is stale right after another run, since each run begins on an account that was opened anew; and requests
that carry no statement, as those of a push. The number of cases may not shrink unseen.
"""

from fractions import Fraction
from typing import get_args

import pytest
from tests.faults.acts import ACTS, every_command, read
from tests.faults.commands import CASES, COMMANDS, NEVER_WRITES, SENDS_NOTHING_ELSE
from tests.faults.faults import FAULTS
from tests.faults.harness import SHARE, Harness, Point, faults_at

from spcs_emulator.script import INTERRUPTIONS, Trouble


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_run_that_is_struck(struck: Harness, name: str, fault: str) -> None:
    judged = struck.judge(name, fault)
    assert judged.wrong == (), "\n".join(judged.wrong)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_case_is_lost_unseen(struck: Harness, name: str) -> None:
    whole, share = CASES[name]
    ran = sum(struck.judge(name, fault).cases for fault in FAULTS)
    assert ran >= {Fraction(1): whole, Fraction(1, 4): share}.get(SHARE, 1)


@pytest.mark.parametrize("text", ["SHOW ROLES", "SELECT CURRENT_ROLE()", "CREATE ROLE R"])
@pytest.mark.parametrize("number", range(1, SHARE.denominator + 1))
def test_some_fault_strikes_every_statement(number: int, text: str) -> None:
    assert faults_at(Point(number, 1, text))


def test_every_command_is_struck_or_never_writes() -> None:
    struck = {read(command.run.words)[0] for command in COMMANDS.values()}
    assert struck == set(ACTS)
    assert not struck & NEVER_WRITES.keys()
    assert struck | NEVER_WRITES.keys() == every_command().keys()


@pytest.mark.parametrize("act", ACTS)
def test_every_option_is_used_or_sends_nothing_else(act: str) -> None:
    runs = [command.run.words for command in COMMANDS.values() if read(command.run.words)[0] == act]
    used = {word for words in runs for word in words.split() if word.startswith("--")}
    options = {word for option in every_command()[act].params for word in option.opts}
    assert not used & SENDS_NOTHING_ELSE.keys()
    assert {word for word in options if word.startswith("--")} <= used | SENDS_NOTHING_ELSE.keys()


def test_no_option_is_excused_that_there_is_not() -> None:
    options = {word for act in ACTS for option in every_command()[act].params for word in option.opts}
    assert SENDS_NOTHING_ELSE.keys() <= options


def test_no_trouble_is_left_out() -> None:
    others = {trouble for part in get_args(Trouble) for trouble in get_args(part)}
    # a status is a status: what a client makes of each is tested with the wire
    statuses = {one for one in INTERRUPTIONS if one.startswith(("429", "500"))}
    assert {fault.trouble for fault in FAULTS.values()} == others - statuses
