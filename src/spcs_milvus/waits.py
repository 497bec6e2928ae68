"""Waiting for a service, with a word on what it is doing and an end when it is stuck.

Comes in: the wait and the functions ``query`` (answers looks), ``logs`` (a container's last lines), ``pause``
and ``clock``. Goes out: nothing, or NotReadyError with the reason and what the container last wrote.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from spcs_milvus.errors import NotReadyError
from spcs_milvus.kinds.service import containers, endpoints
from spcs_milvus.observe import Query
from spcs_milvus.settling import in_time
from spcs_milvus.steps import Answer, Rest, Wait

# Snowflake publishes no figures; two to five minutes for a node and up to five for an address are what people
# report
NODE_SECONDS = 1200.0
PHASE_SECONDS = 900.0
# a pull that fails is tried again, and what a failed one before this wait has left is shown for a while
PULL_SECONDS = 30.0
# containers get 30 s to end (documented), nodes took a minute in what others report
REST_SECONDS = 600.0
# a container that came up this often and died each time will not stay up by itself
MAX_RESTARTS = 3
FIRST_PAUSE_SECONDS = 0.2
LAST_PAUSE_SECONDS = 5.0


@dataclass(frozen=True)
class Waiting:
    """What a wait works with. ``logs`` takes an instance and a container; ``clock`` counts seconds."""

    query: Query
    logs: Callable[[str, str], str]
    pause: Callable[[float], None]
    clock: Callable[[], float]
    progress: Callable[[str], None]


def until_ready(wait: Wait, tools: Waiting) -> None:
    """Returns when every container is ready and every public endpoint has its address.

    Raises NotReadyError when a container keeps dying, or one phase lasts longer than its limit.
    """
    phase, since, pause = "", tools.clock(), FIRST_PAUSE_SECONDS
    before: dict[str, int] | None = None
    while True:
        found, shown = _look(wait, tools)
        before = before or {container["name"]: container["restarts"] for container in found}
        now = _phase(found, shown)
        if now is None:
            return
        if now != phase:
            phase, since = now, tools.clock()
            tools.progress(phase)
        _give_up_on_crashes(wait, tools, found, before)
        limit = _limit(phase)
        if tools.clock() - since > limit:
            lasted = f"{limit / 60:.0f} minutes" if limit >= PHASE_SECONDS else f"{limit:.0f} seconds"
            raise _not_ready(wait, f"for {lasted}: {phase}", _tail(tools, found))
        tools.pause(pause)
        pause = min(pause * 1.5, LAST_PAUSE_SECONDS)


@dataclass(frozen=True)
class Resting:
    """What waiting for rest works with. ``state`` is Snowflake's word for it; ``clock`` counts seconds."""

    state: Callable[[], str]
    pause: Callable[[float], None]
    clock: Callable[[], float]
    progress: Callable[[str], None]


def until_suspended(rest: Rest, tools: Resting) -> None:
    """Returns when what is to rest is suspended.

    Raises NotReadyError when it is gone, or takes longer than the limit.
    """
    name = str(rest.address)
    began, seconds, said = tools.clock(), FIRST_PAUSE_SECONDS, ""
    while (state := in_time(lambda: _there(tools), tools.pause)) != "SUSPENDED":
        if state is None:
            raise NotReadyError(f"{name} is not there any more", place=name)
        if tools.clock() - began > REST_SECONDS:
            detail = f"it is {state} after {REST_SECONDS / 60:.0f} minutes"
            hint = "look at `spcs-milvus status`; the same command goes on from here"
            raise NotReadyError(f"{name} did not come to rest", detail=detail, place=name, hint=hint)
        if state != said:
            tools.progress(state)
            said = state
        tools.pause(seconds)
        seconds = min(seconds * 1.5, LAST_PAUSE_SECONDS)


def _there(tools: Resting) -> str | None:
    """The state; None when there is nothing that could have one."""
    state = tools.state()
    return None if state == "ABSENT" else state


def _look(wait: Wait, tools: Waiting) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    answers = in_time(lambda: _shown(wait, tools), tools.pause)
    if answers is None:
        raise _not_ready(wait, "the service is not there any more", None)
    if refused := next((answer.refused for answer in answers.values() if answer.refused), None):
        raise _not_ready(wait, refused, None)
    return containers(answers["containers"].rows), endpoints(answers["endpoints"].rows)


def _shown(wait: Wait, tools: Waiting) -> Mapping[str, Answer] | None:
    """None when there is no such service."""
    given = tools.query(list(wait.looks.values()))
    answers = {part: given[look] for part, look in wait.looks.items()}
    return None if answers["containers"].missing else answers


def _phase(found: list[dict[str, Any]], shown: list[dict[str, Any]]) -> str | None:
    """What is being waited for, in Snowflake's own words; None when nothing is."""
    if not found:
        return "waiting for an instance"
    for container in found:
        if container["status"] != "READY":
            return f"{container['name']}: {container['message'] or container['status']}"
    unaddressed = [endpoint["name"] for endpoint in shown if endpoint["public"] and not endpoint["url"]]
    return f"waiting for the address of {', '.join(unaddressed)}" if unaddressed else None


def _limit(phase: str) -> float:
    """How many seconds a phase may last (documented: SHOW SERVICE CONTAINERS, the messages while PENDING)."""
    if "provisioned" in phase:
        return NODE_SECONDS
    return PULL_SECONDS if "Failed to pull image" in phase else PHASE_SECONDS


def _give_up_on_crashes(
    wait: Wait, tools: Waiting, found: list[dict[str, Any]], before: Mapping[str, int]
) -> None:
    """Counts the restarts since the wait began; older ones say nothing about what was just started."""
    for container in found:
        again = container["restarts"] - before.get(container["name"], 0)
        if container["status"] != "READY" and again >= MAX_RESTARTS:
            message = f"{container['name']} died {again} times: {container['message']}"
            raise _not_ready(wait, message, _tail(tools, [container]))


def _tail(tools: Waiting, found: list[dict[str, Any]]) -> str | None:
    """The last lines of the first container that is not ready."""
    stuck = next((container for container in found if container["status"] != "READY"), None)
    return tools.logs(stuck["instance"], stuck["name"]).strip() or None if stuck else None


def _not_ready(wait: Wait, reason: str, tail: str | None) -> NotReadyError:
    detail = reason if tail is None else f"{reason}\nlast lines it wrote:\n{tail}"
    log = f"`spcs-milvus logs {wait.service.name.rpartition('.')[2].lower()}`"
    return NotReadyError(
        f"{wait.service} did not become ready",
        detail=detail,
        place=str(wait.service),
        hint=f"look at `spcs-milvus status` and {log}; `spcs-milvus up` goes on from here",
    )
