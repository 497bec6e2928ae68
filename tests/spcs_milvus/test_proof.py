"""The proof: what is run as which role, what counts as an answer, and that the job never stays."""

import re
from collections.abc import Callable, Collection, Mapping

import pytest
from tests.spcs_milvus.stack import declared

from spcs_milvus.errors import (
    ConfigError,
    ConnectError,
    DeployError,
    LeftError,
    StatementError,
    StoppedError,
)
from spcs_milvus.proof import PATIENCE_SECONDS, PAUSE_SECONDS, Proof, Tools, prove
from spcs_milvus.steps import Answer, Look, Row, Statement

STACK = declared()
ANSWER = "Best hit: Alan Turing."
LOG = f"Connected to Milvus\n{ANSWER}\n\n"
SHOWN = {
    "database_name": "MILVUS_DEMO",
    "schema_name": "PUBLIC",
    "name": "JUPYTER",
    "compute_pool": "P",
    "min_instances": 1,
    "max_instances": 1,
}
GONE = StatementError("gone", errno=2003, sqlstate="02000", query_id=None)


class _Account:
    """Runs one job, which goes through these states (the last for ever), and keeps what was performed."""

    def __init__(
        self, *states: str, log: str = LOG, errors: Mapping[str, Exception] | None = None, waits: bool = True
    ) -> None:
        self._states = iter(states)
        self._last = states[-1] if states else ""
        self._log = log
        self._errors = dict(errors or {})
        self._waits = waits
        self.services: tuple[Row, ...] = (SHOWN,)
        self.performed: list[Statement] = []
        self.looked: set[str] = set()
        self.said: list[str] = []
        self.seconds = 0.0

    def query(self, looks: Collection[Look]) -> Mapping[Look, Answer]:
        self.looked |= {look.role for look in looks}
        return {look: self._answer(look.sql) for look in looks}

    def _answer(self, sql: str) -> Answer:
        if sql.startswith("SELECT SYSTEM$GET_SERVICE_LOGS"):
            return Answer(({"logs": self._log},))
        if sql.startswith("SHOW SERVICES IN DATABASE"):
            return Answer(self.services)
        if sql.startswith(("SHOW SERVICE CONTAINERS", "SHOW ENDPOINTS")):
            return Answer()
        assert sql.startswith("DESCRIBE SERVICE MILVUS_DEMO.PUBLIC.VERIFY_"), sql
        status = next(self._states, self._last)
        return Answer(({"status": status},)) if status else Answer(missing=True)

    def perform(self, statement: Statement) -> None:
        self.performed.append(statement)
        if error := self._errors.get(statement.sql.split()[0]):
            raise error

    def pause(self, seconds: float) -> None:
        if not self._waits:
            raise StoppedError("waiting was interrupted")
        self.seconds += seconds

    def prove(self) -> Proof:
        return prove(
            STACK, Tools(self.query, self.perform, self.pause, lambda: self.seconds, self.said.append)
        )

    def done(self) -> list[str]:
        return [statement.sql.split()[0] for statement in self.performed]


def test_the_job_is_run_and_asked_and_dropped() -> None:
    account = _Account("PENDING", "PENDING", "RUNNING", "DONE")
    proof = account.prove()
    assert (proof.answer, proof.seconds) == (ANSWER, 3 * PAUSE_SECONDS)
    assert account.said == ["PENDING", "RUNNING"]
    run, drop = account.performed
    assert re.fullmatch(
        r"EXECUTE JOB SERVICE IN COMPUTE POOL MILVUS_DEMO_JUPYTER_POOL FROM SPECIFICATION \$\$.*\$\$"
        r" NAME = MILVUS_DEMO\.PUBLIC\.VERIFY_[0-9A-F]{8} ASYNC = TRUE"
        r" QUERY_WAREHOUSE = MILVUS_DEMO_WAREHOUSE"
        r" COMMENT = 'spcs-milvus:milvus-demo/default#1\.[0-9a-f]{12}'",
        run.sql,
    )
    assert drop.sql == f"DROP SERVICE MILVUS_DEMO.PUBLIC.{proof.job}"
    assert {run.role, drop.role, *account.looked} >= {"MILVUS_DEMO_JUPYTER"}
    assert {run.role, drop.role} == {"MILVUS_DEMO_JUPYTER"}


def test_every_job_has_a_name_of_its_own() -> None:
    assert len({_Account("DONE").prove().job for _ in range(5)}) == 5


BAD: list[tuple[Callable[[], _Account], str, str]] = [
    (lambda: _Account("RUNNING", "FAILED", log="Traceback\n  no Milvus\n"), "ended as FAILED", "no Milvus"),
    (lambda: _Account("FAILED"), "ended as FAILED", ANSWER),
    (lambda: _Account("DONE", log=""), "ended as DONE", "it wrote nothing"),
    (lambda: _Account("DONE", log="I had the Best hit: once\n"), "ended as DONE", "I had the"),
    (lambda: _Account("RUNNING", "CANCELLED", log=""), "ended as CANCELLED", "it wrote nothing"),
    (lambda: _Account("RUNNING", ""), "the job is not there any more", "it wrote nothing"),
    (lambda: _Account("PENDING", log="wai"), f"for {PATIENCE_SECONDS / 60:.0f} minutes", "PENDING"),
]


@pytest.mark.parametrize(("made", "reason", "more"), BAD)
def test_what_is_no_answer(made: Callable[[], _Account], reason: str, more: str) -> None:
    account = made()
    with pytest.raises(DeployError) as caught:
        account.prove()
    assert caught.value.exit_code == 1
    assert caught.value.problem.summary == "the stack did not answer"
    assert reason in (caught.value.problem.detail or "")
    assert more in (caught.value.problem.detail or "")
    assert account.done() == ["EXECUTE", "DROP"]


def test_a_job_that_is_refused_leaves_nothing_to_drop() -> None:
    refused = StatementError("no", errno=3001, sqlstate="42501", query_id=None)
    account = _Account(errors={"EXECUTE": refused, "DROP": GONE})
    with pytest.raises(StatementError) as caught:
        account.prove()
    assert caught.value is refused
    assert account.done() == ["EXECUTE", "DROP"]


BUSY = StatementError("busy", errno=3001, sqlstate=None, query_id=None)


@pytest.mark.parametrize(("ended", "before"), [("DONE", []), ("FAILED", ["the stack did not answer"])])
def test_a_job_that_stays_is_told(ended: str, before: list[str]) -> None:
    account = _Account(ended, errors={"DROP": BUSY})
    with pytest.raises(LeftError) as caught:
        account.prove()
    *others, stays = caught.value.problems
    assert [problem.summary for problem in others] == before
    assert caught.value.exit_code == 4
    assert stays.summary == "the job that ran the notebook may still be there"
    assert stays.detail == "busy (error 003001)"
    drop = account.performed[-1]
    assert stays.hint == f"as role MILVUS_DEMO_JUPYTER: {drop.sql}; `spcs-milvus down` takes it along"


NO_WAY_IN = ConnectError("no way in", hint="sign in again")


@pytest.mark.parametrize("why", [BUSY, NO_WAY_IN], ids=["refused", "no way in"])
def test_ctrl_c_stays_what_ended_it_though_the_job_stays(why: DeployError) -> None:
    account = _Account("RUNNING", waits=False, errors={"DROP": why})
    with pytest.raises(StoppedError) as caught:
        account.prove()
    assert caught.value.exit_code == 130
    assert caught.value.problems[-1].summary == "the job that ran the notebook may still be there"


def test_a_job_that_nobody_can_drop_any_more_is_told() -> None:
    with pytest.raises(LeftError) as caught:
        _Account("DONE", errors={"DROP": NO_WAY_IN}).prove()
    (stays,) = caught.value.problems
    assert stays.detail == "no way in"


def test_a_bug_is_not_hidden_by_a_job_that_stays() -> None:
    bug = KeyError("ours")
    account = _Account(errors={"EXECUTE": bug, "DROP": BUSY})
    with pytest.raises(KeyError) as caught:
        account.prove()
    assert caught.value is bug
    assert account.done() == ["EXECUTE", "DROP"]


def test_ctrl_c_drops_the_job() -> None:
    account = _Account("RUNNING", waits=False)
    with pytest.raises(StoppedError):
        account.prove()
    assert account.done() == ["EXECUTE", "DROP"]


def test_a_stack_that_is_not_up() -> None:
    account = _Account("DONE")
    account.services = ()
    with pytest.raises(DeployError) as caught:
        account.prove()
    assert caught.value.problem.summary == "the notebook's service is not there"
    assert account.performed == []


def test_a_project_without_a_notebook() -> None:
    stack = declared("project: milvus-demo\njupyter: null\n")
    account = _Account("DONE")
    tools = Tools(account.query, account.perform, account.pause, lambda: 0.0, account.said.append)
    with pytest.raises(ConfigError) as caught:
        prove(stack, tools)
    assert caught.value.problem.summary == "the project has no notebook to run"
    assert account.performed == []
