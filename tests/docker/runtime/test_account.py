"""A whole local account with the runtime docker, in the background and asked by SQL."""

import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import docker
import psutil
import pytest
import snowflake.connector
from snowflake.connector import DictCursor
from tests.docker import leftovers
from tests.docker.runtime.conftest import build_and_push, get

from spcs_emulator import daemon
from spcs_emulator.errors import LocalAccountError
from spcs_emulator.folder import DataFolder
from spcs_emulator.runtime.docker.engine import ACCOUNT

Make = Callable[..., Any]
SPECIFICATION = """
spec:
  containers:
  - name: main
    image: /d/public/r/tiny:1
    command: [sh, -c]
    args:
    - |
      trap 'exit 0' TERM
      echo started >> /data/starts
      cat /data/starts
      httpd -f -p 8000 -h /data &
      wait
    readinessProbe: {port: 8000, path: /starts}
    volumeMounts: [{name: data, mountPath: /data}]
  endpoints: [{name: page, port: 8000, public: true}]
  volumes: [{name: data, source: block, size: 1Gi}]
"""


class Account:
    """A local account in the background, and a session with it."""

    def __init__(self, data: Path, engine: docker.APIClient) -> None:
        self.data = data
        self.engine = engine

    def start(self) -> None:
        self.status = daemon.start(self.data, runtime="docker")
        self.label = f"{ACCOUNT}={DataFolder(self.data).existing_account().mark}"

    def run(self, *statements: str) -> list[dict[str, Any]]:
        """The rows of the last statement."""
        with (
            closing(snowflake.connector.connect(**self.status.connection)) as connection,
            connection.cursor(DictCursor) as cursor,
        ):
            for sql in statements:
                cursor.execute(sql)
            return [dict(row) for row in cursor.fetchall()]

    def left(self) -> list[str]:
        return leftovers.labelled(self.engine, self.label)


@pytest.fixture
def account(engine: docker.APIClient, tiny_base: str, tmp_path: Path) -> Iterator[Account]:
    """An account with an image, a pool and a service S with a block volume; reset at the end."""
    made = Account(tmp_path / "account", engine)
    made.start()
    with ExitStack() as opened:
        opened.callback(daemon.reset, made.data)
        made.run(
            "CREATE DATABASE d",
            "CREATE IMAGE REPOSITORY d.public.r",
            "CREATE COMPUTE POOL p MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_S",
        )
        build_and_push(engine, made.status.connection, tiny_base, "d/public/r/tiny:1")
        made.run(f"CREATE SERVICE d.public.s IN COMPUTE POOL p FROM SPECIFICATION $${SPECIFICATION}$$")
        yield made
    assert made.left() == []


def is_ready(account: Account) -> bool:
    [row] = account.run("SHOW SERVICE CONTAINERS IN SERVICE d.public.s")
    return bool(row["status"] == "READY")


def log(account: Account) -> list[str]:
    [row] = account.run("CALL SYSTEM$GET_SERVICE_LOGS('d.public.s', 0, 'main')")
    return str(*row.values()).splitlines()


def test_a_service_is_a_container_whose_block_volume_lasts(account: Account, until: Make) -> None:
    until(lambda: is_ready(account))
    assert log(account) == ["started"]
    [row] = account.run("SHOW SERVICE CONTAINERS IN SERVICE d.public.s")
    assert row["image_digest"].startswith("sha256:")
    [endpoint] = account.run("SHOW ENDPOINTS IN SERVICE d.public.s")
    assert get(int(endpoint["ingress_url"].rpartition(":")[2]), "starts") == "started\n"
    account.run("ALTER SERVICE d.public.s SUSPEND")
    until(lambda: [each for each in account.left() if not each.startswith(("volume", "network"))] == [])
    account.run("ALTER SERVICE d.public.s RESUME")
    until(lambda: is_ready(account))
    assert log(account) == ["started"] * 2
    account.run("DROP SERVICE d.public.s FORCE")
    until(lambda: [each for each in account.left() if not each.startswith("network")] == [])


def test_stopped_killed_and_started_again(account: Account, until: Make) -> None:
    until(lambda: is_ready(account))
    daemon.stop(account.data)
    assert [each.split()[0] for each in account.left()] == ["volume"]
    account.start()
    until(lambda: is_ready(account))
    assert log(account) == ["started"] * 2
    server = psutil.Process(account.status.pid)
    server.send_signal(signal.SIGKILL)
    server.wait(10)
    assert any(each.startswith("container") for each in account.left())
    assert not daemon.stop(account.data)
    assert [each.split()[0] for each in account.left()] == ["volume"]
    account.start()
    until(lambda: is_ready(account))
    assert log(account) == ["started"] * 3


def test_a_copy_of_the_folder_leaves_alone_what_is_the_original_s(
    account: Account, until: Make, tmp_path: Path
) -> None:
    until(lambda: is_ready(account))
    copy = tmp_path / "copy"
    shutil.copytree(account.data, copy)
    left = account.left()
    with pytest.raises(LocalAccountError, match="is a copy of"):
        daemon.start(copy, runtime="docker")
    assert not daemon.stop(copy)
    daemon.reset(copy)
    assert account.left() == left
    assert is_ready(account)


def test_a_job_runs_in_a_container(account: Account) -> None:
    container = "{name: main, image: /d/public/r/tiny:1, command: [echo, worked]}"
    text = f"spec: {{containers: [{container}]}}"
    account.run(f"EXECUTE JOB SERVICE IN COMPUTE POOL p FROM SPECIFICATION $${text}$$ NAME = d.public.j")
    [row] = account.run("CALL SYSTEM$GET_SERVICE_LOGS('d.public.j', 0, 'main')")
    assert str(*row.values()).splitlines() == ["worked"]
