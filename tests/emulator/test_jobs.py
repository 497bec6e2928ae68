"""Jobs that are waited for, and what waits for services: answers, time running out, cancelling, processes."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
from tests.emulator.conftest import Client, World, changed, container, execute, push_process, request_of

from spcs_emulator.account.pending import Pending
from spcs_emulator.account.results import Result
from spcs_emulator.clock import RealClock, TurnedClock
from spcs_emulator.faults import SqlError
from spcs_emulator.server import LocalAccount
from spcs_emulator.statement.values import ObjectKind

Create = Callable[..., str]
JOB = json.dumps({"spec": {"containers": [{"name": "main", "image": "/d/public/r/app:1"}]}})

# Adds an x to a file in its volume, and prints what is in it then.
NOTES = """
import pathlib, sys
file = pathlib.Path(sys.argv[1]) / "notes"
text = (file.read_text() if file.exists() else "") + "x"
file.write_text(text)
print(text)
"""


def job(options: str = "NAME = D.PUBLIC.J", specification: str = JOB, pool: str = "P") -> str:
    return f"EXECUTE JOB SERVICE IN COMPUTE POOL {pool} FROM SPECIFICATION $${specification}$$ {options}"


def refused(world: World, sql: str) -> tuple[int, str]:
    with pytest.raises(snowflake.connector.errors.DatabaseError) as caught:
        world.answer(sql)
    return int(caught.value.errno or 0), str(caught.value.raw_msg)


def test_a_job_is_waited_for(world: World, stack: Client) -> None:
    assert world.answer(job()) == [{"status": "Job J completed successfully with status: DONE."}]
    assert stack.run("SHOW JOB SERVICES")[0]["is_async_job"] == "false"
    assert stack.refused(job("NAME = J"))[0] == 2002


def test_a_job_that_is_taken_away_answers_with_an_error(world: World, stack: Client) -> None:
    account = world.local.account
    for last, errno in (
        ("SELECT D.PUBLIC.J!SPCS_CANCEL_JOB()", 395031),
        ("DROP SERVICE D.PUBLIC.J", 2003),
    ):
        stack.run("DROP SERVICE IF EXISTS D.PUBLIC.J")
        session = account.sessions.of_token(stack_token(world))
        pending = execute(account, session, job())
        assert isinstance(pending, Pending)
        stack.run(last)
        with pytest.raises(SqlError) as caught:
            account.wait(pending, threading.Event())
        assert caught.value.errno == errno


def stack_token(world: World) -> str:
    """The session token of the one session there is."""
    sessions = world.local.account._catalogue.sessions.values()
    return next(token for session in sessions for token in session.tokens)


def test_cancelling_the_statement_cancels_the_job(world: World, stack: Client) -> None:
    account = world.local.account
    pending = execute(account, account.sessions.of_token(stack_token(world)), job())
    assert isinstance(pending, Pending)
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(SqlError) as caught:
        account.wait(pending, cancelled)
    assert caught.value.errno == 604
    world.turn(1)
    assert stack.run("SHOW JOB SERVICES")[0]["status"] == "CANCELLED"


def test_waiting_for_a_status(world: World, stack: Client, create_service: Create) -> None:
    stack.run(create_service())
    stack.run(job("NAME = D.PUBLIC.J ASYNC = TRUE"))
    (row,) = world.answer("CALL D.PUBLIC.S!SPCS_WAIT_FOR('RUNNING', 60)")
    assert row == {"SPCS_WAIT_FOR": "Service S reached status RUNNING."}
    assert world.answer("SELECT D.PUBLIC.J!spcs_wait_for('done', 60) AS R")[0]["R"].endswith("status DONE.")
    for wanted, errno, says in (
        ("'SUSPENDED', 5", 395032, "time is over and the status is RUNNING"),
        ("'DONE', 5", 1008, "one of PENDING, RUNNING"),
        ("'RUNNING', -1", 1008, "seconds"),
        ("'RUNNING', 'x'", 1008, "seconds"),
    ):
        found, message = refused(world, f"CALL D.PUBLIC.S!SPCS_WAIT_FOR({wanted})")
        assert (found, says in message) == (errno, True), message
    errno, message = refused(world, "CALL D.PUBLIC.J!SPCS_WAIT_FOR('RUNNING', 60)")
    assert (errno, "its status is DONE" in message) == (395032, True)


def test_waiting_for_services(world: World, stack: Client, create_service: Create) -> None:
    stack.run(create_service())
    stack.run(job("NAME = D.PUBLIC.J ASYNC = TRUE"))
    call = "SELECT SYSTEM$WAIT_FOR_SERVICES({}, 'D.PUBLIC.S', 'D.PUBLIC.J') AS R"
    assert world.answer(call.format(60)) == [{"R": "OK"}]
    stack.run("ALTER SERVICE D.PUBLIC.S SUSPEND")
    assert refused(world, call.format(3))[0] == 395032
    assert stack.refused("SELECT SYSTEM$WAIT_FOR_SERVICES(3)")[0] == 1008
    assert stack.refused("SELECT SYSTEM$WAIT_FOR_SERVICES(3, 'D.PUBLIC.GONE')")[0] == 2003


def test_the_status_of_a_service_waits_for_its_containers(
    world: World, stack: Client, create_service: Create
) -> None:
    stack.run(create_service())
    ((status,),) = (row.values() for row in world.answer("CALL SYSTEM$GET_SERVICE_STATUS('D.PUBLIC.S', 30)"))
    assert json.loads(status)[0]["status"] == "READY"
    stack.run("ALTER COMPUTE POOL P SUSPEND")
    stack.run("ALTER COMPUTE POOL P SET AUTO_RESUME = FALSE")
    stack.run("ALTER SERVICE D.PUBLIC.S RESUME")
    ((status,),) = (row.values() for row in world.answer("CALL SYSTEM$GET_SERVICE_STATUS('D.PUBLIC.S', 3)"))
    assert json.loads(status)[0]["status"] == "PENDING"


def test_the_environment_of_a_job_with_replicas(world: World, stack: Client) -> None:
    stack.run(job("NAME = D.PUBLIC.J ASYNC = TRUE REPLICAS = 3"))
    environment = request_of(world, "J").containers[0].environment
    assert (environment["SNOWFLAKE_JOBS_COUNT"], environment["SNOWFLAKE_JOB_INDEX"]) == ("3", "0")
    assert request_of(world, "J").once


def test_a_finished_job_survives_a_restart_and_goes_after_thirty_days(world: World, stack: Client) -> None:
    world.answer(job())
    token, now = stack_token(world), world.local.clock.now()
    world.local.close()
    with LocalAccount(world.local.folder.path, TurnedClock(now)) as again:

        def states() -> list[str]:
            session = again.account.sessions.of_token(token)
            rows = execute(again.account, session, "SHOW JOB SERVICES IN ACCOUNT")
            assert isinstance(rows, Result)
            return [row[1] for row in rows.rows]

        assert states() == ["DONE"]
        again.clock.advance(29 * 86_400)
        assert len(again.account._catalogue.unsorted(ObjectKind.SERVICE)) == 1
        again.clock.advance(86_400)
        again.tick()
        assert again.account._catalogue.unsorted(ObjectKind.SERVICE) == []


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Client]:
    """A session on an account that runs processes, with D, P, R and images that end with a code."""
    with LocalAccount(tmp_path / "real", RealClock(), runtime="process") as local:
        options = {"enable_server_session_keep_alive_auto_detection": False, "login_timeout": 10}
        client = Client(snowflake.connector.connect(**local.connection, **options))
        for sql in (
            "CREATE DATABASE D",
            "CREATE IMAGE REPOSITORY D.PUBLIC.R",
            "CREATE COMPUTE POOL P MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_S",
        ):
            client.run(sql)
        program = "import os; print('index', os.environ['SNOWFLAKE_JOB_INDEX']); raise SystemExit({})"
        for code in (0, 3):
            config: dict[str, Any] = {"version": 1, "command": ["{python}", "-c", program.format(code)]}
            push_process(local.connection, f"d/public/r/ends{code}", config)
        command = ["{python}", "-c", NOTES, "{mount:/data}"]
        config = {"version": 1, "command": command, "mounts": ["/data"]}
        push_process(local.connection, "d/public/r/notes", config)
        yield client
        client.connection.close()


def test_jobs_as_processes(processes: Client) -> None:
    ends = JOB.replace("app:1", "ends0:1")
    (row,) = processes.run(job("NAME = GOOD REPLICAS = 2", ends))
    assert row["status"] == "Job GOOD completed successfully with status: DONE."
    assert processes.value("CALL SYSTEM$GET_SERVICE_LOGS('GOOD', 1, 'main')") == "index 1\n"
    logs = "CALL SYSTEM$GET_SERVICE_LOGS('GOOD', '1', 'main', 10, False, '{}', True)"
    stamped = processes.value(logs.format(""))
    time, _, text = stamped.partition(" ")
    assert (text, len(time), time[-4:]) == ("index 1\n", 30, "000Z")
    assert processes.value(logs.format(time)) == stamped
    assert processes.value(logs.format("2099-01-01T00:00:00Z")) == ""
    assert processes.refused(logs.format("yesterday"))[0] == 1008
    rows = processes.run("SELECT * FROM TABLE(GOOD!SPCS_GET_LOGS())")
    assert sorted((row["INSTANCE_ID"], row["CONTAINER_NAME"], row["LOG"]) for row in rows) == [
        (0, "main", "index 0"),
        (1, "main", "index 1"),
    ]
    early = "SELECT * FROM TABLE(GOOD!SPCS_GET_LOGS(END_TIME => '2020-01-01'))"
    assert processes.run(early) == []
    errno, _, message = processes.refused(job("NAME = BAD", ends.replace("ends0", "ends3")))
    assert (errno, message) == (395031, "Job BAD did not complete: its status is FAILED.")
    (row,) = processes.run("SHOW SERVICE CONTAINERS IN SERVICE BAD")
    assert (row["service_status"], row["status"], row["last_exit_code"]) == ("FAILED", "FAILED", 3)
    assert row["message"] == "User application error, check container logs"
    assert processes.run("SHOW COMPUTE POOLS")[0]["num_jobs"] == 0


def test_a_job_has_no_snapshot_on_delete(world: World, stack: Client) -> None:
    volumes = [{"name": "data", "source": "block", "size": "1Gi"}]
    mounted = [container(volumeMounts=[{"name": "data", "mountPath": "/data"}])]
    text = changed(
        volumes=volumes, containers=mounted, endpoints=[{"name": "e", "port": 1, "protocol": "TCP"}]
    )
    world.answer(job(specification=text))
    assert stack.refused("DROP SERVICE J")[0] == 395085
    stack.run("DROP SERVICE J FORCE")
    assert stack.run("SHOW SNAPSHOTS") == []


def test_what_a_process_has_written_goes_from_job_to_job(processes: Client) -> None:
    def specification(**config: Any) -> str:
        volume = {"name": "data", "source": "block", "size": "1Gi", "blockConfig": {"iops": 3000, **config}}
        mounts = [{"name": "data", "mountPath": "/data"}]
        main = {"name": "main", "image": "/d/public/r/notes:1", "volumeMounts": mounts}
        return json.dumps({"spec": {"containers": [main], "volumes": [volume]}})

    logs = "CALL SYSTEM$GET_SERVICE_LOGS('{}', 0, 'main')"
    processes.run(job("NAME = FIRST", specification(snapshotOnDelete=True)))
    assert processes.value(logs.format("FIRST")) == "x\n"
    processes.run('CREATE SNAPSHOT TAKEN FROM SERVICE FIRST VOLUME "data" INSTANCE 0')
    processes.run("DROP SERVICE FIRST FORCE")
    kept = [row["name"] for row in processes.run("SHOW SNAPSHOTS")]
    assert len(kept) == 2
    for number, snapshot in enumerate(kept):
        processes.run(job(f"NAME = N{number}", specification(initialContents={"fromSnapshot": snapshot})))
        assert processes.value(logs.format(f"N{number}")) == "xx\n"
