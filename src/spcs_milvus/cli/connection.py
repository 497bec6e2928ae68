"""Which account a command works on: ``-c``, the project file, or what the official CLI takes by default."""

import os

from spcs_milvus.cli import local_account
from spcs_milvus.config import Loaded
from spcs_milvus.deployment import Connection

LOCAL = "local"


def connection(loaded: Loaded, asked: str | None) -> Connection:
    """The connection to use; ``local`` starts the local account where it is not running.

    Raises DeployError when the local account cannot be started. Other names are the connector's to look up
    (documented: connections.toml, SNOWFLAKE_DEFAULT_CONNECTION_NAME).
    """
    default = os.environ.get("SNOWFLAKE_DEFAULT_CONNECTION_NAME") or "default"
    name = asked or loaded.project.connection or default
    if name == LOCAL:
        return Connection(LOCAL, local_account.running(), "process")
    return Connection(name, {"connection_name": name})
