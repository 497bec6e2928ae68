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
    arguments = [f"--build-arg {shlex.quote(f'{key}={value}')}" for key, value in image.arguments.items()]
    dockerfile = shlex.quote(str(image.folder / image.dockerfile))
    folder = shlex.quote(str(image.folder))
    words = ["docker build --platform", image.platform, *arguments, f"-f {dockerfile} -t {pushed} {folder}"]
    return " ".join(words), f"docker push {pushed}"
