"""Taking an object out of the account, with all that is inside it and every grant on or to it.

In: an object. Out: nothing; the catalogue changes, and once that is stored, processes end, folders and
images go.
"""

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from spcs_emulator.account.context import World
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.objects.volumes import tidy_volumes
from spcs_emulator.statement.values import ObjectKind


def remove_object(world: World, entry: AccountObject) -> None:
    """Remove the object, its children, and every grant and membership that names them.

    Documented: dropping a schema or database removes the services in it. The services' processes have ended
    when the statement is answered.
    """
    for child in world.catalogue.children(entry.key):
        remove_object(world, child)
    if entry.kind is ObjectKind.SERVICE:
        world.life.end(entry)
    _forget_grants(world, entry)
    world.catalogue.objects.remove(entry.key)
    for action in _outside(world, entry):
        world.catalogue.afterwards(action)


def _forget_grants(world: World, entry: AccountObject) -> None:
    catalogue = world.catalogue
    for grant in catalogue.grants.values():
        if entry.key in (grant.on, grant.grantee):
            catalogue.grants.remove(grant.id)
    for future in catalogue.future_grants.values():
        if entry.key in (future.place, future.grantee):
            catalogue.future_grants.remove(future.id)
    for membership in catalogue.memberships.values():
        if entry.key in (membership.role, membership.member):
            catalogue.memberships.remove(membership.id)
    _forget_in_lists(world, entry)
    for image in catalogue.images.values():
        if image.repository == entry.key:
            catalogue.images.remove(image.id)


def _forget_in_lists(world: World, entry: AccountObject) -> None:
    """Take a rule or secret that went with its schema out of the integrations that name it.

    Observed: integrations do not keep a schema from being dropped; assumed: they name it no longer then.
    """
    for integration in world.catalogue.unsorted(ObjectKind.INTEGRATION):
        lists = {
            name: [key for key in value if key != entry.key]
            for name, value in integration.settings.items()
            if isinstance(value, list) and entry.key in value
        }
        if lists:
            settings = {**integration.settings, **lists}
            world.catalogue.objects.put(replace(integration, settings=settings))


def _outside(world: World, entry: AccountObject) -> list[Callable[[], None]]:
    match entry.kind:
        case ObjectKind.STAGE:
            return [partial(remove_folder, world.stage_folder(entry.key))]
        case ObjectKind.SNAPSHOT:
            return [partial(world.snapshot_file(entry).unlink, missing_ok=True)]
        case ObjectKind.SERVICE:
            return [partial(tidy_volumes, world)]
        case ObjectKind.IMAGE_REPOSITORY:
            return [partial(world.images.forget, entry.key)]
        case _:
            return []


def remove_folder(folder: Path) -> None:
    """Remove the folder with all in it. What cannot be removed stays until the next start looks again."""
    shutil.rmtree(folder, ignore_errors=True)
