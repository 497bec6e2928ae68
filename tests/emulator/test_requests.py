"""What a runtime is asked for, as a specification and the account's names say it."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from tests.emulator.conftest import SPECIFICATION, Client, World, changed, container, request_of, with_volume

from spcs_emulator.runtime.api import Mount

Create = Callable[..., str]
OTHER = (
    "USE ROLE ACCOUNTADMIN",
    "CREATE ROLE OTHER",
    "GRANT ROLE OTHER TO ROLE SYSADMIN",
    "GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE OTHER",
    "USE ROLE OWNER",
    "GRANT USAGE ON DATABASE D TO ROLE OTHER",
    "GRANT USAGE ON SCHEMA D.PUBLIC TO ROLE OTHER",
    "GRANT CREATE SERVICE ON SCHEMA D.PUBLIC TO ROLE OTHER",
    "GRANT USAGE ON COMPUTE POOL P TO ROLE OTHER",
    "GRANT READ ON IMAGE REPOSITORY D.PUBLIC.R TO ROLE OTHER",
    "USE ROLE OTHER",
)


@pytest.mark.parametrize(
    ("limits", "cpu", "memory"),
    [
        ({}, None, None),
        ({"cpu": "1500m"}, 1.5, None),
        ({"cpu": 2, "memory": "3Gi"}, 2.0, 3 * 2**30),
        ({"memory": "2.5G"}, None, 2_500_000_000),
    ],
)
def test_limits(
    limits: dict[str, object],
    cpu: float | None,
    memory: int | None,
    world: World,
    stack: Client,
    create_service: Create,
) -> None:
    resources = {"requests": {"cpu": 1, "memory": "1Gi"}, "limits": limits}
    stack.run(create_service("S", changed(containers=[container(resources=resources)])))
    (asked,) = request_of(world, "S").containers
    assert (asked.cpu_limit, asked.memory_limit_bytes) == (cpu, memory)


def test_a_stage_s_folder_is_in_the_stage_whatever_links_a_container_has_made(
    world: World, stack: Client, create_service: Create
) -> None:
    """A container may write links, and the runtime's engine would follow them as root of this machine."""
    stack.run("CREATE STAGE F ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')")
    world.put("F", "real/x", "x")
    folder = world.local.folder.path / "stages" / world.key("F")

    def on(place: str) -> str:
        volume = {"source": "stage", "stageConfig": {"name": f"@F/{place}"}}
        return with_volume(volume)

    stack.run(create_service("S", on("later/deep")))
    (folder / "inside").symlink_to("real")
    (folder / "out").symlink_to("/")
    (folder / "later").symlink_to(world.local.folder.path.parent)
    stack.run(create_service("T", on("inside")))
    for place in ("out", "out/etc"):
        assert stack.refused(create_service("U", on(place)))[::2] == (
            395099,
            f"The local account cannot run service U: {place} of stage F leads out of it",
        )
    world.turn(2)
    rows = {row["name"]: row["status"] for row in stack.run("SHOW SERVICES")}
    assert rows == {"S": "FAILED", "T": "RUNNING"}
    assert not (world.local.folder.path.parent / "deep").exists()


def test_volumes_are_keys_and_stages_are_folders(world: World, stack: Client, create_service: Create) -> None:
    stack.run("CREATE STAGE F ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')")
    volumes: list[dict[str, Any]] = [
        {"name": "kept", "source": "block", "size": "10Gi", "uid": 5, "gid": 6},
        {"name": "lost", "source": "local"},
        {"name": "fast", "source": "memory", "size": "1Gi"},
        {"name": "files", "source": "stage", "stageConfig": {"name": "@F/in", "uid": 7, "gid": 8}},
    ]
    mounts = [{"name": volume["name"], "mountPath": f"/{volume['name']}"} for volume in volumes]
    stack.run(
        create_service(
            "S",
            changed(volumes=volumes, containers=[container(volumeMounts=mounts)]),
            "MIN_INSTANCES = 2 MAX_INSTANCES = 2",
        )
    )
    key, stage = world.key("S"), world.local.folder.path / "stages" / world.key("F") / "in"
    assert request_of(world, "S").containers[0].mounts == (
        Mount("/kept", "block", f"{key}/kept", size_bytes=10 * 2**30, uid=5, gid=6),
        Mount("/lost", "local", f"{key}/lost"),
        Mount("/fast", "memory", f"{key}/fast", size_bytes=2**30),
        Mount("/files", "stage", folder=stage, uid=7, gid=8),
    )
    second = request_of(world, "S", 1).containers[0].mounts
    assert [mount.volume for mount in second] == [f"{key}/kept.1", f"{key}/lost.1", f"{key}/fast.1", ""]


def test_names_in_the_dns(world: World, stack: Client, create_service: Create) -> None:
    stack.run(create_service("MY_ONE"))
    request = request_of(world, "MY_ONE")
    assert request.name == stack.run("SHOW SERVICES")[0]["dns_name"]
    assert request.name == f"my-one.{request.search}"
    assert request.search.endswith(".svc.spcs.internal")


def test_a_service_none_of_whose_endpoints_may_be_used(
    world: World, stack: Client, create_service: Create
) -> None:
    roles = "serviceRoles:\n- {name: reader, endpoints: [api]}\n"
    stack.run(create_service("CALLED", SPECIFICATION + roles))
    stack.run(create_service("CLOSED", yaml.safe_dump({"spec": {"containers": [container()]}})))
    stack.run(create_service("FRIEND"))
    for sql in OTHER:
        stack.run(sql)
    stack.run(create_service("CALLER"))
    names = {row["name"]: row["dns_name"] for row in stack.run("SHOW SERVICES IN ACCOUNT")}
    dns = {name: request_of(world, name).name for name in ("CALLED", "CLOSED", "FRIEND", "CALLER")}
    assert names.items() <= dns.items()
    assert request_of(world, "CALLER").unreachable == {dns["CALLED"], dns["CLOSED"], dns["FRIEND"]}
    assert request_of(world, "CALLED").unreachable == {dns["CLOSED"], dns["CALLER"]}
    stack.run("USE ROLE OWNER")
    stack.run("GRANT SERVICE ROLE D.PUBLIC.CALLED!READER TO ROLE OTHER")
    assert request_of(world, "CALLER").unreachable == {dns["CLOSED"], dns["FRIEND"]}
