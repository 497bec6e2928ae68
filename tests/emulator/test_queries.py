"""Statements that take their time, several in one request, cancelled, scanned again, bound and described."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
from tests.emulator.conftest import Client, World
from tests.emulator.test_wire import Raw

from spcs_emulator.clock import TurnedClock
from spcs_emulator.script import Script
from spcs_emulator.server import LocalAccount

WAIT = "CALL SYSTEM$WAIT(60)"


@pytest.fixture
def raw(world: World) -> Raw:
    found = Raw(world)
    found.login()
    return found


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[World]:
    """An account that holds no request for long."""
    with ExitStack() as opened:
        script = Script(hold_seconds=0.05)
        local = opened.enter_context(LocalAccount(tmp_path / "quick", TurnedClock(), script=script))
        yield World(local, opened)


@pytest.fixture
def later() -> Iterator[Callable[..., "Future[Any]"]]:
    """Call something in a thread."""
    with ThreadPoolExecutor(4) as pool:
        yield pool.submit


def running(raw: Raw, query_id: str) -> bool:
    (query,) = raw.get(f"/monitoring/queries/{query_id}")[1]["data"]["queries"]
    return bool(query["status"] == "RUNNING")


def until(happens: Callable[[], Any]) -> None:
    """Look again until it happens; the suite's own time limit ends what never does."""
    while not happens():
        threading.Event().wait(0.01)


# --- async and long statements -----------------------------------------------------------------------------


def test_an_async_statement_runs_until_it_is_done(world: World, raw: Raw) -> None:
    answer = raw.query("SELECT SYSTEM$WAIT(2, 'minutes') AS A", asyncExec=True)
    query_id = answer["data"]["queryId"]
    assert answer["code"] == "333334"
    assert running(raw, query_id)
    world.local.clock.advance(119)
    world.local.tick()
    assert running(raw, query_id)
    world.local.clock.advance(1)
    world.local.tick()
    answer = raw.get(f"/queries/{query_id}/result")[1]
    assert answer["data"]["rowset"] == [["waited 2 minutes"]]
    (query,) = raw.get(f"/monitoring/queries/{query_id}")[1]["data"]["queries"]
    assert (query["status"], query["endTime"] - query["startTime"]) == ("SUCCESS", 120_000)


def test_a_long_statement_is_answered_in_progress_and_its_result_asked_for(impatient: World) -> None:
    raw = Raw(impatient)
    raw.login()
    answer = raw.query(WAIT, "r" * 36)
    assert (answer["code"], answer["success"]) == ("333333", True)
    assert raw.get(answer["data"]["getResultUrl"])[1]["code"] == "333333"
    assert raw.query(WAIT, "r" * 36)["data"]["queryId"] == answer["data"]["queryId"]
    impatient.local.clock.advance(60)
    impatient.local.tick()
    until(lambda: not running(raw, answer["data"]["queryId"]))
    assert raw.get(answer["data"]["getResultUrl"])[1]["data"]["rowset"] == [["waited 60 seconds"]]


def test_the_connector_waits_for_a_long_statement(
    impatient: World, later: Callable[..., "Future[Any]"]
) -> None:
    client = impatient.connect()
    answer = later(client.value, WAIT)
    history = impatient.local.account.history
    until(lambda: any(query.text == WAIT and query.running for query in history._queries.values()))
    impatient.local.clock.advance(60)
    impatient.local.tick()
    assert answer.result(10) == "waited 60 seconds"


def test_other_statements_run_while_one_waits(raw: Raw) -> None:
    raw.query(WAIT, asyncExec=True)
    assert raw.query("SELECT 1 AS A")["data"]["rowset"] == [["1"]]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("CALL SYSTEM$WAIT(1, 'years')", "001008"),
        ("CALL SYSTEM$WAIT(-1)", "001008"),
        ("CALL SYSTEM$WAIT('x')", "001008"),
        ("CALL SYSTEM$WAIT(8, 'DAYS')", "001008"),
    ],
)
def test_waits_that_are_none(raw: Raw, sql: str, code: str) -> None:
    assert raw.query(sql)["code"] == code


@pytest.mark.parametrize("seconds", [30, 0])
def test_a_statement_waits_no_longer_than_its_session_allows(world: World, raw: Raw, seconds: int) -> None:
    raw.query(f"ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = {seconds}")
    query_id = raw.query(WAIT, asyncExec=True)["data"]["queryId"]
    for step in (29, 1, 30):
        assert running(raw, query_id)
        world.local.clock.advance(step)
        world.local.tick()
        if seconds and step == 1:
            break
    answer = raw.get(f"/queries/{query_id}/result")[1]
    assert answer["code"] == ("000630" if seconds else None), answer


# --- cancelling --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["id", "request", "function", "all", "other session"])
def test_cancelling(world: World, raw: Raw, way: str) -> None:
    request = "c" * 36
    query_id = raw.query(WAIT, request, asyncExec=True)["data"]["queryId"]
    match way:
        case "id":
            assert raw.post(f"/queries/{query_id}/abort-request", {})[1]["success"]
        case "request":
            assert raw.post("/queries/v1/abort-request", {"requestId": request})[1]["success"]
        case "function" | "other session":
            if way == "other session":
                raw.login()
            said = raw.query(f"SELECT SYSTEM$CANCEL_QUERY('{query_id}')")["data"]["rowset"]
            assert said == [[f"query [{query_id}] terminated."]]
        case "all":
            session = raw.query("SELECT CURRENT_SESSION()")["data"]["rowset"][0][0]
            said = raw.query(f"select system$cancel_all_queries({session})")["data"]["rowset"]
            assert said == [["1 cancelled."]]
    until(lambda: not running(raw, query_id))
    assert raw.get(f"/queries/{query_id}/result")[1]["code"] == "000604"
    (query,) = raw.get(f"/monitoring/queries/{query_id}")[1]["data"]["queries"]
    assert (query["status"], query["errorCode"]) == ("FAILED_WITH_ERROR", "000604")
    again = raw.query(f"SELECT SYSTEM$CANCEL_QUERY('{query_id}')")["data"]["rowset"]
    assert again == [["Identified SQL statement is not currently executing."]]


def test_the_connector_cancels(admin: Client) -> None:
    with admin.connection.cursor() as cursor:
        cursor.execute_async(WAIT)
        query_id = cursor.sfqid
        assert admin.connection.is_still_running(admin.connection.get_query_status(query_id))
        assert cursor.abort_query(query_id)
        until(lambda: not admin.connection.is_still_running(admin.connection.get_query_status(query_id)))
        with pytest.raises(snowflake.connector.errors.ProgrammingError):
            admin.connection.get_query_status_throw_if_error(query_id)


def test_nobody_cancels_what_is_not_there(raw: Raw) -> None:
    assert raw.post("/queries/v1/abort-request", {})[1]["success"]
    assert raw.post(f"/queries/{'0' * 36}/abort-request", {})[1]["success"]
    assert raw.query("SELECT SYSTEM$CANCEL_ALL_QUERIES('x')")["data"]["rowset"] == [["0 cancelled."]]


# --- several statements ------------------------------------------------------------------------------------


def several(raw: Raw, sql: str, count: int) -> dict[str, Any]:
    return raw.query(sql, parameters={"MULTI_STATEMENT_COUNT": count})


def test_several_statements_in_one_request(raw: Raw) -> None:
    answer = several(raw, "SELECT 1; /* ; */ USE ROLE SYSADMIN;\nSELECT CURRENT_ROLE() AS A, ';' AS B;", 3)
    data = answer["data"]
    assert (data["statementTypeId"], data["finalRoleName"]) == (0xA000, "SYSADMIN")
    assert answer["code"] is None


def test_each_statement_s_result_is_there(raw: Raw) -> None:
    data = several(raw, "CREATE ROLE R; SELECT 1 AS A; SHOW ROLES LIKE 'R'", 0)["data"]
    assert data["resultTypes"] == f"{0x6000},{0x1000},{0x1000}"
    answers = [raw.get(f"/queries/{id_}/result")[1]["data"] for id_ in data["resultIds"].split(",")]
    assert answers[0]["rowset"] == [["Role R successfully created."]]
    assert answers[1]["rowset"] == [["1"]]
    assert len(answers[2]["rowset"]) == 1
    texts = [
        raw.get(f"/monitoring/queries/{id_}")[1]["data"]["queries"][0]["sqlText"]
        for id_ in data["resultIds"].split(",")
    ]
    assert texts == ["CREATE ROLE R", "SELECT 1 AS A", "SHOW ROLES LIKE 'R'"]


@pytest.mark.parametrize(
    ("sql", "count", "code"),
    [
        ("SELECT 1; SELECT 2", 1, "000008"),
        ("SELECT 1; SELECT 2", 3, "000008"),
        ("SELECT 1", 2, "000008"),
        (";", 0, "000900"),
        ("SELECT 1; FROB", 2, "001003"),
    ],
)
def test_counts_that_do_not_match(raw: Raw, sql: str, count: int, code: str) -> None:
    assert several(raw, sql, count)["code"] == code


def test_what_was_done_before_a_failure_stays_done(raw: Raw) -> None:
    answer = several(raw, "CREATE ROLE A; CREATE ROLE A; CREATE ROLE B", 3)
    assert (answer["code"], answer["success"]) == ("002002", False)
    assert len(raw.query("SHOW ROLES LIKE 'A'")["data"]["rowset"]) == 1
    assert raw.query("SHOW ROLES LIKE 'B'")["data"]["rowset"] == []


def test_several_through_the_connector(admin: Client) -> None:
    with admin.connection.cursor() as cursor:
        cursor.execute("CREATE ROLE R; SELECT 1; SELECT 2, 3", num_statements=3)
        found = [cursor.fetchall()]
        while cursor.nextset():
            found.append(cursor.fetchall())
    assert found == [[("Role R successfully created.",)], [(1,)], [(2, 3)]]


def test_several_that_wait_are_cancelled_as_a_whole(raw: Raw) -> None:
    parameters = {"MULTI_STATEMENT_COUNT": 3}
    sql = f"CREATE ROLE A; {WAIT}; CREATE ROLE B"
    query_id = raw.query(sql, asyncExec=True, parameters=parameters)["data"]["queryId"]
    until(lambda: raw.query("SHOW ROLES LIKE 'A'")["data"]["rowset"])
    raw.post(f"/queries/{query_id}/abort-request", {})
    assert raw.get(f"/queries/{query_id}/result")[1]["code"] == "000604"
    assert raw.query("SHOW ROLES LIKE 'B'")["data"]["rowset"] == []


def test_an_account_that_closes_ends_what_waits(tmp_path: Path) -> None:
    with ExitStack() as opened:
        local = opened.enter_context(LocalAccount(tmp_path / "closing", TurnedClock()))
        raw = Raw(World(local, opened))
        raw.login()
        for _ in range(3):
            raw.query(WAIT, asyncExec=True)
    assert all(not query.running for query in local.account.history._queries.values())


# --- results again -----------------------------------------------------------------------------------------


def test_result_scan(world: World, admin: Client) -> None:
    with admin.connection.cursor() as cursor:
        cursor.execute("SHOW ROLES LIKE 'SYS%'")
        shown, query_id = cursor.fetchall(), cursor.sfqid
    assert len(shown) == 1
    names = [column.lower() for column in admin.columns("select * from table(result_scan(last_query_id()))")]
    assert names[:2] == ["created_on", "name"]
    admin.run("SELECT 1")
    scan = f"select * from table(result_scan('{query_id}'))"
    other = world.connect()
    for client in (admin, other):
        assert [tuple(row.values()) for row in client.run(scan)] == shown
    assert admin.refused("SELECT * FROM TABLE(RESULT_SCAN('nothing'))")[:2] == (709, "02000")
    other.refused("FROB")
    assert other.refused("SELECT * FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))")[0] == 709


def test_last_query_id(raw: Raw) -> None:
    first = raw.query("SELECT 1")["data"]["queryId"]
    second = raw.query("FROB")["data"]["queryId"]
    answer = raw.query(
        "SELECT LAST_QUERY_ID(), LAST_QUERY_ID(-2), LAST_QUERY_ID(1), LAST_QUERY_ID(0), LAST_QUERY_ID(9)"
    )
    assert answer["data"]["rowset"] == [[second, first, first, None, None]]
    assert raw.query("SELECT LAST_QUERY_ID('x')")["code"] == "001008"


# --- bindings and descriptions -----------------------------------------------------------------------------


def bound(raw: Raw, sql: str, *values: tuple[str, Any]) -> dict[str, Any]:
    bindings = {str(place): {"type": type_, "value": value} for place, (type_, value) in enumerate(values, 1)}
    return raw.query(sql, bindings=bindings)


def test_bindings(raw: Raw) -> None:
    answer = bound(
        raw,
        "SELECT ?, ?, :3, ?, ?",
        ("TEXT", "it's; '?'"),
        ("FIXED", "-7"),
        ("FIXED", "8"),
        ("BOOLEAN", "true"),
        ("ANY", None),
    )
    assert answer["data"]["rowset"] == [["it's; '?'", "-7", "8", "8", "1"]]
    assert bound(raw, "CREATE ROLE R COMMENT = ?", ("TEXT", "a 'note'"))["success"]
    assert bound(raw, "SHOW ROLES LIKE ?", ("TEXT", "R"))["data"]["total"] == 1


@pytest.mark.parametrize(
    ("sql", "values", "code"),
    [
        ("SELECT ?, ?", [("TEXT", "x")], "002049"),
        ("SELECT :2", [("TEXT", "x")], "002049"),
        ("SELECT : x", [("TEXT", "x")], "001003"),
        ("SELECT ?", [("BINARY", "00")], "000002"),
        ("SELECT ?", [("FIXED", "1.5")], "000002"),
        ("SELECT ?", [("TEXT", ["a", "b"])], "000002"),
        ("CREATE ROLE ?", [("TEXT", "x")], "001003"),
    ],
)
def test_bindings_that_are_refused(raw: Raw, sql: str, values: list[tuple[str, Any]], code: str) -> None:
    assert bound(raw, sql, *values)["code"] == code


def test_bindings_through_the_connector(world: World) -> None:
    client = world.connect(paramstyle="qmark")
    with client.connection.cursor() as cursor:
        cursor.execute("SELECT ?, ?, ?", ("it's", 5, True))
        assert cursor.fetchall() == [("it's", 5, True)]


def test_describe_only(raw: Raw, admin: Client) -> None:
    for sql, names in (
        ("SELECT 1 AS A, SYSTEM$WAIT(60) AS B", ["A", "B"]),
        ("CREATE ROLE R", ["status"]),
        ("LIST @NOPE", None),
        ("FROB", None),
        ("PUT file:///x @s", None),
    ):
        answer = raw.query(sql, describeOnly=True)
        assert answer["success"] is (names is not None)
        if names:
            assert [column["name"] for column in answer["data"]["rowtype"]] == names
            assert answer["data"]["rowset"] == []
    assert raw.query("SHOW ROLES LIKE 'R'")["data"]["rowset"] == []
    with admin.connection.cursor() as cursor:
        assert [column.name for column in cursor.describe("SELECT 1 AS A")] == ["A"]


# --- context functions -------------------------------------------------------------------------------------


def test_what_a_session_is_told(stack: Client, world: World) -> None:
    stack.run("USE SCHEMA D.PUBLIC")
    sql = (
        "SELECT CURRENT_SCHEMAS(), CURRENT_STATEMENT() AS S, CURRENT_DATE, CURRENT_TIMESTAMP() AS T,"
        " IS_ROLE_IN_SESSION('OWNER') AS A, IS_ROLE_IN_SESSION('SYSADMIN') AS B, CURRENT_TRANSACTION(),"
        " CURRENT_IP_ADDRESS(), CURRENT_CLIENT() AS C, SYSTEM$SHOW_ACTIVE_BEHAVIOR_CHANGE_BUNDLES() AS E,"
        " SYSTEM$BEHAVIOR_CHANGE_BUNDLE_STATUS('2026_07') AS F"
    )
    (row,) = stack.run(sql)
    assert json.loads(row["CURRENT_SCHEMAS()"]) == ["D.PUBLIC"]
    assert row["S"] == sql
    assert row["CURRENT_DATE()"] == date(2026, 11, 22)
    assert row["T"] == world.local.clock.now()
    assert (row["A"], row["B"]) == (True, False)
    assert row["CURRENT_TRANSACTION()"] is None
    assert row["C"].split()[1] == snowflake.connector.__version__
    data = json.loads(stack.value("SELECT SYSTEM$BOOTSTRAP_DATA_REQUEST('ACCOUNT')"))
    assert data["accountInfo"]["serviceLevelName"] == "ENTERPRISE"
    assert stack.refused("SELECT SYSTEM$BOOTSTRAP_DATA_REQUEST('X')")[0] == 1008
