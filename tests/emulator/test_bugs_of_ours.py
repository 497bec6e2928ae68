"""A bug of the local account's own: an answer like any refusal, the details in the log, nothing changed."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.emulator.accounts import an_account
from tests.emulator.conftest import SPECIFICATION

from spcs_emulator.account.account import Account
from spcs_emulator.clock import TurnedClock
from spcs_emulator.faults import SqlError
from spcs_emulator.identity import create_identity, identity_from_json, identity_to_json
from spcs_emulator.registry.api import PushedImage
from spcs_emulator.registry.blobs import BlobStore
from spcs_emulator.runtime.api import InstanceRequest, NoFreePortError
from spcs_emulator.runtime.none import NoneRuntime
from spcs_emulator.script import Script
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
    runtime = BrokenRuntime(tmp_path / "volumes", clock.now)
    account = Account(store, identity, clock, runtime, images, tmp_path, lambda: "127.0.0.1:1")
    wire = Wire(account, clock, Script(), log.append)

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
    key = account.repository_key("d/public/r") or ""
    account.record_image(PushedImage(key, "app", "1", "sha256:1", "m", None, ("linux/amd64",)))
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


class NoPorts(NoneRuntime):
    """A machine on which every port is taken."""

    def allocate(self, count: int) -> list[int]:
        raise NoFreePortError("no free ports")


class Moody(NoneRuntime):
    """Starts nothing while `bad`, in a way nobody expects."""

    bad = True

    def start(self, request: InstanceRequest) -> None:
        if self.bad and request.service.endswith(".S"):
            raise LookupError("nobody expects this")
        super().start(request)


def create(name: str) -> str:
    return f"CREATE SERVICE D.PUBLIC.{name} IN COMPUTE POOL P FROM SPECIFICATION $${SPECIFICATION}$$"


def test_too_few_ports_are_refused_and_no_bug(tmp_path: Path) -> None:
    clock = TurnedClock()
    with an_account(tmp_path, clock, NoPorts(tmp_path / "volumes", clock.now)) as (account, run):
        before = account.dump()
        with pytest.raises(SqlError, match="no free ports"):
            run(create("S"))
        assert account.dump() == before


def test_what_could_not_be_started_is_tried_again_and_holds_nobody_up(tmp_path: Path) -> None:
    clock = TurnedClock()
    runtime = Moody(tmp_path / "volumes", clock.now)
    with an_account(tmp_path, clock, runtime) as (account, run):
        run(create("S"))
        run(create("T"))

        def after(seconds: float) -> dict[str, str]:
            for _ in range(round(seconds)):
                clock.advance(1)
                account.tick()
            shown = run("SHOW SERVICES IN DATABASE D")
            names = [column.name for column in shown.columns]
            return {row[names.index("name")]: row[names.index("status")] for row in shown.rows}

        assert after(3) == {"S": "FAILED", "T": "RUNNING"}
        containers = str(run("SHOW SERVICE CONTAINERS IN SERVICE D.PUBLIC.S").rows)
        assert "Encountered fatal error while starting container: " in containers
        runtime.bad = False
        assert after(20) == {"S": "FAILED", "T": "RUNNING"}
        assert after(12) == {"S": "RUNNING", "T": "RUNNING"}


def test_an_identity_is_kept_whole_and_never_shows_its_password() -> None:
    identity = create_identity()
    assert identity_from_json(identity_to_json(identity)) == identity
    assert identity.password not in repr(identity)
    assert identity.account == "local-account"
