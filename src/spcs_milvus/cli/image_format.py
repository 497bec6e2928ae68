"""Which images an account runs, and how one is made of a folder, for commands that sign in nowhere: what
takes long to load is loaded when it is needed.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import cast

from spcs_milvus.cli.options import LOCAL
from spcs_milvus.container_image import ContainerImage


def image_format(connection: str) -> str:
    """``process`` or ``container``. The local account says so while it runs; ``process`` when it does not."""
    if connection != LOCAL:
        return "container"
    local_account = import_module("spcs_milvus.cli.local_account")
    running = local_account.status(None)
    return str(local_account.IMAGE_FORMATS[running["runtime"]]) if running else "process"


def from_folder(folder: Path, dockerfile: str, arguments: Mapping[str, str]) -> ContainerImage:
    """As ``images.container_image``."""
    made = import_module("spcs_milvus.images").container_image(folder, dockerfile, arguments)
    return cast(ContainerImage, made)
