"""Services: what CREATE checks, how they live by the clock, what survives, who reaches whom."""

import json
from collections.abc import Callable

import pytest
from tests.emulator.conftest import (
    SPECIFICATION,
    Client,
    World,
    changed,
    container,
    request_of,
    with_volume,
)

Create = Callable[..., str]

COLUMNS = {
    "SHOW SERVICES": (
        "name status database_name schema_name owner compute_pool dns_name current_instances "
        "target_instances "
        "min_ready_instances min_instances max_instances auto_resume external_access_integrations created_on "
        "updated_on resumed_on suspended_on auto_suspend_secs comment owner_role_type query_warehouse is_job "
        "is_async_job spec_digest is_upgrading managing_object_domain managing_object_name"
    ),
    "DESCRIBE SERVICE S": (
        "name status database_name schema_name owner compute_pool spec dns_name current_instances "
        "target_instances min_ready_instances min_instances max_instances auto_resume "
        "external_access_integrations created_on updated_on resumed_on suspended_on auto_suspend_secs "
        "comment "
        "owner_role_type query_warehouse is_job is_async_job spec_digest is_upgrading managing_object_domain "
        "managing_object_name"
    ),
    "SHOW SERVICE CONTAINERS IN SERVICE S": (
        "database_name schema_name service_name service_status instance_id instance_status "
        "container_name status "
        "message image_name image_digest restart_count start_time last_exit_code last_restart_time"
    ),
    "SHOW SERVICE INSTANCES IN SERVICE S": (
        "database_name schema_name service_name service_status instance_id status spec_digest creation_time "
        "start_time ip_address"
    ),
    "SHOW ENDPOINTS IN SERVICE S": "name port port_range protocol is_public ingress_url local_address",
    "SHOW ROLES IN SERVICE S": "created_on name comment",
    "SHOW COMPUTE POOLS": (
        "name state min_nodes max_nodes instance_family num_services num_jobs auto_suspend_secs auto_resume "
        "active_nodes idle_nodes target_nodes created_on resumed_on updated_on owner comment is_exclusive "
        "application placement_group backup_instance_families"
    ),
    "DESCRIBE COMPUTE POOL P": (
        "name state min_nodes max_nodes instance_family num_services num_jobs auto_suspend_secs auto_resume "
        "active_nodes idle_nodes target_nodes created_on resumed_on updated_on owner comment is_exclusive "
        "application budget error_code status_message placement_group backup_instance_families"
    ),
    "SHOW IMAGES IN IMAGE REPOSITORY R": "created_on image_name tags digest image_path",
    "SHOW GRANTS OF SERVICE ROLE S!ALL_ENDPOINTS_USAGE": "created_on role granted_to grantee_name granted_by",
    "SHOW GRANTS TO SERVICE ROLE S!ALL_ENDPOINTS_USAGE": (
        "created_on privilege granted_on name granted_to grantee_name"
    ),
}


def test_columns_in_the_documented_order(stack: Client, create_service: Create) -> None:
    stack.run(create_service())
    for sql, names in COLUMNS.items():
        assert stack.columns(sql) == names.split(), sql


BLOCK = with_volume({"source": "block", "size": "10Gi"})

# Specification, options, number, and a part of the message.
REFUSED = {
    "unknown key": (changed(serviceRoles=[]), "", 395018, "unknown option 'serviceRoles' for 'spec'."),
    "no such tag": (
        changed(containers=[container(image="/d/public/r/app:2")]),
        "",
        397012,
        "d/public/r/app:2",
    ),
    "no such image": (changed(containers=[container(image="/d/public/r/other:1")]), "", 397012, "other"),
    "no such repository": (
        changed(containers=[container(image="/d/public/x/app:1")]),
        "",
        2003,
        "D.PUBLIC.X",
    ),
    "no image path": (changed(containers=[container(image="app:1")]), "", 395018, "invalid image 'app:1'"),
    "too large": (
        changed(containers=[container(resources={"requests": {"cpu": 4}})]),
        "",
        395018,
        "requested CPU exceeds",
    ),
    "no such stage": (
        with_volume({"source": "stage", "stageConfig": {"name": "@D.PUBLIC.GONE"}}),
        "",
        2003,
        "D.PUBLIC.GONE",
    ),
    "block with many instances": (BLOCK, "MIN_INSTANCES = 1 MAX_INSTANCES = 2", 1008, "MAX_INSTANCES"),
    "min above max": (SPECIFICATION, "MIN_INSTANCES = 2 MAX_INSTANCES = 1", 1008, "MAX_INSTANCES"),
    "too many": (SPECIFICATION, "MIN_INSTANCES = 101", 1008, "MAX_INSTANCES"),
    "none need be ready": (SPECIFICATION, "MIN_READY_INSTANCES = 0", 1008, "MIN_READY_INSTANCES"),
    "no level": (SPECIFICATION, "LOG_LEVEL = NOPE", 1008, "LOG_LEVEL"),
    "memory volume larger than a node": (
        with_volume({"source": "memory", "size": "14Gi"}),
        "",
        395018,
        "memory",
    ),
    "ready above min": (SPECIFICATION, "MIN_READY_INSTANCES = 2", 1008, "MIN_READY_INSTANCES"),
    "auto suspend with public endpoint": (
        SPECIFICATION,
        "AUTO_SUSPEND_SECS = 600",
        1008,
        "AUTO_SUSPEND_SECS",
    ),
    "no such warehouse": (SPECIFICATION, "QUERY_WAREHOUSE = W", 2003, "Warehouse 'W'"),
    "no such integration": (SPECIFICATION, "EXTERNAL_ACCESS_INTEGRATIONS = (E)", 2003, "Integration 'E'"),
    "unknown option": (SPECIFICATION, "MAX_NODES = 1", 1003, "MAX_NODES"),
}


def test_create_refused_and_nothing_changed(world: World, stack: Client, create_service: Create) -> None:
    before = world.local.dump()
    for name, (specification, options, errno, text) in REFUSED.items():
        found, _, message = stack.refused(create_service("S", specification, options))
        assert (found, text in message) == (errno, True), f"{name}: {message}"
        assert world.local.dump() == before, name


def test_a_name_that_makes_no_dns_label(stack: Client, create_service: Create) -> None:
    for name in ("A-B", "1A", "_A", "A$B", "S_", "A" * 64):
        assert stack.refused(create_service(f'"{name}"'))[0] == 1008


def states(client: Client) -> tuple[str, str, str]:
    (row,) = client.run("SHOW SERVICE CONTAINERS IN SERVICE S")
    return row["service_status"], row["status"], row["message"]


def test_life_by_the_clock(world: World, stack: Client, create_service: Create) -> None:
    clock = world.local.clock
    stack.run(create_service())
    assert states(stack) == ("PENDING", "PENDING", "Compute pool node(s) are being provisioned")
    assert [row["state"] for row in stack.run("SHOW COMPUTE POOLS")] == ["STARTING"]
    clock.advance(1)
    assert states(stack) == ("PENDING", "PENDING", "Waiting to start")
    assert stack.run("SHOW ENDPOINTS IN SERVICE S")[1]["ingress_url"].startswith("Endpoints provisioning")
    clock.advance(0.5)
    states(stack)
    clock.advance(0.5)
    assert states(stack) == ("RUNNING", "READY", "Running")
    api, page = stack.run("SHOW ENDPOINTS IN SERVICE S")
    assert (api["is_public"], api["ingress_url"]) == ("false", None)
    assert api["local_address"].startswith("127.0.0.1:")
    assert page["ingress_url"] == page["local_address"] != api["local_address"]
    (pool,) = stack.run("SHOW COMPUTE POOLS")
    assert (pool["state"], pool["active_nodes"], pool["idle_nodes"]) == ("ACTIVE", 1, 0)
    stack.run("ALTER SERVICE S SUSPEND")
    assert stack.run("SHOW SERVICES")[0]["status"] == "SUSPENDING"
    clock.advance(0.5)
    assert stack.run("SHOW SERVICES")[0]["status"] == "SUSPENDED"
    assert stack.run("SHOW SERVICE CONTAINERS IN SERVICE S")[0]["container_name"] is None
    stack.run("ALTER SERVICE S RESUME")
    world.turn(1)
    assert states(stack)[0] == "RUNNING"


def test_an_idle_pool_suspends_and_a_resumed_service_wakes_it(
    world: World, stack: Client, create_service: Create
) -> None:
    stack.run(create_service())
    world.turn(2)
    world.local.clock.advance(4000)
    assert stack.run("SHOW COMPUTE POOLS")[0]["state"] == "ACTIVE"
    stack.run("ALTER SERVICE S SUSPEND")
    world.turn(0.25)
    world.local.clock.advance(3601)
    world.local.tick()
    assert stack.run("SHOW COMPUTE POOLS")[0]["state"] == "SUSPENDED"
    stack.run("ALTER SERVICE S RESUME")
    assert stack.run("SHOW COMPUTE POOLS")[0]["state"] == "STARTING"
    world.turn(2)
    assert states(stack)[0] == "RUNNING"
    stack.run("ALTER COMPUTE POOL P SUSPEND")
    assert stack.run("SHOW SERVICES")[0]["status"] in ("SUSPENDING", "SUSPENDED")


def test_what_does_not_fit_waits(world: World, stack: Client, create_service: Create) -> None:
    half = changed(containers=[container(resources={"requests": {"cpu": 2}})])
    stack.run(create_service("A", half))
    world.turn(0.25)
    stack.run(create_service("S", half))
    world.turn(2)
    assert states(stack) == ("PENDING", "PENDING", "Unschedulable due to insufficient CPU resources.")
    stack.run("ALTER COMPUTE POOL P SET MAX_NODES = 2")
    world.turn(2)
    assert states(stack)[0] == "RUNNING"
    assert stack.run("SHOW COMPUTE POOLS")[0]["active_nodes"] == 2


def test_a_new_specification(world: World, stack: Client, create_service: Create) -> None:
    stack.run(create_service())
    world.turn(2)
    digest = stack.run("SHOW SERVICES")[0]["spec_digest"]
    before = {row["name"]: row["local_address"] for row in stack.run("SHOW ENDPOINTS IN SERVICE S")}
    stack.run(f"ALTER SERVICE S FROM SPECIFICATION $${SPECIFICATION}$$")
    assert stack.run("SHOW SERVICES")[0]["spec_digest"] == digest
    assert states(stack)[0] == "RUNNING"
    endpoints = [{"name": "api", "port": 8080, "protocol": "TCP"}, {"name": "more", "port": 9000}]
    stack.run(f"ALTER SERVICE S FROM SPECIFICATION $${changed(endpoints=endpoints)}$$")
    assert states(stack)[0] == "PENDING"
    world.turn(1)
    after = {row["name"]: row["local_address"] for row in stack.run("SHOW ENDPOINTS IN SERVICE S")}
    assert after["api"] == before["api"]
    assert set(after) == {"api", "more"}
    world.push(digest="b")
    assert states(stack)[0] == "RUNNING"
    stack.run(f"ALTER SERVICE S FROM SPECIFICATION $${changed(endpoints=endpoints)}$$")
    world.turn(1)
    assert stack.run("SHOW SERVICE CONTAINERS IN SERVICE S")[0]["image_digest"] == f"sha256:{'b' * 64}"
    world.push(tag="2", digest="c")
    assert {row["tags"] for row in stack.run("SHOW IMAGES IN IMAGE REPOSITORY R")} == {None, "1", "2"}


def test_block_volumes(world: World, stack: Client, create_service: Create) -> None:
    stack.run(create_service("S", BLOCK))
    world.turn(2)
    (folder,) = (world.local.folder.path / "volumes").iterdir()
    kept = folder / "data" / "kept"
    kept.write_text("vectors")
    stack.run("ALTER SERVICE S SUSPEND")
    stack.run("ALTER SERVICE S RESUME")
    bigger = with_volume({"source": "block", "size": "20Gi"})
    assert stack.refused(f"ALTER SERVICE S FROM SPECIFICATION $${bigger}$$")[0] == 395029
    assert stack.refused("DROP SERVICE S")[:2] == (395085, "22000")
    assert kept.read_text() == "vectors"
    stack.run("DROP SERVICE S FORCE")
    assert not folder.exists()


def test_local_volumes_are_lost_on_suspend(world: World, stack: Client, create_service: Create) -> None:
    stack.run(create_service("S", with_volume({"source": "local"})))
    world.turn(2)
    (folder,) = (world.local.folder.path / "volumes").iterdir()
    (folder / "data" / "lost").write_text("x")
    stack.run("ALTER SERVICE S SUSPEND")
    stack.run("ALTER SERVICE S RESUME")
    world.turn(2)
    assert list((folder / "data").iterdir()) == []


@pytest.mark.parametrize(
    "sql",
    [
        "DROP DATABASE D",
        "DROP SCHEMA D.PUBLIC",
        "ALTER COMPUTE POOL P STOP ALL",
        "CREATE OR REPLACE DATABASE D",
    ],
)
def test_what_takes_services_with_it(sql: str, world: World, stack: Client, create_service: Create) -> None:
    stack.run(create_service())
    stack.run(create_service("BLOCKY", BLOCK))
    world.turn(2)
    assert stack.refused("DROP COMPUTE POOL P")[0] == 392506
    stack.run(sql)
    assert stack.run("SHOW SERVICES IN ACCOUNT") == []
    assert list((world.local.folder.path / "volumes").iterdir()) == []
    stack.run("DROP COMPUTE POOL P")


def test_status_and_environment(world: World, stack: Client, create_service: Create) -> None:
    stack.run(create_service())
    world.turn(2)
    (status,) = json.loads(stack.value("CALL SYSTEM$GET_SERVICE_STATUS('D.PUBLIC.S')"))
    assert status["status"] == "READY"
    assert status["containerName"] == "main"
    assert stack.value("CALL SYSTEM$GET_SERVICE_LOGS('S', '0', 'main', 10)") == ""
    assert stack.refused("CALL SYSTEM$GET_SERVICE_LOGS('S', 0, 'gone')")[0] == 1008
    assert stack.refused("CALL SYSTEM$GET_SERVICE_LOGS('S', 7, 'main')")[0] == 1008
    environment = request_of(world, "S").containers[0].environment
    assert environment["SNOWFLAKE_DATABASE"] == "D"
    assert environment["SNOWFLAKE_SERVICE_NAME"] == "S"


def test_options_of_a_service(world: World, stack: Client, create_service: Create) -> None:
    stack.run("CREATE WAREHOUSE W")
    stack.run(create_service("S", SPECIFICATION, "QUERY_WAREHOUSE = W COMMENT = 'c' AUTO_RESUME = FALSE"))
    (row,) = stack.run("SHOW SERVICES IN COMPUTE POOL P")
    assert (row["query_warehouse"], row["comment"], row["auto_resume"]) == ("W", "c", "false")
    stack.run("ALTER SERVICE S SET MIN_INSTANCES = 2 MAX_INSTANCES = 2 COMMENT = 'd'")
    world.turn(2)
    (row,) = stack.run("SHOW SERVICES LIKE 's' IN SCHEMA D.PUBLIC")
    assert (row["target_instances"], row["current_instances"], row["comment"]) == (2, 2, "d")
    assert len(stack.run("SHOW SERVICE INSTANCES IN SERVICE S")) == 2
    stack.run("ALTER SERVICE S UNSET QUERY_WAREHOUSE, COMMENT")
    (row,) = stack.run("SHOW SERVICES")
    assert (row["query_warehouse"], row["comment"]) == (None, None)
    assert stack.refused(create_service())[0] == 2002


@pytest.mark.parametrize("value", ["called:8080", "http://called:8080/", "a,CALLED:8080"])
def test_a_service_is_started_again_when_an_endpoint_it_names_moves(
    value: str, world: World, stack: Client, create_service: Create
) -> None:
    stack.run(create_service("CALLED"))
    naming = changed(containers=[container(env={"PEER": value})])
    stack.run(create_service("S", naming))
    world.turn(3)
    (before,) = stack.run("SHOW SERVICE CONTAINERS IN SERVICE S")
    world.turn(1)
    stack.run("DROP SERVICE CALLED")
    stack.run(create_service("CALLED"))
    world.turn(3)
    (after,) = stack.run("SHOW SERVICE CONTAINERS IN SERVICE S")
    assert after["status"] == "READY"
    assert after["start_time"] > before["start_time"]
