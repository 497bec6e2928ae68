"""SNAPSHOT: the contents of a block volume, kept; columns, rules, and what volumes are made from them.

In: statements' values and services. Out: results; the catalogue changes, and archives are written, some once
it is stored. Documented: CREATE, ALTER, DROP, SHOW and DESCRIBE SNAPSHOT, ALTER SERVICE … RESTORE VOLUME,
block storage volumes (automatic snapshots). Assumed: a snapshot is complete when CREATE SNAPSHOT answers.
"""

import logging
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from spcs_emulator.account.context import Context, World
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.jobs import is_job
from spcs_emulator.account.pending import Pending
from spcs_emulator.account.results import Result, columns
from spcs_emulator.account.services import instance_keys, specification_of, volume_key
from spcs_emulator.faults import INTERNAL, INVALID_VALUE, SERVICE_STATE, SPCS_LIMIT
from spcs_emulator.objects.kind import Kind, Row, owner_cells, place_cells
from spcs_emulator.objects.volumes import is_automatic, tidy_volumes, volume_of
from spcs_emulator.runtime.api import VolumeError
from spcs_emulator.runtime.folders import FolderVolumes
from spcs_emulator.specification import Volume
from spcs_emulator.statement.values import Create, ObjectKind

_log = logging.getLogger(__name__)

SNAPSHOT_LIMIT = 100
AUTOMATIC = "SYS_BACKUP_ON_DELETE"
_GIB = 2**30
_NAMES = (
    "name state database_name schema_name service_name volume_name instance size encryption comment owner "
    "owner_role_type created_on updated_on"
)
_SOURCE = "documented: view BLOCK_STORAGE_SNAPSHOTS; assumed: that SHOW has its columns, with a state"


class Snapshot(Kind):
    """Snapshots. CREATE needs OPERATE on the service too; USAGE allows to make volumes from one."""

    kind = ObjectKind.SNAPSHOT
    title = "Snapshot"
    shape = columns("SHOW SNAPSHOTS", _NAMES, source=_SOURCE, fixed="instance size")
    describe_shape = columns("DESCRIBE SNAPSHOT", _NAMES, source=_SOURCE, fixed="instance size")

    def settings(self, context: Context, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the snapshot is of. 002003 or 003001 for the service, 001008 for its volume or
        instance, 395033 at the limit (documented: 100 an account; assumed: a replaced one counts too).
        """
        kept = [one for one in context.catalogue.unsorted(self.kind) if not is_automatic(one)]
        if len(kept) >= SNAPSHOT_LIMIT:
            raise SPCS_LIMIT(limit=SNAPSHOT_LIMIT, what="snapshots")
        service = context.use(ObjectKind.SERVICE, properties["SERVICE"], "OPERATE")
        volume = _block_volume(service, properties["VOLUME"])
        number = _instance(service, properties["INSTANCE"])
        return _settings(context, service, volume, number)

    def create(self, context: Context, statement: Create) -> Result | Pending[Result]:
        """Copy the volume, which may take long and holds nobody up, and create the snapshot of the copy.

        A copy of which no snapshot was made is removed at the next start.
        """
        answer = self.check_create(context, statement)
        if answer is not None:
            return answer
        settings = self.settings(context, statement.properties)
        file = context.world.archive(settings["archive"])
        return Pending(
            partial(self._copied, context, statement, settings),
            cancel=partial(file.unlink, missing_ok=True),
            work=partial(context.world.runtime.save, settings["from"], file),
        )

    def _copied(self, before: Context, statement: Create, copied: dict[str, Any]) -> Result:
        """Create the snapshot unless something that was checked before is no longer so."""
        context = Context(before.world, before.session, before.query)
        answer = self.check_create(context, statement)
        if answer is not None:
            return answer
        settings = self.settings(context, statement.properties)
        if settings["from"] != copied["from"]:
            raise INTERNAL(cause="the volume was replaced while it was copied")
        return self.add(context, statement, {**settings, "archive": copied["archive"]})

    def change(self, context: Context, entry: AccountObject, properties: Mapping[str, Any]) -> None:
        """SET and UNSET of the comment."""
        super().change(context, entry, properties)
        context.put(context.catalogue.the(entry.key), updated_on=context.now.isoformat())

    def row(self, context: Context, entry: AccountObject) -> Row:
        """Return the SHOW SNAPSHOTS row."""
        values = entry.settings
        return {
            "name": entry.name,
            "state": "CREATED",
            "service_name": values["service"],
            "volume_name": values["volume"],
            "instance": values["instance"],
            "size": values["size_bytes"] // _GIB,
            "encryption": values["encryption"],
            "comment": entry.comment,
            "created_on": entry.created_on,
            "updated_on": datetime.fromisoformat(values["updated_on"]),
            **place_cells(context, entry),
            **owner_cells(context, entry),
        }

    def described(self, context: Context, entry: AccountObject) -> list[Row]:
        """Return the one row that SHOW has too."""
        return [self.row(context, entry)]


def fill_blocks(context: Context, service: AccountObject) -> None:
    """Make the volumes that begin with a snapshot and are not there yet.

    Assumed: what such a volume holds is fixed when the service is created.
    """
    for volume in specification_of(service).block_volumes:
        used = service.settings.get("snapshots", {}).get(volume.name)
        snapshot = context.catalogue.get(used["key"]) if used else None
        if snapshot is None:
            continue
        there = context.world.runtime.volumes()
        for number in range(service.settings["MIN_INSTANCES"]):
            key = volume_key(service, number, volume.name)
            if key not in there:
                context.world.runtime.restore(context.world.snapshot_file(snapshot), key)


def restore_volume(context: Context, service: AccountObject, properties: Mapping[str, Any]) -> None:
    """Replace what the volume holds in the given instances; what it held goes into automatic snapshots.

    395029 unless the service is suspended (documented: it must be, and is resumed afterwards), 001008 for a
    volume or instance that is not there, 002003 or 003001 for the snapshot.
    """
    if context.world.life.service_status(service) != "SUSPENDED":
        raise SERVICE_STATE(name=service.name, why="it must be suspended to restore a volume")
    volume = _block_volume(service, properties["VOLUME"])
    numbers = sorted({_instance(service, number) for number in properties["INSTANCES"]})
    snapshot = context.use(ObjectKind.SNAPSHOT, properties["SNAPSHOT"], "USAGE")
    if volume.size_bytes < snapshot.settings["size_bytes"]:
        raise SERVICE_STATE(name=service.name, why=f"volume '{volume.name}' is smaller than the snapshot")
    _back_up(context, service, volume, numbers)
    used = {"key": snapshot.key, "name": context.catalogue.full_name(snapshot)}
    restored = service.settings.get("restored", {})
    fresh = {str(number): uuid.uuid4().hex for number in numbers}
    changed = context.put(
        service,
        snapshots={**service.settings.get("snapshots", {}), volume.name: used},
        restored={**restored, volume.name: {**restored.get(volume.name, {}), **fresh}},
    )
    for number in numbers:
        file = context.world.snapshot_file(snapshot)
        context.world.runtime.restore(file, volume_key(changed, number, volume.name))
    context.catalogue.afterwards(partial(tidy_volumes, context.world))


def back_up_all(context: Context, service: AccountObject) -> None:
    """Leave automatic snapshots of the block volumes of a service that is about to be removed."""
    for volume in specification_of(service).block_volumes:
        _back_up(context, service, volume, range(service.settings["MIN_INSTANCES"]))


def _back_up(context: Context, service: AccountObject, volume: Volume, numbers: Iterable[int]) -> None:
    """Leave automatic snapshots, unless `snapshotOnDelete` says otherwise. A volume that no instance has
    had yet leaves none.

    Documented: true by default for services, false for jobs; kept 7 days by default.
    """
    if volume.kept if volume.kept is not None else not is_job(service):
        there = context.world.runtime.volumes()
        for number in numbers:
            if volume_key(service, number, volume.name) in there:
                _leave_snapshot(context, service, volume, number)


def _leave_snapshot(context: Context, service: AccountObject, volume: Volume, number: int) -> None:
    world = context.world
    settings = _settings(context, service, volume, number)
    settings["expires_on"] = (context.now + volume.kept_for).isoformat()
    made = context.new_object(ObjectKind.SNAPSHOT, "", service.parent, None, settings)
    parts = (AUTOMATIC, service.name, volume.name, str(number), made.key[:8])
    name = "_".join(parts).upper().replace("-", "_")
    context.catalogue.objects.put(replace(made, name=name, owner=service.owner))
    context.catalogue.afterwards(partial(world.runtime.stop, instance_keys(service)[number]))
    context.catalogue.afterwards(partial(_collect, world, made))


def collect_all(world: World) -> None:
    """Take what automatic snapshots are still to take. Call outside of a transaction."""
    with world.catalogue.transaction():
        snapshots = world.catalogue.unsorted(ObjectKind.SNAPSHOT)
    for snapshot in snapshots:
        if is_automatic(snapshot):
            _collect(world, snapshot)


def _collect(world: World, snapshot: AccountObject) -> None:
    """Where the volume cannot be saved it stays, and is tried again at the next start."""
    file = world.snapshot_file(snapshot)
    if file.exists():
        return
    try:
        world.runtime.save(volume_of(snapshot), file)
    except VolumeError:
        _log.exception("automatic snapshot %s", snapshot.name)
        return
    world.runtime.discard({volume_of(snapshot)})


def pack_folders(world: World) -> None:
    """Make archives of the folders that snapshots are in older data folders. Call inside a transaction."""
    folders = FolderVolumes(world.data / "snapshots")
    for snapshot in world.catalogue.unsorted(ObjectKind.SNAPSHOT):
        if "archive" not in snapshot.settings:
            packed = replace(snapshot, settings={**snapshot.settings, "archive": snapshot.key})
            if folders.folder(snapshot.key).is_dir():
                folders.save(snapshot.key, world.snapshot_file(packed))
            world.catalogue.objects.put(packed)


def _settings(context: Context, service: AccountObject, volume: Volume, number: int) -> dict[str, Any]:
    assert volume.block is not None
    return {
        "service": service.name,
        "volume": volume.name,
        "instance": number,
        "size_bytes": volume.size_bytes,
        "encryption": volume.block[2],
        "from": volume_key(service, number, volume.name),
        "archive": uuid.uuid4().hex,
        "updated_on": context.now.isoformat(),
        "expires_on": None,
    }


def _block_volume(service: AccountObject, name: str) -> Volume:
    blocks = {volume.name: volume for volume in specification_of(service).block_volumes}
    if name not in blocks:
        known = ", ".join(blocks) or "none"
        raise INVALID_VALUE(name="VOLUME", value=name, why=f": block volumes of {service.name} are {known}")
    return blocks[name]


def _instance(service: AccountObject, number: int) -> int:
    most = service.settings["MIN_INSTANCES"]
    if not 0 <= number < most:
        raise INVALID_VALUE(name="INSTANCE", value=number, why=f": between 0 and {most - 1}")
    return number
