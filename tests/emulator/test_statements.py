"""Statements one after another on a fresh account, through the real connector; the cases are data.

Those below cases/services begin with the role OWNER, a database D, a pool P and the image /d/public/r/app:1.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.emulator.conftest import Client, World

FOLDER = Path(__file__).parent / "cases"
CASES: dict[str, list[dict[str, Any]]] = {
    f"{file.relative_to(FOLDER).with_suffix('')}: {name}": steps
    for file in sorted(FOLDER.glob("**/*.yaml"))
    for name, steps in yaml.safe_load(file.read_text(encoding="utf-8")).items()
}


@pytest.mark.parametrize("name", CASES)
def test_case(world: World, name: str, request: pytest.FixtureRequest) -> None:
    client = request.getfixturevalue("stack" if name.startswith("services/") else "admin")
    for step in CASES[name]:
        if "as" in step:
            client.run(f"USE ROLE {step['as']}")
        if "turn" in step:
            world.turn(step["turn"])
        if "file" in step:
            world.put(*step["file"])
        if "sql" in step:
            _check(client, step)


def _check(client: Client, step: dict[str, Any]) -> None:
    sql = step["sql"]
    if "error" in step:
        errno, _, message = client.refused(sql)
        assert errno == step["error"], f"{sql}: {message}"
        assert step.get("says", "") in message, sql
        return
    rows = client.run(sql)
    if "status" in step:
        assert rows == [{"status": step["status"]}], sql
    if "rows" in step:
        assert len(rows) == len(step["rows"]), f"{sql}: {rows}"
        for row, expected in zip(rows, step["rows"], strict=True):
            assert row.items() >= expected.items(), f"{sql}: {row}"


# Documented columns in their order.
COLUMNS = {
    "SHOW ROLES": (
        "created_on name is_default is_current is_inherited assigned_to_users granted_to_roles "
        "granted_roles owner "
        "comment"
    ),
    "SHOW USERS": (
        "name created_on login_name display_name first_name last_name email mins_to_unlock "
        "days_to_expiry comment "
        "disabled must_change_password snowflake_lock default_warehouse default_namespace default_role "
        "default_secondary_roles ext_authn_duo ext_authn_uid mins_to_bypass_mfa owner last_success_login "
        "expires_at_time locked_until_time has_password has_rsa_public_key type has_mfa has_workload_identity"
    ),
    "DESCRIBE USER ADMIN": "property value default description",
    "SHOW WAREHOUSES": (
        "name state type size min_cluster_count max_cluster_count started_clusters running queued is_default "
        "is_current auto_suspend auto_resume available provisioning quiescing other created_on resumed_on "
        "updated_on owner comment enable_query_acceleration query_acceleration_max_scale_factor "
        "resource_monitor "
        "actives pendings failed suspended uuid scaling_policy owner_role_type resource_constraint generation"
    ),
    "SHOW DATABASES": (
        "created_on name is_default is_current origin owner comment options retention_time kind "
        "owner_role_type"
    ),
    "SHOW SCHEMAS": (
        "created_on name is_default is_current database_name owner comment options retention_time "
        "owner_role_type"
    ),
    "SHOW IMAGE REPOSITORIES": (
        "created_on name database_name schema_name repository_url owner owner_role_type comment encryption"
    ),
    "SHOW STAGES": (
        "created_on name database_name schema_name url has_credentials has_encryption_key owner "
        "comment region "
        "type cloud notification_channel storage_integration endpoint owner_role_type directory_enabled"
    ),
    "SHOW GRANTS ON ACCOUNT": (
        "created_on privilege granted_on name granted_to grantee_name grant_option granted_by"
    ),
    "SHOW GRANTS OF ROLE SYSADMIN": "created_on role granted_to grantee_name granted_by",
    "SHOW COMPUTE POOL INSTANCE FAMILIES": (
        "name description vcpu memory_gib storage_gib gpu gpu_count gpu_memory_gib current_node_usage message"
    ),
}


def test_columns(admin: Client) -> None:
    for sql, names in COLUMNS.items():
        assert admin.columns(sql) == names.split(), sql
