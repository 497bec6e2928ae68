"""Functions that wait for services: SPCS_WAIT_FOR, SYSTEM$WAIT_FOR_SERVICES, SYSTEM$GET_SERVICE_STATUS.

In: services and how long to wait, by the account's clock. Out: answers that come later, or the error that
says how far they got. Touches nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from spcs_emulator.account.context import Context, World
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.jobs import is_job, is_over
from spcs_emulator.account.pending import Pending
from spcs_emulator.faults import INVALID_VALUE, NOT_FOUND, WAITED_IN_VAIN
from spcs_emulator.objects.service_views import service_status

# Documented: DESCRIBE SERVICE, column status.
SERVICE_STATES = ("PENDING", "RUNNING", "FAILED", "SUSPENDING", "SUSPENDED", "DELETING", "DELETED")
JOB_STATES = ("PENDING", "RUNNING", "FAILED", "DONE", "CANCELLING", "CANCELLED")
_READY = frozenset({"READY", "DONE"})
# A day; longer than a statement may take on Snowflake is asked for by mistake.
LONGEST_SECONDS = 86_400 * 2


@dataclass(frozen=True)
class Wait:
    """What is waited for: services (by key and name), the status they should get to, until when."""

    services: tuple[tuple[str, str], ...]
    wanted: str
    until: datetime


def wait_for(context: Context, service: AccountObject, wanted: Any, seconds: Any) -> Pending[str]:
    """Return an answer once the service has the status. Any privilege on the service suffices (documented).

    001008 for a status that there is none of, 395032 when time is over or it cannot be reached any more.
    """
    context.access.require(service, "USAGE", "MONITOR", "OPERATE")
    states = JOB_STATES if is_job(service) else SERVICE_STATES
    if str(wanted).upper() not in states:
        raise INVALID_VALUE(name="status", value=wanted, why=f": one of {', '.join(states)}")
    wait = _wait(context, [service], str(wanted).upper(), seconds)
    return Pending(partial(_reached, context.world, wait))


def wait_for_services(context: Context, services: Sequence[AccountObject], seconds: Any) -> Pending[str]:
    """Return OK once every service is ready, a job done. MONITOR is needed. 395032 when one has failed or
    time is over.
    """
    if not services:
        raise INVALID_VALUE(name="service_name", value="", why=": at least one is needed")
    for service in services:
        context.access.require(service, "MONITOR")
    wait = _wait(context, services, "READY", seconds)
    return Pending(partial(_all_ready, context.world, wait))


def wait_for_status(context: Context, service: AccountObject, seconds: Any) -> str | Pending[str]:
    """Return the status once every container is ready or done, or when time is over; at once without time."""
    text = service_status(context, service)
    if not seconds:
        return text
    wait = _wait(context, [service], "READY", seconds)
    return Pending(partial(_status_then, context, wait))


def _wait(context: Context, services: Sequence[AccountObject], wanted: str, seconds: Any) -> Wait:
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds <= LONGEST_SECONDS:
        raise INVALID_VALUE(name="timeout", value=seconds, why=f": seconds, 0 to {LONGEST_SECONDS}")
    names = tuple((service.key, context.catalogue.full_name(service)) for service in services)
    return Wait(names, wanted, context.now + timedelta(seconds=seconds))


def _reached(world: World, wait: Wait) -> str | None:
    service = _services(world, wait)[0]
    state = world.life.service_status(service)
    if state == wait.wanted:
        return f"Service {service.name} reached status {state}."
    if is_over(service) and state != "CANCELLING":
        raise _in_vain(wait, f"its status is {state}")
    _check_time(world, wait, state)
    return None


def _all_ready(world: World, wait: Wait) -> str | None:
    states = {one.name: _ready_state(world, one) for one in _services(world, wait)}
    failed = [name for name, state in states.items() if state in ("FAILED", "CANCELLING", "CANCELLED")]
    if failed:
        raise _in_vain(wait, f"{failed[0]} is {states[failed[0]]}")
    if set(states.values()) <= _READY:
        return "OK"
    _check_time(world, wait, ", ".join(sorted(set(states.values()))))
    return None


def _ready_state(world: World, service: AccountObject) -> str:
    """A service is READY when it runs; a job that runs is not done yet."""
    state = world.life.service_status(service)
    return "READY" if state == "RUNNING" and not is_job(service) else state


def _status_then(asked: Context, wait: Wait) -> str | None:
    world = asked.world
    (service,) = _services(world, wait)
    instances = world.life.instances(service)
    settled = all(state.status in _READY for instance in instances for state in instance.containers)
    if settled or world.clock.now() >= wait.until:
        return service_status(Context(world, asked.session, asked.query), service)
    return None


def _services(world: World, wait: Wait) -> list[AccountObject]:
    found = []
    for key, name in wait.services:
        service = world.catalogue.get(key)
        if service is None:
            raise NOT_FOUND(kind="Service", name=name)
        found.append(service)
    return found


def _check_time(world: World, wait: Wait, state: str) -> None:
    if world.clock.now() >= wait.until:
        raise _in_vain(wait, f"time is over and the status is {state}")


def _in_vain(wait: Wait, why: str) -> Exception:
    names = ", ".join(name for _, name in wait.services)
    return WAITED_IN_VAIN(names=names, wanted=wait.wanted, why=why)
