"""The example with the guide's own names on a new account: up, nothing more to do, down."""

from pathlib import Path

import pytest

from .conftest import Stack
from .test_up_down import done

GUIDE = Path(__file__).parents[3] / "examples" / "guide" / "spcs-milvus.yaml"
BIND = "BIND SERVICE ENDPOINT ON ACCOUNT FROM ROLE SYSADMIN"


@pytest.fixture
def guide(stack: Stack) -> Stack:
    stack.write(GUIDE.read_text(encoding="utf-8"))
    stack.variables = {"MILVUS_USER_PASSWORD": "Correct-Horse-7"}
    stack.pause(1)
    return stack


def test_the_guide_as_it_stands(guide: Stack) -> None:
    before = guide.local.dump()

    report = done(guide.up())

    assert report.status is not None
    assert report.status.ready
    assert [str(address) for address in report.plan.existing] == ["role.SYSADMIN"]
    made = {str(address) for address, resource in report.plan.resources.items() if resource.mark}
    assert made == {
        "role.MILVUS_ROLE",
        "user.MILVUS_USER",
        "warehouse.MILVUS_WAREHOUSE",
        "database.MILVUS_DEMO",
        "image_repository.MILVUS_DEMO.PUBLIC.MILVUS_REPO",
        "stage.MILVUS_DEMO.PUBLIC.DATA",
        "stage.MILVUS_DEMO.PUBLIC.FILES",
        "stage.MILVUS_DEMO.PUBLIC.YAML_STAGE",
        "network_rule.MILVUS_DEMO.PUBLIC.ALLOW_ALL_RULE",
        "external_access_integration.ALLOW_ALL_EAI",
        "security_integration.SNOWSERVICES_INGRESS_OAUTH",
        "compute_pool.MILVUS_COMPUTE_POOL",
        "compute_pool.JUPYTER_COMPUTE_POOL",
        "service.MILVUS_DEMO.PUBLIC.MILVUS",
        "service.MILVUS_DEMO.PUBLIC.JUPYTER",
    }
    owners = {one.role for one in report.plan.resources.values() if one.address.kind == "service"}
    assert owners == {"SYSADMIN"}
    assert guide.up().counts.write == 0

    guide.pause(60)
    gone = done(guide.down())
    (problem,) = gone.plan.lasting
    assert problem.hint == f"USE ROLE ACCOUNTADMIN; REVOKE {BIND};"
    with guide.session("ACCOUNTADMIN") as session:
        session.run(f"REVOKE {BIND}")
    assert guide.local.dump() == before
