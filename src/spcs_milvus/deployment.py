"""The flow: what each command does, as a few calls to the stages. Opens the doors and hands their functions
to the stages.

Comes in: a loaded project, how to reach the account, and who hears events. Goes out: plans, reports,
statuses. What the stages decide stands there; here is only the order in which they are asked.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spcs_milvus import assets, components
from spcs_milvus.apply import Emit, Outcome, Status, apply
from spcs_milvus.config import Loaded
from spcs_milvus.context import Context
from spcs_milvus.errors import ConfigError, ConnectError, Problem, RefusedError, StoppedError
from spcs_milvus.kinds import database
from spcs_milvus.observe import Observation, observe
from spcs_milvus.performing import performer
from spcs_milvus.plan import CONTAINERS, Plan, plan_down, plan_up
from spcs_milvus.process_image import process_image
from spcs_milvus.project import nearest
from spcs_milvus.report import Counts, Report
from spcs_milvus.resource import Address, Presence, Resource
from spcs_milvus.session import Account, known_connections, reachable
from spcs_milvus.status import LOOKED_AT, StackStatus, status


@dataclass(frozen=True)
class Connection:
    """How to reach an account: the connector's ``options``, and which images its runtime runs (``process`` or
    ``container``).
    """

    name: str
    options: Mapping[str, Any] = field(repr=False)
    image_format: str = "container"


@dataclass(frozen=True)
class Target:
    """A project, its account, and what both come to: everything the commands work on."""

    loaded: Loaded
    resources: tuple[Resource, ...]
    account: Account
    pause: Callable[[float], object] | None = None


@contextmanager
def target(
    loaded: Loaded,
    connection: Connection,
    pause: Callable[[float], object] | None = None,
    more: Callable[[tuple[Resource, ...]], tuple[Resource, ...]] = lambda resources: resources,
) -> Iterator[Target]:
    """Declares the project's resources and signs in; ends the sessions afterwards.

    ``more`` may add resources to those of the project; ``pause`` waits between looks (None: real seconds that
    Ctrl-C ends). Raises ConfigError for what cannot be deployed there,
    ConnectError when there is no way in, RefusedError when it is another account than the project is pinned
    to or the user lacks a role.
    """
    _check_connection(connection)
    resources = more(declare(loaded, connection))
    _knock(connection)
    account = Account(connection.options)
    try:
        _check_account(loaded, account)
        _check_roles(loaded, account)
        yield Target(loaded, resources, account, pause)
    finally:
        account.close()


@dataclass(frozen=True)
class Planned:
    """A plan and the observation it was made from."""

    plan: Plan
    observation: Observation = field(repr=False)


def declare(loaded: Loaded, connection: Connection) -> tuple[Resource, ...]:
    """Everything the project declares on an account of that kind; reads the image folders."""
    project = loaded.project
    folders = components.image_folders(project)
    if folders and connection.image_format != "process":
        raise ConfigError(
            "container images are not built yet",
            detail=f"{connection.name} runs containers; to be built: {', '.join(folders.values())}",
            place=str(loaded.file),
            hint="push them by hand and name each, `image: {reference: /db/schema/repo/name:tag}`",
        )
    images = {name: process_image(_folder(loaded.file, path)) for name, path in folders.items()}
    return components.resources(project, Context(project.project, project.roles.security_admin, images))


# --- the commands -------------------------------------------------------------------------------------


def make_plan(on: Target) -> Planned:
    """What ``up`` would do."""
    observation = observe(on.resources, on.account.query)
    return Planned(plan_up(on.resources, observation), observation)


def up(on: Target, planned: Planned, emit: Emit) -> Report:
    """Runs a plan of :func:`make_plan` and looks again: success is what the account shows.

    Raises RefusedError before the first write when the plan has conflicts.
    """
    plan = planned.plan
    if plan.conflicts:
        raise RefusedError.of(plan.conflicts)
    began = time.monotonic()
    outcomes = _apply(on, plan, emit)
    seen = observe(on.resources, on.account.query) if plan.changes else planned.observation
    complete = all(outcome.status is Status.DONE for outcome in outcomes)
    leftovers = _unfinished(plan_up(on.resources, seen)) if complete and plan.changes else ()
    shown = status(on.loaded.project.project, on.resources, seen)
    return Report(plan, outcomes, counts(on), time.monotonic() - began, leftovers, shown)


def make_down_plan(on: Target) -> Plan:
    """What ``down`` would do: everything ours, except containers that hold something of others."""
    observation = observe(on.resources, on.account.query)
    return plan_down(on.resources, observation, _foreign(on, observation))


def down(on: Target, plan: Plan, emit: Emit) -> Report:
    """Runs a plan of :func:`make_down_plan` and looks again; what is still there is a leftover."""
    began = time.monotonic()
    outcomes = _apply(on, plan, emit)
    on.account.refresh_roles()
    gone = [plan.resources[change.address] for change in plan.changes]
    seen = observe(gone, on.account.query)
    still = tuple(
        Problem(f"{address} is still there", None, str(address))
        for address, actual in seen.actual.items()
        if actual.presence is not Presence.ABSENT
    )
    told = {str(outcome.change.address) for outcome in outcomes if outcome.status is not Status.DONE}
    leftovers = (*plan.kept, *(problem for problem in still if problem.place not in told))
    return Report(plan, outcomes, counts(on), time.monotonic() - began, leftovers)


def look(on: Target) -> StackStatus:
    """What is running now."""
    watched = [resource for resource in on.resources if resource.address.kind in LOOKED_AT]
    return status(on.loaded.project.project, watched, observe(watched, on.account.query))


def counts(on: Target) -> Counts:
    """Statements sent so far."""
    return Counts(on.account.reads, on.account.writes)


def _apply(on: Target, plan: Plan, emit: Emit) -> tuple[Outcome, ...]:
    """Runs the plan; whatever waits stops waiting once ``stop`` is set."""
    stop = threading.Event()

    def pause(seconds: float) -> None:
        (on.pause or stop.wait)(seconds)
        if stop.is_set():
            raise StoppedError("waiting was interrupted", hint="run the command again; it goes on from here")

    return apply(plan, performer(on.account, on.resources, pause), emit, stop)


# --- before the first statement -----------------------------------------------------------------------


def _folder(file: Path, path: str) -> Path:
    """An image folder: beside the project file if there is one, else the one that travels with us."""
    own = file.parent / path
    packaged = assets.images() / Path(path).name
    return own if own.is_dir() or not packaged.is_dir() else packaged


def _check_connection(connection: Connection) -> None:
    """A name that nobody wrote down is an error before anything else is looked at."""
    name = connection.options.get("connection_name")
    if name is None or name in (known := known_connections()):
        return
    raise ConfigError(
        f"there is no connection `{name}`",
        detail=f"known: {', '.join(known) or 'none'}",
        place="connections.toml",
        hint=nearest("use `-c local`, or write it down there", str(name), (*known, "local")),
    )


def _knock(connection: Connection) -> None:
    host, port = connection.options.get("host"), connection.options.get("port")
    if host and port and connection.options.get("protocol") == "http" and not reachable(str(host), int(port)):
        raise ConnectError(
            "the account cannot be reached",
            detail=f"nothing answers at {host}:{port}",
            hint="start it with `spcs-milvus local start`, or name another connection with -c",
        )


def _check_account(loaded: Loaded, account: Account) -> None:
    pinned = (loaded.project.account or account.identity.account).upper().replace("_", "-")
    if pinned != account.identity.account.replace("_", "-"):
        raise RefusedError(
            "this is another account than the project is pinned to",
            detail=f"connected to {account.identity.account}, pinned to {loaded.project.account}",
            place=f"{loaded.file}: account",
            hint="use another connection with -c, or change `account:`",
        )


def _check_roles(loaded: Loaded, account: Account) -> None:
    roles = loaded.project.roles
    wanted = (roles.account_admin, roles.security_admin, roles.user_admin)
    may = account.identity.roles
    missing = [role for role in wanted if role not in may]
    if missing:
        user = account.identity.user
        raise RefusedError(
            f"the user {user} may not take the role {missing[0]}",
            detail=f"missing: {', '.join(missing)}; it may take: {', '.join(sorted(may)) or 'none'}",
            place=f"{loaded.file}: roles",
            hint=f"GRANT ROLE {missing[0]} TO USER {user}; or name other roles under `roles:`",
        )


# --- looking again ------------------------------------------------------------------------------------


def _unfinished(again: Plan) -> tuple[Problem, ...]:
    """What a second plan would still do, as problems."""
    changes = (Problem(f"{c.address} is not as declared", c.because, str(c.address)) for c in again.changes)
    return (*again.conflicts, *changes)


def _foreign(on: Target, observation: Observation) -> dict[Address, tuple[str, ...]]:
    """For each database and schema of ours, what stands in it that we neither declared nor get with it."""
    declared = {(resource.address.kind.replace("_", " "), resource.name) for resource in on.resources}
    found: dict[Address, tuple[str, ...]] = {}
    for resource in on.resources:
        there = observation.actual[resource.address].presence is Presence.PRESENT
        if resource.address.kind != "database" or not there:
            continue
        looks = database.contents_looks(resource)
        given = on.account.query(list(looks.values()))
        inside = database.contents(resource, {part: given[shown] for part, shown in looks.items()})
        with_it = {("schema", resource.name.child(name)) for name in ("PUBLIC", "INFORMATION_SCHEMA")}
        strangers = [item for item in inside if item not in declared | with_it]
        for container in on.resources:
            if container.address.kind in CONTAINERS:
                here = (f"{title} {name}" for title, name in strangers if name.inside(container.name))
                found[container.address] = tuple(here)
    return found
