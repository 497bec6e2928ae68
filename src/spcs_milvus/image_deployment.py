"""The flow of the commands about images alone: what is where, build, push.

Comes in: a target of ``opening`` or an engine, the names asked for, who hears events. Goes out: what was
found, plans, reports. A push is a run of ``up`` that knows nothing but images.
"""

import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import replace

from spcs_milvus.apply import Emit, apply
from spcs_milvus.container_image import ContainerImage
from spcs_milvus.deployment import Planned, up
from spcs_milvus.entry import reach
from spcs_milvus.errors import ConnectError, Problem, RefusedError
from spcs_milvus.image_plans import Image, Images, chosen
from spcs_milvus.images import Engine
from spcs_milvus.observe import observe
from spcs_milvus.opening import GO_ON, Target, pausing
from spcs_milvus.performing import builder
from spcs_milvus.plan import Plan, plan_up
from spcs_milvus.reach import within_up
from spcs_milvus.report import Counts, Report
from spcs_milvus.resource import Presence, Resource


def look(on: Target) -> Images:
    """Where each image is that the project builds. Asks the engine for container images only."""
    resources = _images(on)
    seen = observe(resources, on.account.query)
    ids, blind = _in_engine(on, resources)
    return Images(
        tuple(
            Image(
                resource.detail["image_name"],
                resource.attributes["tag"],
                resource.detail["source"],
                ids.get(resource.detail["image_name"]),
                seen.actual[resource.address].live.get("digest"),
            )
            for resource in resources
        ),
        blind,
    )


def build(plan: Plan, emit: Emit, stop: threading.Event, engine: Engine) -> Report:
    """Runs a plan that only builds. Once ``stop`` is set nothing new is begun."""
    began = time.monotonic()
    outcomes = apply(plan, builder(engine, pausing(stop, GO_ON)), emit, stop)
    return Report(plan, outcomes, Counts(0, 0), time.monotonic() - began)


def make_push_plan(on: Target, asked: Collection[str]) -> Planned:
    """What brings the images asked for (none: all of them) into the repository.

    Raises ConfigError for a name that the project builds no image of, RefusedError when there is no
    repository.
    """
    known = {resource.detail["image_name"]: resource for resource in _images(on)}
    images = [known[name] for name in chosen(asked, known)]
    repositories = [resource for resource in on.resources if resource.address.kind == "image_repository"]
    observation = observe([*images, *repositories], on.account.query)
    for repository in repositories:
        if observation.actual[repository.address].presence is Presence.ABSENT:
            raise RefusedError(
                "the image repository is not there",
                place=str(repository.address),
                hint="`spcs-milvus up` makes it, builds and pushes; or `spcs-milvus render --out sql` writes "
                "the scripts that make it",
            )
    plan = within_up(plan_up(images, observation), observation, reach(on.loaded, on.account))
    return Planned(plan, observation)


def push(on: Target, planned: Planned, emit: Emit, stop: threading.Event) -> Report:
    """Runs a plan of :func:`make_push_plan` and looks again. Raises as :func:`deployment.up` does."""
    return up(replace(on, resources=tuple(planned.plan.resources.values())), planned, emit, stop)


def _images(on: Target) -> list[Resource]:
    return [resource for resource in on.resources if resource.address.kind == "image"]


def _in_engine(on: Target, resources: Collection[Resource]) -> tuple[Mapping[str, str], Problem | None]:
    """The ids of those that the engine has, by name; and why it cannot be asked."""
    wanted = {r.detail["image_name"]: r.detail["image"] for r in resources}
    containers = {name: image for name, image in wanted.items() if isinstance(image, ContainerImage)}
    try:
        found = {name: on.engine.find(name, image) for name, image in containers.items()}
    except ConnectError as error:
        return {}, error.problem
    return {name: known for name, known in found.items() if known}, None
