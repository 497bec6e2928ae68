"""Which runtimes there are, how one is opened, and whose the volumes of an account are.

In: a runtime's name, the data folder and what it keeps. Out: a `Runtime`, or a LocalAccountError before
anything is changed.
"""

from collections.abc import Callable
from datetime import datetime

from spcs_emulator.account.catalogue import Catalogue
from spcs_emulator.account.services import specification_of
from spcs_emulator.errors import LocalAccountError, OtherRuntimeError
from spcs_emulator.folder import DataFolder, Kept
from spcs_emulator.registry.api import ImageStore
from spcs_emulator.runtime import records
from spcs_emulator.runtime.api import Runtime
from spcs_emulator.runtime.none import NoneRuntime
from spcs_emulator.runtime.process import ProcessRuntime
from spcs_emulator.statement.values import ObjectKind
from spcs_emulator.store import Store

RUNTIMES = ("process", "docker", "none")
# Volumes are folders here, of one and the same place.
_WITH_FOLDERS = ("process", "none")


def open_runtime(name: str, folder: DataFolder, images: ImageStore, now: Callable[[], datetime]) -> Runtime:
    """The runtime of that name. LocalAccountError when there is none, or when it cannot work here."""
    match name:
        case "process":
            return ProcessRuntime(folder.processes, folder.volumes, images, now)
        case "none":
            return NoneRuntime(folder.volumes, now)
    raise LocalAccountError(f"there is no runtime {name}", f"Known are: {', '.join(RUNTIMES)}.")


def check_volumes(name: str, folder: DataFolder, kept: Kept, store: Store) -> None:
    """OtherRuntimeError when the account has volumes or snapshots of a runtime that keeps them elsewhere."""
    if name == kept.runtime or {name, kept.runtime} <= set(_WITH_FOLDERS):
        return
    catalogue = Catalogue(store)
    holders = [
        catalogue.full_name(entry)
        for kind in (ObjectKind.SERVICE, ObjectKind.SNAPSHOT)
        for entry in catalogue.of_kind(kind)
        if kind is ObjectKind.SNAPSHOT or specification_of(entry).block_volumes
    ]
    if holders:
        raise OtherRuntimeError(folder.path, kept.runtime, name, holders)


def clean_up(folder: DataFolder) -> None:
    """Ends whatever a killed account has left running."""
    records.end_leftovers(folder.processes)
