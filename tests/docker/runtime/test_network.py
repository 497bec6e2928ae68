"""Names and addresses: who finds whom, by which name, and what leads nowhere."""

import socket
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from tests.docker.runtime.conftest import DOMAIN, SERVE, WAIT, get, printed, status

from spcs_emulator.runtime.api import Probe
from spcs_emulator.runtime.docker.engine import Engine
from spcs_emulator.runtime.docker.runtime import DockerRuntime

Make = Callable[..., Any]
OTHER = "ghijkl.svc.spcs.internal"
FULL = f"milvus.{DOMAIN}"


@pytest.fixture
def milvus(runtime: DockerRuntime, instance: Make, until: Make) -> None:
    """A service MILVUS that serves on port 80, which is no endpoint on this machine."""
    script = SERVE.format(word="milvus", port=80)
    runtime.start(instance(script, key="milvus", name="milvus", readiness=Probe(80, "/", 5, 3)))
    until(lambda: status(runtime, "milvus") == "READY")


def asked(name: str) -> str:
    """A script that says what port 80 of `name` answers, or that it does not."""
    return f"wget -qO- http://{name}/ 2> /dev/null || echo failed; "


@pytest.mark.usefixtures("milvus")
def test_a_service_is_found_by_its_names(runtime: DockerRuntime, instance: Make, until: Make) -> None:
    script = "".join(asked(name) for name in (FULL, "milvus", "milvus.abcdef", FULL.upper()))
    runtime.start(instance(script, once=True))
    until(lambda: status(runtime) == "DONE")
    assert printed(runtime) == ["milvus"] * 4


@pytest.mark.usefixtures("milvus")
def test_a_short_name_is_known_in_its_schema_only(
    runtime: DockerRuntime, instance: Make, until: Make
) -> None:
    script = "".join(asked(name) for name in (FULL, "milvus", "milvus.abcdef"))
    runtime.start(instance(script, search=OTHER, once=True))
    until(lambda: status(runtime) == "DONE")
    assert printed(runtime) == ["milvus", "failed", "milvus"]


@pytest.mark.usefixtures("milvus")
@pytest.mark.parametrize("search", [DOMAIN, OTHER])
def test_what_the_role_may_not_use_leads_nowhere(
    runtime: DockerRuntime, instance: Make, until: Make, search: str
) -> None:
    script = "".join(asked(name) for name in (FULL, "milvus", "milvus.abcdef"))
    closed = frozenset({FULL})
    runtime.start(instance(f"time sh -c '{script}'", search=search, unreachable=closed, once=True))
    until(lambda: status(runtime) == "DONE")
    lines = printed(runtime)
    assert lines.count("failed") == 3
    [seconds] = [line.split()[-1] for line in lines if line.startswith("real")]
    assert float(seconds.removesuffix("s")) < 15


def test_a_name_that_nobody_has_is_not_waited_for_long(
    runtime: DockerRuntime, instance: Make, until: Make
) -> None:
    script = asked("nobody") + asked("nobody.example.com")
    runtime.start(instance(f"time sh -c '{script}'", once=True))
    until(lambda: status(runtime) == "DONE")
    lines = printed(runtime)
    assert lines.count("failed") == 2
    [seconds] = [line.split()[-1] for line in lines if line.startswith("real")]
    assert float(seconds.removesuffix("s")) < 15


def test_published_on_the_loopback_only(runtime: DockerRuntime, instance: Make, until: Make) -> None:
    [port] = runtime.allocate(1)
    script = SERVE.format(word="x", port=8000)
    runtime.start(instance(script, ports={8000: port}, readiness=Probe(8000, "/", 5, 3)))
    until(lambda: status(runtime) == "READY")
    assert get(port) == "x\n"
    others = {
        address.address
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family == socket.AF_INET and not address.address.startswith("127.")
    }
    assert others
    for address in others:
        with socket.socket() as caller:
            assert caller.connect_ex((address, port)) != 0


def test_the_network_has_no_way_out(runtime: DockerRuntime, own: Engine, instance: Make, until: Make) -> None:
    runtime.start(instance(WAIT))
    until(lambda: status(runtime) == "READY")
    [network] = own.api.networks(filters=own.filters({}))
    assert network["Options"] == {"com.docker.network.bridge.enable_ip_masquerade": "false"}
