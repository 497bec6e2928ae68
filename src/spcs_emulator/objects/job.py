"""EXECUTE JOB SERVICE: jobs made, waited for and cancelled.

In: statements' values and job services. Out: results, at once or later; the catalogue changes. Documented:
EXECUTE JOB SERVICE, SPCS_CANCEL_JOB. Assumed: the answers' texts but for that of a job that is done.
"""

import uuid
from functools import partial

from spcs_emulator.account.context import Context, World
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.jobs import is_job, is_over
from spcs_emulator.account.pending import Pending
from spcs_emulator.account.results import Result, status
from spcs_emulator.faults import INVALID_VALUE, JOB_FAILED, NOT_FOUND, SERVICE_STATE
from spcs_emulator.objects.service import Service
from spcs_emulator.objects.service_checks import INSTANCE_LIMIT
from spcs_emulator.statement.values import ExecuteJob, Identifier, Name

_SERVICE = Service()


def execute_job(context: Context, statement: ExecuteJob) -> Result | Pending[Result]:
    """Make the job. The answer comes when it is done, and with ASYNC at once.

    Whatever CREATE SERVICE refuses, 001008 for REPLICAS out of range, 395031 when it ends another way.
    Assumed: a job that is waited for is cancelled with the statement.
    """
    properties = dict(statement.properties)
    name = properties.pop("NAME", None) or Name((Identifier(f"JOB_{uuid.uuid4().hex}".upper()),))
    replicas = properties.pop("REPLICAS", 1)
    if not 1 <= replicas <= INSTANCE_LIMIT:
        raise INVALID_VALUE(name="REPLICAS", value=replicas, why=f": between 1 and {INSTANCE_LIMIT}")
    waits = not properties.pop("ASYNC", False)
    counts = dict.fromkeys(("MIN_INSTANCES", "MAX_INSTANCES", "MIN_READY_INSTANCES"), replicas)
    more = {"is_job": True, "ASYNC": not waits, "outcome": None, "cancelled_on": None}
    schema = _SERVICE.home(context, name)
    job = _SERVICE.make(context, name, schema, {**properties, **counts}, more)
    if not waits:
        return status(f"Started Snowpark Container Services Job '{job.name}'.")
    return Pending(partial(_answer, context.world, job), partial(_stop, context.world, job))


def _answer(world: World, job: AccountObject) -> Result | None:
    """Return the answer of a job that is done; None while it is not over."""
    current = world.catalogue.get(job.key)
    if current is None:
        raise NOT_FOUND(kind="Service", name=job.name)
    state = world.life.service_status(current)
    if state == "DONE":
        return status(f"Job {job.name} completed successfully with status: DONE.")
    if is_over(current):
        raise JOB_FAILED(name=job.name, status=state)
    return None


def _stop(world: World, job: AccountObject) -> None:
    current = world.catalogue.get(job.key)
    if current is not None and not is_over(current):
        world.life.cancel(current)


def cancel_job(context: Context, service: AccountObject) -> str:
    """Cancel the job; OPERATE is needed. 395029 for a service that is none."""
    context.access.require(service, "OPERATE")
    if not is_job(service):
        raise SERVICE_STATE(name=service.name, why="it is not a job")
    if is_over(service):
        return f"Job {service.name} is not running."
    context.world.life.cancel(service)
    return f"Job {service.name} successfully cancelled."
