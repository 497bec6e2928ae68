"""The images of a project by themselves: where they are, what ``--no-build`` and ``--no-push`` leave of a
plan of ``up``, the plan of ``images build``.

Comes in: a plan, or images, and what the engine has. Goes out: plans. Touches nothing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from spcs_milvus.container_image import ContainerImage
from spcs_milvus.errors import ConfigError, Problem, nearest
from spcs_milvus.plan import Action, Change, Plan
from spcs_milvus.resource import Address
from spcs_milvus.steps import Build, Push


@dataclass(frozen=True)
class Image:
    """An image of the project. ``source`` is its folder as the project file writes it; ``engine`` is its id
    in the Docker engine, ``repository`` its digest in the image repository, each None where it is not there.
    """

    name: str
    tag: str
    source: str
    engine: str | None
    repository: str | None


@dataclass(frozen=True)
class Images:
    """The images of a project; ``blind`` says why nobody knows what the engine has (None: it was asked)."""

    images: tuple[Image, ...]
    blind: Problem | None = None


_Step = TypeVar("_Step", Build, Push)
Has = Callable[[str, ContainerImage], bool]
"""Whether the engine has an image of that name."""


@dataclass(frozen=True)
class Allowed:
    """What a run may do about images; ``words`` are the options that its command line names the project with,
    for hints.
    """

    build: bool = True
    push: bool = True
    words: str = ""


ANYTHING = Allowed()


def allowed(plan: Plan, may: Allowed, has: Has) -> Plan:
    """A plan of ``up`` with a conflict for each image that would have to be built or pushed though it may
    not; where the engine has what may not be built, it is pushed.
    """
    if not may.push:
        return _with_conflicts(plan, [_not_pushed(push, at, may) for at, push in _steps(plan, Push)])
    if not may.build:
        missing = [(at, build) for at, build in _steps(plan, Build) if not has(build.name, build.image)]
        plan = replace(plan, changes=tuple(map(_without_build, plan.changes)))
        return _with_conflicts(plan, [_not_built(build, at, may) for at, build in missing])
    return plan


def builds(plan: Plan) -> Iterator[Build]:
    """What a plan builds where the engine does not have it."""
    return (build for _, build in _steps(plan, Build))


def plan_build(images: Mapping[str, ContainerImage]) -> Plan:
    """The plan that builds these images, by their names, and does nothing else."""
    return Plan(
        tuple(
            Change(
                Address("image", f"{name}:{image.tag}"),
                Action.CREATE,
                "it was asked for",
                (Build(name, image),),
            )
            for name, image in images.items()
        )
    )


def chosen(asked: Collection[str], known: Collection[str]) -> tuple[str, ...]:
    """The names asked for, each once; all that are known where none is. Raises ConfigError for one that is
    not known.
    """
    for name in asked:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise ConfigError(
                f"the project builds no image `{name}`",
                detail=f"it builds: {listed}",
                hint=nearest("name one of these, or none for all", name, known),
            )
    return tuple(dict.fromkeys(asked or known))


def _steps(plan: Plan, kind: type[_Step]) -> Iterator[tuple[Address, _Step]]:
    """The steps of a sort, each with the address of its image."""
    for change in plan.changes:
        yield from ((change.address, step) for step in change.steps if isinstance(step, kind))


def _without_build(change: Change) -> Change:
    return replace(change, steps=tuple(step for step in change.steps if not isinstance(step, Build)))


def _with_conflicts(plan: Plan, problems: list[Problem]) -> Plan:
    return replace(plan, conflicts=(*plan.conflicts, *problems))


def _not_built(build: Build, address: Address, may: Allowed) -> Problem:
    return Problem(
        f"neither the image repository nor the engine has {build.name}:{build.image.tag}",
        "with --no-build it is not built",
        str(address),
        f"spcs-milvus images build {build.name}{may.words}",
    )


def _not_pushed(push: Push, address: Address, may: Allowed) -> Problem:
    return Problem(
        f"the image repository does not have {push.name}:{push.image.tag}",
        "with --no-push it is not pushed",
        str(address),
        f"spcs-milvus images push {push.name}{may.words}",
    )
