"""A container image → the commands of the docker program that build and push it, for people to run.

Touches nothing.
"""

import shlex

from spcs_milvus.container_image import ContainerImage

REPOSITORY = "REPOSITORY"
"""The variable of the shell that holds the repository's address."""


def commands(name: str, image: ContainerImage) -> tuple[str, str]:
    """How it is built, and how it is pushed as ``$REPOSITORY/name:tag``."""
    pushed = f'"${REPOSITORY}"/{name}:{image.tag}'
    return _build(image, f"-t {pushed}"), f"docker push {pushed}"


def trial(image: ContainerImage) -> str:
    """How it is built to see what is wrong, without a name."""
    return _build(image)


def _build(image: ContainerImage, *named: str) -> str:
    arguments = [f"--build-arg {shlex.quote(f'{key}={value}')}" for key, value in image.arguments.items()]
    dockerfile = shlex.quote(str(image.folder / image.dockerfile))
    folder = shlex.quote(str(image.folder))
    return " ".join(
        ["docker build --platform", image.platform, *arguments, f"-f {dockerfile}", *named, folder]
    )
