"""Which runtimes there are, how one is opened, and whose the volumes of an account are.

In: a runtime's name, the data folder and what it keeps. Out: a `Runtime`, or a LocalAccountError before
anything is changed.
"""

from collections.abc import Callable
from datetime import datetime

from spcs_emulator.account.catalogue import Catalogue
from spcs_emulator.account.services import specification_of
from spcs_emulator.errors import CopiedAccountError, LocalAccountError, NoEngineError, OtherRuntimeError
from spcs_emulator.folder import DataFolder, Kept
from spcs_emulator.registry.api import ImageStore, Source
from spcs_emulator.runtime import records
from spcs_emulator.runtime.api import Runtime
from spcs_emulator.runtime.none import NoneRuntime
from spcs_emulator.runtime.process import ProcessRuntime
from spcs_emulator.statement.values import ObjectKind
from spcs_emulator.store import Store

RUNTIMES = ("process", "docker", "none")
# Volumes are folders here, of one and the same place.
_WITH_FOLDERS = ("process", "none")


def open_runtime(
    name: str,
    folder: DataFolder,
    mark: str,
    images: ImageStore,
    source: Callable[[], Source],
    now: Callable[[], datetime],
) -> Runtime:
    """The runtime of that name. LocalAccountError when there is none, or when it cannot work here.

    `mark` is the account's own; `source`, where images are pulled from, is not asked before one is.
    """
    match name:
        case "process":
            return ProcessRuntime(folder.processes, folder.volumes, images, now)
        case "docker":
            # Imported where it is used: docker takes longer to import than all the rest.
            from spcs_emulator.runtime.docker.runtime import open_docker  # noqa: PLC0415

            return open_docker(mark, images, source, now)
        case "none":
            return NoneRuntime(folder.volumes, now)
    raise LocalAccountError(f"there is no runtime {name}", f"Known are: {', '.join(RUNTIMES)}.")


def check_volumes(name: str, folder: DataFolder, kept: Kept, store: Store) -> None:
    """OtherRuntimeError when the account has volumes or snapshots of a runtime that keeps them elsewhere,
    CopiedAccountError when the folder is a copy and its services' volumes are not in it.
    """
    catalogue = Catalogue(store)
    services = [
        catalogue.full_name(entry)
        for entry in catalogue.of_kind(ObjectKind.SERVICE)
        if specification_of(entry).block_volumes
    ]
    if services and folder.original is not None and kept.runtime not in _WITH_FOLDERS:
        raise CopiedAccountError(folder.path, folder.original, services)
    snapshots = [catalogue.full_name(entry) for entry in catalogue.of_kind(ObjectKind.SNAPSHOT)]
    same = name == kept.runtime or {name, kept.runtime} <= set(_WITH_FOLDERS)
    if not same and (services or snapshots):
        raise OtherRuntimeError(folder.path, kept.runtime, name, services + snapshots)


def clean_up(folder: DataFolder) -> None:
    """Ends whatever a killed account has left running. NoEngineError when that may be in an engine that does
    not answer.
    """
    records.end_leftovers(folder.processes)
    kept = folder.account()
    if kept.runtime == "docker":
        from spcs_emulator.runtime.docker import leftovers  # noqa: PLC0415

        leftovers.clean_up(kept.mark)


def clean_up_before(name: str, folder: DataFolder) -> None:
    """Ends what a killed account has left in another runtime: under this one nobody would look for it again.

    LocalAccountError when it cannot.
    """
    killed = folder.running()
    if killed is None or killed.runtime == name:
        return
    try:
        clean_up(folder)
    except NoEngineError as error:
        raise LocalAccountError(
            f"the account in {folder.path} was killed, and may have left containers in a Docker engine that "
            "does not answer",
            "Start the engine (systemctl start docker) and try again, or go on with --runtime "
            f"{killed.runtime}.",
        ) from error


def forget(folder: DataFolder) -> None:
    """Removes what the account keeps outside of its folder. NoEngineError when that cannot be reached."""
    kept = folder.account()
    if kept.runtime == "docker":
        from spcs_emulator.runtime.docker import leftovers  # noqa: PLC0415

        leftovers.forget(kept.mark)
