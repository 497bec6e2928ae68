"""A project → everything it declares, as resources: what every command works on, and ``render`` writes down.

Comes in: a loaded project, the sort of account it is for, and the function that makes a container image of a
folder, since that one takes docker to load. Goes out: resources. Reads the image folders and the templates
of the user's own services; needs no account.
"""

import glob
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import quote

from spcs_milvus import assets, components
from spcs_milvus.components import milvus
from spcs_milvus.config import Loaded
from spcs_milvus.container_image import ContainerImage
from spcs_milvus.context import Context
from spcs_milvus.errors import Problem
from spcs_milvus.process_image import MANIFEST_TYPE, Blob, ProcessImage, process_image
from spcs_milvus.project import ImageSource
from spcs_milvus.resource import Address, Resource
from spcs_milvus.secrets import PASSWORDS, Generated, Secret

PASSWORD_BYTES = 24
DOCKERFILE = "Dockerfile"

FromFolder = Callable[[Path, str, Mapping[str, str]], ContainerImage]
"""A build context, the Dockerfile's path in it and the build arguments → the image."""


def declare(
    loaded: Loaded, connection: str, image_format: str, from_folder: FromFolder
) -> tuple[Resource, ...]:
    """Everything the project declares on the account behind ``connection``, whose runtime runs images of that
    format (``process`` or ``container``).

    Raises ConfigError for what cannot be deployed there, and as ``from_folder`` does.
    """
    images: dict[str, ProcessImage] | dict[str, ContainerImage]
    if image_format == "container":
        images = container_images(loaded, from_folder)
    else:
        images = {name: process_image(folder) for name, (folder, _) in _folders(loaded).items()}
    return _declared(loaded, images, _passwords(loaded, connection))


def container_images(loaded: Loaded, from_folder: FromFolder) -> dict[str, ContainerImage]:
    """The container images that the project builds, by name. Raises as ``from_folder`` does."""
    return {
        name: from_folder(folder, source.dockerfile or DOCKERFILE, _arguments(loaded, folder, source))
        for name, (folder, source) in _folders(loaded).items()
    }


def idle(loaded: Loaded, image_format: str) -> tuple[Problem, ...]:
    """A warning about what the project file says of images, where the account runs processes instead."""
    project = loaded.project
    said = ["milvus.version"] if "version" in project.milvus.model_fields_set else []
    for name, source in project.images_built.items():
        path = ".".join((*project.image_path(name), "image"))
        said += [f"{path}.{key}" for key in ("dockerfile", "arguments") if getattr(source, key)]
    if image_format == "container" or not said:
        return ()
    summary = f"without effect on this account, which runs processes: {', '.join(said)}"
    detail = "they take process.yaml of an image folder and the files it names; Milvus is Milvus Lite there"
    hint = "`spcs-milvus local start --runtime docker`, before the first `up`, runs the images themselves"
    return (Problem(summary, detail, f"{loaded.file}", hint),)


def _folders(loaded: Loaded) -> dict[str, tuple[Path, ImageSource]]:
    """The build context of each image, and what the project file says of it."""
    return {
        name: (assets.image_folder(loaded.file, name, str(source.context)), source)
        for name, source in loaded.project.images_built.items()
    }


def _arguments(loaded: Loaded, folder: Path, source: ImageSource) -> dict[str, str]:
    """The build arguments; the folder that travels with the program builds the version asked for."""
    ours = folder.resolve() == (assets.images() / "milvus").resolve()
    return {**(milvus.build_arguments(loaded.project.milvus.version) if ours else {}), **source.arguments}


def declare_without_images(loaded: Loaded, connection: str) -> tuple[Resource, ...]:
    """The same with images that are none, for whoever makes none, or cannot say yet where it will run:
    reads no image folder. Raises ConfigError for what is wrong with a template.
    """
    none = ProcessImage((), Blob(MANIFEST_TYPE, b""))
    images = dict.fromkeys(loaded.project.images_built, none)
    return _declared(loaded, images, _passwords(loaded, connection))


def _declared(
    loaded: Loaded, images: Mapping[str, ProcessImage | ContainerImage], passwords: Mapping[str, Generated]
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
    return {
        name: Generated(Secret(token_urlsafe(PASSWORD_BYTES)), _password_file(loaded, connection, name))
        for name in (user.name for user in loaded.project.users if user.generated)
    }


def _password_file(loaded: Loaded, connection: str, user: str) -> Path:
    return loaded.file.parent / PASSWORDS / f"{user}@{quote(connection, safe='')}.password"


def kept_passwords(loaded: Loaded, connection: str) -> tuple[str, ...]:
    """The names of the users whose passwords are kept here for that connection."""
    ending = _password_file(loaded, connection, "").name
    files = sorted((loaded.file.parent / PASSWORDS).glob(f"*{glob.escape(ending)}"))
    return tuple(file.name.removesuffix(ending) for file in files)


def forget_passwords(loaded: Loaded, connection: str, gone: Collection[Address]) -> tuple[Path, ...]:
    """Removes what was kept for the users among ``gone``, with the drafts of runs that were cut short, and
    gives the files. A file that cannot be removed stays.
    """
    files = [_password_file(loaded, connection, one.name) for one in gone if one.kind == "user"]
    kept = [one for file in files for one in (file, *sorted(file.parent.glob(f"{glob.escape(file.name)}.*")))]
    return tuple(one for one in kept if _removed(one))


def _removed(file: Path) -> bool:
    try:
        file.unlink()
    except OSError:
        return False
    return True
