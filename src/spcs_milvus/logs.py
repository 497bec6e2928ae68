"""What a container has written: which container is meant, and the end of its log.

Comes in: the declared resources, what a person asks for, and ``query`` (answers looks). Goes out: a
:class:`Log`, or an error that names what there is instead.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from spcs_milvus.errors import ConfigError, DeployError, nearest
from spcs_milvus.kinds.service import log_look
from spcs_milvus.observe import Query, observe
from spcs_milvus.resource import Presence, Resource
from spcs_milvus.states import is_suspended


@dataclass(frozen=True)
class Wanted:
    """Which log: of a ``service`` by its own name in any case, of its only ``container`` and its first
    ``instance`` where those are None. ``previous`` is what the container wrote before it was last restarted.
    """

    service: str
    container: str | None = None
    instance: int | None = None
    lines: int = 100
    previous: bool = False
    timestamps: bool = False


@dataclass(frozen=True)
class Log:
    """The last lines of one container, as they are."""

    service: str
    instance: str
    container: str
    text: str


def log(resources: Collection[Resource], wanted: Wanted, query: Query) -> Log:
    """The log that is wanted.

    Raises ConfigError for a service, instance or container that there is not, DeployError for a service that
    has no container now or may not be looked at.
    """
    service = _service(resources, wanted.service)
    found = _containers(service, query)
    instance = _instance(service, wanted, found)
    names = [container["name"] for container in found if container["instance"] == instance]
    container = _container(service, wanted, names)
    look = log_look(service, instance, container, wanted.lines, wanted.previous, wanted.timestamps)
    (answer,) = query([look]).values()
    if not answer.rows:
        raise _cannot(service, "shows no log", answer.refused, "run the command again")
    (text,) = answer.rows[0].values()
    return Log(service.name.last, instance, container, str(text or ""))


def _service(resources: Collection[Resource], asked: str) -> Resource:
    known = {one.name.last.upper(): one for one in resources if one.address.kind == "service"}
    if asked.upper() not in known:
        names = [name.lower() for name in known]
        raise ConfigError(
            f"there is no service `{asked}`",
            detail=f"known: {', '.join(names)}",
            hint=nearest("name one of them", asked.lower(), names),
        )
    return known[asked.upper()]


def _containers(service: Resource, query: Query) -> list[dict[str, Any]]:
    """The containers there are now, at least one."""
    seen = observe([service], query, without=frozenset({"describe"}))
    actual, shown = seen.actual[service.address], seen.answers[service.address]["containers"]
    if actual.presence is Presence.ABSENT:
        raise _cannot(service, "is not there", None, "make it with `spcs-milvus up`")
    if reason := actual.reason or shown.refused:
        raise _cannot(
            service, "may not be looked at", reason, "use a connection that may take its owner's role"
        )
    found: list[dict[str, Any]] = actual.live["containers"]
    if found:
        return found
    state = f"its status is {actual.live['status']}"
    if is_suspended(actual):
        raise _cannot(
            service, "has no container while it is suspended", state, "wake it up with `spcs-milvus resume`"
        )
    raise _cannot(service, "has no container yet", state, "look at `spcs-milvus status --watch`")


def _instance(service: Resource, wanted: Wanted, found: list[dict[str, Any]]) -> str:
    known = sorted({container["instance"] for container in found}, key=int)
    if wanted.instance is None:
        return str(known[0])
    if str(wanted.instance) not in known:
        summary = f"the service {service.name.last} has no instance {wanted.instance}"
        raise ConfigError(summary, detail=f"running: {', '.join(known)}")
    return str(wanted.instance)


def _container(service: Resource, wanted: Wanted, names: list[str]) -> str:
    detail = f"its containers: {', '.join(names)}"
    if wanted.container is None:
        if len(names) > 1:
            hint = f"name one: `spcs-milvus logs {wanted.service} {names[0]}`"
            raise ConfigError(
                f"the service {service.name.last} has more than one container", detail=detail, hint=hint
            )
        return names[0]
    if wanted.container not in names:
        hint = nearest("name one of them", wanted.container, names)
        summary = f"the service {service.name.last} has no container `{wanted.container}`"
        raise ConfigError(summary, detail=detail, hint=hint)
    return wanted.container


def _cannot(service: Resource, what: str, detail: str | None, hint: str) -> DeployError:
    summary = f"the service {service.name.last} {what}"
    return DeployError(summary, detail=detail, place=str(service.address), hint=hint)
