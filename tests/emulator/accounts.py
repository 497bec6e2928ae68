"""An account without the wire, on a runtime of the test's own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.emulator.conftest import execute

from spcs_emulator.account.account import Account
from spcs_emulator.account.pending import Pending
from spcs_emulator.account.results import Result
from spcs_emulator.account.sessions import LoginRequest
from spcs_emulator.clock import TurnedClock
from spcs_emulator.identity import create_identity
from spcs_emulator.registry.api import PushedImage
from spcs_emulator.registry.blobs import BlobStore
from spcs_emulator.runtime.none import NoneRuntime
from spcs_emulator.store import Store


@contextmanager
def an_account(
    tmp_path: Path, clock: TurnedClock, runtime: NoneRuntime
) -> Iterator[tuple[Account, Callable[[str], Result]]]:
    """An account with a pool and an image, and what runs a statement in it."""
    identity, store = create_identity(), Store(tmp_path / "catalogue.sqlite")
    images = BlobStore(tmp_path / "registry")
    account = Account(store, identity, clock, runtime, images, tmp_path, lambda: "127.0.0.1:1")
    proof = account.authentication.password(identity.user, identity.password)
    session = account.sessions.login(LoginRequest(None, None, None, None, None, {}), proof)

    def run(sql: str) -> Result:
        outcome = execute(account, session, sql)
        result = account.wait(outcome, threading.Event()) if isinstance(outcome, Pending) else outcome
        assert isinstance(result, Result)
        return result

    for sql in (
        "CREATE DATABASE D",
        "CREATE IMAGE REPOSITORY D.PUBLIC.R",
        "CREATE COMPUTE POOL P MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_S",
    ):
        run(sql)
    key = account.repository_key("d/public/r") or ""
    account.record_image(PushedImage(key, "app", "1", "sha256:1", "m", None, ("linux/amd64",)))
    yield account, run
    account.close()
    store.close()
