"""What every command works on: a project, what it declares, and its account with the doors open.

Comes in: a loaded project and how to reach the account. Goes out: a :class:`Target`. Reads the image folders
and signs in.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from spcs_milvus.account import Account
from spcs_milvus.config import Loaded
from spcs_milvus.declaration import declare, declare_without_images
from spcs_milvus.entry import check_account, check_reachable, choose_who_looks
from spcs_milvus.errors import StoppedError
from spcs_milvus.images import Engine, container_image
from spcs_milvus.report import Counts
from spcs_milvus.resource import Resource
from spcs_milvus.status import LOOKED_AT

GO_ON = "run the command again; it goes on from here"


@dataclass(frozen=True)
class Connection:
    """How to reach an account: the connector's ``options``, which images its runtime runs (``process`` or
    ``container``), and what a person should know about it (None: nothing).
    """

    name: str
    options: Mapping[str, Any] = field(repr=False)
    image_format: str = "container"
    note: str | None = None


@dataclass(frozen=True)
class Target:
    """A project, its account by way of the connection of that ``name``, and what both come to: everything the
    commands work on.
    """

    loaded: Loaded
    resources: tuple[Resource, ...]
    account: Account
    engine: Engine
    name: str
    pause: Callable[[float], object] | None = None


@contextmanager
def target(
    loaded: Loaded,
    connection: Connection,
    pause: Callable[[float], object] | None = None,
    more: Callable[[tuple[Resource, ...]], tuple[Resource, ...]] = lambda resources: resources,
    engine: Engine | None = None,
    images: bool = True,
) -> Iterator[Target]:
    """Declares the project's resources and signs in; ends the sessions afterwards.

    ``more`` may add resources to those of the project; ``pause`` waits between looks (None: real seconds that
    Ctrl-C ends); ``engine`` builds images (None: the one of this machine, connected to when first needed);
    without ``images`` no image folder is read, for what neither makes nor compares them.

    Raises ConfigError for what cannot be deployed there, ConnectError when there is no way in, RefusedError
    when it is another account than the project is pinned to.
    """
    declared = (
        declare(loaded, connection.name, connection.image_format, container_image)
        if images
        else declare_without_images(loaded, connection.name)
    )
    resources = more(declared)
    check_reachable(connection.options)
    account = Account(connection.options, pause or time.sleep)
    try:
        check_account(loaded, account)
        choose_who_looks(loaded, account)
        with engine or Engine() as opened:
            yield Target(loaded, resources, account, opened, connection.name, pause)
    finally:
        account.close()


def counts(on: Target) -> Counts:
    """Statements sent so far, and how many of the writes Snowflake did not refuse."""
    return Counts(on.account.reads, on.account.writes, on.account.written)


def watched(on: Target) -> list[Resource]:
    """What costs while it runs: compute pools and services."""
    return [resource for resource in on.resources if resource.address.kind in LOOKED_AT]


def pausing(
    stop: threading.Event, hint: str, wait: Callable[[float], object] | None = None
) -> Callable[[float], None]:
    """How to wait for some seconds, real ones unless ``wait`` is given: raises StoppedError once ``stop`` is
    set.
    """

    def pause(seconds: float) -> None:
        (wait or stop.wait)(seconds)
        if stop.is_set():
            raise StoppedError("waiting was interrupted", hint=hint)

    return pause
