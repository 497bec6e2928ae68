"""What a project file comes to: what is made, who is granted what, what follows from each line."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from tests.spcs_milvus.stack import CASES, QUICKSTART, by_address, declared, project

from spcs_milvus.components import jupyter
from spcs_milvus.errors import ConfigError
from spcs_milvus.graph import closure
from spcs_milvus.kinds import kind_of
from spcs_milvus.project import Project
from spcs_milvus.project_values import setting_name
from spcs_milvus.resource import Resource, read_mark
from spcs_milvus.steps import Statement, Upload

GOLDEN = yaml.safe_load((CASES / "stack.yaml").read_text(encoding="utf-8"))
STACK = declared()
OWNER, MILVUS, JUPYTER, USERS = (f"MILVUS_DEMO_{role}" for role in ("OWNER", "MILVUS", "JUPYTER", "ROLE"))


def _sql(resource: Resource) -> str:
    (step,) = kind_of(resource.address.kind).create(resource)
    assert isinstance(step, Statement)
    return step.sql


def _granted(stack: tuple[Resource, ...]) -> dict[str, list[list[str]]]:
    """The grants to each role: [statement, role that grants]."""
    found: dict[str, list[list[str]]] = {}
    for resource in stack:
        if resource.address.kind == "grant":
            found.setdefault(str(resource.detail["role"]), []).append([_sql(resource), resource.role])
    return found


def _statements(text: str, kind: str = "grant") -> set[str]:
    return {_sql(resource) for resource in declared(QUICKSTART + text) if resource.address.kind == kind}


def _spec(stack: tuple[Resource, ...], service: str) -> Mapping[str, Any]:
    (found,) = (r for r in stack if r.address.kind == "service" and r.name.last == service)
    spec: Mapping[str, Any] = found.detail["specification"]["spec"]
    return spec


# --- two lines ---------------------------------------------------------------------------------------------


def test_what_two_lines_make() -> None:
    made = [[r.address.kind, r.address.name, r.role] for r in STACK if r.address.kind != "grant"]
    assert made == GOLDEN["made"]


def test_what_two_lines_grant() -> None:
    assert _granted(STACK) == GOLDEN["granted"]


def test_addresses_are_unique_and_every_need_is_declared() -> None:
    addresses = [resource.address for resource in STACK]
    assert len(set(addresses)) == len(addresses)
    assert {need for resource in STACK for need in resource.needs} <= set(addresses)


def test_needs_have_no_circle() -> None:
    assert set(closure({resource.address: resource.needs for resource in STACK})) == {
        r.address for r in STACK
    }


def test_marks_are_on_every_kind_that_has_a_comment() -> None:
    for resource in STACK:
        assert (resource.mark is not None) == kind_of(resource.address.kind).marked
        if resource.mark:
            assert read_mark(str(resource.mark)) == resource.mark
            assert (resource.mark.project, resource.mark.environment) == ("milvus-demo", "default")


def test_the_database_that_brings_public_is_needed_by_what_stands_in_it() -> None:
    reached = closure({resource.address: resource.needs for resource in STACK})
    (database,) = (r for r in STACK if r.address.kind == "database")
    inside = [resource for resource in STACK if resource.name.inside(database.name)]
    assert {resource.address.kind for resource in inside} == {"image_repository", "stage", "service"}
    assert all(database.address in reached[resource.address] for resource in inside)


# --- least privilege ---------------------------------------------------------------------------------------


def test_the_owner_role_never_owns_a_service() -> None:
    owners = {r.name.last: r.role for r in STACK if r.address.kind == "service"}
    assert owners == {"MILVUS": MILVUS, "JUPYTER": JUPYTER}


@pytest.mark.parametrize("role", [MILVUS, JUPYTER])
def test_a_containers_role_can_make_services_and_nothing_else(role: str) -> None:
    creating = {sql for sql, _ in GOLDEN["granted"][role] if "CREATE" in sql}
    assert creating == {f"GRANT CREATE SERVICE ON SCHEMA MILVUS_DEMO.PUBLIC TO ROLE {role}"}
    words = " ".join(sql for sql, _ in GOLDEN["granted"][role])
    for forbidden in (
        "GRANT ROLE",
        "OWNERSHIP",
        "ALL PRIVILEGES",
        "MANAGE",
        "MODIFY",
        "OPERATE",
        "GRANT OPTION",
    ):
        assert forbidden not in words


def test_only_the_notebook_binds_an_endpoint_and_calls_milvus() -> None:
    granted = {role: [sql for sql, _ in grants] for role, grants in GOLDEN["granted"].items()}
    assert [r for r, sqls in granted.items() if any("BIND SERVICE ENDPOINT" in sql for sql in sqls)] == [
        JUPYTER
    ]
    assert [r for r, sqls in granted.items() if any("PUBLIC.MILVUS!" in sql for sql in sqls)] == [JUPYTER]


def test_no_role_of_ours_reaches_the_owner_but_by_sysadmin() -> None:
    given = [sql for grants in _granted(STACK).values() for sql, _ in grants]
    assert [sql for sql in given if sql.startswith(f"GRANT ROLE {OWNER} ")] == [
        f"GRANT ROLE {OWNER} TO ROLE SYSADMIN"
    ]


def test_every_grant_is_to_a_role_of_ours_or_of_one() -> None:
    ours = {r.name.last for r in STACK if r.address.kind == "role"}
    for resource in STACK:
        if resource.address.kind == "grant":
            members = {str(resource.detail["role"]), str(resource.detail.get("on"))}
            assert members & ours, resource.address


def test_a_service_needs_every_grant_to_its_role() -> None:
    for service in (r for r in STACK if r.address.kind == "service"):
        role = service.role
        own = {r.address for r in STACK if r.address.kind == "grant" and str(r.detail["role"]) == role}
        assert own <= service.needs


def test_writing_to_a_stage_is_granted_after_reading() -> None:
    by = by_address(STACK)
    on = f"on stage MILVUS_DEMO.PUBLIC.FILES to {JUPYTER}"
    assert by[f"grant.READ {on}"].address in by[f"grant.WRITE {on}"].needs


def test_pools_wait_for_no_image() -> None:
    """A pool takes minutes to start, so it starts while images are pushed."""
    reached = closure({resource.address: resource.needs for resource in STACK})
    for pool in (r for r in STACK if r.address.kind == "compute_pool"):
        assert not {"image", "image_repository", "database"} & {need.kind for need in reached[pool.address]}


# --- specifications ----------------------------------------------------------------------------------------


def test_milvus_keeps_everything_on_its_block_volume() -> None:
    spec = _spec(STACK, "MILVUS")
    (container,) = spec["containers"]
    assert spec["volumes"] == [{"name": "data", "source": "block", "size": "20Gi"}]
    assert container["volumeMounts"] == [{"name": "data", "mountPath": "/var/lib/milvus"}]
    kept = [container["env"][name] for name in ("ETCD_DATA_DIR", "WOODPECKER_STORAGE_ROOTPATH")]
    assert all(path.startswith("/var/lib/milvus/") for path in kept)
    assert spec["endpoints"] == [{"name": "milvus", "port": 19530, "protocol": "TCP"}]
    assert container["image"].startswith("/milvus_demo/public/milvus_repo/milvus:proc-")


def test_the_notebook_finds_milvus_and_its_files() -> None:
    spec = _spec(STACK, "JUPYTER")
    (container,) = spec["containers"]
    assert container["env"] == {"MILVUS_URI": "http://milvus:19530"}
    assert spec["endpoints"] == [{"name": "jupyter", "port": 8888, "protocol": "HTTP", "public": True}]
    (volume,) = spec["volumes"]
    assert (volume["source"], volume["stageConfig"]) == ("stage", {"name": "@MILVUS_DEMO.PUBLIC.FILES"})


def test_settings_become_variables() -> None:
    given = "{queryNode.mmap.mmapEnabled: true, log.level: debug, common.session.ttl: 9, rate: 0.5}"
    text = f"milvus: {{settings: {given}}}\n"
    environment = _spec(declared(QUICKSTART + text), "MILVUS")["containers"][0]["env"]
    assert environment["QUERYNODE_MMAP_MMAPENABLED"] == "true"
    assert (environment["LOG_LEVEL"], environment["RATE"]) == ("debug", "0.5")
    # a setting of the file wins over ours
    assert environment["COMMON_SESSION_TTL"] == "9"


def test_a_setting_of_another_spelling_stands_in_place_of_ours() -> None:
    """Milvus takes both names for one setting; which of two it would heed is not ours to guess."""
    for key in ("common.sessionTTL", "MILVUS_CONF_COMMON_SESSION_TTL"):
        text = f"milvus: {{settings: {{{key}: 9}}}}\n"
        environment = _spec(declared(QUICKSTART + text), "MILVUS")["containers"][0]["env"]
        assert [value for name, value in environment.items() if "SESSION" in name] == ["9"]


# what the file may tune; every other name that we set keeps vectors
TUNABLES = {"COMMON_SESSION_TTL", "COMMON_GRACEFULSTOPTIMEOUT"}
# that one may be named, as the one of the two that a volume has
QUEUE = "MQ_TYPE"
ALSO_KEEPING = {"ETCD_ENDPOINTS", "LOCALSTORAGE_PATH", "ROCKSMQ_PATH"}


def _set_by_us() -> set[str]:
    stacks = [
        declared(QUICKSTART + f"milvus: {{version: {version}}}\n") for version in ("v2.5.27", "v2.6.25")
    ]
    return {name for stack in stacks for name in _spec(stack, "MILVUS")["containers"][0]["env"]}


def test_what_we_set_can_be_tuned_only_where_it_keeps_nothing() -> None:
    assert _set_by_us() > TUNABLES
    for name in sorted(TUNABLES):
        project(QUICKSTART + f"milvus: {{settings: {{{name}: 9}}}}\n")


@pytest.mark.parametrize("form", ["{}", "MILVUS_CONF_{}", "milvus.conf.{}"])
def test_settings_cannot_undo_what_keeps_vectors(form: str) -> None:
    for name in sorted((_set_by_us() - TUNABLES - {QUEUE}) | ALSO_KEEPING):
        for key in (name, name.replace("_", ".").lower(), name.replace("_", "/"), name.replace("_", "")):
            with pytest.raises(ConfigError, match="is not yours to make"):
                project(QUICKSTART + f"milvus: {{settings: {{{form.format(key)}: x}}}}\n")


@pytest.mark.parametrize(
    ("version", "queue"),
    [("v2.5.27", "rocksmq"), ("2.4.1", "rocksmq"), ("v2.6.25", "woodpecker"), ("v2.10.0", "woodpecker")],
)
def test_the_queue_is_named_for_each_version(version: str, queue: str) -> None:
    environment = _spec(declared(QUICKSTART + f"milvus: {{version: {version}}}\n"), "MILVUS")["containers"][
        0
    ]["env"]
    assert environment["MQ_TYPE"] == queue
    assert ("WOODPECKER_STORAGE_TYPE" in environment) == (queue == "woodpecker")


@pytest.mark.parametrize("key", ["mq.type", "MQ_TYPE", "MILVUS_CONF_MQ_TYPE", "mqType"])
def test_a_volume_of_an_older_milvus_keeps_its_queue(key: str) -> None:
    text = f"milvus: {{version: v2.6.25, settings: {{{key}: rocksmq}}}}\n"
    environment = _spec(declared(QUICKSTART + text), "MILVUS")["containers"][0]["env"]
    queue = {name: value for name, value in environment.items() if setting_name(name) == "mqtype"}
    assert queue == {"MQ_TYPE": "rocksmq"}
    assert not any(name.startswith("WOODPECKER") for name in environment)


def test_a_volatile_milvus_has_no_volume() -> None:
    stack = declared(QUICKSTART + "milvus: {volume: null, volatile: true}\n")
    spec = _spec(stack, "MILVUS")
    assert "volumes" not in spec
    assert "volumeMounts" not in spec["containers"][0]
    assert by_address(stack)["service.MILVUS_DEMO.PUBLIC.MILVUS"].attributes["volumes"] == ()


def test_a_volume_of_more_speed() -> None:
    text = "milvus: {volume: {size: 100Gi, iops: 4000, throughput_mib_per_second: 250}}\n"
    (volume,) = _spec(declared(QUICKSTART + text), "MILVUS")["volumes"]
    assert volume == {
        "name": "data",
        "source": "block",
        "size": "100Gi",
        "blockConfig": {"iops": 4000, "throughput": 250},
    }


def test_what_a_container_asks_of_its_node() -> None:
    text = "milvus: {resources: {cpu: 2.5, memory: 8Gi}}\n"
    container = _spec(declared(QUICKSTART + text), "MILVUS")["containers"][0]
    assert container["resources"] == {"requests": {"cpu": "2.5", "memory": "8Gi"}}


def test_an_image_that_is_already_there_is_not_pushed() -> None:
    stack = declared(QUICKSTART + "milvus: {image: {reference: /db/s/repo/milvus:1}}\n")
    assert [r.detail["image_name"] for r in stack if r.address.kind == "image"] == ["jupyter"]
    assert _spec(stack, "MILVUS")["containers"][0]["image"] == "/db/s/repo/milvus:1"


def test_which_images_are_built() -> None:
    def folders(read: Project) -> dict[str, str | None]:
        return {name: image.context for name, image in read.images_built.items()}

    assert folders(project()) == {"milvus": "images/milvus", "jupyter": "images/jupyter"}
    text = "milvus: {image: {reference: /a/b/c/d:1}}\njupyter: {image: {context: mine/jupyter}}\n"
    assert folders(Project.model_validate({"project": "demo", **yaml.safe_load(text)})) == {
        "jupyter": "mine/jupyter"
    }
    assert folders(project(QUICKSTART + "jupyter: null\n")) == {"milvus": "images/milvus"}


# --- variations --------------------------------------------------------------------------------------------


def test_another_prefix_renames_everything_at_account_level_and_nothing_else_changes() -> None:
    stack = declared(QUICKSTART + "names: {prefix: TEAM_A}\n")
    usual = [str(resource.address) for resource in STACK]
    assert [str(resource.address) for resource in stack] == [
        text.replace("MILVUS_DEMO", "TEAM_A") for text in usual
    ]
    assert {resource.mark.project for resource in stack if resource.mark} == {"milvus-demo"}


def test_two_projects_share_no_object() -> None:
    other = declared("project: other\nconnection: local\n")
    shared = {r.address for r in STACK if r.mark} & {r.address for r in other if r.mark}
    assert not shared


def test_another_schema_is_made_and_needed() -> None:
    stack = declared(QUICKSTART + "names: {schema: VECTORS}\n")
    by = by_address(stack)
    schema = by["schema.MILVUS_DEMO.VECTORS"]
    assert schema.role == OWNER
    assert by["database.MILVUS_DEMO"].address in schema.needs
    for address in ("stage.MILVUS_DEMO.VECTORS.DATA", "image_repository.MILVUS_DEMO.VECTORS.MILVUS_REPO"):
        assert schema.address in by[address].needs
    assert f"GRANT CREATE SERVICE ON SCHEMA MILVUS_DEMO.VECTORS TO ROLE {MILVUS}" in _statements(
        "names: {schema: VECTORS}\n"
    )


def test_a_pool_of_another_name_and_size() -> None:
    given = "{name: BIG, instance_family: HIGHMEM_X64_S, max_nodes: 3, auto_suspend_seconds: 60}"
    text = f"compute_pools: {{milvus: {given}}}\n"
    (sql,) = (sql for sql in _statements(text, "compute_pool") if " BIG " in sql)
    assert "MIN_NODES = 1 MAX_NODES = 3 INSTANCE_FAMILY = 'HIGHMEM_X64_S'" in sql
    assert "AUTO_SUSPEND_SECS = 60" in sql


def test_a_pool_that_no_service_uses_is_not_made() -> None:
    stack = declared(QUICKSTART + "jupyter: {pool: milvus}\ncompute_pools: {spare: {}}\n")
    assert [r.name.last for r in stack if r.address.kind == "compute_pool"] == ["MILVUS_DEMO_MILVUS_POOL"]
    on = "GRANT USAGE ON COMPUTE POOL MILVUS_DEMO_MILVUS_POOL TO ROLE"
    assert {f"{on} {MILVUS}", f"{on} {JUPYTER}"} <= _statements("jupyter: {pool: milvus}\n")


def test_without_jupyter_nothing_of_it_is_left() -> None:
    stack = declared(QUICKSTART + "jupyter: null\n")
    assert not [str(resource.address) for resource in stack if "jupyter" in str(resource.address).lower()]
    assert {str(r.address) for r in stack} < {str(r.address) for r in STACK}


def test_who_may_open_the_notebook() -> None:
    added = _statements("roles: {grant_to: [user alice, role ALICE]}\n") - _statements("")
    assert added == {f"GRANT ROLE {USERS} TO USER ALICE", f"GRANT ROLE {USERS} TO ROLE ALICE"}


def test_roles_of_other_names_act() -> None:
    text = "roles: {account_admin: ADM, security_admin: SEC, user_admin: USR, owner: OWN, users: READERS}\n"
    stack = declared(QUICKSTART + text)
    assert {r.role for r in stack if r.address.kind == "role"} == {"USR"}
    assert {r.role for r in stack if r.address.kind == "database"} == {"OWN"}
    assert {r.seen_by for r in stack if r.address.kind != "image"} == {"SEC"}
    assert {r.role for r in stack if "on account to" in r.address.name} == {"ADM"}
    assert "GRANT ROLE READERS TO ROLE SYSADMIN" in _statements(text)


def test_another_warehouse_for_the_notebook() -> None:
    text = "jupyter: {query_warehouse: COMPUTE_WH}\nexisting: [warehouse.COMPUTE_WH]\n"
    stack = declared(QUICKSTART + text)
    assert (
        by_address(stack)["service.MILVUS_DEMO.PUBLIC.JUPYTER"].attributes["query_warehouse"] == "COMPUTE_WH"
    )
    assert f"GRANT USAGE ON WAREHOUSE COMPUTE_WH TO ROLE {JUPYTER}" in _statements(text)


def test_more_stages() -> None:
    text = "stages: {NOTES: {encryption: SNOWFLAKE_FULL}}\njupyter: {files: NOTES}\n"
    made = _statements(text, "stage")
    assert {sql.split()[2] for sql in made} == {
        f"MILVUS_DEMO.PUBLIC.{name}" for name in ("DATA", "FILES", "NOTES")
    }
    assert any("NOTES ENCRYPTION = (TYPE = 'SNOWFLAKE_FULL')" in sql for sql in made)
    assert _spec(declared(QUICKSTART + text), "JUPYTER")["volumes"][0]["stageConfig"] == {
        "name": "@MILVUS_DEMO.PUBLIC.NOTES"
    }


def test_a_reserved_word_as_a_name_is_quoted_everywhere() -> None:
    stack = declared(QUICKSTART + "names: {database: TABLE}\n")
    assert {need for r in stack for need in r.needs} <= {r.address for r in stack}
    assert f'GRANT USAGE ON DATABASE "TABLE" TO ROLE {USERS}' in _statements("names: {database: TABLE}\n")


# --- specifications on a stage -----------------------------------------------------------------------------

ON_STAGE = "spec_delivery: stage\n"


def test_specifications_go_to_a_stage_that_each_service_may_read() -> None:
    added = _statements(ON_STAGE) - _statements("")
    stage = "MILVUS_DEMO.PUBLIC.YAML_STAGE"
    assert added == {f"GRANT READ ON STAGE {stage} TO ROLE {role}" for role in (MILVUS, JUPYTER)}
    stack = declared(QUICKSTART + ON_STAGE)
    assert by_address(stack)[f"stage.{stage}"].role == OWNER
    for service in (one for one in stack if one.address.kind == "service"):
        put, create = kind_of("service").create(service)
        assert isinstance(put, Upload)
        assert isinstance(create, Statement)
        assert (put.role, create.role) == (OWNER, service.role)
        assert json.loads(put.content) == service.detail["specification"]
        assert str(service.detail["file"]) in create.sql
        assert (
            by_address(stack)[f"stage.{stage}"].address
            in closure({one.address: one.needs for one in stack})[service.address]
        )


def test_another_specification_is_another_file() -> None:
    def files(text: str) -> dict[str, str]:
        stack = declared(QUICKSTART + ON_STAGE + text)
        return {one.name.last: one.detail["file"] for one in stack if one.address.kind == "service"}

    before, after = files(""), files("milvus: {settings: {log.level: warn}}\n")
    assert before["JUPYTER"] == after["JUPYTER"]
    assert before["MILVUS"] != after["MILVUS"]
    assert before["MILVUS"].startswith("milvus-")


def test_how_a_specification_is_delivered_changes_no_mark() -> None:
    marks = [{r.address: r.mark for r in declared(QUICKSTART + text)} for text in ("", ON_STAGE)]
    assert marks[0].items() <= marks[1].items()


def test_the_stage_of_specifications_may_be_declared() -> None:
    text = ON_STAGE + "stages: {yaml_stage: {encryption: SNOWFLAKE_FULL}}\n"
    (sql,) = (sql for sql in _statements(text, "stage") if "YAML_STAGE" in sql)
    assert "SNOWFLAKE_FULL" in sql


# --- the job of `verify` -----------------------------------------------------------------------------------


@pytest.mark.parametrize("delivery", ["inline", "stage"])
def test_the_job_runs_where_and_as_the_notebook_does(delivery: str) -> None:
    stack = declared(QUICKSTART + f"spec_delivery: {delivery}\n")
    notebook = by_address(stack)["service.MILVUS_DEMO.PUBLIC.JUPYTER"]
    job = jupyter.verification(notebook)
    assert (job.role, job.mark, job.name.parent) == (notebook.role, notebook.mark, notebook.name.parent)
    (served,) = notebook.detail["specification"]["spec"]["containers"]
    (run,) = job.detail["specification"]["spec"]["containers"]
    assert run == {
        "name": "verify",
        "image": served["image"],
        "command": ["python", "/workspace/verify.py"],
        "env": {**served["env"], "MODE": "verify"},
        "resources": {"requests": {"cpu": "0.3", "memory": "1Gi"}},
    }
    # documented: a job's endpoints are TCP only; it has no readiness probe, and mounts nothing
    assert list(job.detail["specification"]["spec"]) == ["containers"]
