"""Requests of the account as bodies of Docker's API."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spcs_emulator.runtime.api import ContainerRequest, Image, InstanceRequest, Mount
from spcs_emulator.runtime.docker import arguments

IMAGE = Image("d/s/r/web:1", "sha256:" + "a" * 64, "", None)
CONTAINER = ContainerRequest("web", IMAGE, (), (), {}, (), None)
REQUEST = InstanceRequest(
    "7-0",
    "D.S.WEB",
    0,
    (CONTAINER,),
    {},
    {},
    frozenset(),
    "web.abcdef.svc.spcs.internal",
    "abcdef.svc.spcs.internal",
)


def container(request: ContainerRequest = CONTAINER, processors: int = 4) -> dict[str, Any]:
    return arguments.container(request, "acc", "image", "p1", processors, {"a": "b"})


def pause(request: InstanceRequest = REQUEST, **ports: int) -> dict[str, Any]:
    by_number = {int(port.removeprefix("p")): local for port, local in ports.items()}
    return arguments.pause(request, "acc", "image", by_number, {"a": "b"})


def test_a_container_joins_the_network_and_has_no_privileges() -> None:
    body = container()
    assert body["Labels"] == {"a": "b"}
    host = body["HostConfig"]
    assert host["NetworkMode"] == "container:p1"
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["CapDrop"] == ["NET_RAW", "MKNOD"]
    assert not {"Privileged", "CapAdd", "PidMode", "IpcMode", "UsernsMode", "Devices"} & host.keys()
    assert host["RestartPolicy"] == {"Name": "no"}
    assert host["LogConfig"]["Type"] == "json-file"
    assert "max-size" in host["LogConfig"]["Config"]


@pytest.mark.parametrize("command", [(), ("run", "it")])
@pytest.mark.parametrize("args", [(), ("--fast",)])
def test_command_and_args(command: tuple[str, ...], args: tuple[str, ...]) -> None:
    body = container(replace(CONTAINER, command=command, args=args))
    assert (body["Entrypoint"], body["Cmd"]) == (list(command) or None, list(args) or None)


def test_the_environment_with_its_secrets() -> None:
    request = replace(CONTAINER, environment={"A": "1", "B": ""}, secret_environment={"C": "x=y"})
    assert container(request)["Env"] == ["A=1", "B=", "C=x=y"]


@pytest.mark.parametrize(
    ("cpu", "memory", "expected"),
    [
        (None, None, {}),
        (0.5, None, {"NanoCpus": 500_000_000}),
        (8.0, None, {"NanoCpus": 4_000_000_000}),
        (None, 2**30, {"Memory": 2**30, "MemorySwap": 2**30}),
        (None, 1, {"Memory": 6 * 2**20, "MemorySwap": 6 * 2**20}),
    ],
)
def test_limits(cpu: float | None, memory: int | None, expected: dict[str, int]) -> None:
    host = container(replace(CONTAINER, cpu_limit=cpu, memory_limit_bytes=memory))["HostConfig"]
    assert {key: host[key] for key in ("NanoCpus", "Memory", "MemorySwap") if key in host} == expected


def test_mounts(tmp_path: Path) -> None:
    block = Mount("/data", "block", "7/data", size_bytes=2**30)
    stage = Mount("/stage", "stage", folder=tmp_path, read_only=True)
    secret = Mount("/secret", "secret", folder=tmp_path, secrets={"password": "x"})
    name = arguments.volume_of("acc", "7/data")
    assert container(replace(CONTAINER, mounts=(block, stage, secret)))["HostConfig"]["Mounts"] == [
        {
            "Type": "volume",
            "Source": name,
            "Target": "/data",
            "ReadOnly": False,
            "VolumeOptions": {"NoCopy": True},
        },
        {"Type": "bind", "Source": str(tmp_path), "Target": "/stage", "ReadOnly": True},
        {"Type": "bind", "Source": str(tmp_path), "Target": "/secret", "ReadOnly": False},
    ]


def test_the_pause_holds_each_volume_once(tmp_path: Path) -> None:
    mounts = (
        Mount("/a", "block", "7/a"),
        Mount("/m", "memory", "7/m"),
        Mount("/s", "stage", folder=tmp_path),
    )
    twin = replace(CONTAINER, name="twin", mounts=(Mount("/other", "memory", "7/m", read_only=True),))
    body = pause(replace(REQUEST, containers=(replace(CONTAINER, mounts=mounts), twin)))
    sources = [mount["Source"] for mount in body["HostConfig"]["Mounts"]]
    assert sources == [arguments.volume_of("acc", key) for key in ("7/a", "7/m")]


def test_the_pause_publishes_on_the_loopback_only() -> None:
    body = pause(p80=28080, p9091=28081)
    assert body["ExposedPorts"] == {"80/tcp": {}, "9091/tcp": {}}
    assert body["HostConfig"]["PortBindings"] == {
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "28080"}],
        "9091/tcp": [{"HostIp": "127.0.0.1", "HostPort": "28081"}],
    }


def test_the_pause_has_the_service_s_names() -> None:
    body = pause()
    network = body["HostConfig"]["NetworkMode"]
    aliases = body["NetworkingConfig"]["EndpointsConfig"][network]["Aliases"]
    assert aliases == ["web.abcdef.svc.spcs.internal", "web.abcdef"]
    assert body["HostConfig"]["DnsSearch"] == ["abcdef.svc.spcs.internal"]


def test_names_that_lead_nowhere_do_so_in_every_form() -> None:
    unreachable = frozenset({"near.abcdef.svc.spcs.internal", "far.ghijkl.svc.spcs.internal"})
    hosts = pause(replace(REQUEST, unreachable=unreachable))["HostConfig"]["ExtraHosts"]
    assert hosts == [
        f"{name}:255.255.255.255"
        for name in (
            "far.ghijkl",
            "far.ghijkl.svc.spcs.internal",
            "near",
            "near.abcdef",
            "near.abcdef.svc.spcs.internal",
        )
    ]


FAR = frozenset({"far.ghijkl.svc.spcs.internal"})
NEAR = frozenset({"near.abcdef.svc.spcs.internal"})


@pytest.mark.parametrize(
    ("value", "before", "after", "expected"),
    [
        ("http://far.ghijkl:80/", FAR, frozenset(), True),
        ("http://FAR.ghijkl.svc.spcs.internal:80", frozenset(), FAR, True),
        ("http://near:80", frozenset(), NEAR, True),
        ("near", FAR, NEAR, True),
        ("http://far:80", FAR, frozenset(), False),
        ("http://nearest:80, linear, near.example.com", NEAR, frozenset(), False),
        ("http://near:80", NEAR, NEAR, False),
        ("http://near:80", NEAR, NEAR | FAR, False),
    ],
)
def test_an_instance_is_outdated_when_a_name_it_is_told_opens_or_closes(
    value: str, before: frozenset[str], after: frozenset[str], expected: bool
) -> None:
    told = replace(REQUEST, containers=(replace(CONTAINER, environment={"A": "x", "URI": value}),))
    old, new = (replace(told, unreachable=names) for names in (before, after))
    assert arguments.opens_or_closes(old, new) is expected


@pytest.mark.parametrize(
    ("mount", "options"),
    [
        (Mount("/a", "block", "7/a", size_bytes=2**30, uid=5), {}),
        (Mount("/a", "local", "7/a"), {}),
        (
            Mount("/a", "memory", "7/a", size_bytes=2**20, uid=5, gid=6),
            {"type": "tmpfs", "device": "tmpfs", "o": "uid=5,gid=6,mode=0755,size=1048576"},
        ),
    ],
)
def test_volumes(mount: Mount, options: dict[str, str]) -> None:
    assert arguments.volume(mount) == options


def test_names_are_docker_s() -> None:
    assert arguments.name_of("acc", "7-0", "web", 3) == "spcs-acc-7-0-web-3"
    assert arguments.name_of("acc", "Ü b/c") == "spcs-acc--b-c"


KEYS = st.from_regex(r"[a-z0-9._-]{1,8}/[a-z0-9._-]{1,8}", fullmatch=True)


@given(st.sets(KEYS, min_size=2))
def test_two_volumes_never_have_one_name(keys: set[str]) -> None:
    assert len({arguments.volume_of("acc", key) for key in keys}) == len(keys)
