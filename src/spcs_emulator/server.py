"""A whole local account in this process: catalogue, wire, registry, runtime and clock, put together.

In: a data folder and settings. Out: an account that answers on 127.0.0.1. Touches the data folder, one
port, and through the runtime the processes of services. Used by `__main__` alone in a process, and by tests
in theirs.
"""

import errno
import logging
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from spcs_emulator.account.account import Account
from spcs_emulator.clock import Clock, TurnedClock
from spcs_emulator.errors import (
    DamagedAccountError,
    LocalAccountError,
    PortTakenError,
    UnusableFolderError,
)
from spcs_emulator.faults import SqlError
from spcs_emulator.folder import DataFolder, Kept, Running
from spcs_emulator.registry.api import Source
from spcs_emulator.registry.blobs import BlobStore
from spcs_emulator.registry.registry import Registry
from spcs_emulator.runtime import disk
from spcs_emulator.runtime.api import VolumeError
from spcs_emulator.runtime.marks import mark_of
from spcs_emulator.runtime.none import NoneRuntime
from spcs_emulator.runtime.ports import PortPool
from spcs_emulator.runtimes import check_volumes, clean_up_before, open_runtime
from spcs_emulator.script import Script
from spcs_emulator.store import DamagedError, Store, StoreError
from spcs_emulator.wire.envelope import read_json
from spcs_emulator.wire.http import HttpServer, serve
from spcs_emulator.wire.interruptions import interrupted
from spcs_emulator.wire.messages import Request, Response, json_response
from spcs_emulator.wire.routes import STATEMENT, Wire

HOST = "127.0.0.1"
TICK_SECONDS = 0.1

_log = logging.getLogger(__name__)

ClockT = TypeVar("ClockT", bound=Clock)


class LocalAccount(Generic[ClockT]):
    """A running local account; a context manager. With a `TurnedClock` only `tick` moves it.

    `port` 0 takes any free port, None the one it had last time, or another when that is taken; `runtime`
    None is the one it had last time, or `process`. Raises a LocalAccountError when the folder, the port or
    the runtime cannot be used.
    """

    def __init__(
        self,
        data: Path,
        clock: ClockT,
        *,
        runtime: str | None = "none",
        port: int | None = 0,
        latency_ms: int = 0,
        script: Script | None = None,
    ) -> None:
        self.clock = clock
        self.folder = DataFolder(data.resolve())
        self._script = script or Script()
        self._script.latency_ms = latency_ms or self._script.latency_ms
        self._token = secrets.token_urlsafe(32)
        self._stop = threading.Event()
        with ExitStack() as opened:
            self._open(opened, runtime, port)
            self._opened = opened.pop_all()

    def _open(self, opened: ExitStack, runtime: str | None, port: int | None) -> None:
        folder = self.folder
        folder.prepare()
        opened.enter_context(folder.held())
        kept = folder.account()
        name = runtime or kept.runtime
        self.identity = kept.identity
        with _folder_errors(folder):
            store = _open_store(opened, folder, kept)
            blobs = BlobStore(folder.registry)
            check_volumes(name, folder, kept, store)
            clean_up_before(name, folder)
            self.runtime = open_runtime(name, folder, kept.mark, blobs, self._image_source, self.clock.now)
            # Of what a killed account left, and of what runs now once it has ended.
            disk.remove(folder.secrets)
            opened.callback(disk.remove, folder.secrets)
            opened.callback(self.runtime.close)
            self.account = Account(
                store, self.identity, self.clock, self.runtime, blobs, folder.path, self._registry_host
            )
        self._wire = Wire(self.account, self.clock, self._script, _log.error)
        opened.callback(self._wire.close)
        self._registry = Registry(self.account, blobs, self.clock.now)
        http = _listen(self._respond, port, kept.port)
        opened.callback(http.close)
        # Before the server, which ends once every statement is answered, those that wait too.
        opened.callback(self.account.close)
        self.port = http.port
        folder.keep(replace(kept, port=http.port, runtime=name))
        with _folder_errors(folder):
            self.account.start()
        if not isinstance(self.clock, TurnedClock):
            ticker = threading.Thread(target=self._tick_on, name="ticker", daemon=True)
            ticker.start()
            opened.callback(ticker.join)
        opened.callback(self._stop.set)
        folder.announce(self._running())
        opened.callback(folder.unannounce)
        # Only now, as whoever starts the account does not wait as long as the copy of a volume may take.
        self.account.collect()

    @property
    def connection(self) -> dict[str, Any]:
        """What a client's connection needs; the password included."""
        return connection(self.folder, self.port)

    @property
    def login_attempts(self) -> int:
        """How often somebody has tried to sign in, refused ones included."""
        return self._wire.login_attempts

    def tick(self) -> None:
        """Lets the account notice what its clock and its runtime have brought."""
        self.account.tick()

    def dump(self) -> dict[str, Any]:
        """The whole catalogue, canonical: two dumps are equal exactly when the accounts are."""
        return self.account.dump()

    def close(self) -> None:
        """Stops serving and ends every service's processes. The catalogue remembers what should run."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _registry_host(self) -> str:
        return f"{HOST}:{self.port}"

    def _image_source(self) -> Source:
        return Source(self._registry_host(), self.account.platform_credential())

    def _running(self) -> Running:
        pid = os.getpid()
        return Running(
            pid=pid,
            mark=mark_of(pid) or "",
            port=self.port,
            runtime=self.runtime.name,
            latency_ms=self._script.latency_ms,
            token=self._token,
        )

    def _tick_on(self) -> None:
        while not self._stop.wait(TICK_SECONDS):
            try:
                self.account.tick()
            except Exception:  # whatever one tick met, the next must still come
                _log.exception("tick")

    def _respond(self, request: Request) -> Response:
        if (request.method, request.path) == STATEMENT:
            return self._wire.respond(request)
        return interrupted(self._script, self._answer, request)

    def _answer(self, request: Request) -> Response:
        path = request.path
        if path in ("/v2", "/login") or path.startswith("/v2/"):
            return self._registry.respond(request)
        if path.startswith("/local/"):
            return self._admin(request)
        return self._wire.respond(request)

    def _admin(self, request: Request) -> Response:
        """Pages of the local account's own, for whoever can read its `server.json`."""
        given = (request.header("authorization") or "").removeprefix("Bearer ")
        if not secrets.compare_digest(given.encode(), self._token.encode()):
            return json_response({"error": "the admin token of server.json is needed"}, 401)
        match request.method, request.path:
            case "GET", "/local/dump":
                return json_response(self.dump())
            case "POST", "/local/oauth-token":
                return self._oauth_token(read_json(request))
            case "GET", "/local/status":
                return json_response({"pid": os.getpid()})
        return json_response({"error": "no such page"}, 404)

    def _oauth_token(self, asked: dict[str, Any]) -> Response:
        """`{user, role, seconds}`: role null is every role of the user's; an hour if nothing is said."""
        try:
            token = self.oauth_token(
                str(asked.get("user")), asked.get("role"), float(asked.get("seconds", 3600))
            )
        except (KeyError, TypeError, ValueError) as error:
            return json_response({"error": f"no such user or role: {error}"}, 400)
        return json_response({"token": token})

    def oauth_token(self, user: str, role: str | None, seconds: float = 3600) -> str:
        """An OAuth access token for the user, good for `role` only unless that is None.

        KeyError when there is no such user or role.
        """
        return self.account.authentication.issue_oauth(user, role, seconds)


def connection(folder: DataFolder, port: int) -> dict[str, Any]:
    """How a client connects to the folder's account when it listens on `port`."""
    identity = folder.existing_account().identity
    return {
        "host": HOST,
        "port": port,
        "protocol": "http",
        "account": identity.account,
        "user": identity.user,
        "password": identity.password,
    }


def read_dump(folder: DataFolder, clock: Clock) -> dict[str, Any]:
    """The dump of an account that nobody serves. NotALocalAccountError when the folder holds none."""
    kept = folder.existing_account()
    with folder.held(), ExitStack() as opened, _folder_errors(folder):
        store = _open_store(opened, folder, kept)
        blobs = BlobStore(folder.registry)
        runtime = NoneRuntime(folder.volumes, clock.now)
        account = Account(store, kept.identity, clock, runtime, blobs, folder.path, lambda: HOST)
        opened.callback(account.close)
        return account.dump()


@contextmanager
def _folder_errors(folder: DataFolder) -> Iterator[None]:
    try:
        yield
    except DamagedError as error:
        raise DamagedAccountError(folder.path, str(error)) from error
    except (StoreError, SqlError, VolumeError, OSError) as error:
        raise UnusableFolderError(folder.path, str(error)) from error


def _open_store(opened: ExitStack, folder: DataFolder, kept: Kept) -> Store:
    """Opens the catalogue. DamagedError where an account that was served before has lost its own: an empty
    one would be taken for a new account, and everything in the folder for nobody's.
    """
    store = Store(folder.catalogue)
    opened.callback(store.close)
    if kept.port and not store.load():
        raise DamagedError("its catalogue.sqlite is empty or was not there")
    return store


def _listen(respond: Callable[[Request], Response], port: int | None, last: int) -> HttpServer:
    if port:
        return _listen_on(respond, port)
    if port is None and last:
        try:
            return _listen_on(respond, last)
        except PortTakenError:
            _log.warning("port %s, where this account listened before, is taken; another one is picked", last)
    return _listen_on(respond, PortPool().take(1)[0])


def _listen_on(respond: Callable[[Request], Response], port: int) -> HttpServer:
    try:
        return serve(respond, port, HOST)
    except (OSError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise PortTakenError(port) from error
        raise LocalAccountError(
            f"port {port} of 127.0.0.1 cannot be used: {error}", "Ask for a port from 1024 to 65535."
        ) from error
