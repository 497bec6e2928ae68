"""What volumes hold through a service's life, and how jobs end: the same course of events for every runtime.

A `Bench` brings a local account with one runtime and an image whose program, each time it starts, adds one
file of a new name to each folder of `FOLDERS`. So a volume holds as many files as the program has started
since it was empty. Where its environment has END it says "bye" then and ends with that exit code; else it
waits.
"""

import json
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol, TypeVar

import snowflake.connector
from snowflake.connector import DictCursor
from tests.emulator.conftest import request_of

from spcs_emulator.server import LocalAccount

FOLDERS = {"kept": "block", "lost": "local", "fast": "memory"}
IMAGE = "db/public/r/writer"
SETTING = (
    "CREATE DATABASE DB",
    "CREATE IMAGE REPOSITORY DB.PUBLIC.R",
    "CREATE COMPUTE POOL P MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_S",
)
SECONDS = 60.0

T = TypeVar("T")


class Bench(Protocol):
    """One runtime under test. `container` is what its specification says beside name, image and volumes."""

    local: LocalAccount[Any]
    container: Mapping[str, Any]

    def push(self, tag: str) -> None:
        """Pushes the image; what two tags name differs."""

    def reopen(self) -> None:
        """Stops the account and starts it again, with the runtime it had."""

    def goes_on(self, service: str) -> None:
        """Called again and again until the service has come as far as is waited for."""


def run(bench: Bench, *statements: str) -> list[dict[str, Any]]:
    """The rows of the last statement."""
    quiet = {"login_timeout": 10, "enable_server_session_keep_alive_auto_detection": False}
    with (
        closing(snowflake.connector.connect(**bench.local.connection, **quiet)) as connection,
        connection.cursor(DictCursor) as cursor,
    ):
        for sql in statements:
            cursor.execute(sql)
        return [dict(row) for row in cursor.fetchall()]


def prepare(bench: Bench) -> None:
    """Make the database, the pool and the repository, and push the image under the tags 1 and 2."""
    run(bench, *SETTING)
    for tag in ("1", "2"):
        bench.push(tag)


def specification(bench: Bench, tag: str = "1", end: int | None = None, **block: Any) -> str:
    """The specification between its dollars; `end` is the program's END, `block` the block volume's
    configuration.
    """
    sizes: dict[str, dict[str, Any]] = {
        "block": {"size": "1Gi", "blockConfig": block},
        "memory": {"size": "16Mi"},
        "local": {},
    }
    mounts = [{"name": name, "mountPath": f"/{name}"} for name in FOLDERS]
    main = {"name": "main", "image": f"/{IMAGE}:{tag}", "volumeMounts": mounts, **bench.container}
    if end is not None:
        main["env"] = {"END": str(end)}
    volumes = [{"name": name, "source": source, **sizes[source]} for name, source in FOLDERS.items()]
    return f"$${json.dumps({'spec': {'containers': [main], 'volumes': volumes}})}$$"


def create(bench: Bench, service: str, **block: Any) -> str:
    """The statement that creates the service."""
    text = specification(bench, **block)
    return f"CREATE SERVICE DB.PUBLIC.{service} IN COMPUTE POOL P FROM SPECIFICATION {text}"


def held(bench: Bench, service: str) -> dict[str, int]:
    """How many files each volume of the service holds."""
    mounts = request_of(bench, service).containers[0].mounts
    return {mount.path.strip("/"): _files(bench, mount.volume) for mount in mounts}


def _files(bench: Bench, volume: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "volume.tar"
        bench.local.runtime.save(volume, file)
        with tarfile.open(file) as archive:
            return sum(member.isfile() for member in archive)


def expect(bench: Bench, service: str, kept: int) -> None:
    """Wait until the service has come back and its volumes hold this much; the lost ones begin anew."""
    eventually(bench, service, lambda: held(bench, service), {"kept": kept, "lost": 1, "fast": 1})


def eventually(bench: Bench, service: str, shown: Callable[[], T], wanted: T) -> None:
    """Wait until what is shown is what is wanted."""
    end = time.monotonic() + SECONDS
    never = threading.Event()
    bench.goes_on(service)
    while (found := shown()) != wanted:
        assert time.monotonic() < end, f"{found} {container(bench, service)}"
        never.wait(0.05)
        bench.goes_on(service)


def container(bench: Bench, service: str) -> dict[str, Any]:
    """The row of the service's container."""
    return run(bench, f"SHOW SERVICE CONTAINERS IN SERVICE DB.PUBLIC.{service}")[0]


def check_a_life(bench: Bench) -> None:
    """Block volumes outlive suspend, upgrade and a restart of the account; local and memory ones do not."""
    run(bench, create(bench, "S", snapshotOnDelete=False))
    expect(bench, "S", 1)
    run(bench, "ALTER SERVICE DB.PUBLIC.S SUSPEND")
    run(bench, "ALTER SERVICE DB.PUBLIC.S RESUME")
    expect(bench, "S", 2)
    upgraded = specification(bench, "2", snapshotOnDelete=False)
    run(bench, f"ALTER SERVICE DB.PUBLIC.S FROM SPECIFICATION {upgraded}")
    expect(bench, "S", 3)
    bench.reopen()
    expect(bench, "S", 4)
    run(bench, "DROP SERVICE DB.PUBLIC.S FORCE")
    assert bench.local.runtime.volumes() == frozenset()


def check_snapshots(bench: Bench) -> None:
    """A snapshot holds what the volume held: for another service, for the same, and after the service."""
    run(bench, create(bench, "S"))
    expect(bench, "S", 1)
    run(bench, 'CREATE SNAPSHOT DB.PUBLIC.N FROM SERVICE DB.PUBLIC.S VOLUME "kept" INSTANCE 0')
    run(bench, create(bench, "T", snapshotOnDelete=False, initialContents={"fromSnapshot": "N"}))
    expect(bench, "T", 2)
    run(bench, "DROP SERVICE DB.PUBLIC.T FORCE", "ALTER SERVICE DB.PUBLIC.S SUSPEND")
    run(bench, "ALTER SERVICE DB.PUBLIC.S RESUME")
    expect(bench, "S", 2)
    run(bench, "ALTER SERVICE DB.PUBLIC.S SUSPEND")
    shows = "SHOW SERVICES LIKE 'S' IN ACCOUNT"
    eventually(bench, "S", lambda: run(bench, shows)[0]["status"], "SUSPENDED")
    run(bench, 'ALTER SERVICE DB.PUBLIC.S RESTORE VOLUME "kept" INSTANCES 0 FROM SNAPSHOT DB.PUBLIC.N')
    expect(bench, "S", 2)
    run(bench, "DROP SERVICE DB.PUBLIC.S FORCE", "DROP SNAPSHOT DB.PUBLIC.N")
    assert bench.local.runtime.volumes() == frozenset()
    snapshots = run(bench, "SHOW SNAPSHOTS IN ACCOUNT")
    assert len(snapshots) == 2
    last = max(snapshots, key=lambda row: row["created_on"])["name"]
    run(bench, create(bench, "S", snapshotOnDelete=False, initialContents={"fromSnapshot": last}))
    expect(bench, "S", 3)


def check_jobs(bench: Bench) -> None:
    """A job's end is its program's: exit code, words, no restart; its log stays until it is dropped."""
    _check_job(bench, 0, "DONE", "Completed successfully")
    _check_job(bench, 3, "FAILED", "User application error, check container logs")


def _check_job(bench: Bench, code: int, status: str, message: str) -> None:
    text = specification(bench, end=code)
    options = "NAME = DB.PUBLIC.J ASYNC = TRUE"
    run(bench, f"EXECUTE JOB SERVICE IN COMPUTE POOL P FROM SPECIFICATION {text} {options}")
    eventually(bench, "J", lambda: container(bench, "J")["service_status"], status)
    row = container(bench, "J")
    assert (row["status"], row["message"]) == (status, message)
    assert (row["last_exit_code"], row["restart_count"], row["last_restart_time"]) == (code, 0, None)
    assert row["start_time"] is not None
    assert row["image_digest"].startswith("sha256:")
    (log,) = run(bench, "CALL SYSTEM$GET_SERVICE_LOGS('DB.PUBLIC.J', 0, 'main')")
    assert list(log.values()) == ["bye\n"]
    run(bench, "DROP SERVICE DB.PUBLIC.J FORCE")
    assert bench.local.runtime.volumes() == frozenset()


def check_a_killed_container(bench: Bench, kill: Callable[[], None]) -> None:
    """A container that is killed comes back with its block volume, and says so."""
    run(bench, create(bench, "S", snapshotOnDelete=False))
    expect(bench, "S", 1)
    kill()
    eventually(bench, "S", lambda: held(bench, "S")["kept"], 2)
    row = container(bench, "S")
    assert (row["restart_count"], row["last_exit_code"]) == (1, 137)
    assert row["last_restart_time"] is not None
