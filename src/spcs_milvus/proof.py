"""The proof that the stack answers: its notebook, run as a job inside the account's network.

Comes in: the declared resources and functions (``query`` answers looks, ``perform`` runs a statement). Goes
out: the :class:`Proof`, or DeployError with what the job last wrote. The job is dropped whatever happened;
one that stays is told.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from spcs_milvus import settling
from spcs_milvus.components import jupyter
from spcs_milvus.errors import ConfigError, DeployError, LeftError, Problem, StoppedError
from spcs_milvus.kinds import service
from spcs_milvus.observe import Query, observe
from spcs_milvus.resource import Actual, Presence, Resource
from spcs_milvus.settling import in_time, settled
from spcs_milvus.states import is_suspended
from spcs_milvus.steps import Answer, Look, Statement

# a node that has to come up first takes minutes, the notebook itself seconds
PATIENCE_SECONDS = 1200.0
PAUSE_SECONDS = 1.0
_GOES_ON = ("PENDING", "RUNNING")
# the notebook's last words, after it has asserted which sentence that is
_ANSWER = "Best hit: "


@dataclass(frozen=True)
class Proof:
    """The line in which the notebook told its ``answer``, from which ``job``, and after how many seconds."""

    job: str
    answer: str
    seconds: float


@dataclass(frozen=True)
class Tools:
    """What a proof works with; ``clock`` counts seconds, ``progress`` is told each new state."""

    query: Query
    perform: Callable[[Statement], None]
    pause: Callable[[float], None]
    clock: Callable[[], float]
    progress: Callable[[str], object]


def prove(resources: Collection[Resource], tools: Tools) -> Proof:
    """Runs the notebook once.

    Raises ConfigError for a project without a notebook, DeployError when it is not deployed or the job cannot
    be run, fails, does not end in time, or ends without an answer, LeftError when the job stays.
    """
    found = (one for one in resources if one.address.kind == "service" and one.name.last == jupyter.SERVICE)
    notebook = next(found, None)
    if notebook is None:
        hint = "leave `jupyter: null` out of the project file"
        raise ConfigError("the project has no notebook to run", hint=hint)
    seen = observe([notebook], tools.query, without=frozenset({"describe"}))
    if seen.actual[notebook.address].presence is Presence.ABSENT:
        hint = "make it with `spcs-milvus up`"
        raise DeployError("the notebook's service is not there", place=str(notebook.address), hint=hint)
    if is_suspended(seen.actual[notebook.address]):
        # a job would start the pool that somebody paused
        hint = "wake it up with `spcs-milvus resume`"
        raise DeployError("the notebook's service is paused", place=str(notebook.address), hint=hint)
    job = jupyter.verification(notebook)
    run, drop = service.job_statements(job)
    began = tools.clock()
    with _dropped_afterwards(job, drop, tools):
        _settled(job, run, tools)
        status = _until_over(job, tools)
        log = _log(job, tools)
        answer = next((line for line in reversed(log.splitlines()) if line.startswith(_ANSWER)), None)
        if status != "DONE" or answer is None:
            raise _not_proved(job, f"the job ended as {status}", log)
    return Proof(job.name.last, answer, tools.clock() - began)


@contextmanager
def _dropped_afterwards(job: Resource, drop: Statement, tools: Tools) -> Iterator[None]:
    """There is none where it was refused, or somebody has taken it away already. One that stays is told
    behind what went wrong before, unless that was a bug.
    """
    try:
        yield
    except DeployError as error:
        if stays := _not_dropped(job, drop, tools):
            told = StoppedError if isinstance(error, StoppedError) else LeftError
            raise told.of((*error.problems, stays)) from error
        raise
    except BaseException:
        _not_dropped(job, drop, tools)
        raise
    if stays := _not_dropped(job, drop, tools):
        raise LeftError.of([stays])


def _until_over(job: Resource, tools: Tools) -> str:
    """The status the job ended with."""
    began, told = tools.clock(), ""
    while True:
        status, message = _state(job, tools)
        if status not in _GOES_ON:
            return status
        if message != told:
            tools.progress(message)
            told = message
        if tools.clock() - began > PATIENCE_SECONDS:
            reason = f"for {PATIENCE_SECONDS / 60:.0f} minutes it did not end: {message}"
            raise _not_proved(job, reason, _log(job, tools))
        tools.pause(PAUSE_SECONDS)


def _state(job: Resource, tools: Tools) -> tuple[str, str]:
    """Its status (documented: DESCRIBE SERVICE, to poll for completion), and what its container says."""
    looks = service.KIND.looks(job)

    def shown() -> Mapping[Look, Answer] | None:
        answers = tools.query([looks["describe"], looks["containers"]])
        described = answers[looks["describe"]]
        return answers if described.rows or described.refused else None

    answers = in_time(shown, tools.pause)
    if answers is None:
        raise _not_proved(job, "the job is not there any more", "")
    described = answers[looks["describe"]]
    if not described.rows:
        raise _not_proved(job, described.refused or "", "")
    status = str(described.rows[0]["status"])
    found = service.containers(answers[looks["containers"]].rows)
    return status, next((str(one["message"]) for one in found if one["message"]), status)


def _log(job: Resource, tools: Tools) -> str:
    (answer,) = tools.query([service.log_look(job, "0", jupyter.VERIFY)]).values()
    return str(next(iter(answer.rows[0].values())) or "") if answer.rows else ""


def _settled(job: Resource, statement: Statement, tools: Tools) -> None:
    """Runs a statement on the job, of whose name there is no other."""

    def seen() -> Actual:
        return observe([job], tools.query).actual[job.address]

    settled(
        job, statement, settling.Tools(lambda: tools.perform(statement), seen, tools.pause, tools.progress)
    )


def _not_dropped(job: Resource, drop: Statement, tools: Tools) -> Problem | None:
    """Drops it; why it may still be there, None when it is gone."""
    try:
        _settled(job, drop, tools)
    except DeployError as error:
        return _stays(job, drop, error.problem)
    return None


def _stays(job: Resource, drop: Statement, problem: Problem) -> Problem:
    hint = f"as role {drop.role}: {drop.sql}; `spcs-milvus down` takes it along"
    detail = f"{problem.summary} ({problem.detail})" if problem.detail else problem.summary
    return Problem("the job that ran the notebook may still be there", detail, str(job.name), hint)


def _not_proved(job: Resource, reason: str, log: str) -> DeployError:
    tail = f"\nlast lines it wrote:\n{log.strip()}" if log.strip() else "; it wrote nothing"
    hint = "look at `spcs-milvus status` and `spcs-milvus logs milvus`"
    return DeployError("the stack did not answer", detail=reason + tail, place=str(job.name), hint=hint)
