"""Projects that together grant everything this program ever grants, and what people and services do with it.

A use is a name and whether it works; `docs/privileges.yaml` says which one fails without which grant.
"""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import snowflake.connector

from spcs_milvus import components
from spcs_milvus.config import load
from spcs_milvus.context import Context
from spcs_milvus.process_image import process_image
from spcs_milvus.resource import Address, Resource

from .conftest import QUICKSTART, More, Stack

ROOT = Path(__file__).parents[3]
VARIABLES = {"KEY": "a canary"}
# secrets, ways out, specifications from a stage, people, and a service of one's own that uses it all
EVERYTHING = f"""{QUICKSTART}
spec_delivery: stage
jupyter: {{egress: ["models.example.com:443"]}}
secrets: {{KEY: {{generic_string: "${{env:KEY}}"}}}}
users: [{{name: ROBOT, type: SERVICE}}]
services:
  page: {{image: images/page, spec: page.yaml.j2, pool: jupyter, query_warehouse: MILVUS_DEMO_WAREHOUSE}}
"""
PAGE = """
spec:
  containers:
  - name: page
    image: {{ image }}
    env: {MILVUS_URI: {{ milvus_uri }}}
    secrets: [{snowflakeSecret: {{ secrets.KEY }}, envVarName: KEY, secretKeyRef: secret_string}]
    volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, source: {{ stages.DATA }}}]
  endpoints:
  - {name: page, port: 8000, public: true}
"""
SHARED = "existing: [database.SHARED]\n"
PROJECTS = {
    "everything": EVERYTHING,
    "in a database that was there": f"{EVERYTHING}{SHARED}names: {{database: SHARED}}\n",
    "a schema of its own there": f"{QUICKSTART}{SHARED}names: {{database: SHARED, schema: OURS}}\n",
}


def write(stack: Stack, project: str) -> None:
    """The project file, what it names, and what was there before."""
    _write_page(stack.file.parent)
    stack.variables = VARIABLES
    stack.write(PROJECTS[project])
    if project != "everything":
        with stack.session("SYSADMIN") as admin:
            admin.run("CREATE DATABASE SHARED")


def _write_page(folder: Path) -> None:
    image = folder / "images" / "page"
    image.mkdir(parents=True)
    process = "version: 1\ncommand: [true]\nports: [8000]\nreadiness: {http: 8000, path: /}\n"
    (image / "process.yaml").write_text(process, encoding="utf-8")
    (folder / "page.yaml.j2").write_text(PAGE, encoding="utf-8")


def grants(project: str, folder: Path) -> dict[str, Resource]:
    """The grants that a project makes, by name, as the command line reads them."""
    _write_page(folder)
    file = folder / "spcs-milvus.yaml"
    file.write_text(PROJECTS[project], encoding="utf-8")
    read = load(file, VARIABLES).project
    folders = {name: ROOT / "images" / name for name in read.images_built} | {
        "page": folder / "images" / "page"
    }
    images = {name: process_image(folders[name]) for name in read.images_built}
    specifications = {key: folder / extra.spec for key, extra in read.services.items()}
    context = Context(read.project, read.roles.security_admin, images, specifications=specifications)
    found = components.resources(read, context)
    return {one.address.name: one for one in found if one.address.kind == "grant" and not one.existing}


def every_grant(folder: Path) -> dict[str, tuple[str, Resource]]:
    """Each grant once, with the first project that makes it."""
    found: dict[str, tuple[str, Resource]] = {}
    for project in PROJECTS:
        for name, grant in grants(project, folder / project).items():
            same = name.replace("SHARED", "MILVUS_DEMO").replace(".OURS", ".PUBLIC")
            if found.keys().isdisjoint((name, same)):
                found[name] = project, grant
    return found


def without(grant: str) -> More:
    """Leaves out the grant of that name or address, and every need of it."""
    gone = Address("grant", grant.removeprefix("grant."))

    def kept(resources: tuple[Resource, ...]) -> tuple[Resource, ...]:
        others = (resource for resource in resources if resource.address != gone)
        return tuple(replace(resource, needs=resource.needs - {gone}) for resource in others)

    return kept


# --- what works when all is granted -------------------------------------------------------------------

Works = Callable[[Stack], bool]


def _as(role: str, *statements: str) -> Works:
    """That a role, reached as people reach it, can run the statements."""

    def works(stack: Stack) -> bool:
        with stack.session("SYSADMIN") as session:
            return all(session.errno(one) is None for one in (f"USE ROLE {role}", *statements))

    return works


def _signs_in(user: str, role: str) -> Works:
    """That a user may take a role."""

    def works(stack: Stack) -> bool:
        options = {name: value for name, value in stack.local.connection.items() if name != "password"}
        options |= {"user": user, "authenticator": "oauth", "token": stack.local.oauth_token(user, None)}
        try:
            snowflake.connector.connect(**options, role=role, login_timeout=10).close()
        except snowflake.connector.errors.Error:
            return False
        return True

    return works


def _reaches(role: str, service: str) -> Works:
    """That a role may connect to a service's endpoints.

    SHOW ENDPOINTS lists those a role may use, to a role that may know of the service (documented: behaviour
    change 1611), which is why it is let know.
    """

    def works(stack: Stack) -> bool:
        with stack.session("SECURITYADMIN") as session:
            session.run(f"GRANT USAGE ON SERVICE MILVUS_DEMO.PUBLIC.{service} TO ROLE {role}")
        with stack.session("SYSADMIN") as session:
            statement = f"SHOW ENDPOINTS IN SERVICE MILVUS_DEMO.PUBLIC.{service}"
            may = session.errno(f"USE ROLE {role}") is None and session.errno(statement) is None
            return may and bool(session.run(statement))

    return works


def _writes(role: str, stage: str) -> Works:
    """That a role, and so its container, may write to a mounted stage (documented: using stage volumes)."""

    def works(stack: Stack) -> bool:
        with stack.session("SYSADMIN") as session, session.connection.cursor() as cursor:
            try:
                session.run(f"USE ROLE {role}")
                cursor.execute(
                    f"PUT file:///note.txt @MILVUS_DEMO.PUBLIC.{stage}", file_stream=io.BytesIO(b"!")
                )
            except snowflake.connector.errors.Error:
                return False
            return True

    return works


JUPYTER, PAGE_ROLE, USERS = "MILVUS_DEMO_JUPYTER", "MILVUS_DEMO_PAGE", "MILVUS_DEMO_ROLE"
USES: dict[str, Works] = {
    "the notebook reaches Milvus": _reaches(JUPYTER, "MILVUS"),
    "the notebook saves files": _writes(JUPYTER, "FILES"),
    "the notebook queries": _as(JUPYTER, "USE WAREHOUSE MILVUS_DEMO_WAREHOUSE"),
    "a service of one's own reaches Milvus": _reaches(PAGE_ROLE, "MILVUS"),
    "a service of one's own saves files": _writes(PAGE_ROLE, "DATA"),
    "a person opens the notebook": _reaches(USERS, "JUPYTER"),
    "a person opens a service of one's own": _reaches(USERS, "PAGE"),
    "a person queries": _as(USERS, "USE WAREHOUSE MILVUS_DEMO_WAREHOUSE"),
    "a person uses the schema": _as(USERS, "USE SCHEMA MILVUS_DEMO.PUBLIC"),
    "a user that was made signs in": _signs_in("ROBOT", USERS),
}
