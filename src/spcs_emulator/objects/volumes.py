"""Which volumes are to be kept, and the end of those that are not.

In: the catalogue. Out: nothing; the runtime discards volumes. A volume is kept as long as a service has it
or an automatic snapshot is still to take it.
"""

import logging

from spcs_emulator.account.context import World
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.services import block_volumes, lost_volumes
from spcs_emulator.objects.service_checks import INSTANCE_LIMIT
from spcs_emulator.runtime.api import VolumeError
from spcs_emulator.statement.values import ObjectKind

_log = logging.getLogger(__name__)


def tidy_volumes(world: World) -> None:
    """Discard the volumes that nobody has. Where they cannot be told now, the next time does it."""
    try:
        with world.catalogue.transaction():
            nobodys = world.runtime.volumes() - _owned(world)
        world.runtime.discard(nobodys)
    except VolumeError:
        _log.exception("volumes that are no longer needed")


def discard_lost(world: World) -> None:
    """Discard the volumes that have ended with instances which a stopped or killed account has run."""
    for service in world.catalogue.unsorted(ObjectKind.SERVICE):
        for number in range(service.settings["MIN_INSTANCES"]):
            world.runtime.discard(lost_volumes(service, number))


def is_automatic(snapshot: AccountObject) -> bool:
    """Whether it was left by a volume that was deleted. Assumed: those do not count for the limit."""
    return snapshot.settings["expires_on"] is not None


def volume_of(snapshot: AccountObject) -> str:
    """Return the key of the volume that the snapshot is of."""
    # Older catalogues have the folder that the volume was.
    return str(snapshot.settings["from"]).removeprefix("volumes/")


def _owned(world: World) -> frozenset[str]:
    found: set[str] = set()
    for service in world.catalogue.unsorted(ObjectKind.SERVICE):
        # Also those of instances that the service has no more: it may get them again.
        found |= block_volumes(service, INSTANCE_LIMIT)
        for number in range(service.settings["MIN_INSTANCES"]):
            found |= lost_volumes(service, number)
    for snapshot in world.catalogue.unsorted(ObjectKind.SNAPSHOT):
        if is_automatic(snapshot) and not world.snapshot_file(snapshot).exists():
            found.add(volume_of(snapshot))
    return frozenset(found)
