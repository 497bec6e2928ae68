"""What the rendered files promise: the order, one role a file, a reason for every grant, no secret."""

import re
from collections.abc import Collection
from dataclasses import replace

import pytest
import yaml
from tests.spcs_milvus.stack import QUICKSTART, container, declared

from spcs_milvus.components.reasons import reason
from spcs_milvus.graph import closure
from spcs_milvus.kinds import base, kind_of
from spcs_milvus.names import Name
from spcs_milvus.rendering import WRITTEN_BY, File, render
from spcs_milvus.resource import Actual, Presence, Resource
from spcs_milvus.secrets import Secret
from spcs_milvus.steps import Statement, Step
from spcs_milvus.tokens import tokens

PROJECTS = {
    "two lines": "",
    "no notebook": "jupyter: null\n",
    "a schema, one pool, a stage": "names: {schema: VECTORS}\njupyter: {pool: milvus}\nstages: {MORE: {}}\n",
    "people": "roles: {grant_to: [user ALICE, role READERS]}\n",
    "images that are there": "milvus: {image: {reference: /a/b/c/milvus:1}}\n",
    "names that are quoted": "names: {database: TABLE, prefix: X}\n",
    "among things of others": "names: {database: D}\nexisting: [database.D, warehouse.W]\n",
    "an owner that exists": "roles: {owner: SYSADMIN}\nexisting: [role.SYSADMIN]\n",
    "specifications on a stage": "spec_delivery: stage\n",
    "people and the way out": "users: [{name: A, type: SERVICE}]\njupyter: {egress: [a.org]}\n",
}


@pytest.fixture(params=PROJECTS)
def stack(request: pytest.FixtureRequest) -> tuple[Resource, ...]:
    return declared(QUICKSTART + PROJECTS[request.param])


def made(stack: tuple[Resource, ...]) -> list[Resource]:
    """The resources that are ours to make."""
    return [resource for resource in stack if not resource.existing]


def making(files: Collection[File]) -> list[File]:
    return [file for file in files if file.role and not file.path.startswith("undo/")]


def undoing(files: Collection[File]) -> list[File]:
    return [file for file in files if file.path.startswith("undo/")]


def statements(files: Collection[File]) -> list[tuple[str, str]]:
    """Each statement with the role that runs it, in order; USE ROLE is not among them."""
    return [(statement, str(file.role)) for file in files for statement in file.statements[1:]]


def sent(steps: tuple[Step, ...]) -> list[tuple[str, str]]:
    return [(step.sql, step.role) for step in steps if isinstance(step, Statement)]


def test_the_files_of_two_lines() -> None:
    assert [file.path for file in render("milvus-demo", declared())] == [
        "README.md",
        "01-useradmin-roles.sql",
        "02-accountadmin-grants.sql",
        "03-securityadmin-grants.sql",
        "04-milvus-demo-owner-objects.sql",
        "05-securityadmin-grants.sql",
        "06-milvus-demo-milvus-services.sql",
        "07-milvus-demo-jupyter-services.sql",
        "undo/01-milvus-demo-jupyter-services.sql",
        "undo/02-milvus-demo-milvus-services.sql",
        "undo/03-milvus-demo-owner-objects.sql",
        "undo/04-useradmin-roles.sql",
        "specs/milvus.yaml",
        "specs/jupyter.yaml",
    ]


def test_every_statement_of_the_plan_is_written_once_as_its_role(stack: tuple[Resource, ...]) -> None:
    wanted = [one for r in made(stack) for one in sent(kind_of(r.address.kind).create(base.rerunnable(r)))]
    found = statements(making(render("demo", stack)))
    assert sorted(one for one in found if not one[0].startswith("PUT ")) == sorted(wanted)


def test_what_is_needed_is_made_before(stack: tuple[Resource, ...]) -> None:
    order = statements(making(render("demo", stack)))
    at = {
        r.address: order.index(one)
        for r in made(stack)
        for one in sent(kind_of(r.address.kind).create(base.rerunnable(r)))
    }
    reached = closure({r.address: r.needs for r in stack})
    assert all(at[need] < at[address] for address in at for need in reached[address] if need in at)


def test_what_needs_another_is_dropped_before(stack: tuple[Resource, ...]) -> None:
    order = statements(undoing(render("demo", stack)))
    dropped = {
        r.address: sent(kind_of(r.address.kind).drop(base.rerunnable(r), Actual(Presence.PRESENT)))
        for r in made(stack)
        if not kind_of(r.address.kind).goes_with
    }
    at = {address: order.index(one) for address, steps in dropped.items() for one in steps}
    assert sorted(at.values()) == list(range(len(order)))
    reached = closure({r.address: r.needs for r in stack})
    assert all(at[address] < at[need] for address in at for need in reached[address] if need in at)


def test_each_script_runs_as_one_role_and_says_so_first(stack: tuple[Resource, ...]) -> None:
    for file in (*making(files := render("demo", stack)), *undoing(files)):
        lines = [line for line in file.text.splitlines() if line and not line.startswith("--")]
        assert lines[0] == f"USE ROLE {Name.of(str(file.role))};"
        assert [line.removesuffix(";") for line in lines] == list(file.statements)
        assert sum(line.startswith("USE ") for line in lines) == 1


def test_every_statement_is_sql_as_we_write_it(stack: tuple[Resource, ...]) -> None:
    for file in render("demo", stack):
        assert all(tokens(statement) for statement in file.statements)


def test_services_come_last_and_in_files_of_their_own(stack: tuple[Resource, ...]) -> None:
    files = making(render("demo", stack))
    services = [file for file in files if file.services]
    assert files[-len(services) :] == services
    assert [re.fullmatch(r"\d\d-.*-services\.sql", file.path) is not None for file in files] == [
        file.services for file in files
    ]
    made = {" ".join(tokens(one)[:2]) for one, _ in statements(services)}
    assert made <= {"CREATE SERVICE", "GRANT SERVICE"}
    assert not any(one.startswith(tuple(made)) for one, _ in statements(files[: -len(services)]))


def test_nothing_is_ever_replaced(stack: tuple[Resource, ...]) -> None:
    assert not any("REPLACE" in tokens(one) for file in render("demo", stack) for one in file.statements)


def test_a_mark_is_the_one_that_up_writes(stack: tuple[Resource, ...]) -> None:
    text = "".join(file.text for file in making(render("demo", stack)))
    assert all(f"COMMENT = '{r.mark}'" in text for r in stack if r.mark)


def test_every_grant_has_its_reason_above_it(stack: tuple[Resource, ...]) -> None:
    lines = [line for file in making(render("demo", stack)) for line in file.text.splitlines()]
    for resource in made(stack):
        if resource.address.kind == "grant":
            ((statement, _),) = sent(kind_of("grant").create(resource))
            assert lines[lines.index(f"{statement};") - 1] == f"-- {reason(resource)}"


def test_a_comment_holds_nothing_that_a_client_could_take_for_sql(stack: tuple[Resource, ...]) -> None:
    comments = [line for f in render("demo", stack) for line in f.text.splitlines() if line.startswith("--")]
    assert comments
    assert not [line for line in comments if re.search(r"""['";&]|<%|\{#|\$\$|/\*""", line)]


def test_an_image_that_is_pushed_is_named_where_it_is_needed() -> None:
    stack = declared()
    (script,) = (file for file in render("demo", stack) if "07-" in file.path)
    (image,) = (r for r in stack if r.address.kind == "image" and "/jupyter:" in r.address.name)
    name = image.address.name.rpartition("/")[2]
    short = name.partition(":")[0]
    assert f"-- first push the image {name}: spcs-milvus images push {short}\nCREATE SERVICE" in script.text


def test_a_container_image_is_built_and_pushed_by_hand_as_the_readme_says() -> None:
    files = {file.path: file.text for file in render("demo", declared(made=container))}
    tag = container("milvus").tag
    (script,) = (text for path, text in files.items() if path.startswith("06-"))
    push = f"the image milvus:{tag}: spcs-milvus images push milvus"
    assert f"-- first build and push {push}, or as README.md says\nCREATE SERVICE" in script
    build = "docker build --platform linux/amd64 -f images/milvus/Dockerfile -t"
    assert f'{build} "$REPOSITORY"/milvus:{tag} images/milvus\n' in files["README.md"]
    assert f'docker push "$REPOSITORY"/milvus:{tag}\n' in files["README.md"]
    assert "docker" not in "".join(text for path, text in files.items() if path.endswith(".sql"))


def test_a_process_image_takes_no_docker() -> None:
    assert "docker" not in "".join(file.text for file in render("demo", declared()))


def test_undoing_says_what_is_lost_and_forces_where_there_is_a_volume() -> None:
    text = "".join(file.text for file in undoing(render("demo", declared())))
    assert (
        "-- loses the data on its volume (data 20Gi)\n"
        "DROP SERVICE IF EXISTS MILVUS_DEMO.PUBLIC.MILVUS FORCE;\n" in text
    )
    assert "-- loses every image in it\nDROP IMAGE REPOSITORY IF EXISTS" in text


def test_what_is_lost_ends_no_comment() -> None:
    """The size of a volume in a template of the user's own is any text."""
    stack = declared()
    (service,) = (one for one in stack if str(one.address) == "service.MILVUS_DEMO.PUBLIC.MILVUS")
    other = replace(service, attributes={**service.attributes, "volumes": ("a 1Gi\nDROP DATABASE D;",)})
    text = "".join(file.text for file in undoing(render("demo", [other])))
    assert "-- loses the data on its volume (a 1Gi\n-- DROP DATABASE D;)\nDROP SERVICE" in text


def test_the_specifications_are_the_ones_of_the_services() -> None:
    files = {file.path: file for file in render("demo", declared())}
    for resource in declared():
        if resource.address.kind == "service":
            text = files[f"specs/{resource.name.last.lower()}.yaml"].text
            assert yaml.safe_load(text) == resource.detail["specification"]


def test_every_file_is_known_by_its_first_line(stack: tuple[Resource, ...]) -> None:
    assert all(WRITTEN_BY in file.text.splitlines()[0] for file in render("demo", stack))


def test_the_readme_names_every_script_in_order_and_the_roles_to_have() -> None:
    readme, *files = render("milvus-demo", declared())
    named = re.findall(r"snow sql -f (\S+)", readme.text)
    assert named == [file.path for file in files if file.role]
    assert "may take these: USERADMIN, ACCOUNTADMIN, SECURITYADMIN." in readme.text
    assert "Secrets" not in readme.text
    assert all(len(line) <= 110 for line in readme.text.splitlines())


def test_a_secret_is_never_written_but_asked_for() -> None:
    stack = tuple(
        replace(resource, attributes={"encryption": Secret("hunter2")})
        if resource.name.last == "FILES"
        else resource
        for resource in declared()
    )
    readme, *files = render("demo", stack)
    (script,) = (file for file in files if file.variables)
    assert script.variables == ("files_encryption",)
    assert "-- the value of files_encryption is given when the file is run: see README.md\n" in script.text
    assert "ENCRYPTION = (TYPE = '<% files_encryption %>')" in script.text
    assert f'snow sql -f {script.path} -D "files_encryption=$FILES_ENCRYPTION"\n' in readme.text
    assert "Secrets are not in these files." in readme.text
    assert not [file.path for file in (readme, *files) if "hunter2" in file.text + repr(file)]


def test_what_exists_is_neither_made_nor_dropped_and_the_readme_names_it() -> None:
    files = render("demo", declared(QUICKSTART + PROJECTS["among things of others"]))
    texts = [statement for file in files for statement in file.statements]
    assert not [text for text in texts if re.match(r"(CREATE|DROP) (DATABASE|SCHEMA)", text)]
    assert "GRANT CREATE STAGE ON SCHEMA D.PUBLIC TO ROLE MILVUS_DEMO_OWNER" in texts
    assert all(
        f"- `{address}`" in files[0].text for address in ("database.D", "schema.D.PUBLIC", "warehouse.W")
    )


def test_what_an_owner_that_exists_has_to_hold_is_named_and_not_granted() -> None:
    files = render("demo", declared(QUICKSTART + PROJECTS["an owner that exists"]))
    texts = [statement for file in files for statement in file.statements]
    assert [text for text in texts if "ON ACCOUNT" in text] == [
        "GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE SYSADMIN"
    ]
    assert "- `GRANT CREATE COMPUTE POOL ON ACCOUNT TO ROLE SYSADMIN` as ACCOUNTADMIN\n" in files[0].text
    assert files[0].text.endswith(
        "- `REVOKE BIND SERVICE ENDPOINT ON ACCOUNT FROM ROLE SYSADMIN` as ACCOUNTADMIN\n"
    )


def test_specifications_are_put_on_their_stage_before_services_are_made_from_them() -> None:
    stack = declared(QUICKSTART + PROJECTS["specifications on a stage"])
    files = render("demo", stack)
    texts = {file.path: file.text for file in files}
    before = {one for one in statements(making(files)) if one[0].startswith("PUT ")}
    for service in (one for one in stack if one.address.kind == "service"):
        name = service.detail["file"]
        assert yaml.safe_load(texts[f"specs/{name}"]) == service.detail["specification"]
        put = (
            f"PUT 'file://specs/{name}' @MILVUS_DEMO.PUBLIC.YAML_STAGE AUTO_COMPRESS = FALSE OVERWRITE = TRUE"
        )
        before.remove((put, "MILVUS_DEMO_OWNER"))
        assert any(f"SPECIFICATION_FILE = '{name}'" in file.text for file in files if file.services)
    assert not before
    assert not [file.path for file in files if file.services and "PUT " in file.text]


OUTSIDE = """
users: [{name: ALICE, password: generate}, {name: ROBOT, type: SERVICE}]
secrets: {KEY: {generic_string: "${env:KEY}"}}
jupyter: {egress: [hub.test]}
ingress_integration: create
"""


def test_passwords_and_secrets_of_a_project_are_variables() -> None:
    files = render("demo", declared(QUICKSTART + OUTSIDE, KEY="hunter2"))
    written = "".join(file.text + repr(file) for file in files)
    assert {name for file in files for name in file.variables} == {"alice_password", "key_value"}
    assert "CREATE USER IF NOT EXISTS ALICE TYPE = PERSON PASSWORD = '<% alice_password %>'" in written
    assert "SECRET_STRING = '<% key_value %>'" in written
    assert not [secret for secret in ("hunter2", "made up", "'***'") if secret in written]


def test_what_snowflake_may_have_of_its_own_stands_alone() -> None:
    files = render("demo", declared(QUICKSTART + OUTSIDE, KEY="hunter2"))
    (script,) = (one for one in files if "CREATE SECURITY INTEGRATION" in one.text)
    assert len(script.statements) == len(["USE ROLE", "CREATE"])
    assert "-- missing. Go on with the next file." in script.text


def test_what_snowflake_may_have_of_its_own_is_never_dropped_by_a_script() -> None:
    files = render("demo", declared(QUICKSTART + OUTSIDE, KEY="hunter2"))
    assert not [file.path for file in undoing(files) if "SECURITY INTEGRATION" in file.text]
    assert files[0].text.endswith(
        "- `DROP SECURITY INTEGRATION SNOWSERVICES_INGRESS_OAUTH` as ACCOUNTADMIN\n"
    )
