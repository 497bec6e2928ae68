"""A service's secrets: which object each is, and what a container gets of it.

In: a secret of a specification and the service's owner. Out: variables and files, or the error that says why
not. Writes the files that running containers read. Documented: Service specification reference,
`containers.secrets` (the owner role needs READ; which files and keys a type has). Assumed: the name is looked
up at each start of an instance.
"""

from collections.abc import Mapping
from pathlib import Path

from spcs_emulator.account.access import Access
from spcs_emulator.account.catalogue import Catalogue
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.faults import INVALID_SPEC, SqlError
from spcs_emulator.runtime.api import InstanceRequest
from spcs_emulator.specification import SecretUse
from spcs_emulator.statement.reader import name_in
from spcs_emulator.statement.values import Name, ObjectKind


def secret_values(
    catalogue: Catalogue, use: SecretUse, schema: AccountObject, owner: str | None
) -> dict[str, str]:
    """Return what the container gets: file or key name to value, only the asked-for key for a variable.

    `schema` is the service's, `owner` the key of its owner role. 395018 when the name is none or the secret
    has no such key, 002003 or 003001 when the owner role lacks READ.
    """
    access = Access(catalogue, owner, [owner] if owner else [])
    found = access.use(ObjectKind.SECRET, _name(use), schema, "READ")
    values = {part.lower(): value for part, value in found.settings.items() if part != "TYPE"}
    if not use.variable:
        return values
    if use.key not in values:
        raise INVALID_SPEC(why=f"secret '{use.name}' of type {found.settings['TYPE']} has no {use.key}")
    return {use.key: values[use.key]}


def write_files(request: InstanceRequest) -> None:
    """Write the files of the instance's secrets. OSError when it cannot.

    Whoever a container runs as reads them; on this machine only the owner of the data folder gets to them. A
    file changes as a whole: who reads it meanwhile finds the old value or the new one.
    """
    for folder, files in secret_folders(request):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        for old in folder.iterdir():
            if old.name not in files:
                old.unlink()
        for name, value in files.items():
            new = folder / f".{name}.new"
            new.write_text(value, encoding="utf-8")
            new.chmod(0o644)
            new.replace(folder / name)


def secret_folders(request: InstanceRequest) -> list[tuple[Path, Mapping[str, str]]]:
    """Return the folders of the instance that hold secrets, each with its files by name."""
    mounts = [mount for container in request.containers for mount in container.mounts]
    return [(mount.folder, mount.secrets) for mount in mounts if mount.folder and mount.secrets]


def _name(use: SecretUse) -> Name:
    try:
        return name_in(use.name)
    except SqlError as error:
        raise INVALID_SPEC(why=f"invalid name of a secret '{use.name}'") from error
