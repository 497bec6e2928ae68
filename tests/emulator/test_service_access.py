"""Services and roles: who may create one, see into it, reach it, and what a service's own role cannot do."""

from collections.abc import Callable

import yaml
from tests.emulator.conftest import SPECIFICATION, Client, World, request_of, with_volume

Create = Callable[..., str]


def test_the_described_specification_is_the_owners(
    world: World, stack: Client, create_service: Create
) -> None:
    stack.run(create_service())
    (row,) = stack.run("DESCRIBE SERVICE S")
    document = yaml.safe_load(row["spec"])
    found = document["spec"]["containers"][0]
    assert found["sha256"] == f"@sha256:{'a' * 64}"
    assert found["resources"]["requests"] == {"cpu": "1", "memory": "2Gi"}
    assert document["spec"]["endpoints"][1] == {
        "name": "page",
        "port": "8888",
        "protocol": "HTTP",
        "public": "true",
    }
    for sql in (
        "USE ROLE ACCOUNTADMIN",
        "CREATE ROLE WATCHER",
        "GRANT ROLE WATCHER TO USER ADMIN",
        "GRANT USAGE ON DATABASE D TO ROLE WATCHER",
        "GRANT USAGE ON SCHEMA D.PUBLIC TO ROLE WATCHER",
        "GRANT MONITOR ON SERVICE D.PUBLIC.S TO ROLE WATCHER",
        "USE ROLE WATCHER",
    ):
        stack.run(sql)
    assert stack.run("DESCRIBE SERVICE D.PUBLIC.S")[0]["spec"] is None
    assert stack.run("SHOW ENDPOINTS IN SERVICE D.PUBLIC.S") == []


def test_service_roles_and_peers(world: World, stack: Client, create_service: Create) -> None:
    specification = SPECIFICATION + "serviceRoles:\n- {name: caller, endpoints: [api]}\n"
    stack.run(create_service("CALLED_ONE", specification))
    assert [row["name"] for row in stack.run("SHOW ROLES IN SERVICE CALLED_ONE")] == [
        "ALL_ENDPOINTS_USAGE",
        "CALLER",
    ]
    for sql in (
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
    ):
        stack.run(sql)
    stack.run(create_service("S"))
    peers = request_of(world, "S").peers
    assert peers["called-one:8080"] is None
    assert peers["s:8080"] is not None
    grant = "GRANT SERVICE ROLE D.PUBLIC.CALLED_ONE!CALLER TO ROLE OTHER"
    assert stack.refused(grant)[0] == 2003
    stack.run("USE ROLE SECURITYADMIN")
    assert stack.refused(grant)[0] == 3001
    stack.run("USE ROLE OWNER")
    stack.run(grant)
    peers = request_of(world, "S").peers
    dns = stack.run("SHOW SERVICES LIKE 'CALLED%'")[0]["dns_name"]
    short = dns.removesuffix(".svc.spcs.internal")
    assert peers["called-one:8080"] == peers[f"{dns}:8080"] == peers[f"{short}:8080"] is not None
    assert peers["called-one:8888"] is None
    stack.run("DROP SERVICE CALLED_ONE")
    stack.run(create_service("CALLED_ONE", specification))
    assert request_of(world, "S").peers["called-one:8080"] is None


def test_stage_volumes_are_read_only_without_write(
    world: World, stack: Client, create_service: Create
) -> None:
    for sql in (
        "CREATE STAGE D.PUBLIC.F",
        "USE ROLE ACCOUNTADMIN",
        "CREATE ROLE OTHER",
        "GRANT ROLE OTHER TO ROLE SYSADMIN",
        "GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE OTHER",
        "GRANT USAGE ON DATABASE D TO ROLE OTHER",
        "GRANT USAGE ON SCHEMA D.PUBLIC TO ROLE OTHER",
        "GRANT CREATE SERVICE ON SCHEMA D.PUBLIC TO ROLE OTHER",
        "GRANT USAGE ON COMPUTE POOL P TO ROLE OTHER",
        "GRANT READ ON IMAGE REPOSITORY D.PUBLIC.R TO ROLE OTHER",
        "USE ROLE OTHER",
    ):
        stack.run(sql)
    create = create_service("S", with_volume({"source": "stage", "stageConfig": {"name": "@D.PUBLIC.F/sub"}}))
    assert stack.refused(create)[0] == 2003
    stack.run("USE ROLE ACCOUNTADMIN")
    stack.run("GRANT READ ON STAGE D.PUBLIC.F TO ROLE OTHER")
    stack.run("USE ROLE OTHER")
    stack.run(create)
    (mount,) = request_of(world, "S").containers[0].mounts
    assert mount.folder is not None
    assert (mount.path, mount.folder.name, mount.read_only) == ("/data", "sub", True)
    stack.run("USE ROLE OWNER")
    stack.run("GRANT WRITE ON STAGE D.PUBLIC.F TO ROLE OTHER")
    (mount,) = request_of(world, "S").containers[0].mounts
    assert not mount.read_only


# Each privilege of a service's own role, the statement that gives it, and what fails without it.
NEEDED = {
    "USAGE ON DATABASE D": 2003,
    "USAGE ON SCHEMA D.PUBLIC": 3001,
    "CREATE SERVICE ON SCHEMA D.PUBLIC": 3001,
    "USAGE ON COMPUTE POOL P": 2003,
    "READ ON IMAGE REPOSITORY D.PUBLIC.R": 2003,
    "BIND SERVICE ENDPOINT ON ACCOUNT": 3001,
    "USAGE ON WAREHOUSE W": 2003,
    "READ ON STAGE D.PUBLIC.F": 2003,
}


def test_every_privilege_of_a_service_role_is_needed(stack: Client, create_service: Create) -> None:
    for sql in (
        "CREATE STAGE D.PUBLIC.F",
        "CREATE WAREHOUSE W",
        "USE ROLE ACCOUNTADMIN",
        "CREATE ROLE NEEDY",
        "GRANT ROLE NEEDY TO USER ADMIN",
        *(f"GRANT {privilege} TO ROLE NEEDY" for privilege in NEEDED),
    ):
        stack.run(sql)
    specification = with_volume({"source": "stage", "stageConfig": {"name": "@D.PUBLIC.F"}})
    create = create_service("S", specification, "QUERY_WAREHOUSE = W")
    for privilege, errno in NEEDED.items():
        stack.run(f"REVOKE {privilege} FROM ROLE NEEDY")
        stack.run("USE ROLE NEEDY")
        assert stack.refused(create)[0] == errno, privilege
        stack.run("USE ROLE ACCOUNTADMIN")
        stack.run(f"GRANT {privilege} TO ROLE NEEDY")
    stack.run("USE ROLE NEEDY")
    stack.run(create)


def test_least_privilege(stack: Client, create_service: Create) -> None:
    """A service's own role can neither drop what others own nor make pools."""
    stack.run(create_service("MILVUS"))
    for sql in (
        "USE ROLE ACCOUNTADMIN",
        "CREATE ROLE JUPYTER",
        "GRANT ROLE JUPYTER TO USER ADMIN",
        "GRANT USAGE ON DATABASE D TO ROLE JUPYTER",
        "GRANT USAGE ON SCHEMA D.PUBLIC TO ROLE JUPYTER",
        "GRANT USAGE ON COMPUTE POOL P TO ROLE JUPYTER",
        "USE ROLE OWNER",
        "GRANT SERVICE ROLE D.PUBLIC.MILVUS!ALL_ENDPOINTS_USAGE TO ROLE JUPYTER",
        "USE ROLE JUPYTER",
    ):
        stack.run(sql)
    refusals = {
        "DROP SERVICE D.PUBLIC.MILVUS": 2003,
        "DROP DATABASE D": 3001,
        "DROP SCHEMA D.PUBLIC": 3001,
        "DROP COMPUTE POOL P": 3001,
        "ALTER COMPUTE POOL P STOP ALL": 3001,
        "ALTER COMPUTE POOL P SET MAX_NODES = 2": 3001,
        "DESCRIBE COMPUTE POOL P": 3001,
        "CREATE COMPUTE POOL Q MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_S": 3001,
        "GRANT OWNERSHIP ON DATABASE D TO ROLE JUPYTER": 3001,
    }
    assert {sql: stack.refused(sql)[0] for sql in refusals} == refusals


def test_a_role_that_owns_services_stays(stack: Client, create_service: Create) -> None:
    stack.run(create_service())
    assert stack.refused("GRANT OWNERSHIP ON SERVICE S TO ROLE SYSADMIN COPY CURRENT GRANTS")[0] == 3042
    stack.run("USE ROLE ACCOUNTADMIN")
    assert stack.refused("DROP ROLE OWNER")[0] == 3042
