"""Which account a command works on: ``-c``, the project file, or what the official CLI takes by default."""

import os

from spcs_milvus import connections
from spcs_milvus.cli import local_account
from spcs_milvus.cli.options import LOCAL
from spcs_milvus.config import Loaded
from spcs_milvus.opening import Connection
from spcs_milvus.session import written

NOTES = {
    "process": "on the local account services run as processes; milvus is Milvus Lite, the embedded edition",
    "none": "this local account was started with --runtime none: it only plays the services, nothing answers",
}


def connection(loaded: Loaded, asked: str | None) -> Connection:
    """The connection to use; ``local`` starts the local account where it is not running.

    Raises DeployError when the local account cannot be started, ConfigError for a name nobody wrote down.
    """
    name = asked or loaded.project.connection or written().default
    if name == LOCAL:
        running = local_account.running()
        runtime = running["runtime"]
        image_format = local_account.IMAGE_FORMATS[runtime]
        return Connection(LOCAL, running["connection"], image_format, NOTES.get(runtime))
    return Connection(name, connections.options(name, written(), os.environ))
