"""The commands that build and push an image by hand, as a shell reads them."""

import shlex
from pathlib import Path

from spcs_milvus.container_image import ContainerImage
from spcs_milvus.docker_commands import commands, trial


def test_every_value_is_one_word_of_the_shell() -> None:
    arguments = {"BASE": "hub.test/milvus:1", "TITLE": "it's; rm -rf $HOME"}
    image = ContainerImage(Path("my images/a"), "docker/it's", arguments, "sha256:0123456789abcdef")

    build, push = map(shlex.split, commands("milvus", image))

    assert build == [
        *("docker", "build", "--platform", "linux/amd64"),
        *("--build-arg", "BASE=hub.test/milvus:1", "--build-arg", "TITLE=it's; rm -rf $HOME"),
        *("-f", "my images/a/docker/it's", "-t", "$REPOSITORY/milvus:ctx-0123456789ab", "my images/a"),
    ]
    assert push == ["docker", "push", "$REPOSITORY/milvus:ctx-0123456789ab"]
    assert shlex.split(trial(image)) == [word for word in build if word not in ("-t", build[-2])]
