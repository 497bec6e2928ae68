"""Users, secrets, the way out and the way in: what each line of the project file makes and grants."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.spcs_milvus.stack import QUICKSTART, as_declared, by_address, declared, image, project, seen

from spcs_milvus import components
from spcs_milvus.config import load
from spcs_milvus.context import Context
from spcs_milvus.errors import ConfigError
from spcs_milvus.graph import closure
from spcs_milvus.kinds import kind_of
from spcs_milvus.observe import Observation
from spcs_milvus.plan import plan_up
from spcs_milvus.resource import Address, Resource
from spcs_milvus.secrets import Secret
from spcs_milvus.steps import Answer, Statement

DEFAULT = declared()


def _added(text: str, **variables: str) -> dict[str, Resource]:
    """What these lines add to the two-line project."""
    usual = {resource.address for resource in DEFAULT}
    return by_address(
        [one for one in declared(QUICKSTART + text, image, **variables) if one.address not in usual]
    )


def _sql(resource: Resource) -> list[str]:
    steps = kind_of(resource.address.kind).create(resource)
    return [step.sql for step in steps if isinstance(step, Statement)]


# --- users -------------------------------------------------------------------------------------------------


def test_a_user_is_made_by_the_user_administrator_and_gets_the_users_role() -> None:
    added = _added("users: [{name: alice, password: '${env:PASSWORD}'}]\n", PASSWORD="hunter2")
    assert list(added) == ["user.ALICE", "grant.role MILVUS_DEMO_ROLE to user ALICE"]
    user, grant = added.values()
    assert user.role == "USERADMIN"
    assert user.attributes["default_role"] == "MILVUS_DEMO_ROLE"
    assert (grant.role, _sql(grant)) == ("SECURITYADMIN", ["GRANT ROLE MILVUS_DEMO_ROLE TO USER ALICE"])
    assert grant.needs == {user.address, Address("role", "MILVUS_DEMO_ROLE")}
    assert user.needs == {Address("role", "MILVUS_DEMO_ROLE")}


def test_a_password_leaves_no_trace_in_what_can_be_seen() -> None:
    texts = [
        by_address(declared(QUICKSTART + "users: [{name: A, password: '${env:P}'}]\n", P=password))["user.A"]
        for password in ("hunter2", "another")
    ]
    one, other = texts
    assert (one.mark, one.attributes) == (other.mark, other.attributes)
    assert "hunter2" not in repr(one)
    (step,) = kind_of("user").create(one)
    assert "hunter2" not in repr(step)
    assert isinstance(step, Statement)
    assert "PASSWORD = 'hunter2'" in step.text


def test_a_password_that_is_made_up_is_told_and_kept() -> None:
    (step,) = kind_of("user").create(_added("users: [{name: A, password: generate}]\n")["user.A"])
    assert isinstance(step, Statement)
    assert step.generated is not None
    assert step.generated.secret == Secret("made up")
    assert "PASSWORD = 'made up'" in step.text


def test_a_service_has_no_password() -> None:
    (sql,) = _sql(_added("users: [{name: ROBOT, type: SERVICE}]\n")["user.ROBOT"])
    assert "TYPE = SERVICE" in sql
    assert "PASSWORD" not in sql


def test_a_role_that_exists_is_given_to_a_user_of_ours() -> None:
    """Both grants go with the user, so neither lasts between two things that are not ours."""
    text = "users: [{name: A, default_role: ANALYST}]\nexisting: [role.ANALYST]\n"
    added = by_address(declared(QUICKSTART + text))
    assert added["user.A"].attributes["default_role"] == "ANALYST"
    given = [added[f"grant.role {role} to user A"] for role in ("MILVUS_DEMO_ROLE", "ANALYST")]
    assert [one.existing for one in given] == [False, False]


# --- secrets -----------------------------------------------------------------------------------------------

SECRETS = "secrets: {KEY: {generic_string: '${env:KEY}'}, SPARE: {generic_string: '${env:KEY}'}}\n"
PAGE = """
spec:
  containers:
  - name: page
    image: {{ image }}
    secrets:
    - {snowflakeSecret: WRITTEN, secretKeyRef: secret_string, envVarName: KEY}
"""


def test_a_secret_is_the_owners_and_nobody_reads_it_by_itself() -> None:
    added = _added(SECRETS, KEY="hunter2")
    assert list(added) == ["secret.MILVUS_DEMO.PUBLIC.KEY", "secret.MILVUS_DEMO.PUBLIC.SPARE"]
    assert {one.role for one in added.values()} == {"MILVUS_DEMO_OWNER"}
    assert "hunter2" not in repr(added)


def _with_page(folder: Path, written: str) -> tuple[Resource, ...]:
    """The project with the secrets and a service whose specification names one so."""
    (folder / "images" / "page").mkdir(parents=True)
    (folder / "page.yaml.j2").write_text(PAGE.replace("WRITTEN", written), encoding="utf-8")
    file = folder / "p.yaml"
    services = "services: {page: {image: images/page, spec: page.yaml.j2, pool: jupyter}}\n"
    file.write_text(QUICKSTART + SECRETS + services, encoding="utf-8")
    read = load(file, {"KEY": "hunter2"}).project
    images = {name: image(name) for name in read.images_built}
    specifications = {"page": folder / "page.yaml.j2"}
    context = Context(read.project, "SECURITYADMIN", images, specifications=specifications)
    return components.resources(read, context)


NAMED = [
    "{{ secrets.KEY }}",
    "MILVUS_DEMO.PUBLIC.KEY",
    "milvus_demo.public.key",
    "public.key",
    "key",
    "{objectName: {{ secrets.KEY }}}",
    "{objectName: key}",
]


@pytest.mark.parametrize("written", NAMED)
def test_a_service_reads_the_secret_that_its_specification_names(tmp_path: Path, written: str) -> None:
    by = by_address(_with_page(tmp_path, written))
    read = [address for address in by if "READ on secret" in address]
    assert read == ["grant.READ on secret MILVUS_DEMO.PUBLIC.KEY to MILVUS_DEMO_PAGE"]
    assert _sql(by[read[0]]) == ["GRANT READ ON SECRET MILVUS_DEMO.PUBLIC.KEY TO ROLE MILVUS_DEMO_PAGE"]
    page = by["service.MILVUS_DEMO.PUBLIC.PAGE"]
    assert page.needs >= {by[read[0]].address, by["secret.MILVUS_DEMO.PUBLIC.KEY"].address}


@pytest.mark.parametrize("written", ["OTHER.PUBLIC.KEY", "OTHER", "{objectReference: key}"])
def test_a_secret_of_others_is_not_ours_to_grant(tmp_path: Path, written: str) -> None:
    assert not [one for one in _with_page(tmp_path, written) if "READ on secret" in one.address.name]


# --- out ---------------------------------------------------------------------------------------------------

EGRESS = "jupyter: {egress: [hub.test, 'Files.Mirror-Host.test:8443']}\n"


def test_a_way_out_is_a_rule_an_integration_and_its_use() -> None:
    added = _added(EGRESS)
    rule, integration, usage = added.values()
    assert list(added) == [
        "network_rule.MILVUS_DEMO.PUBLIC.JUPYTER_EGRESS_RULE",
        "external_access_integration.MILVUS_DEMO_JUPYTER_EGRESS",
        "grant.USAGE on external access integration MILVUS_DEMO_JUPYTER_EGRESS to MILVUS_DEMO_JUPYTER",
    ]
    assert [one.role for one in added.values()] == ["MILVUS_DEMO_OWNER", "ACCOUNTADMIN", "SECURITYADMIN"]
    assert rule.attributes["value_list"] == ("files.mirror-host.test:8443", "hub.test:443")
    assert integration.attributes == {"enabled": True, "allowed_network_rules": (rule.address.name,)}
    assert integration.needs == {rule.address}
    assert _sql(usage) == [
        "GRANT USAGE ON INTEGRATION MILVUS_DEMO_JUPYTER_EGRESS TO ROLE MILVUS_DEMO_JUPYTER"
    ]


def test_the_way_out_is_attached_to_the_service_that_asks_for_it() -> None:
    stack = by_address(declared(QUICKSTART + EGRESS))
    reached = closure({one.address: one.needs for one in stack.values()})
    attached = {name: stack[f"service.MILVUS_DEMO.PUBLIC.{name}"] for name in ("JUPYTER", "MILVUS")}
    assert attached["JUPYTER"].attributes["external_access_integrations"] == ("MILVUS_DEMO_JUPYTER_EGRESS",)
    assert attached["MILVUS"].attributes["external_access_integrations"] == ()
    assert {"external_access_integration", "network_rule"} <= {
        need.kind for need in reached[attached["JUPYTER"].address]
    }


def test_an_owner_that_exists_gets_the_use_of_the_integration() -> None:
    """It owns the services then, and the account administrator made the integration."""
    owned = declared(QUICKSTART + EGRESS + "roles: {owner: SYSADMIN}\nexisting: [role.SYSADMIN]\n")
    usage = "grant.USAGE on external access integration MILVUS_DEMO_JUPYTER_EGRESS to SYSADMIN"
    assert by_address(owned)[usage].existing is False


def test_the_order_of_the_hosts_makes_no_difference() -> None:
    one, other = (
        by_address(declared(QUICKSTART + f"jupyter: {{egress: [{hosts}]}}\n"))
        for hosts in ("a.org, b.org", "b.org, a.org")
    )
    rule = "network_rule.MILVUS_DEMO.PUBLIC.JUPYTER_EGRESS_RULE"
    assert one[rule] == other[rule]


RIGHT = [
    ("hub.test", "hub.test:443"),
    ("Hub.test:443", "hub.test:443"),
    ("10.0.0.7:5432", "10.0.0.7:5432"),
    ("0.0.0.0:80", "0.0.0.0:80"),
    ("0.0.0.0", "0.0.0.0:443"),
    ("a-b.c:22", "a-b.c:22"),
    ("a.b:1024", "a.b:1024"),
    ("a.b:65535", "a.b:65535"),
]


@pytest.mark.parametrize(("written", "read"), RIGHT)
def test_a_host_that_is_right(written: str, read: str) -> None:
    found = project(QUICKSTART + f"jupyter: {{egress: ['{written}']}}\n").jupyter
    assert found is not None
    assert found.egress == (read,)


def _refusal(host: str) -> str:
    with pytest.raises(ConfigError) as caught:
        project(QUICKSTART + f"jupyter: {{egress: ['{host}']}}\n")
    (problem,) = caught.value.problems
    assert problem.summary == "`jupyter.egress.0` is not right"
    assert (problem.place or "").endswith(":3:20")
    return problem.detail or ""


WRONG = {
    "*.hub.test": "no wildcards",
    "*": "no wildcards",
    "https://hub.test": "write a host, or host:port",
    "hub.test/simple": "write a host, or host:port",
    "hub.test:": "write a host, or host:port",
    "hub.test:x": "write a host, or host:port",
    "hub.test:443:443": "write a host, or host:port",
    "-a.org": "write a host, or host:port",
    "a..org": "write a host, or host:port",
    "localhost": "write a host, or host:port",
    "": "write a host, or host:port",
    "a.org:0": "not on 0",
    "a.org:25": "not on 25",
    "a.org:1023": "not on 1023",
    "a.org:65536": "not on 65536",
    "0.0.0.0:8080": "port 80 or 443 only",
    "0.0.0.0:22": "port 80 or 443 only",
}


@pytest.mark.parametrize("host", WRONG)
def test_a_host_that_is_wrong(host: str) -> None:
    assert WRONG[host] in _refusal(host)


@given(st.from_regex(re.compile(r"[a-z0-9.:*-]{1,20}", re.ASCII), fullmatch=True))
def test_what_is_taken_for_a_host_is_one(written: str) -> None:
    try:
        found: Any = project(QUICKSTART + f"jupyter: {{egress: ['{written}']}}\n").jupyter
    except ConfigError:
        return
    host, _, port = found.egress[0].rpartition(":")
    assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host)
    assert int(port) in (22, 80, 443) or 1024 <= int(port) <= 65535


# --- in ----------------------------------------------------------------------------------------------------


def test_the_ingress_integration_is_made_before_a_public_service_when_it_is_asked_for() -> None:
    added = _added("ingress_integration: create\n")
    assert list(added) == ["security_integration.SNOWSERVICES_INGRESS_OAUTH"]
    (integration,) = added.values()
    assert integration.role == "ACCOUNTADMIN"
    stack = declared(QUICKSTART + "ingress_integration: create\n")
    assert [one.name.last for one in stack if integration.address in one.needs] == ["JUPYTER"]


# --- the way out by other names, and ways that exist -------------------------------------------------------

OUT = "jupyter: {egress: [hub.test]}\n"


def test_the_notebooks_way_out_by_other_names() -> None:
    names = "names: {jupyter_egress_rule: allow_all_rule, jupyter_egress_integration: allow_all_eai}\n"
    added = _added(names + OUT)
    rule, integration = (
        "network_rule.MILVUS_DEMO.PUBLIC.ALLOW_ALL_RULE",
        "external_access_integration.ALLOW_ALL_EAI",
    )
    assert {rule, integration} <= added.keys()
    assert added[integration].attributes["allowed_network_rules"] == ("MILVUS_DEMO.PUBLIC.ALLOW_ALL_RULE",)
    service = by_address(declared(QUICKSTART + names + OUT))["service.MILVUS_DEMO.PUBLIC.JUPYTER"]
    assert service.attributes["external_access_integrations"] == ("ALLOW_ALL_EAI",)


def test_a_way_out_that_exists_is_used_and_no_rule_is_made_for_it() -> None:
    names = "names: {jupyter_egress_integration: COMPANY_EAI}\n"
    added = _added(names + OUT + "existing: [external_access_integration.COMPANY_EAI]\n")
    assert {address: one.existing for address, one in added.items()} == {
        "external_access_integration.COMPANY_EAI": True,
        "grant.USAGE on external access integration COMPANY_EAI to MILVUS_DEMO_JUPYTER": False,
    }


def test_a_rule_that_exists_is_in_an_integration_of_ours() -> None:
    rule = "network_rule.MILVUS_DEMO.PUBLIC.JUPYTER_EGRESS_RULE"
    stack = by_address(declared(QUICKSTART + OUT + f"existing: [{rule}]\n"))
    assert stack[rule].existing
    assert stack[rule].address in stack["external_access_integration.MILVUS_DEMO_JUPYTER_EGRESS"].needs


def test_a_user_of_others_is_told_with_what_helps() -> None:
    """Users have no prefix; one that is there may be given the role."""
    stack = declared(QUICKSTART + "users: [{name: ALICE}]\n")
    alice = Address("user", "ALICE")
    theirs = as_declared(by_address(stack)[str(alice)], comment="theirs")
    (problem,) = plan_up(stack, seen(stack, {alice: theirs})).conflicts
    assert "`roles: {grant_to: …}`" in str(problem.hint)
    assert "prefix" not in str(problem.hint)


def test_who_left_the_file_and_still_has_the_role_is_told_with_the_way_to_take_it_back() -> None:
    stack = declared(QUICKSTART + "users: [{name: ALICE}]\nroles: {grant_to: [role READERS]}\n")
    members = [
        ("ROLE", "SYSADMIN"),
        ("USER", "ALICE"),
        ("ROLE", "READERS"),
        ("ROLE", "ALICE"),
        ("USER", "a b"),
    ]
    rows = tuple({"granted_to": kind, "grantee_name": name} for kind, name in members)
    of_users = {
        one.address: {"show": Answer(rows)}
        for one in stack
        if str(one.detail.get("on")) == "MILVUS_DEMO_ROLE"
    }
    plan = plan_up(stack, Observation(seen(stack).actual, of_users))
    assert not plan.changes
    assert [(problem.place, problem.hint) for problem in plan.kept] == [
        ("role.MILVUS_DEMO_ROLE", "USE ROLE SECURITYADMIN; REVOKE ROLE MILVUS_DEMO_ROLE FROM ROLE ALICE;"),
        ("role.MILVUS_DEMO_ROLE", 'USE ROLE SECURITYADMIN; REVOKE ROLE MILVUS_DEMO_ROLE FROM USER "a b";'),
    ]

    alice = replace(by_address(stack)["role.MILVUS_DEMO_ROLE"], address=Address("role", "ALICE"))
    kept = plan_up(stack, Observation(seen(stack).actual, of_users), [alice]).kept
    assert [problem.hint for problem in kept] == [plan.kept[1].hint]
