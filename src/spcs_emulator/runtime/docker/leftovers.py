"""What a local account has left in an engine, and its removal.

In: an engine, or an account's name. Out: nothing. Removes what bears the account's label, and the images that
its containers say are the account's.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from spcs_emulator.runtime.docker import pod, volumes
from spcs_emulator.runtime.docker.engine import IMAGES, Engine, answering, connect
from spcs_emulator.runtime.docker.images import remove


def remove_leftovers(engine: Engine) -> None:
    """Removes every container, network and image of the account, and all volumes but block ones.

    An engine's error when it does not answer.
    """
    left = engine.containers({})
    for container in left:
        engine.remove(container["Id"])
    for image in {name for container in left for name in json.loads(container["Labels"].get(IMAGES, "[]"))}:
        remove(engine.api, image)
    volumes.discard_lost(engine)
    pod.remove_networks(engine)


def clean_up(account: str) -> None:
    """Removes all that but block volumes. NoEngineError when no engine answers."""
    with _engine(account) as engine:
        remove_leftovers(engine)


def forget(account: str) -> None:
    """Removes everything of the account, its block volumes too. NoEngineError when no engine answers."""
    with _engine(account) as engine:
        remove_leftovers(engine)
        volumes.discard(engine, volumes.keys(engine))


@contextmanager
def _engine(account: str) -> Iterator[Engine]:
    engine = connect(account)
    with engine.api, answering():
        yield engine
