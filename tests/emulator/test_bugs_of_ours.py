"""A bug of the local account's own: an answer like any refusal, the details in the log, nothing changed."""

import io
import json
from pathlib import Path
from typing import Any

from tests.emulator.conftest import SPECIFICATION

from spcs_emulator.account.account import Account
from spcs_emulator.clock import TurnedClock
from spcs_emulator.identity import create_identity, identity_from_json, identity_to_json
from spcs_emulator.registry.api import PushedImage
from spcs_emulator.registry.blobs import BlobStore
from spcs_emulator.runtime.api import InstanceRequest
from spcs_emulator.runtime.none import NoneRuntime
from spcs_emulator.script import Event, Script
from spcs_emulator.store import Store
from spcs_emulator.wire.messages import Request
from spcs_emulator.wire.routes import Wire


class BrokenRuntime(NoneRuntime):
    """Fails in a way nobody expects."""

    def refuse(self, request: InstanceRequest) -> str | None:
        raise LookupError("nobody expects this")


def test_a_bug_is_answered_logged_and_undone(tmp_path: Path) -> None:
    clock, identity, log = TurnedClock(), create_identity(), list[str]()
    store, images = Store(tmp_path / "catalogue.sqlite"), BlobStore(tmp_path / "registry")
    runtime = BrokenRuntime(clock.now)
    account = Account(store, identity, clock, runtime, images, tmp_path, lambda: "127.0.0.1:1")
    wire = Wire(account, identity, clock, Script(), log.append)

    def post(path: str, body: dict[str, Any], token: str = "None") -> Any:
        headers = {"authorization": f'Snowflake Token="{token}"'}
        request = Request("POST", path, {}, headers, io.BytesIO(json.dumps(body).encode()))
        response = wire.respond(request)
        assert response.status == 200
        assert isinstance(response.body, bytes)
        return json.loads(response.body)

    data = {"LOGIN_NAME": identity.user, "PASSWORD": identity.password}
    token = post("/session/v1/login-request", {"data": data})["data"]["token"]
    for sql in (
        "CREATE DATABASE D",
        "CREATE IMAGE REPOSITORY R",
        "CREATE COMPUTE POOL P MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_S",
    ):
        assert post("/queries/v1/query-request", {"sqlText": sql}, token)["success"]
    account.record_image(PushedImage("d/public/r", "app", "1", "sha256:1", "m", None, None))
    before = account.dump()
    create = f"CREATE SERVICE S IN COMPUTE POOL P FROM SPECIFICATION $${SPECIFICATION}$$"
    answer = post("/queries/v1/query-request", {"sqlText": create}, token)
    assert (answer["success"], answer["code"]) == (False, "300002")
    assert "nobody expects this" not in answer["message"]
    assert len(log) == 1
    assert "Traceback" in log[0]
    assert "nobody expects this" in log[0]
    assert "CREATE SERVICE" in log[0]
    assert answer["data"]["queryId"] in log[0]
    assert "containers" not in log[0]
    assert account.dump() == before
    account.close()
    store.close()


def test_an_identity_is_kept_whole_and_never_shows_its_password() -> None:
    identity = create_identity()
    assert identity_from_json(identity_to_json(identity)) == identity
    assert identity.password not in repr(identity)
    assert identity.account == "local-account"


def test_events_count_the_statements_that_contain_their_text() -> None:
    script = Script(events=[Event(2, "cut after", "create"), Event(1, "error before", "DROP")])
    found = [script.next_trouble(text) for text in ("create a", "select 1", "CREATE b", "drop c", "drop d")]
    assert found == [None, None, "cut after", "error before", None]
