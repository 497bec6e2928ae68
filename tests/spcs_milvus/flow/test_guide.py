"""The Milvus guide's 26 rows, by ``examples/guide``: each is done, or need no longer be.

One test a row, on one stack that really runs. ``tests/peers/test_guide.py`` does the same rows by hand.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
import yaml

from spcs_emulator import daemon

from .conftest import Session, Stack
from .machine import EXAMPLES, Machine
from .notebook import Jupyter

GUIDE = EXAMPLES / "guide" / "spcs-milvus.yaml"
PASSWORD = "Milvus-user-0k"
STAGES = ("DATA", "FILES", "YAML_STAGE")
POOLS = ("MILVUS_COMPUTE_POOL", "JUPYTER_COMPUTE_POOL")
ANSWER = "Alan Turing was the first person to conduct substantial research in AI."


class Guide(Machine):
    """A machine on which the guide is up; ``said`` is the document that ``up`` printed."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, GUIDE, MILVUS_USER_PASSWORD=PASSWORD, SNOWFLAKE_HOME=str(home.parent))
        self.options: dict[str, Any] = self.document("local", "start")["connection"]
        self.said = self.on_stack("up")

    @contextmanager
    def session(self, role: str | None = None, **options: Any) -> Iterator[Session]:
        """A person's own session beside ours, secondary roles off."""
        chosen = {**self.options, "login_timeout": 10, **({"role": role} if role else {}), **options}
        with snowflake.connector.connect(**chosen) as connection:
            session = Session(connection)
            session.run("USE SECONDARY ROLES NONE")
            yield session

    def rows(self, sql: str, role: str = "SYSADMIN") -> list[dict[str, Any]]:
        """What a statement shows."""
        with self.session(role) as session:
            return session.run(sql)

    def row(self, sql: str, role: str = "SYSADMIN") -> dict[str, Any]:
        """The one row it shows."""
        (row,) = self.rows(sql, role)
        return row

    def held(self, role: str) -> set[tuple[str, str, str]]:
        """The role's privileges, with the kind and name of what they are on."""
        shown = self.rows(f"SHOW GRANTS TO ROLE {role}", "SECURITYADMIN")
        return {(row["privilege"], row["granted_on"], row["name"]) for row in shown}

    def changes(self, kind: str) -> dict[str, dict[str, Any]]:
        """What ``up`` did with one kind, by name."""
        return {
            change["address"].removeprefix(f"{kind}."): change
            for change in self.said["changes"]
            if change["address"].startswith(f"{kind}.")
        }

    def specification(self, service: str) -> dict[str, Any]:
        """The running service's own specification."""
        shown = self.row(f"DESCRIBE SERVICE MILVUS_DEMO.PUBLIC.{service}")["spec"]
        document: dict[str, Any] = yaml.safe_load(shown)["spec"]
        return document


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guide]:
    home = tmp_path_factory.mktemp("the guide") / "local account"
    try:
        yield Guide(home)
    finally:
        daemon.stop(home)


pytestmark = pytest.mark.real


def test_row_01_the_connection_comes_from_a_file_and_the_account_may_be_pinned(
    guide: Guide, tmp_path: Path
) -> None:
    lines = [f"{key} = {json.dumps(value)}" for key, value in guide.options.items()]
    connections = guide.home.parent / "connections.toml"
    connections.write_text("[guide]\n" + "\n".join(lines) + "\n", encoding="utf-8")
    connections.chmod(0o600)
    images = "".join(
        f"{name}: {{image: {{reference: /milvus_demo/public/milvus_repo/{name}:none}}}}\n"
        for name in ("milvus", "jupyter")
    )
    file = tmp_path / "spcs-milvus.yaml"
    head = "project: other\nconnection: guide\n"

    file.write_text(f"{head}account: LOCAL-ACCOUNT\n{images}", encoding="utf-8")
    guide.run("plan", "--check", "-f", str(file), exit_code=3)
    file.write_text(f"{head}account: MYORG-OTHER\n{images}", encoding="utf-8")
    refused = guide.run("plan", "-f", str(file), exit_code=1)
    assert "MYORG-OTHER" in refused.stderr


def test_row_02_the_ingress_integration_is_built_in(guide: Guide) -> None:
    told = guide.changes("security_integration")["SNOWSERVICES_INGRESS_OAUTH"]
    assert (told["status"], told["because"]) == ("done", "is there already (error 002043)")
    assert guide.rows("SHOW SECURITY INTEGRATIONS", "ACCOUNTADMIN") == []
    assert guide.document("plan", "-f", str(GUIDE))["changes"] == []


def test_row_03_the_owner_may_bind_endpoints(guide: Guide) -> None:
    assert "BIND SERVICE ENDPOINT" in {privilege for privilege, _, _ in guide.held("SYSADMIN")}


def test_row_04_the_role_for_those_who_open_the_notebook(guide: Guide) -> None:
    members = {
        (row["granted_to"], row["grantee_name"])
        for row in guide.rows("SHOW GRANTS OF ROLE MILVUS_ROLE", "SECURITYADMIN")
    }
    assert members == {("ROLE", "SYSADMIN"), ("USER", "MILVUS_USER")}


def test_row_05_the_user_with_a_password_that_stands_nowhere(guide: Guide) -> None:
    said = {row["property"]: row["value"] for row in guide.rows("DESCRIBE USER MILVUS_USER", "USERADMIN")}
    assert said["DEFAULT_ROLE"] == "MILVUS_ROLE"
    assert said["MUST_CHANGE_PASSWORD"] == "false"
    assert PASSWORD not in GUIDE.read_text(encoding="utf-8")
    assert PASSWORD not in json.dumps(guide.said)
    with guide.session(user="MILVUS_USER", password=PASSWORD) as session:
        (row,) = session.run("SELECT CURRENT_ROLE() AS R, CURRENT_USER() AS U")
    assert row == {"R": "MILVUS_ROLE", "U": "MILVUS_USER"}


def test_row_06_the_user_has_the_role(guide: Guide) -> None:
    granted = guide.rows("SHOW GRANTS TO USER MILVUS_USER", "SECURITYADMIN")
    assert [row["role"] for row in granted] == ["MILVUS_ROLE"]


def test_row_07_the_warehouse(guide: Guide) -> None:
    shown = guide.row("SHOW WAREHOUSES LIKE 'MILVUS_WAREHOUSE'")
    kept = ("size", "auto_suspend", "auto_resume", "owner", "state")
    assert {key: shown[key] for key in kept} == {
        "size": "X-Small",
        "auto_suspend": 180,
        "auto_resume": "true",
        "owner": "SYSADMIN",
        "state": "SUSPENDED",
    }


def test_row_08_the_database_and_its_schema(guide: Guide) -> None:
    assert guide.row("SHOW DATABASES LIKE 'MILVUS_DEMO'")["owner"] == "SYSADMIN"
    assert guide.row("SHOW SCHEMAS LIKE 'PUBLIC' IN DATABASE MILVUS_DEMO")["name"] == "PUBLIC"


def test_row_09_the_image_repository(guide: Guide) -> None:
    shown = guide.row("SHOW IMAGE REPOSITORIES IN DATABASE MILVUS_DEMO")
    host = f"{guide.options['host']}:{guide.options['port']}"
    assert (shown["name"], shown["repository_url"]) == (
        "MILVUS_REPO",
        f"{host}/milvus_demo/public/milvus_repo",
    )


def test_row_10_the_stages(guide: Guide) -> None:
    shown = {row["name"]: row["type"] for row in guide.rows("SHOW STAGES IN DATABASE MILVUS_DEMO")}
    assert shown == dict.fromkeys(STAGES, "INTERNAL NO CSE")


def test_row_11_the_role_has_the_privileges_it_needs_and_no_others(guide: Guide) -> None:
    assert guide.held("MILVUS_ROLE") == {
        ("USAGE", "DATABASE", "MILVUS_DEMO"),
        ("USAGE", "SCHEMA", "MILVUS_DEMO.PUBLIC"),
        ("USAGE", "WAREHOUSE", "MILVUS_WAREHOUSE"),
        ("USAGE", "SERVICE_ROLE", "MILVUS_DEMO.PUBLIC.JUPYTER!ALL_ENDPOINTS_USAGE"),
    }


def test_row_12_any_host_may_be_reached_by_the_notebook_and_it_is_attached(guide: Guide) -> None:
    rule = guide.row("DESCRIBE NETWORK RULE MILVUS_DEMO.PUBLIC.ALLOW_ALL_RULE")
    assert (rule["type"], rule["mode"], set(rule["value_list"].split(","))) == (
        "HOST_PORT",
        "EGRESS",
        {"0.0.0.0:443", "0.0.0.0:80"},
    )
    assert ("USAGE", "INTEGRATION", "ALLOW_ALL_EAI") in guide.held("SYSADMIN")
    services = {row["name"]: row for row in guide.rows("SHOW SERVICES IN DATABASE MILVUS_DEMO")}
    assert json.loads(services["JUPYTER"]["external_access_integrations"]) == ["ALLOW_ALL_EAI"]
    assert services["MILVUS"]["external_access_integrations"] is None


def test_row_13_images_are_tagged_by_what_goes_into_them(guide: Guide) -> None:
    shown = guide.rows("SHOW IMAGES IN IMAGE REPOSITORY MILVUS_DEMO.PUBLIC.MILVUS_REPO")
    tags = {f"MILVUS_DEMO.PUBLIC.MILVUS_REPO/{row['image_name']}:{row['tags']}" for row in shown}
    assert tags == set(guide.changes("image"))
    assert all(":proc-" in tag for tag in tags)


def test_row_14_the_registry_login_leaves_nothing_behind(guide: Guide) -> None:
    homes = (Path.home() / ".docker" / "config.json", guide.home.parent / ".docker" / "config.json")
    host = f"{guide.options['host']}:{guide.options['port']}"
    assert not [home for home in homes if home.exists() and host in home.read_text(encoding="utf-8")]


def test_row_15_what_runs_is_what_was_pushed(guide: Guide) -> None:
    images = guide.rows("SHOW IMAGES IN IMAGE REPOSITORY MILVUS_DEMO.PUBLIC.MILVUS_REPO")
    for service in ("MILVUS", "JUPYTER"):
        running = guide.row(f"SHOW SERVICE CONTAINERS IN SERVICE MILVUS_DEMO.PUBLIC.{service}")
        assert running["image_digest"] in {row["digest"] for row in images}
        (container,) = guide.specification(service)["containers"]
        assert container["sha256"] == f"@{running['image_digest']}"


def test_row_16_the_compute_pools(guide: Guide) -> None:
    shown = {row["name"]: row for row in guide.rows("SHOW COMPUTE POOLS")}
    assert set(shown) == set(POOLS)
    for pool in shown.values():
        assert (pool["min_nodes"], pool["max_nodes"], pool["instance_family"]) == (1, 1, "CPU_X64_S")
        assert (pool["auto_resume"], pool["auto_suspend_secs"], pool["owner"]) == ("true", 3600, "SYSADMIN")


def test_row_17_nobody_has_to_ask_until_it_is_ready(guide: Guide) -> None:
    assert {one["status"] for one in guide.changes("ready").values()} == {"done"}
    assert {row["state"] for row in guide.rows("SHOW COMPUTE POOLS")} == {"ACTIVE"}


def test_row_18_specifications_are_rendered_and_put_on_the_stage(guide: Guide) -> None:
    files = [Path(row["name"]).name for row in guide.rows("LIST @MILVUS_DEMO.PUBLIC.YAML_STAGE")]
    assert sorted(file.partition("-")[0] for file in files) == ["jupyter", "milvus"]


def test_row_19_both_services_run_once(guide: Guide) -> None:
    for row in guide.rows("SHOW SERVICES IN DATABASE MILVUS_DEMO"):
        assert (row["status"], row["owner"]) == ("RUNNING", "SYSADMIN")
        assert (row["min_instances"], row["max_instances"], row["current_instances"]) == (1, 1, 1)


def test_row_20_milvus_keeps_its_data_and_opens_one_port(guide: Guide) -> None:
    (endpoint,) = guide.rows("SHOW ENDPOINTS IN SERVICE MILVUS_DEMO.PUBLIC.MILVUS")
    assert (endpoint["port"], endpoint["protocol"], endpoint["is_public"]) == (19530, "TCP", "false")
    (volume,) = guide.specification("MILVUS")["volumes"]
    assert (volume["source"], volume["size"]) == ("block", "20Gi")
    (container,) = guide.specification("MILVUS")["containers"]
    assert container["env"]["ETCD_DATA_DIR"].startswith(container["volumeMounts"][0]["mountPath"])


def test_row_21_the_notebook_has_no_password_in_its_environment(guide: Guide) -> None:
    (container,) = guide.specification("JUPYTER")["containers"]
    assert set(container["env"]) == {"MILVUS_URI"}
    assert container["volumeMounts"] == [{"name": "files", "mountPath": "/workspace/files"}]
    (volume,) = guide.specification("JUPYTER")["volumes"]
    assert volume["stageConfig"]["name"] == "@MILVUS_DEMO.PUBLIC.FILES"
    (endpoint,) = guide.rows("SHOW ENDPOINTS IN SERVICE MILVUS_DEMO.PUBLIC.JUPYTER")
    assert (endpoint["port"], endpoint["is_public"]) == (8888, "true")


def test_row_22_status_and_logs(guide: Guide) -> None:
    shown = guide.on_stack("status")
    assert {service["name"]: service["status"] for service in shown["services"]} == {
        "JUPYTER": "RUNNING",
        "MILVUS": "RUNNING",
    }
    assert "Milvus" in guide.run("logs", "milvus", "-f", str(GUIDE)).stdout
    asked = "SELECT SYSTEM$GET_SERVICE_STATUS('MILVUS_DEMO.PUBLIC.MILVUS') AS S"
    assert [one["status"] for one in json.loads(guide.row(asked)["S"])] == ["READY"]


def test_row_23_the_users_role_has_the_endpoints_service_role(guide: Guide) -> None:
    role = "MILVUS_DEMO.PUBLIC.JUPYTER!ALL_ENDPOINTS_USAGE"
    members = guide.rows(f"SHOW GRANTS OF SERVICE ROLE {role}")
    assert "MILVUS_ROLE" in {row["grantee_name"] for row in members}


def test_row_24_the_notebook_opens(guide: Guide) -> None:
    jupyter = Jupyter(guide.url("jupyter"))
    assert jupyter.page("/api/contents/TestMilvus.ipynb").json()["name"] == "TestMilvus.ipynb"
    assert guide.run("open", "--print", "-f", str(GUIDE)).stdout.strip() == guide.url("jupyter")


def test_row_25_the_notebook_finds_the_answer(guide: Guide) -> None:
    jupyter = Jupyter(guide.url("jupyter"))
    with jupyter.kernel() as kernel:
        printed = "".join(kernel.run(cell) for cell in jupyter.cells("TestMilvus.ipynb"))
    assert f"Best hit: {ANSWER}" in printed
    assert guide.on_stack("verify")["answer"] == f"Best hit: {ANSWER}"


def test_the_dump_lists_the_guides_objects_with_its_settings(guide: Guide) -> None:
    objects = {one["name"]: one for one in guide.document("local", "dump")["objects"]}
    settings = {name: one["settings"] for name, one in objects.items()}
    expected: tuple[tuple[str, str, Mapping[str, object]], ...] = (
        ("MILVUS_ROLE", "ROLE", {}),
        ("MILVUS_USER", "USER", {"DEFAULT_ROLE": "MILVUS_ROLE", "MUST_CHANGE_PASSWORD": False}),
        ("MILVUS_WAREHOUSE", "WAREHOUSE", {"WAREHOUSE_SIZE": "X-Small", "AUTO_SUSPEND": 180}),
        ("MILVUS_DEMO", "DATABASE", {}),
        ("MILVUS_DEMO.PUBLIC.MILVUS_REPO", "IMAGE REPOSITORY", {}),
        *((f"MILVUS_DEMO.PUBLIC.{name}", "STAGE", {"ENCRYPTION": "SNOWFLAKE_SSE"}) for name in STAGES),
        ("MILVUS_DEMO.PUBLIC.ALLOW_ALL_RULE", "NETWORK RULE", {"TYPE": "HOST_PORT", "MODE": "EGRESS"}),
        ("ALLOW_ALL_EAI", "INTEGRATION", {"ENABLED": True}),
        *((name, "COMPUTE POOL", {"MIN_NODES": 1, "MAX_NODES": 1, "AUTO_RESUME": True}) for name in POOLS),
        ("MILVUS_DEMO.PUBLIC.MILVUS", "SERVICE", {"MIN_INSTANCES": 1, "MAX_INSTANCES": 1}),
        ("MILVUS_DEMO.PUBLIC.JUPYTER", "SERVICE", {"MIN_INSTANCES": 1, "MAX_INSTANCES": 1}),
    )
    for name, kind, wanted in expected:
        assert objects[name]["kind"] == kind
        assert {key: settings[name][key] for key in wanted} == wanted, settings[name]


def test_row_26_clean_up_leaves_the_one_grant_and_says_so(stack: Stack) -> None:
    stack.variables = {**os.environ, "MILVUS_USER_PASSWORD": PASSWORD}
    stack.write(GUIDE.read_text(encoding="utf-8"))
    before = stack.local.dump()
    assert stack.up().exit_code == 0

    report = stack.down()

    assert [outcome.problem for outcome in report.outcomes if outcome.problem] == []
    left = stack.local.dump()
    extra = [grant for grant in left["grants"] if grant not in before["grants"]]
    assert [(grant["privilege"], grant["to"]) for grant in extra] == [("BIND SERVICE ENDPOINT", "SYSADMIN")]
    assert {**left, "grants": before["grants"]} == before
    assert any("REVOKE BIND SERVICE ENDPOINT" in str(kept.hint) for kept in report.plan.lasting)
    with stack.session("ACCOUNTADMIN") as session:
        session.run("REVOKE BIND SERVICE ENDPOINT ON ACCOUNT FROM ROLE SYSADMIN")
    assert stack.local.dump() == before
