"""``--rotate``: which secrets are set again, who starts again to read them, and what announces that.

Comes in: the names that were asked for, resources and an observation. Goes out: addresses, reasons and steps.
Touches nothing.
"""

from collections.abc import Collection, Iterator

from spcs_milvus.config import Loaded
from spcs_milvus.errors import ConfigError, nearest
from spcs_milvus.kinds.service import restarting
from spcs_milvus.observe import Observation
from spcs_milvus.ownership import conflict
from spcs_milvus.resource import Address, Presence, Resource
from spcs_milvus.states import is_suspended
from spcs_milvus.steps import Step


def asked_for(loaded: Loaded, names: Collection[str]) -> frozenset[str]:
    """The secrets of the project file of these names. Raises ConfigError for one that is not among them, or
    is not ours to set.
    """
    project = loaded.project
    in_schema = (project.database, project.names.schema_)
    known = [name for name in project.secrets if not project.exists("secret", *in_schema, name)]
    unknown = [name for name in names if name.upper() not in known]
    if unknown:
        raise ConfigError(
            f"there is no secret `{unknown[0]}` to rotate",
            detail=f"known: {', '.join(known) or 'none'}",
            place=f"{loaded.file}: secrets",
            hint=nearest("declare it under `secrets:`", unknown[0].upper(), known),
        )
    return frozenset(name.upper() for name in names)


def check_whole(
    resources: Collection[Resource], left_out: Collection[Address], rotated: Collection[Address]
) -> None:
    """Raises ConfigError where a secret that is to be set again, or who reads it, is no target."""
    readers = [one.address for one in resources if one.address.kind == "service" and one.needs & set(rotated)]
    if left := [address for address in left_out if address in (*rotated, *readers)]:
        wanted = " ".join(f"--target {address}" for address in (*rotated, *readers))
        raise ConfigError(
            f"the rotation needs {left[0]}, which is not among the targets",
            hint=f"leave out --target, or name all of it: {wanted}",
        )


def renewed(resources: Collection[Resource], rotated: Collection[Address]) -> dict[Address, str]:
    """What is renewed although nothing differs, and why: secrets, and the services that read them."""
    found = dict.fromkeys(rotated, "its value is set again")
    for resource in resources:
        if resource.address.kind == "service" and (read := resource.needs & set(rotated)):
            names = ", ".join(sorted(secret.name for secret in read))
            found[resource.address] = f"it starts again, to read {names}"
    return found


def announced(
    resources: Collection[Resource], observation: Observation, rotated: Collection[Address]
) -> Iterator[tuple[Address, tuple[Step, ...]]]:
    """What comes before each rotated secret: a note on whoever reads it and runs, that it is to start again.
    So no run that is cut short leaves a reader of the old value that nobody starts again.
    """
    services = [(one, observation.actual[one.address]) for one in resources if one.address.kind == "service"]
    running = [
        one
        for one, actual in services
        if actual.presence is Presence.PRESENT and not is_suspended(actual) and not conflict(one, actual)
    ]
    for secret in rotated:
        steps = tuple(restarting(one) for one in running if secret in one.needs)
        yield secret, steps
