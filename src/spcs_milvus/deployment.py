"""The flow: what each command that changes something does, as a few calls to the stages, which are handed the
functions of the doors.

Comes in: a target of ``opening``, and who hears events. Goes out: plans and reports. What the stages decide
stands there; here is only the order in which they are asked.
"""

import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from spcs_milvus import rotation
from spcs_milvus.adoption import plan_adoption
from spcs_milvus.apply import Emit, Status
from spcs_milvus.container_image import ContainerImage
from spcs_milvus.declaration import forget_passwords, kept_passwords
from spcs_milvus.entry import judged, judged_up, reach
from spcs_milvus.errors import ConfigError, Problem, nearest
from spcs_milvus.image_plans import ANYTHING, Allowed, allowed, builds
from spcs_milvus.names import Name
from spcs_milvus.observe import Observation, listing, observe
from spcs_milvus.opening import Target, counts, watched
from spcs_milvus.orphans import ordered, strangers, swept, too_many
from spcs_milvus.ownership import Ownership, ownership
from spcs_milvus.pausing import plan_pause, plan_resume
from spcs_milvus.plan import Action, Plan, plan_up
from spcs_milvus.reach import within_up
from spcs_milvus.receipt import Receipt
from spcs_milvus.report import Report, overlooked, still_there
from spcs_milvus.resource import Address, Presence, Resource, address
from spcs_milvus.running import Outcomes, carry_out
from spcs_milvus.sight import in_sight
from spcs_milvus.status import status
from spcs_milvus.sweeping import contents_of, undeclared
from spcs_milvus.targets import address_of, only_down, only_up
from spcs_milvus.teardown import plan_down


@dataclass(frozen=True)
class Planned:
    """A plan and the observation it was made from."""

    plan: Plan
    observation: Observation = field(repr=False)


# --- the commands -------------------------------------------------------------------------------------


def make_plan(
    on: Target,
    rotate: Collection[str] = (),
    targets: Collection[str] = (),
    allow_deletions: bool = False,
    images: Allowed = ANYTHING,
) -> Planned:
    """What ``up`` would do; ``rotate`` names secrets that are to be set again (of ``rotation.asked_for``),
    ``images`` says whether images may be built and pushed.

    With ``targets`` only these and what they need. Unless ``allow_deletions``, a plan that drops most of what
    is ours is a conflict. Raises ConfigError for a target that is no address, and where the targets leave
    out a part of the rotation. The engine is asked only where images may not be built; then raises
    ConnectError when none answers.
    """
    observation = _observe_all(on)
    admin = on.loaded.project.roles.account_admin
    left, contents = undeclared(on.account, on.resources, observation, admin, thoroughly=False)
    secrets = [resource for resource in on.resources if resource.address.kind == "secret"]
    rotated = [resource.address for resource in secrets if resource.name.last in rotate]
    plan = plan_up(on.resources, observation, tuple(left), rotated)
    plan = replace(plan, kept=(*plan.kept, *_half_told(on.resources, observation)))
    plan = only_up(swept(plan, left, contents), targets)
    rotation.check_whole(on.resources, plan.left_out, rotated)
    problem = None if allow_deletions else too_many(plan, on.resources, observation, left)
    plan = replace(plan, conflicts=(*plan.conflicts, *([problem] if problem else [])))
    plan = judged_up(on.loaded, on.account, plan, observation, rotated)
    return Planned(allowed(plan, images, partial(_engine_has, on)), observation)


def up(on: Target, planned: Planned, emit: Emit, stop: threading.Event) -> Report:
    """Runs a plan of :func:`make_plan` and looks again: success is what the account shows.

    Once ``stop`` is set nothing new is started and nothing is waited for. Before the first write raises
    RefusedError when the plan has conflicts, ConnectError when it builds and no engine answers, StoppedError
    when ``stop`` was set.
    """
    plan = planned.plan
    build = next(builds(plan), None)
    if build and not plan.conflicts:
        on.engine.find(build.name, build.image)
    dropped = [plan.resources[one.address] for one in plan.changes if one.action is Action.DELETE]
    wanted = [resource for resource in on.resources if resource.address in plan.resources]

    def amiss(outcomes: Outcomes, seen: Observation) -> tuple[Problem, ...]:
        if len(outcomes) < len(plan.changes) or any(one.status is not Status.DONE for one in outcomes):
            return ()
        again = within_up(plan_up(wanted, seen), seen, reach(on.loaded, on.account))
        return (*_unfinished(again), *still_there(plan, outcomes, seen))

    known = None if plan.changes else planned.observation
    strays = _with_a_password(on)
    run = carry_out(on, plan, emit, stop, [*on.resources, *dropped, *strays], amiss, known)
    shown = status(on.loaded.project.project, on.resources, run.seen) if run.seen else None
    removed = _forget_passwords(on, [*dropped, *strays], run.seen)
    return run.report(counts(on), shown=shown, removed=removed)


def make_down_plan(
    on: Target, agreed: Collection[str] = (), targets: Collection[str] = (), *, keep_data: bool = False
) -> Plan:
    """What ``down`` would do: everything ours, except containers that hold something of others.

    ``agreed`` are addresses of what may go along though it is not ours; with ``keep_data`` what holds data
    stays. With ``targets`` only these and what stands on them. Raises ConfigError for what is no address.
    """
    along = [address(text) for text in agreed]
    observation = _observe_all(on)
    admin = on.loaded.project.roles.account_admin
    left, contents = undeclared(on.account, on.resources, observation, admin, thoroughly=True)
    actual = {**observation.actual, **{resource.address: seen for resource, seen in left.items()}}
    everything = ordered(on.resources, tuple(left))
    seen = Observation(actual, observation.answers)
    plan = plan_down(everything, seen, strangers(everything, contents, actual), along, keep_data=keep_data)
    return judged(on.loaded, on.account, only_down(plan, targets), seen)


def down(on: Target, plan: Plan, emit: Emit, stop: threading.Event) -> Report:
    """Runs a plan of :func:`make_down_plan` and looks again; what is still there is a leftover.

    Raises RefusedError before the first write when the plan has conflicts, StoppedError when ``stop`` was set
    before it.
    """
    # a user that never came to be has a password here all the same, where the answer to its CREATE was lost
    resources = [plan.resources[one] for one in (*(change.address for change in plan.changes), *plan.absent)]
    resources += _with_a_password(on)

    def amiss(outcomes: Outcomes, seen: Observation) -> tuple[Problem, ...]:
        return (*still_there(plan, outcomes, seen), *overlooked(plan, seen))

    run = carry_out(on, plan, emit, stop, resources, amiss)
    return run.report(counts(on), plan.kept, removed=_forget_passwords(on, resources, run.seen))


def receipt(on: Target, plan: Plan, file: Path) -> Receipt:
    """The receipt of a plan that is about to be run. Raises ConfigError when it cannot be written."""
    head = {
        "project": on.loaded.project.project,
        "environment": on.loaded.environment,
        "connection": on.name,
        "account": on.account.identity.account,
        "user": on.account.identity.user,
    }
    return Receipt(file, head, plan, lambda: datetime.now(UTC))


def make_pause_plan(on: Target, agreed: Collection[str] = ()) -> Plan:
    """What ``pause`` would do; ``agreed`` names services that may lose what is on no volume.

    Raises ConfigError for a name that is none of the project's services.
    """
    services = {str(one.address): one.address for one in on.resources if one.address.kind == "service"}
    if unknown := [name for name in agreed if name not in services]:
        raise ConfigError(
            f"there is no service `{unknown[0]}` that could lose anything",
            detail=f"known: {', '.join(services)}",
            hint=nearest("name one of them", unknown[0], list(services)),
        )
    observation = observe(watched(on), on.account.query)
    contents = contents_of(on.account, observation, watched(on))
    plan = plan_pause(on.resources, observation, contents, [services[name] for name in agreed])
    return judged(on.loaded, on.account, plan, observation)


def make_resume_plan(on: Target) -> Plan:
    """What ``resume`` would do."""
    observation = observe(watched(on), on.account.query)
    return judged(on.loaded, on.account, plan_resume(on.resources, observation), observation)


def rest(on: Target, plan: Plan, emit: Emit, stop: threading.Event) -> Report:
    """Runs a plan of :func:`make_pause_plan` or :func:`make_resume_plan` and looks again; what is not as the
    plan wanted it is a leftover. Raises as :func:`down` does.
    """
    run = carry_out(on, plan, emit, stop, watched(on), partial(still_there, plan))
    shown = status(on.loaded.project.project, on.resources, run.seen) if run.seen else None
    return run.report(counts(on), plan.kept, shown)


def make_adoption(on: Target, address: str) -> Plan:
    """What ``adopt`` would do. Raises ConfigError for what is no address of the project."""
    wanted = address_of(address, [resource.address for resource in on.resources])
    (resource,) = (one for one in on.resources if one.address == wanted)
    seen = observe([resource], on.account.query)
    return judged(on.loaded, on.account, plan_adoption(resource, seen.actual[wanted]), seen)


def adopt(on: Target, plan: Plan, emit: Emit, stop: threading.Event) -> Report:
    """Runs a plan of :func:`make_adoption` and looks again: it is ours when the account shows its mark.
    Raises as :func:`down` does.
    """

    def amiss(outcomes: Outcomes, seen: Observation) -> tuple[Problem, ...]:
        done = [one.change.address for one in outcomes if one.status is Status.DONE]
        return tuple(
            Problem(f"{address} is not ours yet", None, str(address), "run the command again")
            for address in done
            if ownership(plan.resources[address], seen.actual[address]) is not Ownership.OURS
        )

    run = carry_out(on, plan, emit, stop, list(plan.resources.values()), amiss)
    return run.report(counts(on))


# --- what they share ----------------------------------------------------------------------------------


def _observe_all(on: Target) -> Observation:
    """What there is of the resources, and of what may have left the project file."""
    project = on.loaded.project
    beside = listing(project.roles.security_admin, Name.of(project.database))
    seen = observe([*on.resources, *_with_a_password(on)], on.account.query, beside=beside)
    return in_sight(on.resources, seen, reach(on.loaded, on.account))


def _engine_has(on: Target, name: str, image: ContainerImage) -> bool:
    return on.engine.find(name, image) is not None


def _half_told(resources: Collection[Resource], observation: Observation) -> Iterator[Problem]:
    """Passwords that a run made up and did not live to tell."""
    for resource in resources:
        generated = resource.detail.get("generated")
        if generated and observation.actual[resource.address].presence is Presence.PRESENT:
            for draft in generated.drafts():
                summary = f"a run that was cut short left what may be the password of {resource.address}"
                hint = (
                    "sign in with it; where that is refused, ALTER USER … SET PASSWORD; then delete the file"
                )
                yield Problem(summary, None, str(draft), hint)


def _forget_passwords(
    on: Target, resources: Collection[Resource], seen: Observation | None
) -> tuple[Path, ...]:
    """Removes the files of those of the users that are not to be seen any more."""
    addresses = dict.fromkeys(resource.address for resource in resources)
    there = seen.actual if seen else {}
    gone = [one for one in addresses if one in there and there[one].presence is Presence.ABSENT]
    return forget_passwords(on.loaded, on.name, gone)


def _with_a_password(on: Target) -> list[Resource]:
    """The users that are not declared and have a password here all the same: their drop may have been cut
    short before it was forgotten, or they are another environment's.
    """
    roles = on.loaded.project.roles
    declared = {resource.address for resource in on.resources}
    addresses = (Address("user", name) for name in kept_passwords(on.loaded, on.name))
    return [
        Resource(one, Name.of(one.name), roles.user_admin, roles.security_admin, {})
        for one in addresses
        if one not in declared
    ]


def _unfinished(again: Plan) -> tuple[Problem, ...]:
    """What a second plan would still do, as problems."""
    changes = (Problem(f"{c.address} is not as declared", c.because, str(c.address)) for c in again.changes)
    return (*again.conflicts, *changes)
