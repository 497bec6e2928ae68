"""Valid project files of every sort, as hypothesis strategies: the data of the file, what has to be there
before it, and the files beside it.

Comes in: nothing. Goes out: plain data, as YAML reads it. Touches nothing but the folder it is to write into.
Whatever can be drawn here is valid: a project that the program refuses is a mistake of this file or of the
program. ``test_projects.py`` holds it against the model, so that a new key of the project file is drawn, too.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import strategies as st

from .sections import SECTIONS, Data, some

VARIABLES = {"PASSWORD": "It's a pass\\word, 19 long", "FIRST": "one", "SECOND": "$$ -- ' two"}
"""What ``${env:…}`` stands for."""

TEMPLATES = {
    "page": """
spec:
  containers:
  - name: page
    image: {{ image }}
    env: {MILVUS_URI: {{ milvus_uri }}}
    readinessProbe: {port: 8000, path: /}
    resources: {requests: {cpu: "0.1", memory: 256Mi}}
  endpoints:
  - {name: page, port: 8000, public: true}
""",
    "worker": """
spec:
  containers:
  - name: worker
    image: {{ image }}
    resources: {requests: {cpu: "0.1", memory: 256Mi}}
    volumeMounts: [{name: files, mountPath: /files}]
    secrets:
    - snowflakeSecret: {objectName: {{ secrets.FIRST }}}
      envVarName: FIRST
      secretKeyRef: secret_string
  volumes:
  - {name: files, source: {{ stages.DATA }}}
""",
    "store": """
spec:
  containers:
  - name: store
    image: {{ image }}
    resources: {requests: {cpu: "0.1", memory: 256Mi}}
    volumeMounts: [{name: kept, mountPath: /kept}, {name: scratch, mountPath: /scratch}]
  volumes:
  - {name: kept, source: block, size: 5Gi}
  - {name: scratch, source: memory, size: 1Gi}
  endpoints:
  - {name: store, port: 6379, protocol: TCP}
""",
}
"""The specifications of services of one's own, by the name of the file in ``specs/``."""

PROCESS = 'version: 1\ncommand: ["{python}", -c, pass, "{port:8000}"]\nports: [8000]\n'
"""How the image of such a service runs as a process."""

POOL = "CREATE COMPUTE POOL {name} MIN_NODES = 1 MAX_NODES = 3 INSTANCE_FAMILY = CPU_X64_M"
EAI = "CREATE EXTERNAL ACCESS INTEGRATION {name} ALLOWED_NETWORK_RULES = ({rule}) ENABLED = TRUE"
MADE_BEFORE = {
    "database": "CREATE DATABASE {name}",
    "schema": "CREATE SCHEMA {name}",
    "warehouse": "CREATE WAREHOUSE {name} WAREHOUSE_SIZE = LARGE",
    "compute_pool": POOL,
    "image_repository": "CREATE IMAGE REPOSITORY {name} ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')",
    "stage": "CREATE STAGE {name} ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')",
    "secret": "CREATE SECRET {name} TYPE = GENERIC_STRING SECRET_STRING = 'theirs'",
    "network_rule": "CREATE NETWORK RULE {name} TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('their.org')",
}
"""What makes an object that the file lists under ``existing``, as the role that owns the stack."""


REFERENCE = "/shared/place/milvus_repo/thing:proc-e5f0aa5f4d5a"
"""An image that is there already, where its repository was there before."""


def write_beside(folder: Path) -> None:
    """The files that a project file may name."""
    (folder / "specs").mkdir()
    for name, text in TEMPLATES.items():
        (folder / "specs" / f"{name}.yaml.j2").write_text(text, encoding="utf-8")
    page = folder / "images" / "page"
    page.mkdir(parents=True)
    (page / "process.yaml").write_text(PROCESS, encoding="utf-8")
    (page / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")


def before(data: Data) -> Iterator[tuple[str, str]]:
    """The statements, each with its role, that make what the file says was there before."""
    roles = data.get("roles", {})
    listed = [address.split(".", 1) for address in data.get("existing", [])]
    for grantee in roles.get("grant_to", []):
        yield "USERADMIN", f"CREATE {grantee}"
    for name in [name for kind, name in listed if kind == "role" and name != "SYSADMIN"]:
        yield "USERADMIN", f"CREATE ROLE {name}"
        yield "SECURITYADMIN", f"GRANT ROLE {name} TO ROLE SYSADMIN"
        for what in ("DATABASE", "WAREHOUSE", "COMPUTE POOL"):
            yield "ACCOUNTADMIN", f"GRANT CREATE {what} ON ACCOUNT TO ROLE {name}"
    owner = roles["owner"] if f"role.{roles.get('owner')}" in data.get("existing", []) else "SYSADMIN"
    for kind, sql in MADE_BEFORE.items():
        for name in [name for listed_kind, name in listed if listed_kind == kind]:
            yield owner, sql.format(name=name)
    rules = [name for kind, name in listed if kind == "network_rule"]
    for name in [name for kind, name in listed if kind == "external_access_integration"]:
        yield "ACCOUNTADMIN", EAI.format(name=name, rule=rules[0])
        yield "SECURITYADMIN", f"GRANT USAGE ON INTEGRATION {name} TO ROLE {owner}"


# --- what was there before ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shared:
    """What of a stack was there before it: its database, in it the schema, in that these kinds of objects;
    its owner, and these kinds in the account.
    """

    database: bool
    schema: bool
    inside: frozenset[str]
    owner: str | None
    beside: frozenset[str]


NOTHING = Shared(False, False, frozenset(), None, frozenset())
SHARED = st.builds(
    Shared,
    st.booleans(),
    st.booleans(),
    st.frozensets(st.sampled_from(["image_repository", "stage", "secret", "network_rule"])),
    st.sampled_from([None, "SYSADMIN", "PLATFORM"]),
    st.frozensets(st.sampled_from(["warehouse", "compute_pool"])),
)


def completed(name: str, sections: Data, shared: Shared) -> Data:
    """A whole file: what is referred to is declared, or listed as what was there before."""
    data = copy.deepcopy({"project": name, "connection": "local", **sections})
    existing: list[str] = []
    _complete(data, existing)
    if shared.owner:
        data.setdefault("roles", {})["owner"] = shared.owner
        existing.append(f"role.{shared.owner}")
    if "warehouse" in shared.beside:
        data.setdefault("warehouse", {})["name"] = "SHARED_WH"
        existing.append("warehouse.SHARED_WH")
    if "compute_pool" in shared.beside:
        data.setdefault("compute_pools", {}).setdefault("milvus", {})["name"] = "SHARED_POOL"
        existing.append("compute_pool.SHARED_POOL")
    if shared.database:
        _place(data, existing, shared)
    return {**data, **({"existing": sorted(existing)} if existing else {})}


def _complete(data: Data, existing: list[str]) -> None:
    services = [data.get("milvus") or {}, data.get("jupyter") or {}, *data.get("services", {}).values()]
    if any(service.get("pool") == "more-nodes" for service in services):
        data.setdefault("compute_pools", {}).setdefault("more-nodes", {})
    if (data.get("jupyter") or {}).get("files") == "notes":
        data.setdefault("stages", {}).setdefault("notes", {})
    if "data-worker" in data.get("services", {}):
        data.setdefault("secrets", {}).setdefault("FIRST", {"generic_string": "${env:FIRST}"})
    if any("query_warehouse" in service for service in services):
        existing.append("warehouse.COMPUTE_WH")
    if any("default_role" in user for user in data.get("users", [])):
        existing.append("role.ANALYST")


def _place(data: Data, existing: list[str], shared: Shared) -> None:
    """A database of others, and in it a schema of ours or theirs."""
    names = data.setdefault("names", {})
    names["database"] = "SHARED"
    existing.append("database.SHARED")
    if not shared.schema:
        return
    names["schema"] = "PLACE"
    existing.append("schema.SHARED.PLACE")
    if "image_repository" in shared.inside:
        names["image_repository"] = "MILVUS_REPO"
        existing.append("image_repository.SHARED.PLACE.MILVUS_REPO")
        for service in ("milvus", "jupyter"):
            if data.get(service, {}) is not None:
                data.setdefault(service, {})["image"] = {"reference": REFERENCE}
        for service in data.get("services", {}).values():
            service["image"] = {"reference": REFERENCE}
    if "stage" in shared.inside:
        existing.append("stage.SHARED.PLACE.FILES")
    if "secret" in shared.inside and "FIRST" in data.get("secrets", {}):
        existing.append("secret.SHARED.PLACE.FIRST")
    if "network_rule" in shared.inside and (data.get("jupyter") or {}).get("egress"):
        names |= {"jupyter_egress_rule": "OUT_RULE", "jupyter_egress_integration": "OUT"}
        existing += ["network_rule.SHARED.PLACE.OUT_RULE", "external_access_integration.OUT"]


def elsewhere(data: Data) -> Data:
    """An environment whose stack stands beside the other: names of its own for what an account has once."""
    names, roles, listed = data.get("names", {}), data.get("roles", {}), data.get("existing", [])
    over: Data = {"names": {"prefix": "ELSEWHERE", "database": "ELSEWHERE"}, "warehouse": {"size": "LARGE"}}
    if "jupyter_egress_integration" in names:
        over["names"]["jupyter_egress_integration"] = "OUT_ELSEWHERE"
    over["roles"] = {
        key: f"{roles[key]}_2"
        for key in ("owner", "users")
        if key in roles and f"role.{roles[key]}" not in listed
    }
    if "name" in data.get("warehouse", {}) and "warehouse.SHARED_WH" not in listed:
        over["warehouse"]["name"] = "WH_ELSEWHERE"
    over["compute_pools"] = {
        key: {"name": f"{pool['name']}_2"}
        for key, pool in data.get("compute_pools", {}).items()
        if "name" in pool and f"compute_pool.{pool['name']}" not in listed
    }
    over["users"] = [{**user, "name": f"{user['name']}_2"} for user in data.get("users", [])]
    return over


_EVERYTHING: Data = {
    "names": {"schema": "VECTORS"},
    "users": [{"name": "alice"}, {"name": "ROBOT_1", "type": "SERVICE"}],
    "stages": {"notes": {}},
    "secrets": {"FIRST": {"generic_string": "${env:FIRST}"}},
    "compute_pools": {"milvus": {"max_nodes": 2}},
    "jupyter": {"egress": ["hub.test"]},
    "services": {
        "data-worker": {"image": "images/page", "spec": "specs/worker.yaml.j2", "pool": "jupyter"},
        "page": {"image": "images/page", "spec": "specs/page.yaml.j2", "pool": "jupyter", "max_instances": 2},
    },
    "ingress_integration": "create",
}
EVERY_KIND = completed("made-up", _EVERYTHING, NOTHING)
"""A project with an object of every kind, whatever else is drawn."""

MADE_AGAIN = completed(
    "made-up",
    {
        **_EVERYTHING,
        "stages": {"notes": {"encryption": "SNOWFLAKE_FULL"}},
        "compute_pools": {"milvus": {"max_nodes": 2, "instance_family": "CPU_X64_M"}},
        "milvus": {"volume": {"size": "30Gi"}},
    },
    NOTHING,
)
"""The same with whatever can never be altered."""


# --- whole files --------------------------------------------------------------------------------------------


@st.composite
def projects(draw: st.DrawFn, name: str = "made-up", shared: st.SearchStrategy[Shared] = SHARED) -> Data:
    """A project file; one in a database of its own has an environment, too."""
    there = draw(shared)
    data = completed(name, draw(some(**SECTIONS)), there)
    if not there.database and draw(st.booleans()):
        data["environments"] = {"prod": elsewhere(data)}
    return data


@st.composite
def beside(draw: st.DrawFn, name: str = "made-up") -> Data:
    """A project file with an environment that can stand beside it."""
    shared = SHARED.map(lambda drawn: replace(drawn, database=False))
    data = draw(projects(name, shared))
    return {**data, "environments": {"prod": elsewhere(data)}}


@st.composite
def upgrades(draw: st.DrawFn, name: str = "made-up") -> tuple[Data, Data]:
    """A project file and what became of it: some sections are others, some are gone, some new."""
    there = draw(SHARED)
    first, second = draw(some(**SECTIONS)), draw(some(**SECTIONS))
    changed = draw(st.sets(st.sampled_from(sorted(SECTIONS)), min_size=1, max_size=3))
    then = {key: value for key, value in first.items() if key not in changed}
    then |= {key: value for key, value in second.items() if key in changed}
    return completed(name, first, there), completed(name, then, there)
