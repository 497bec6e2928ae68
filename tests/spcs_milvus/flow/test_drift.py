"""Whatever somebody changes outside is named exactly: every attribute of every kind, by SQL as a person would
write it, and what others attach is shown and kept.

The table below is held against the kinds: an attribute that is in none of its cases fails a test.
"""

import copy
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from spcs_emulator.clock import TurnedClock
from spcs_emulator.server import LocalAccount
from spcs_milvus.differences import leaves
from spcs_milvus.kinds import KINDS
from spcs_milvus.kinds.base import names_in
from spcs_milvus.plan import Action, Change

from .conftest import QUICKSTART, Stack
from .test_up_down import done

PROJECT = (
    QUICKSTART
    + """
compute_pools:
  milvus: {max_nodes: 2}
  jupyter: {max_nodes: 2}
secrets: {KEY: {generic_string: "${env:KEY}"}}
users: [{name: ALICE}]
jupyter: {egress: [hub.test]}
"""
)
OWNER, JUPYTER, MILVUS = "MILVUS_DEMO_OWNER", "MILVUS_DEMO_JUPYTER", "MILVUS_DEMO_MILVUS"
POOL = "MILVUS_DEMO_MILVUS_POOL"
WAREHOUSE = "MILVUS_DEMO_WAREHOUSE"
SCHEMA = "MILVUS_DEMO.PUBLIC"
RULE = f"{SCHEMA}.JUPYTER_EGRESS_RULE"
EGRESS = "MILVUS_DEMO_JUPYTER_EGRESS"
THEIRS = f"CREATE EXTERNAL ACCESS INTEGRATION THEIRS ENABLED = TRUE ALLOWED_NETWORK_RULES = ({SCHEMA}.MINE)"
ANOTHER_MARK = "spcs-milvus:milvus-demo/default#1.0123456789ab"


@dataclass(frozen=True)
class Drift:
    """Statements, begun as one role, that change one object, and the ``attributes`` that differ then. In them
    ``{mark}`` stands for the object's comment as it was, ``{specification}`` for a service's as it runs.
    """

    kind: str
    name: str
    attributes: tuple[str, ...]
    role: str
    sql: tuple[str, ...]
    replaced: bool = False
    unreadable: bool = False
    change: dict[str, Any] = field(default_factory=dict)


def _alter(kind: str, name: str, attribute: str, what: str, role: str = OWNER) -> Drift:
    words = kind.upper().replace("_", " ")
    return Drift(kind, name, (attribute,), role, (f"ALTER {words} {name} {what}",))


def _again(kind: str, name: str, attributes: tuple[str, ...], what: str, role: str = OWNER) -> Drift:
    """Dropped and made again by hand, with the comment copied."""
    words = kind.upper().replace("_", " ")
    drop = f"DROP {words} {name}" + (" FORCE" if kind == "service" else "")
    create = f"CREATE {words} {name} {what} COMMENT = '{{mark}}'"
    return Drift(kind, name, attributes, role, (drop, create), replaced=True)


DRIFT = [
    _alter("warehouse", WAREHOUSE, "size", "SET WAREHOUSE_SIZE = MEDIUM"),
    _alter("warehouse", WAREHOUSE, "auto_suspend_seconds", "SET AUTO_SUSPEND = 60"),
    _alter("warehouse", WAREHOUSE, "auto_resume", "SET AUTO_RESUME = FALSE"),
    _alter("compute_pool", POOL, "min_nodes", "SET MIN_NODES = 2"),
    _alter("compute_pool", POOL, "max_nodes", "SET MAX_NODES = 3"),
    _alter("compute_pool", POOL, "auto_resume", "SET AUTO_RESUME = FALSE"),
    _alter("compute_pool", POOL, "auto_suspend_seconds", "SET AUTO_SUSPEND_SECS = 60"),
    Drift(
        "compute_pool",
        POOL,
        ("instance_family",),
        OWNER,
        (f"ALTER COMPUTE POOL {POOL} SUSPEND", f"ALTER COMPUTE POOL {POOL} SET INSTANCE_FAMILY = CPU_X64_M"),
        replaced=True,
    ),
    _alter("user", "ALICE", "type", "SET TYPE = SERVICE", "USERADMIN"),
    _alter("user", "ALICE", "default_role", "SET DEFAULT_ROLE = PUBLIC", "USERADMIN"),
    _alter("user", "ALICE", "default_secondary_roles", "SET DEFAULT_SECONDARY_ROLES = ()", "USERADMIN"),
    _again(
        "image_repository",
        f"{SCHEMA}.MILVUS_REPO",
        ("encryption",),
        "ENCRYPTION = (TYPE = 'SNOWFLAKE_FULL')",
    ),
    Drift(
        "stage",
        f"{SCHEMA}.DATA",
        ("encryption",),
        OWNER,
        (f"ALTER STAGE {SCHEMA}.DATA SET COMMENT = '{ANOTHER_MARK}'",),
        replaced=True,
        unreadable=True,
    ),
    _again("secret", f"{SCHEMA}.KEY", ("type",), "TYPE = PASSWORD USERNAME = 'u' PASSWORD = 'p'"),
    _alter("network_rule", RULE, "value_list", "SET VALUE_LIST = ('evil.org:443')"),
    Drift(
        "network_rule",
        RULE,
        ("type", "mode", "value_list"),
        "ACCOUNTADMIN",
        (
            f"ALTER EXTERNAL ACCESS INTEGRATION {EGRESS} SET ALLOWED_NETWORK_RULES = ({SCHEMA}.MINE)",
            f"USE ROLE {OWNER}",
            f"DROP NETWORK RULE {RULE}",
            f"CREATE NETWORK RULE {RULE} TYPE = IPV4 MODE = INGRESS VALUE_LIST = ('10.0.0.1') "
            "COMMENT = '{mark}'",
        ),
        replaced=True,
    ),
    _alter("external_access_integration", EGRESS, "enabled", "SET ENABLED = FALSE", "ACCOUNTADMIN"),
    _alter(
        "external_access_integration",
        EGRESS,
        "allowed_network_rules",
        f"SET ALLOWED_NETWORK_RULES = ({SCHEMA}.MINE)",
        "ACCOUNTADMIN",
    ),
    _alter("service", f"{SCHEMA}.JUPYTER", "query_warehouse", "UNSET QUERY_WAREHOUSE", JUPYTER),
    _alter(
        "service",
        f"{SCHEMA}.JUPYTER",
        "external_access_integrations",
        "UNSET EXTERNAL_ACCESS_INTEGRATIONS",
        JUPYTER,
    ),
    _alter("service", f"{SCHEMA}.JUPYTER", "max_instances", "SET MAX_INSTANCES = 2", JUPYTER),
    Drift(
        "service",
        f"{SCHEMA}.JUPYTER",
        ("min_instances", "max_instances"),
        JUPYTER,
        (f"ALTER SERVICE {SCHEMA}.JUPYTER SET MIN_INSTANCES = 2 MAX_INSTANCES = 2",),
    ),
    Drift(
        "service",
        f"{SCHEMA}.MILVUS",
        ("compute_pool",),
        OWNER,
        (
            f"GRANT USAGE ON COMPUTE POOL MILVUS_DEMO_JUPYTER_POOL TO ROLE {MILVUS}",
            f"USE ROLE {MILVUS}",
            f"DROP SERVICE {SCHEMA}.MILVUS FORCE",
            f"CREATE SERVICE {SCHEMA}.MILVUS IN COMPUTE POOL MILVUS_DEMO_JUPYTER_POOL "
            "FROM SPECIFICATION $${specification}$$ COMMENT = '{mark}'",
        ),
        replaced=True,
    ),
    Drift(
        "service",
        f"{SCHEMA}.MILVUS",
        ("specification", "volumes"),
        MILVUS,
        (
            f"DROP SERVICE {SCHEMA}.MILVUS FORCE",
            f"CREATE SERVICE {SCHEMA}.MILVUS IN COMPUTE POOL {POOL} "
            "FROM SPECIFICATION $${specification}$$ COMMENT = '{mark}'",
        ),
        replaced=True,
        change={"volumes": [{"name": "data", "source": "block", "size": "10Gi"}]},
    ),
]

# what nobody can change by SQL, and why
NOT_BY_SQL = {
    ("image", "tag"): "it is the image's address",
    ("image", "digest"): "only a push changes what a tag stands for: test_flows.py of the registry",
    ("security_integration", "enabled"): "Snowflake has its own, which is never ours: test_rotation.py",
}


def test_every_attribute_of_every_kind_has_a_case() -> None:
    covered = {(drift.kind, attribute) for drift in DRIFT for attribute in drift.attributes}
    attributes = {(kind.name, attribute) for kind in KINDS.values() for attribute in kind.attributes}
    assert attributes == covered | NOT_BY_SQL.keys()
    assert not covered & NOT_BY_SQL.keys()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an account that has the whole project, made once."""
    folder = tmp_path_factory.mktemp("made")
    with LocalAccount(folder / "account", TurnedClock()) as account:
        done(_stack(account, folder).up())
        with _stack(account, folder).session(OWNER) as session:
            values = "TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('a.org')"
            session.run(f"CREATE NETWORK RULE {SCHEMA}.MINE {values}")
    return folder / "account"


@pytest.fixture
def whole(made: Path, tmp_path: Path) -> Iterator[Stack]:
    """A copy of that account, for one test alone."""
    shutil.copytree(made, tmp_path / "account", ignore=shutil.ignore_patterns("*.lock", "*.sock"))
    with LocalAccount(tmp_path / "account", TurnedClock()) as account:
        stack = _stack(account, tmp_path)
        # its clock begins anew, so the services begin to run again
        for _ in range(3):
            stack.pause(60)
        yield stack


def _stack(account: LocalAccount[TurnedClock], folder: Path) -> Stack:
    stack = Stack(account, folder)
    stack.variables["KEY"] = "x"
    stack.write(PROJECT)
    return stack


def _do(stack: Stack, drift: Drift) -> None:
    (before,) = (
        one
        for one in stack.local.dump()["objects"]
        if one["name"] == drift.name and one["kind"] == _kept_as(drift.kind)
    )
    specification = _specification(stack, drift.name) if drift.kind == "service" else {}
    specification.get("spec", {}).update(drift.change)
    with stack.session(drift.role) as session:
        for sql in drift.sql:
            marked = sql.replace("{mark}", str(before["comment"]))
            session.run(marked.replace("{specification}", json.dumps(specification)))


def _kept_as(kind: str) -> str:
    return "INTEGRATION" if kind.endswith("_integration") else kind.upper().replace("_", " ")


def _specification(stack: Stack, service: str) -> dict[str, Any]:
    """As it is declared, to be changed at will."""
    with stack.target() as on:
        (found,) = (one for one in on.resources if str(one.address) == f"service.{service}")
    return copy.deepcopy(dict(found.detail["specification"]))


def _about(stack: Stack, kind: str, name: str) -> Change:
    (change,) = (change for change in stack.plan().changes if str(change.address) == f"{kind}.{name}")
    return change


@pytest.mark.parametrize("drift", DRIFT, ids=lambda one: f"{one.kind}-{'-'.join(one.attributes)}")
def test_what_differs_is_named_exactly(whole: Stack, drift: Drift) -> None:
    assert whole.plan().changes == ()

    _do(whole, drift)

    change = _about(whole, drift.kind, drift.name)
    assert tuple(one.attribute for one in change.differences) == _in_order(drift)
    assert [one.unreadable for one in change.differences] == [drift.unreadable] * len(drift.attributes)
    assert change.action is (Action.REPLACE if drift.replaced else Action.UPDATE)
    if not drift.replaced:
        done(whole.up())
        assert whole.plan().changes == ()


def _in_order(drift: Drift) -> tuple[str, ...]:
    return tuple(name for name in KINDS[drift.kind].attributes if name in drift.attributes)


# --- inside a specification --------------------------------------------------------------------------------

CONTAINER = "specification.spec.containers.jupyter"


LEAVES = {
    "env of ours": (("containers", 0, "env", "MILVUS_URI"), "http://evil:1", f"{CONTAINER}.env.MILVUS_URI"),
    "env of others": (("containers", 0, "env", "MORE"), "x", f"{CONTAINER}.env.MORE"),
    "cpu": (("containers", 0, "resources", "requests", "cpu"), "1", f"{CONTAINER}.resources.requests.cpu"),
    "memory": (
        ("containers", 0, "resources", "requests", "memory"),
        "3Gi",
        f"{CONTAINER}.resources.requests.memory",
    ),
    "probe": (("containers", 0, "readinessProbe", "path"), "/", f"{CONTAINER}.readinessProbe.path"),
    "command": (("containers", 0, "command"), ["sh"], f"{CONTAINER}.command"),
    "arguments": (("containers", 0, "args"), ["-c", "sleep 1"], f"{CONTAINER}.args"),
    "another probe": (
        ("containers", 0, "livenessProbe"),
        {"port": 8888, "path": "/"},
        f"{CONTAINER}.livenessProbe",
    ),
    "a mount": (
        ("containers", 0, "volumeMounts", 0, "mountPath"),
        "/elsewhere",
        f"{CONTAINER}.volumeMounts",
    ),
    "a port": (("endpoints", 0, "port"), 9999, "specification.spec.endpoints.jupyter.port"),
    "what is public": (("endpoints", 0, "public"), False, "specification.spec.endpoints.jupyter.public"),
}


@pytest.mark.parametrize("what", LEAVES)
def test_what_differs_inside_a_specification_is_named_exactly(whole: Stack, what: str) -> None:
    path, value, shown = LEAVES[what]
    name = f"{SCHEMA}.JUPYTER"
    specification = _specification(whole, name)
    place: Any = specification["spec"]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with whole.session(JUPYTER) as session:
        session.run(f"ALTER SERVICE {name} FROM SPECIFICATION $${json.dumps(specification)}$$")

    (difference,) = _about(whole, "service", name).differences

    told = {one.attribute for one in leaves(difference)}
    assert all(one == shown or one.startswith(f"{shown}.") for one in told), told
    assert told
    done(whole.up())
    assert whole.plan().changes == ()


def test_a_role_that_somebody_put_into_a_specification(whole: Stack) -> None:
    name = f"{SCHEMA}.JUPYTER"
    specification = _specification(whole, name)
    specification["serviceRoles"] = [{"name": "reader", "endpoints": ["jupyter"]}]
    with whole.session(JUPYTER) as session:
        session.run(f"ALTER SERVICE {name} FROM SPECIFICATION $${json.dumps(specification)}$$")
    (difference,) = _about(whole, "service", name).differences
    assert {one.attribute for one in leaves(difference)} == {"specification.serviceRoles"}
    done(whole.up())
    assert whole.plan().changes == ()


# --- what others attached ----------------------------------------------------------------------------------


def test_what_others_attached_is_shown_and_kept(whole: Stack) -> None:
    with whole.session("ACCOUNTADMIN") as session:
        session.run(THEIRS)
        for role in (MILVUS, JUPYTER):
            session.run(f"GRANT USAGE ON INTEGRATION THEIRS TO ROLE {role}")
    with whole.session(MILVUS) as session:
        session.run(f"ALTER SERVICE {SCHEMA}.MILVUS SET EXTERNAL_ACCESS_INTEGRATIONS = (THEIRS)")
    with whole.session(JUPYTER) as session:
        session.run(f"ALTER SERVICE {SCHEMA}.JUPYTER SET EXTERNAL_ACCESS_INTEGRATIONS = ({EGRESS}, THEIRS)")
    with whole.session("SECURITYADMIN") as session:
        session.run("GRANT ROLE USERADMIN TO ROLE MILVUS_DEMO_ROLE")
        session.run(f"GRANT MONITOR ON COMPUTE POOL {POOL} TO ROLE MILVUS_DEMO_ROLE")
    before = whole.local.dump()

    report = done(whole.up())

    assert (report.plan.changes, report.counts.write) == ((), 0)
    assert whole.local.dump() == before
    told = {(problem.place, problem.summary): str(problem.hint) for problem in report.plan.kept}
    assert {place for place, _ in told} == {
        f"service.{SCHEMA}.MILVUS",
        f"service.{SCHEMA}.JUPYTER",
        "role.MILVUS_DEMO_ROLE",
        f"role.{MILVUS}",
        f"role.{JUPYTER}",
    }
    for hint in told.values():
        role, _, sql = hint.removesuffix(";").partition("; ")
        with whole.session(role.removeprefix("USE ROLE ")) as session:
            session.run(sql)
    assert whole.plan().kept == ()


def test_a_change_of_a_service_keeps_what_others_attached(whole: Stack) -> None:
    with whole.session("ACCOUNTADMIN") as session:
        session.run(THEIRS)
        session.run(f"GRANT USAGE ON INTEGRATION THEIRS TO ROLE {JUPYTER}")
    with whole.session(JUPYTER) as session:
        session.run(
            f"ALTER SERVICE {SCHEMA}.JUPYTER SET EXTERNAL_ACCESS_INTEGRATIONS = (THEIRS) MAX_INSTANCES = 2"
        )

    done(whole.up())

    with whole.session("SECURITYADMIN") as session:
        rows = session.run("SHOW SERVICES IN DATABASE MILVUS_DEMO")
    (jupyter,) = (row for row in rows if row["name"] == "JUPYTER")
    assert jupyter["max_instances"] == 1
    assert set(names_in(jupyter["external_access_integrations"])) == {EGRESS, "THEIRS"}
    assert whole.plan().changes == ()


def test_another_owner_is_told(whole: Stack) -> None:
    with whole.session("SECURITYADMIN") as session:
        session.run(f"GRANT OWNERSHIP ON WAREHOUSE {WAREHOUSE} TO ROLE SYSADMIN COPY CURRENT GRANTS")
    plan = whole.plan()
    (problem,) = plan.kept
    assert problem.summary == f"warehouse.{WAREHOUSE} is owned by SYSADMIN, and {OWNER} made it"
    with whole.session("SYSADMIN") as session:
        session.run(str(problem.hint).partition("; ")[2].removesuffix(";"))
    assert whole.plan().kept == ()
