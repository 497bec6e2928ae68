"""A project → everything it declares, as resources: what every command works on, and ``render`` writes down.

Comes in: a loaded project and the sort of account it is for. Goes out: resources. Reads the image folders and
the templates of the user's own services; needs no account.
"""

from collections.abc import Mapping
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import quote

from spcs_milvus import assets, components
from spcs_milvus.config import Loaded
from spcs_milvus.context import Context
from spcs_milvus.errors import ConfigError
from spcs_milvus.process_image import MANIFEST_TYPE, Blob, ProcessImage, process_image
from spcs_milvus.resource import Resource
from spcs_milvus.secrets import Generated, Secret

PASSWORD_BYTES = 24


def declare(loaded: Loaded, connection: str, image_format: str) -> tuple[Resource, ...]:
    """Everything the project declares on the account behind ``connection``, whose runtime runs images of that
    format (``process`` or ``container``).

    Raises ConfigError for what cannot be deployed there.
    """
    project = loaded.project
    folders = components.image_folders(project)
    if folders and image_format != "process":
        raise ConfigError(
            "container images are not built yet",
            detail=f"{connection} runs containers; to be built: {', '.join(folders.values())}",
            place=str(loaded.file),
            hint="push them by hand and name each, `image: {reference: /db/schema/repo/name:tag}`",
        )
    images = {name: process_image(_folder(loaded.file, name, path)) for name, path in folders.items()}
    return _declared(loaded, images, _passwords(loaded, connection))


def check(loaded: Loaded) -> None:
    """Declares everything with an image that is none, so that what is wrong with a template is told though
    nobody can say yet where it will run. Raises ConfigError.
    """
    none = ProcessImage((), Blob(MANIFEST_TYPE, b""))
    images = dict.fromkeys(components.image_folders(loaded.project), none)
    _declared(loaded, images, _passwords(loaded, "nowhere"))


def _declared(
    loaded: Loaded, images: Mapping[str, ProcessImage], passwords: Mapping[str, Generated]
) -> tuple[Resource, ...]:
    project = loaded.project
    specifications = {key: loaded.file.parent / extra.spec for key, extra in project.services.items()}
    admin = project.roles.security_admin
    context = Context(project.project, admin, images, loaded.environment, specifications, passwords)
    return components.resources(project, context)


def _passwords(loaded: Loaded, connection: str) -> dict[str, Generated]:
    """A new password for each user that asks for one, and the file that keeps it: beside the project
    file, one for each connection, since each account has its own. Most are never used.
    """
    folder = loaded.file.parent / ".spcs-milvus"
    at = quote(connection, safe="")
    return {
        user.name: Generated(Secret(token_urlsafe(PASSWORD_BYTES)), folder / f"{user.name}@{at}.password")
        for user in loaded.project.users
        if user.generated
    }


def _folder(file: Path, name: str, path: str) -> Path:
    """An image's folder: beside the project file, or for the default the one that travels with us."""
    own = file.parent / path
    return assets.images() / name if path == f"images/{name}" and not own.is_dir() else own
