"""What carries a label in an engine, and its removal.

In: a client and a label, `key` or `key=value`. Out: words such as `container 3f2a…`.
"""

from collections.abc import Callable
from contextlib import suppress

import docker


def labelled(engine: docker.APIClient, label: str) -> list[str]:
    """Every container, network, volume and image with the label, in words; networks and volumes by name."""
    return [f"{kind} {key}" for kind, keys in _found(engine, label).items() for key in keys]


def remove(engine: docker.APIClient, label: str) -> None:
    """Removes all of that. What somebody else removes meanwhile is nothing to do."""
    doors: dict[str, Callable[[str], object]] = {
        "container": lambda key: engine.remove_container(key, force=True, v=True),
        "network": engine.remove_network,
        "volume": lambda key: engine.remove_volume(key, force=True),
        "image": lambda key: engine.remove_image(key, force=True),
    }
    for kind, keys in _found(engine, label).items():
        for key in keys:
            with suppress(docker.errors.NotFound):
                doors[kind](key)


def _found(engine: docker.APIClient, label: str) -> dict[str, list[str]]:
    """In the order in which they can be removed."""
    chosen = {"label": label}
    return {
        "container": [found["Id"] for found in engine.containers(all=True, filters=chosen)],
        "network": [found["Name"] for found in engine.networks(filters=chosen)],
        "volume": [found["Name"] for found in engine.volumes(filters=chosen)["Volumes"] or []],
        "image": [found["Id"] for found in engine.images(filters=chosen)],
    }
