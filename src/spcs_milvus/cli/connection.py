"""Which account a command works on: ``-c``, the project file, or what the official CLI takes by default."""

from spcs_milvus.cli import local_account
from spcs_milvus.config import Loaded
from spcs_milvus.deployment import Connection
from spcs_milvus.session import default_connection

LOCAL = "local"
NOTES = {
    "process": "on the local account services run as processes; milvus is Milvus Lite, the embedded edition",
    "none": "this local account was started with --runtime none: it only plays the services, nothing answers",
}


def connection(loaded: Loaded, asked: str | None) -> Connection:
    """The connection to use; ``local`` starts the local account where it is not running.

    Raises DeployError when the local account cannot be started. Other names are the connector's to look up
    (documented: connections.toml, config.toml).
    """
    name = asked or loaded.project.connection or default_connection()
    if name == LOCAL:
        running = local_account.running()
        return Connection(LOCAL, running["connection"], "process", NOTES[running["runtime"]])
    return Connection(name, {"connection_name": name})
