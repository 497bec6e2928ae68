"""What a killed local account left in the engine is removed by the next one; strangers are not touched."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from tests.docker.runtime.conftest import WAIT, Registry, printed, status

from spcs_emulator.runtime.api import Mount
from spcs_emulator.runtime.docker.engine import ACCOUNT, INSTANCE, Engine
from spcs_emulator.runtime.docker.runtime import DockerRuntime

Make = Callable[..., Any]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
BLOCK = Mount("/block", "block", "7/data")
LOCAL = Mount("/local", "local", "7/scratch")
HOST = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from spcs_emulator.registry.api import Credential, Source
from spcs_emulator.registry.blobs import BlobStore
from spcs_emulator.runtime.api import ContainerRequest, Image, InstanceRequest, Mount
from spcs_emulator.runtime.docker.engine import connect
from spcs_emulator.runtime.docker.runtime import DockerRuntime
account, folder, host, user, secret, path, digest, script = sys.argv[1:]
source = Source(host, Credential(user, secret))
runtime = DockerRuntime(connect(account), BlobStore(Path(folder)), lambda: source, lambda: datetime.now(UTC))
mounts = (Mount("/block", "block", "7/data"), Mount("/local", "local", "7/scratch"))
container = ContainerRequest("web", Image(path, digest, "", None), ("sh", "-c"), (script,), {}, mounts, None)
names = ("web.abcdef.svc.spcs.internal", "abcdef.svc.spcs.internal")
runtime.start(InstanceRequest("a1", "DB.S.WEB", 0, (container,), {}, {}, frozenset(), *names))
while not runtime.logs("a1", "web", False):
    time.sleep(0.02)
print("ready", flush=True)
time.sleep(600)
"""


def test_after_kill_9_the_next_runtime_removes_all_but_block_volumes(
    own: Engine, make_runtime: Make, registry: Registry, instance: Make, until: Make
) -> None:
    image = registry.push("leftover")
    script = (
        "cat /block/file /local/file 2>/dev/null; echo x | tee /block/file > /local/file; echo ok; " + WAIT
    )
    source = registry.source()
    words = [own.account, str(registry.local.folder.registry), source.host, source.credential.user or ""]
    words += [source.credential.secret, image.path, image.digest, script]
    host = subprocess.Popen(
        [sys.executable, "-c", HOST, *words], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    try:
        assert host.stdout is not None
        assert host.stdout.readline() == "ready\n"
    finally:
        host.send_signal(signal.SIGKILL)
        host.communicate()
    assert {each["State"] for each in own.containers({INSTANCE: "a1"})} == {"running"}
    runtime: DockerRuntime = make_runtime()
    assert own.containers({}) == []
    assert own.api.networks(filters=own.filters({})) == []
    assert runtime.volumes() == {"7/data"}
    reference = f"{registry.host}/d/public/r/leftover@{image.digest}"
    assert reference not in str(own.api.images())
    runtime.start(instance(script, mounts=(BLOCK, LOCAL), image=image))
    until(lambda: printed(runtime)[-1:] == ["ok"])
    assert printed(runtime) == ["x", "ok"]


def test_nobody_else_s_things_are_touched(
    own: Engine, make_runtime: Make, tiny_base: str, label: str, instance: Make, until: Make
) -> None:
    """Those of an account whose name begins like ours, those of nobody's, and those with our key."""
    key, _, value = label.partition("=")
    made = []
    for labels in ({}, {ACCOUNT: f"{own.account}0"}, {ACCOUNT: own.account[:-1]}, {INSTANCE: "a1"}):
        body = {"Image": tiny_base, "Cmd": ["sleep", "600"], "Labels": {key: value, **labels}}
        made.append(own.api.create_container_from_config(body)["Id"])
        own.api.start(made[-1])
    network = own.api.create_network(f"{own.account}-theirs", labels={key: value})["Id"]
    volume = own.api.create_volume(f"{own.account}-theirs", labels={key: value})["Name"]
    try:
        runtime: DockerRuntime = make_runtime()
        runtime.start(instance(WAIT))
        until(lambda: status(runtime) == "READY")
        runtime.stop("a1")
        runtime.close()
        assert all(own.runs(each) for each in made)
        assert own.api.inspect_network(network)
        assert own.api.inspect_volume(volume)
    finally:
        for each in made:
            own.remove(each)
        own.api.remove_network(network)
        own.api.remove_volume(volume)


def test_a_container_that_is_gone_does_not_run(own: Engine) -> None:
    assert not own.runs("0" * 64)
    own.remove("0" * 64)
