"""The wire below the connector: logins, tokens, replays, the shape of answers, and what is refused how."""

import gzip
import http.client
import json
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
import snowflake.connector
from tests.emulator.conftest import Client, World

from spcs_emulator.account.history import KEPT_BYTES, KEPT_TEXT
from spcs_emulator.account.results import Column, Result
from spcs_emulator.registry.api import Credential
from spcs_emulator.wire.rowset import result_data


class Raw:
    """Requests without a client library. `token` is the session token in force."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.token = "None"
        self.master = ""

    def post(
        self, path: str, body: Any, token: str | None = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self._world.local.port, timeout=5)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Authorization": f'Snowflake Token="{token or self.token}"', **headers}
        connection.request("POST", path, data, sent)
        answer = connection.getresponse()
        value = json.loads(answer.read())
        connection.close()
        return answer.status, value

    def chunked(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Sends a chunked body just as it is given."""
        connection = http.client.HTTPConnection("127.0.0.1", self._world.local.port, timeout=5)
        headers = {"Authorization": f'Snowflake Token="{self.token}"', "Transfer-Encoding": "chunked"}
        connection.request("POST", path, body, headers, encode_chunked=False)
        answer = connection.getresponse()
        value = json.loads(answer.read())
        connection.close()
        return answer.status, value

    def login(self, query: str = "", **fields: Any) -> dict[str, Any]:
        connection = self._world.local.connection
        data = {"LOGIN_NAME": connection["user"], "PASSWORD": connection["password"], **fields}
        status, answer = self.post(f"/session/v1/login-request?{query}", {"data": data})
        assert status == 200
        if answer["success"]:
            self.token, self.master = answer["data"]["token"], answer["data"]["masterToken"]
        return answer

    def query(self, sql: str, request_id: str = "", **body: Any) -> dict[str, Any]:
        path = (
            f"/queries/v1/query-request?requestId={request_id}" if request_id else "/queries/v1/query-request"
        )
        status, answer = self.post(path, {"sqlText": sql, **body})
        assert status == 200
        return answer

    def get(self, path: str, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._world.local.port, timeout=5)
        connection.request(
            "GET", path, headers={"Authorization": f'Snowflake Token="{self.token}"', **headers}
        )
        answer = connection.getresponse()
        value = json.loads(answer.read())
        connection.close()
        return answer.status, value


@pytest.fixture
def raw(world: World) -> Raw:
    found = Raw(world)
    found.login()
    return found


def test_login_answers_what_clients_insist_on(world: World) -> None:
    answer = Raw(world).login("roleName=sysadmin&warehouse=gone&databaseName=gone")
    assert type(answer["data"]["sessionId"]) is int
    assert answer["data"]["token"] != answer["data"]["masterToken"]
    assert answer["data"]["sessionInfo"] == {
        "databaseName": None,
        "schemaName": None,
        "warehouseName": None,
        "roleName": "SYSADMIN",
    }


def test_wrong_password_is_one_attempt(world: World) -> None:
    with pytest.raises(snowflake.connector.errors.DatabaseError) as caught:
        world.connect(password="wrong")
    assert (caught.value.errno, caught.value.sqlstate) == (390100, "28000")
    assert world.local._wire.login_attempts == 1


@pytest.mark.parametrize(
    ("query", "fields", "code"),
    [
        ("", {"PASSWORD": ""}, "390100"),
        ("", {"LOGIN_NAME": "nobody"}, "390100"),
        ("roleName=NOBODY", {}, "390189"),
        ("", {"AUTHENTICATOR": "SNOWFLAKE_JWT", "TOKEN": "x"}, "390144"),
        ("", {"AUTHENTICATOR": "SNOWFLAKE_JWT", "TOKEN": "e30.e30.e30"}, "390144"),
        ("", {"AUTHENTICATOR": "SNOWFLAKE_JWT", "TOKEN": "\ud800.x.x"}, "390144"),
        ("", {"AUTHENTICATOR": "PROGRAMMATIC_ACCESS_TOKEN", "TOKEN": "x"}, "394400"),
        ("", {"AUTHENTICATOR": "OAUTH", "TOKEN": "x"}, "390303"),
        ("", {"AUTHENTICATOR": "EXTERNALBROWSER", "TOKEN": "x", "PROOF_KEY": "x"}, "390195"),
        ("", {"AUTHENTICATOR": "USERNAME_PASSWORD_MFA", "PASSCODE": "123456"}, "390194"),
        ("", {"AUTHENTICATOR": "WORKLOAD_IDENTITY", "TOKEN": "x", "PROVIDER": "OIDC"}, "390194"),
    ],
)
def test_refused_logins(world: World, query: str, fields: dict[str, str], code: str) -> None:
    answer = Raw(world).login(query, **fields)
    assert (answer["success"], answer["code"]) == (False, code)


def test_the_login_s_role_place_and_secondary_roles(world: World, admin: Client) -> None:
    admin.run("CREATE DATABASE D")
    admin.run("CREATE SCHEMA S")
    admin.run("CREATE WAREHOUSE W")
    context = "SELECT CURRENT_ROLE() R, CURRENT_DATABASE() D, CURRENT_SCHEMA() S, CURRENT_WAREHOUSE() W"
    client = world.connect(database="d", schema="s", warehouse="w", secondary="ALL")
    assert client.run(context) == [{"R": "ACCOUNTADMIN", "D": "D", "S": "S", "W": "W"}]
    assert json.loads(client.value("SELECT CURRENT_SECONDARY_ROLES()"))["value"] == "ALL"
    assert json.loads(admin.value("SELECT CURRENT_SECONDARY_ROLES()"))["value"] == ""
    public = world.connect(database="d", role="PUBLIC")
    assert public.run(context) == [{"R": "PUBLIC", "D": "D", "S": "PUBLIC", "W": None}]
    raw = Raw(world)
    place = raw.login("roleName=PUBLIC&databaseName=d", SECONDARY_ROLES="NONE")["data"]["sessionInfo"]
    assert (place["roleName"], place["databaseName"]) == ("PUBLIC", None)


def test_a_statement_s_answer(raw: Raw) -> None:
    answer = raw.query("SELECT 1 AS A, 'x' AS B, TRUE AS C, NULL AS D")
    data = answer["data"]
    assert data["rowset"] == [["1", "x", "1", None]]
    assert [column["type"] for column in data["rowtype"]] == ["fixed", "text", "boolean", "text"]
    keys = {"name", "type", "nullable", "length", "byteLength", "precision", "scale"}
    assert all(keys <= set(column) for column in data["rowtype"])
    assert (data["queryResultFormat"], data["total"], data["statementTypeId"]) == ("json", 1, 4096)
    assert data["finalRoleName"] == "ACCOUNTADMIN"
    refused = raw.query("SELECT")
    assert (refused["code"], refused["data"]["sqlState"], refused["success"]) == ("001003", "42000", False)
    assert refused["message"].startswith("SQL compilation error:\n")
    assert len(refused["data"]["queryId"]) == 36


def test_times_have_exactly_three_digits() -> None:
    time = datetime(2026, 11, 22, 12, 0, 0, 7_999, UTC)
    early = datetime(1969, 12, 31, 23, 59, 59, 500_000, UTC)
    result = Result((Column("a", "timestamp_ltz"),), ((time,), (early,)), "show")
    assert result_data(result)["rowset"] == [["1795348800.007"], ["-1.500"]]


def test_a_replay_runs_nothing(raw: Raw) -> None:
    first = raw.query("CREATE ROLE R", "5e1c6a1e-0000-4000-8000-000000000001")
    again = raw.query("CREATE ROLE R", "5e1c6a1e-0000-4000-8000-000000000001")
    assert first == again
    assert first["success"]
    assert raw.query("CREATE ROLE R")["code"] == "002002"


def test_replays_at_the_same_time_run_once(raw: Raw) -> None:
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda: answers.append(raw.query("CREATE ROLE R", "r" * 36)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer["success"] for answer in answers] == [True] * 4
    assert len({answer["data"]["queryId"] for answer in answers}) == 1


def test_tokens(raw: Raw, world: World) -> None:
    old = raw.token
    for kind in ("RENEW", "ISSUE"):
        body = {"oldSessionToken": old, "requestType": kind}
        _, answer = raw.post("/session/token-request", body, raw.master)
        data = answer["data"]
        assert data.keys() >= {
            "sessionToken",
            "validityInSecondsST",
            "masterToken",
            "validityInSecondsMT",
            "sessionId",
        }
        raw.token = data["sessionToken"]
        assert raw.query("SELECT 1")["success"]
        secret = json.dumps({"token": raw.token, "expires_in": 3600})
        visitor = world.local.account.authenticate(Credential("0sessiontoken", secret))
        assert visitor is not None
        assert visitor.user == "ADMIN"
    assert raw.post("/session/heartbeat", {})[1] == {
        "data": None,
        "code": None,
        "message": None,
        "success": True,
    }
    world.local.clock.advance(3601)
    assert raw.query("SELECT 1")["code"] == "390112"
    assert world.local.account.authenticate(Credential(None, raw.token)) is None
    _, answer = raw.post("/session/token-request", {"requestType": "RENEW"}, raw.master)
    raw.token = answer["data"]["sessionToken"]
    assert raw.query("SELECT 1")["success"]
    world.local.clock.advance(4 * 3600)
    assert raw.post("/session/token-request", {"requestType": "RENEW"}, raw.master)[1]["code"] == "390114"


def test_an_expired_session_renews_by_itself(world: World, admin: Client) -> None:
    world.local.clock.advance(3601)
    assert admin.value("SELECT CURRENT_ROLE()") == "ACCOUNTADMIN"


def test_requests_without_a_session(raw: Raw) -> None:
    assert raw.post("/queries/v1/query-request", {"sqlText": "SELECT 1"}, "None")[1]["code"] == "390101"
    assert raw.post("/queries/v1/query-request", {"sqlText": "SELECT 1"}, "wrong")[1]["code"] == "390104"
    assert raw.post("/session/token-request", {}, "wrong")[1]["code"] == "390113"
    assert raw.post("/session?delete=true", {})[1]["success"]
    assert raw.post("/session?delete=true", {})[1]["code"] == "390111"
    assert raw.query("SELECT 1")["code"] == "390104"


def test_async_results_and_monitoring(raw: Raw) -> None:
    answer = raw.query("SELECT 1 AS A", asyncExec=True)
    query_id = answer["data"]["queryId"]
    assert (answer["code"], answer["success"]) == ("333334", True)
    assert raw.get(answer["data"]["getResultUrl"])[1]["data"]["rowset"] == [["1"]]
    for path in (f"/monitoring/queries/{query_id}", f"/monitoring/queries//{query_id}"):
        (query,) = raw.get(path)[1]["data"]["queries"]
        assert (query["status"], query["sqlText"]) == ("SUCCESS", "SELECT 1 AS A")
    assert raw.get(f"/monitoring/queries/{'0' * 36}")[1]["data"]["queries"] == []
    failed = raw.query("FROB", asyncExec=True)["data"]
    assert raw.get(failed["getResultUrl"])[1]["code"] == "001003"
    (query,) = raw.get(f"/monitoring/queries/{failed['queryId']}")[1]["data"]["queries"]
    assert (query["status"], query["errorCode"]) == ("FAILED_WITH_ERROR", "001003")


def test_async_through_the_connector(admin: Client) -> None:
    with admin.connection.cursor() as cursor:
        cursor.execute_async("SELECT 1")
        cursor.get_results_from_sfqid(cursor.sfqid)
        assert cursor.fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"bindings": {"1": {"type": "TEXT", "value": "x"}}}, None),
        ({"bindings": ["x"]}, None),
        ({"parameters": {"MULTI_STATEMENT_COUNT": 2}}, "000008"),
        ({"parameters": {"MULTI_STATEMENT_COUNT": "0"}}, None),
    ],
)
def test_what_a_request_may_ask(raw: Raw, body: dict[str, Any], code: str | None) -> None:
    assert raw.query("SELECT 1", **body)["code"] == code


def test_answers_are_kept_up_to_a_number_of_bytes(raw: Raw) -> None:
    text = "x" * (KEPT_BYTES // 8)
    # one after the other: each has answered before the next is sent
    ids = [raw.query(f"SELECT '{text}' AS A")["data"]["queryId"] for _ in range(12)]
    kept = [raw.get(f"/monitoring/queries/{id_}")[1]["data"]["queries"] for id_ in ids]
    assert [bool(queries) for queries in kept[:5]] == [False] * 5
    assert kept[-1][0]["status"] == "SUCCESS"
    assert len(kept[-1][0]["sqlText"]) == KEPT_TEXT
    assert raw.get(f"/queries/{ids[-1]}/result")[1]["data"]["rowset"] == [[text]]


def test_what_no_client_sends_is_refused_and_no_bug(raw: Raw, caplog: pytest.LogCaptureFixture) -> None:
    lone = "\ud800"
    assert raw.login(AUTHENTICATOR=lone)["code"] == "390194"
    assert raw.login(PASSWORD=lone)["code"] == "390100"
    infinite = b'{"sqlText": "SELECT 1", "parameters": {"MULTI_STATEMENT_COUNT": Infinity}}'
    assert raw.post("/queries/v1/query-request", infinite)[1]["success"]
    assert raw.query(f"SELECT '{lone}' AS A")["code"] == "001003"
    for size in (b"zz", b"-5"):
        status, answer = raw.chunked("/queries/v1/query-request", size + b"\r\n{}\r\n0\r\n\r\n")
        assert (status, answer["code"]) == (200, "300002")
    assert raw.post("/session/token-request", {}, "\xe4")[1]["code"] == "390113"
    assert caplog.text.count("bug") == 0


def test_other_requests(raw: Raw) -> None:
    assert raw.get("/api/v2/compute-pools/")[0] == 404
    assert "not known" in raw.get("/nothing")[1]["message"]
    assert raw.post("/telemetry/send", gzip.compress(b"{}"), **{"Content-Encoding": "gzip"})[1]["success"]
    assert raw.post("/queries/v1/abort-request", {"requestId": "x"})[1]["success"]
    assert raw.post("/session/authenticator-request", {"data": {}})[1]["code"] == "390194"
    gzipped = gzip.compress(json.dumps({"sqlText": "SELECT 1"}).encode())
    assert raw.post("/queries/v1/query-request", gzipped, **{"Content-Encoding": "gzip"})[1]["success"]
    for bad in (b"not json", b"[1]", b"\xff"):
        assert raw.post("/queries/v1/query-request", bad)[1]["code"] == "300002"
    assert (
        raw.post("/queries/v1/query-request", b"junk", **{"Content-Encoding": "gzip"})[1]["code"] == "300002"
    )


def test_only_loopback_names_are_answered(raw: Raw, world: World) -> None:
    assert raw.get("/nothing", Host="evil.example")[0] == 403
    assert raw.get("/nothing", Host=f"localhost:{world.local.port}")[0] == 404


def test_registry_access_by_role(world: World, stack: Client) -> None:
    account = world.local.account
    password = world.local.connection["password"]
    assert account.authenticate(Credential("ADMIN", "wrong")) is None
    assert account.repository_access(Credential("ADMIN", password), "d/public/r") == "write"
    assert account.repository_access(Credential("ADMIN", password), "d/public/gone") is None
    raw = Raw(world)
    stack.run("USE ROLE ACCOUNTADMIN")
    stack.run("CREATE ROLE PULLER")
    stack.run("GRANT ROLE PULLER TO USER ADMIN")
    raw.login("roleName=PULLER", SECONDARY_ROLES="NONE")
    raw.query("USE SECONDARY ROLES NONE")
    puller = Credential(None, raw.token)
    assert account.repository_access(puller, "d/public/r") == "none"
    for grant in ("USAGE ON DATABASE D", "USAGE ON SCHEMA D.PUBLIC", "READ ON IMAGE REPOSITORY D.PUBLIC.R"):
        assert account.repository_access(puller, "d/public/r") == "none"
        stack.run(f"GRANT {grant} TO ROLE PULLER")
    assert account.repository_access(puller, "d/public/r") == "read"
    key, digest = account.repository_key("d/public/r") or "", f"sha256:{'a' * 64}"
    image = account.image(key, "app", "1")
    assert image is not None
    assert image.media_type == "application/vnd.oci.image.manifest.v1+json"
    assert account.image(key, "app", digest) == image
    assert account.image(key, "other", digest) is None
    stack.run("USE ROLE OWNER")
    stack.run("CREATE OR REPLACE IMAGE REPOSITORY D.PUBLIC.R")
    assert account.tags(account.repository_key("d/public/r") or "", "app") == []
