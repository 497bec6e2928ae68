"""Where images are pushed to for a measurement: Debian's docker-registry, and a local account, each empty.

Comes in: nothing. Goes out: references and logins. Touches processes and folders of its own, gone at the end.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import snowflake.connector
from tests.docker.registries import DockerRegistry, free_port

from benchmarks.account import NotingAccount, noting_account
from spcs_milvus.images import Login
from spcs_milvus.secrets import Secret

QUIET = {"enable_server_session_keep_alive_auto_detection": False}


class Target:
    """A registry with one repository. ``root`` stands before an image's name in a reference."""

    def __init__(self, root: str, login: Login) -> None:
        self.root = root
        self.login = login

    @property
    def host(self) -> str:
        """What is signed in to."""
        return self.root.partition("/")[0]

    def empty(self) -> None:
        """Forgets everything that was pushed."""
        raise NotImplementedError


class DebiansRegistry(Target):
    """docker-registry with a password."""

    def __init__(self, registry: DockerRegistry) -> None:
        super().__init__(f"{registry.host}/db/schema/repo", Login(registry.user, Secret(registry.password)))
        self._registry = registry

    def empty(self) -> None:
        """Starts it again without its storage."""
        self._registry.kill()
        shutil.rmtree(self._registry.storage, ignore_errors=True)
        self._registry.start()


class LocalRegistry(Target):
    """The registry of a local account, with a session token."""

    def __init__(self, account: NotingAccount, connection: Any) -> None:
        self._account = account
        self._connection = connection
        self._run("CREATE DATABASE D")
        rest = getattr(connection, "rest", None) or connection._rest  # connector 5, and 4
        given = rest._token_request("ISSUE")["data"]
        password = json.dumps({"token": given["sessionToken"], "expires_in": given["validityInSecondsST"]})
        host = f"127.0.0.1:{account.connection['port']}"
        super().__init__(f"{host}/d/public/r", Login("0sessiontoken", Secret(password)))

    def empty(self) -> None:
        """Makes the repository anew."""
        self._run("CREATE OR REPLACE IMAGE REPOSITORY D.PUBLIC.R")

    @property
    def peak_bytes(self) -> int:
        """The most memory that the account's process has held."""
        return self._account.peak_bytes

    def _run(self, sql: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(sql)


@contextmanager
def debians_registry() -> Iterator[DebiansRegistry]:
    """One that runs until the block ends."""
    with tempfile.TemporaryDirectory(prefix="spcs-milvus-benchmark-") as folder:
        storage, settings = Path(folder, "storage"), Path(folder, "settings")
        settings.mkdir()
        registry = DockerRegistry(storage, settings, free_port())
        registry.start()
        try:
            yield DebiansRegistry(registry)
        finally:
            registry.kill()


@contextmanager
def local_registry() -> Iterator[LocalRegistry]:
    """One whose account runs until the block ends."""
    with (
        noting_account(0) as account,
        snowflake.connector.connect(**account.connection, **QUIET) as connection,
    ):
        yield LocalRegistry(account, connection)
