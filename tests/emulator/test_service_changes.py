"""What ALTER, RENAME, DROP and SHOW may do to a service that is there, and to what it stands on."""

from collections.abc import Callable

from tests.emulator.conftest import SPECIFICATION, Client, World, changed, container, with_volume

Create = Callable[..., str]


def block(**config: object) -> str:
    return with_volume({"source": "block", "size": "10Gi", "blockConfig": config})


def test_a_block_volume_cannot_be_changed(stack: Client, create_service: Create) -> None:
    stack.run(create_service("S", block(iops=3000)))
    for other in (
        block(iops=80000),
        block(throughput=9999),
        block(encryption="SNOWFLAKE_FULL"),
        with_volume({"source": "block", "size": "11Gi"}),
        with_volume({"source": "local"}),
    ):
        assert stack.refused(f"ALTER SERVICE S FROM SPECIFICATION $${other}$$")[0] == 395029
    for same in (
        block(throughput=125, encryption="SNOWFLAKE_SSE"),
        with_volume({"source": "block", "size": "10240Mi"}),
    ):
        stack.run(f"ALTER SERVICE S FROM SPECIFICATION $${same}$$")


def test_a_database_with_services_keeps_its_name(stack: Client, create_service: Create) -> None:
    stack.run(create_service())
    assert stack.refused("ALTER DATABASE D RENAME TO E")[0] == 395029
    assert stack.refused("ALTER SCHEMA D.PUBLIC RENAME TO D.OTHER")[0] == 395029


def test_a_role_that_owns_services_is_neither_dropped_nor_replaced(
    stack: Client, create_service: Create
) -> None:
    stack.run(create_service())
    stack.run("USE ROLE ACCOUNTADMIN")
    for sql in ("DROP ROLE OWNER", "CREATE OR REPLACE ROLE OWNER"):
        assert stack.refused(sql)[0] == 3042
    assert stack.run("SHOW SERVICES IN ACCOUNT")[0]["owner"] == "OWNER"


def test_resume_needs_the_pool(stack: Client, create_service: Create) -> None:
    stack.run(create_service())
    for sql in (
        "ALTER SERVICE S SUSPEND",
        "ALTER COMPUTE POOL P SUSPEND",
        "USE ROLE ACCOUNTADMIN",
        "GRANT OWNERSHIP ON COMPUTE POOL P TO ROLE ACCOUNTADMIN",
    ):
        stack.run(sql)
    for number in (2003, 3001):
        assert stack.refused("ALTER SERVICE D.PUBLIC.S RESUME")[0] == number
        assert stack.run("SHOW COMPUTE POOLS")[0]["state"] == "SUSPENDED"
        stack.run("GRANT MONITOR ON COMPUTE POOL P TO ROLE OWNER")
    stack.run("GRANT USAGE ON COMPUTE POOL P TO ROLE OWNER")
    stack.run("ALTER SERVICE D.PUBLIC.S RESUME")
    assert stack.run("SHOW COMPUTE POOLS")[0]["state"] == "STARTING"


def test_limits_of_what_is_shown_of_a_service(stack: Client, create_service: Create) -> None:
    stack.run(create_service("S", changed(containers=[container(), container(name="side")])))
    show = "SHOW SERVICE CONTAINERS IN SERVICE S"
    for limit in (0, -1, 10001):
        assert stack.refused(f"{show} LIMIT {limit}")[0] == 1008
    assert [row["container_name"] for row in stack.run(f"{show} LIMIT 1")] == ["main"]
    assert [row["container_name"] for row in stack.run(f"{show} LIMIT 1 FROM 'main'")] == ["side"]


def test_a_service_is_upgrading_until_its_instances_are_ready(
    world: World, stack: Client, create_service: Create
) -> None:
    def upgrading() -> str:
        return str(stack.run("SHOW SERVICES")[0]["is_upgrading"])

    stack.run(create_service())
    assert upgrading() == "false"
    world.turn(2)
    stack.run(f"ALTER SERVICE S FROM SPECIFICATION $${SPECIFICATION}$$")
    assert upgrading() == "false"
    other = changed(containers=[container(env={"A": "b"})])
    stack.run(f"ALTER SERVICE S FROM SPECIFICATION $${other}$$")
    assert upgrading() == "true"
    assert stack.run("DESCRIBE SERVICE S")[0]["is_upgrading"] == "true"
    world.turn(2)
    assert upgrading() == "false"
    stack.run("ALTER SERVICE S SUSPEND")
    stack.run("ALTER SERVICE S RESUME")
    assert upgrading() == "false"
