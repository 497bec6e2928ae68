"""Job services: whether a service is one, whether it is over, and how it ended.

In: service objects, and the states of their containers. Out: values, and the outcome as JSON that is kept
with the job. Touches nothing. Documented: EXECUTE JOB SERVICE (a job is done when all its containers have
exited). Assumed: it has failed when all have ended and one of them not well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from spcs_emulator.account.entries import AccountObject
from spcs_emulator.runtime.api import ContainerState

_ENDED = frozenset({"DONE", "FAILED"})


@dataclass(frozen=True)
class Instance:
    """One instance as SHOW tells it. `started_on` is None until its containers were started."""

    number: int
    status: str
    started_on: datetime | None
    containers: tuple[ContainerState, ...]


def is_job(service: AccountObject) -> bool:
    """Whether the service was made by EXECUTE JOB SERVICE."""
    return bool(service.settings.get("is_job"))


def is_over(service: AccountObject) -> bool:
    """Whether it is a job that has ended or was cancelled: nothing of it runs or will run."""
    return is_job(service) and (
        service.settings["outcome"] is not None or service.settings["cancelled_on"] is not None
    )


def instance_status(containers: Sequence[ContainerState]) -> str:
    """Return PENDING, READY, FAILED or SUCCEEDED, from the states of an instance's containers."""
    found = {state.status for state in containers}
    if "FAILED" in found:
        return "FAILED"
    if found == {"DONE"}:
        return "SUCCEEDED"
    return "READY" if found and found <= {"READY", "DONE"} else "PENDING"


def outcome_of(instances: Sequence[Instance], now: datetime) -> dict[str, Any] | None:
    """Return how the job ended, as JSON; None while a container of it has not."""
    states = [state for instance in instances for state in instance.containers]
    if not {state.status for state in states} <= _ENDED:
        return None
    failed = any(state.status == "FAILED" for state in states)
    return {
        "status": "FAILED" if failed else "DONE",
        "on": now.isoformat(),
        "instances": [_instance_json(instance) for instance in instances],
    }


def ended_instances(service: AccountObject) -> list[Instance]:
    """Return the instances of a job that is over as they ended; none of one that was cancelled."""
    outcome = service.settings["outcome"]
    return [_instance(body) for body in outcome["instances"]] if outcome else []


def ended_on(service: AccountObject) -> datetime | None:
    """Return when the job ended or was cancelled, None while it is not over."""
    if not is_over(service):
        return None
    outcome = service.settings["outcome"]
    return datetime.fromisoformat(outcome["on"] if outcome else service.settings["cancelled_on"])


def _instance_json(instance: Instance) -> dict[str, Any]:
    body = asdict(instance)
    body["started_on"] = _text(instance.started_on)
    for state in body["containers"]:
        for name in ("start_time", "last_restart_time"):
            state[name] = _text(state[name])
    return body


def _instance(body: Mapping[str, Any]) -> Instance:
    states = []
    for state in body["containers"]:
        times = {name: _time(state[name]) for name in ("start_time", "last_restart_time")}
        states.append(ContainerState(**{**state, **times}))
    return Instance(body["number"], body["status"], _time(body["started_on"]), tuple(states))


def _text(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
