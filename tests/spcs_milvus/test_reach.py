"""What somebody else is asked to run, where a connection is good for one role only."""

import pytest
from tests.spcs_milvus.stack import QUICKSTART, declared, nothing

from spcs_milvus.plan import plan_up
from spcs_milvus.reach import within_up

SECRET = "secrets: {KEY: {generic_string: '${env:KEY}'}}\n"
USER = "users: [{name: ALICE, password: generate}, {name: ROBOT, type: SERVICE}]\n"


@pytest.mark.parametrize("created", ["CREATE SECRET MILVUS_DEMO.PUBLIC.KEY", "CREATE USER ALICE"])
def test_a_mask_is_never_pasted_in_place_of_a_secret(created: str) -> None:
    stack = declared(QUICKSTART + SECRET + USER, KEY="hunter2")
    observation = nothing(stack)
    (problem,) = within_up(plan_up(stack, observation), observation, "SYSADMIN").conflicts
    lines = str(problem.detail).splitlines()
    assert [line for line in lines if f": {created} " in line and line.startswith("-- with the secret ")]
    assert not [line for line in lines if "***" in line and not line.startswith("-- ")]
    assert "CREATE USER ROBOT TYPE = SERVICE" in str(problem.detail)
    assert not [secret for secret in ("hunter2", "made up") if secret in str(problem)]
