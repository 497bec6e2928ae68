"""External access integrations of services: who may attach which, how they are shown, what holds them."""

from collections.abc import Callable

import pytest
from tests.emulator.conftest import SPECIFICATION, Client, World

Create = Callable[..., str]


def attached(*names: str) -> str:
    return f"EXTERNAL_ACCESS_INTEGRATIONS = ({', '.join(names)})"


@pytest.fixture
def egress(stack: Client) -> Client:
    """The stack with integrations E and F, of which OWNER owns E."""
    for sql in (
        "USE ROLE ACCOUNTADMIN",
        "GRANT CREATE INTEGRATION ON ACCOUNT TO ROLE OWNER",
        "USE ROLE OWNER",
        "CREATE NETWORK RULE D.PUBLIC.R TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('a.b', '0.0.0.0:80')",
        "CREATE EXTERNAL ACCESS INTEGRATION E ALLOWED_NETWORK_RULES = (D.PUBLIC.R)",
        "USE ROLE ACCOUNTADMIN",
        "CREATE EXTERNAL ACCESS INTEGRATION F ALLOWED_NETWORK_RULES = (D.PUBLIC.R)",
        "USE ROLE OWNER",
    ):
        stack.run(sql)
    return stack


def shown(client: Client) -> object:
    (row,) = client.run("SHOW SERVICES")
    (described,) = client.run("DESCRIBE SERVICE S")
    assert row["external_access_integrations"] == described["external_access_integrations"]
    return row["external_access_integrations"]


def test_attach_change_and_take_away(world: World, egress: Client, create_service: Create) -> None:
    egress.run(create_service("S", SPECIFICATION, attached("E")))
    assert shown(egress) == '["E"]'
    assert any(
        entry["settings"].get("EXTERNAL_ACCESS_INTEGRATIONS") == ["E"]
        for entry in world.local.dump()["objects"]
    )
    assert egress.refused(f"ALTER SERVICE S SET {attached('E', 'F')}")[0] == 2003
    egress.run("USE ROLE ACCOUNTADMIN")
    egress.run("GRANT USAGE ON INTEGRATION F TO ROLE OWNER")
    egress.run("USE ROLE OWNER")
    egress.run(f"ALTER SERVICE S SET {attached('F', 'E', 'F')}")
    assert shown(egress) == '["F","E"]'
    egress.run("ALTER SERVICE S UNSET EXTERNAL_ACCESS_INTEGRATIONS")
    assert shown(egress) is None
    egress.run(f"ALTER SERVICE S SET {attached('E')}")
    egress.run(f"ALTER SERVICE S SET {attached()}")
    assert shown(egress) is None
    egress.run("DROP INTEGRATION E")


def test_names_are_taken_as_written(egress: Client, create_service: Create) -> None:
    assert egress.refused(create_service("S", SPECIFICATION, attached("e")))[0] == 2003
    egress.run(create_service("S", SPECIFICATION, attached('"E"')))
    assert shown(egress) == '["E"]'


def test_an_integration_in_use_stays(egress: Client, create_service: Create) -> None:
    egress.run(create_service("S", SPECIFICATION, attached("E")))
    for sql in (
        "DROP INTEGRATION E",
        "DROP EXTERNAL ACCESS INTEGRATION IF EXISTS E",
        "CREATE OR REPLACE EXTERNAL ACCESS INTEGRATION E ALLOWED_NETWORK_RULES = (D.PUBLIC.R)",
    ):
        assert egress.refused(sql)[0] == 98509
    egress.run("DROP SERVICE S")
    egress.run("DROP INTEGRATION E")


@pytest.mark.parametrize("value", ["a.b:25", "a.b:1023", "a.b:0", "*.a.b"])
def test_services_do_not_reach_every_port(egress: Client, create_service: Create, value: str) -> None:
    egress.run(f"ALTER NETWORK RULE D.PUBLIC.R SET VALUE_LIST = ('c.d:22', '{value}')")
    errno, _, message = egress.refused(create_service("S", SPECIFICATION, attached("E")))
    assert (errno, value in message) == (1008, True)
    egress.run("ALTER NETWORK RULE D.PUBLIC.R SET VALUE_LIST = ('c.d:22', 'c.d:1024', 'c.d:65535')")
    egress.run(create_service("S", SPECIFICATION, attached("E")))


def test_limits(egress: Client, create_service: Create) -> None:
    hosts = ", ".join(f"'h{number}.x'" for number in range(101))
    assert egress.refused(f"ALTER NETWORK RULE D.PUBLIC.R SET VALUE_LIST = ({hosts})")[0] == 1008
    egress.run(f"CREATE NETWORK RULE D.PUBLIC.Q TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ({hosts})")
    sql = "ALTER EXTERNAL ACCESS INTEGRATION E SET ALLOWED_NETWORK_RULES = (D.PUBLIC.Q)"
    assert egress.refused(sql)[0] == 1008
    names = [f"E{number}" for number in range(11)]
    for name in names:
        egress.run(f"CREATE EXTERNAL ACCESS INTEGRATION {name} ALLOWED_NETWORK_RULES = (D.PUBLIC.R)")
    assert egress.refused(create_service("S", SPECIFICATION, attached(*names)))[0] == 1008
    egress.run(create_service("S", SPECIFICATION, attached(*names[:10])))
