"""What must hold before a service is created or given a new specification.

In: a specification, the properties, and the role that will own the service. Out: the images and stages it
uses, or the error that says what is wrong. Touches nothing. Documented: CREATE SERVICE (checks and
privileges). The owner role's own privileges count, not secondary roles'.
"""

from collections.abc import Mapping
from typing import Any

from spcs_emulator.account.access import Access
from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject, StoredImage
from spcs_emulator.account.families import FAMILIES, architecture
from spcs_emulator.account.requests import split_stage
from spcs_emulator.account.scheduling import Demand, lacking
from spcs_emulator.account.secrets import secret_values
from spcs_emulator.account.services import specification_of
from spcs_emulator.faults import (
    DENIED,
    IMAGE_ARCHITECTURE,
    IMAGE_MISSING,
    INVALID_SPEC,
    INVALID_VALUE,
    SERVICE_STATE,
    SPCS_LIMIT,
    SqlError,
)
from spcs_emulator.runtime.process_image import ARTIFACT_TYPE
from spcs_emulator.specification import Container, Specification, Volume
from spcs_emulator.statement.reader import name_in
from spcs_emulator.statement.values import Identifier, Name, ObjectKind

# Assumed: Snowflake names no limit; a pool has few hundred nodes at most.
INSTANCE_LIMIT = 100
BLOCK_VOLUME_LIMIT = 100


def check_instances(settings: Mapping[str, Any], specification: Specification) -> None:
    """Refuse instance numbers that do not go together, with each other or with block volumes."""
    least, most, ready = (
        settings[name] for name in ("MIN_INSTANCES", "MAX_INSTANCES", "MIN_READY_INSTANCES")
    )
    if least < 1:
        raise INVALID_VALUE(name="MIN_INSTANCES", value=least, why=": must be at least 1")
    if most > INSTANCE_LIMIT:
        why = f": at most {INSTANCE_LIMIT}"
        raise INVALID_VALUE(name="MAX_INSTANCES", value=most, why=why)
    if most < least:
        raise INVALID_VALUE(
            name="MAX_INSTANCES", value=most, why=f": must be at least MIN_INSTANCES ({least})"
        )
    if not 1 <= ready <= least:
        why = f": between 1 and MIN_INSTANCES ({least})"
        raise INVALID_VALUE(name="MIN_READY_INSTANCES", value=ready, why=why)
    if specification.block_volumes and least != most:
        why = ": must equal MIN_INSTANCES for a service with block volumes"
        raise INVALID_VALUE(name="MAX_INSTANCES", value=most, why=why)
    seconds = settings["AUTO_SUSPEND_SECS"]
    if seconds and (seconds < 300 or any(endpoint.public for endpoint in specification.endpoints)):
        why = ": must be 0 or at least 300, and 0 with public endpoints"
        raise INVALID_VALUE(name="AUTO_SUSPEND_SECS", value=seconds, why=why)


def check_fits(specification: Specification, pool: AccountObject) -> None:
    """Refuse what no node of the pool's family can hold.

    Documented: memory volumes count against the containers' memory; assumed: they may be larger than what is
    requested, but not than a node.
    """
    family = pool.settings["INSTANCE_FAMILY"]
    volumes = sum(volume.size_bytes for volume in specification.volumes if volume.source == "memory")
    demand = Demand("", specification.cpu, max(specification.memory, volumes), specification.gpus)
    resource = lacking(FAMILIES[family], demand)
    if resource:
        raise INVALID_SPEC(why=f"requested {resource} exceeds what a node of instance family {family} has")


def check_endpoints(specification: Specification, owner: Access) -> None:
    """Refuse public endpoints when the owner role lacks BIND SERVICE ENDPOINT."""
    if any(endpoint.public for endpoint in specification.endpoints) and not owner.on_account(
        "BIND SERVICE ENDPOINT"
    ):
        raise DENIED(kind="account", name="ACCOUNT (BIND SERVICE ENDPOINT)")


def check_secrets(
    context: Context, specification: Specification, schema: AccountObject, owner: str | None
) -> None:
    """Refuse secrets that the owner role may not read, or that lack the key that is asked for."""
    for container in specification.containers:
        for use in container.secrets:
            secret_values(context.catalogue, use, schema, owner)


def find_images(
    context: Context, specification: Specification, pool: AccountObject, owner: Access
) -> dict[str, dict[str, Any]]:
    """Return for each container the image it runs, as JSON of the runtime's `Image`, digest resolved now.

    Assumed: an index is good when one of its images is for the family's platform, as nodes take that one; an
    image that says no platform is not. A process image runs on any.
    """
    wanted = architecture(pool.settings["INSTANCE_FAMILY"])
    found = {}
    for container in specification.containers:
        path, image = _find_image(context, container, owner)
        if image.artifact_type != ARTIFACT_TYPE and f"linux/{wanted}" not in image.platforms:
            raise IMAGE_ARCHITECTURE(wanted=wanted)
        found[container.name] = {
            "path": path,
            "digest": image.digest,
            "media_type": image.media_type,
            "artifact_type": image.artifact_type,
        }
    return found


def _find_image(context: Context, container: Container, owner: Access) -> tuple[str, StoredImage]:
    path = container.image
    if path.startswith(f"{context.world.registry_host()}/"):
        path = path[len(context.world.registry_host()) :]
    parts = path.removeprefix("/").split("/")
    if not path.startswith("/") or len(parts) < 4 or not all(parts):
        raise INVALID_SPEC(
            why=f"invalid image '{container.image}': expected /database/schema/repository/image:tag"
        )
    database, schema, repository, *rest = parts
    name, _, tag = "/".join(rest).partition(":")
    tag = tag or "latest"
    written = Name(tuple(Identifier(part.upper()) for part in (database, schema, repository)))
    place = owner.use(ObjectKind.IMAGE_REPOSITORY, written, None, "READ")
    for image in context.catalogue.images.values():
        if image.repository == place.key and image.name == name and tag in image.tags:
            return f"{database}/{schema}/{repository}/{name}:{tag}".lower(), image
    raise IMAGE_MISSING(path=f"{'/'.join(parts)}".partition(":")[0] + f":{tag}")


def find_stages(specification: Specification, schema: AccountObject, owner: Access) -> dict[str, str]:
    """Return for each stage volume the key of its stage, on which the owner role holds READ or WRITE."""
    return {
        volume.name: _find_stage(volume, schema, owner).key
        for volume in specification.volumes
        if volume.source == "stage"
    }


def _find_stage(volume: Volume, schema: AccountObject, owner: Access) -> AccountObject:
    try:
        name = name_in(split_stage(volume.stage)[0])
    except (ValueError, SqlError) as error:
        raise INVALID_SPEC(why=f"invalid stage '{volume.stage}' of volume '{volume.name}'") from error
    return owner.use(ObjectKind.STAGE, name, schema, "READ", "WRITE")


def find_snapshots(
    context: Context, specification: Specification, schema: AccountObject, owner: Access
) -> dict[str, dict[str, str]]:
    """Return the key and name of the snapshot each volume begins with. The owner role holds USAGE on it."""
    found = {}
    for volume in specification.block_volumes:
        if volume.snapshot:
            snapshot = _find_snapshot(volume, schema, owner)
            found[volume.name] = {"key": snapshot.key, "name": context.catalogue.full_name(snapshot)}
    return found


def _find_snapshot(volume: Volume, schema: AccountObject, owner: Access) -> AccountObject:
    try:
        name = name_in(volume.snapshot)
    except SqlError as error:
        raise INVALID_SPEC(why=f"invalid snapshot '{volume.snapshot}' of volume '{volume.name}'") from error
    found = owner.use(ObjectKind.SNAPSHOT, name, schema, "USAGE")
    # Assumed: a volume must hold what the snapshot does.
    if volume.size_bytes < found.settings["size_bytes"]:
        raise INVALID_SPEC(why=f"volume '{volume.name}' is smaller than snapshot '{name}'")
    return found


def check_block_limit(context: Context, service: AccountObject, specification: Specification) -> None:
    """Refuse block volumes beyond what an account may have (documented: 100)."""
    others = sum(
        len(specification_of(other).block_volumes) * other.settings["MIN_INSTANCES"]
        for other in context.catalogue.unsorted(ObjectKind.SERVICE)
        if other.key != service.key
    )
    own = len(specification.block_volumes) * service.settings["MIN_INSTANCES"]
    if own and others + own > BLOCK_VOLUME_LIMIT:
        raise SPCS_LIMIT(limit=BLOCK_VOLUME_LIMIT, what="block volumes")


def check_same_blocks(name: str, old: Specification, new: Specification) -> None:
    """Refuse a new specification that adds, removes or changes block volumes (documented: their size, iops,
    throughput and encryption are immutable).
    """
    if _blocks(old) != _blocks(new):
        raise SERVICE_STATE(name=name, why="block volumes cannot be added, removed or changed")


def _blocks(specification: Specification) -> set[tuple[str, int, tuple[int, int, str] | None]]:
    return {(volume.name, volume.size_bytes, volume.block) for volume in specification.block_volumes}
