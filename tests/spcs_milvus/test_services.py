"""Services of the user's own: what follows from a specification, and what is said of a wrong one."""

import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from tests.spcs_milvus.stack import CASES, image

from spcs_milvus import components
from spcs_milvus.config import load
from spcs_milvus.context import Context
from spcs_milvus.errors import ConfigError
from spcs_milvus.kinds import kind_of
from spcs_milvus.resource import Resource
from spcs_milvus.steps import Statement

CASE: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(
    (CASES / "services.yaml").read_text(encoding="utf-8")
)
PLAIN = CASE["right"]["nothing asked for"]["template"]


def _declared(
    folder: Path, template: str, more: str = "", given: str = "images/attu", pool: str = "milvus"
) -> dict[str, Resource]:
    """The resources of a project with a service of that template, by their addresses."""
    (folder / "images" / "attu").mkdir(parents=True)
    (folder / "attu.yaml.j2").write_text(template, encoding="utf-8")
    file = folder / "p.yaml"
    file.write_text(
        f"project: demo\nservices: {{attu: {{image: {given}, spec: attu.yaml.j2, pool: {pool}{more}}}}}\n",
        encoding="utf-8",
    )
    project = load(file, {}).project
    images = {name: image(name) for name in project.images_built}
    specifications = {"attu": folder / "attu.yaml.j2"}
    context = Context("demo", "SECURITYADMIN", images, specifications=specifications)
    return {str(one.address): one for one in components.resources(project, context)}


def _grants(resources: dict[str, Resource]) -> set[str]:
    """The statements of the grants to the service's role, or on the service."""
    found = set()
    for resource in resources.values():
        if resource.address.kind == "grant" and "ATTU" in resource.address.name:
            (step,) = kind_of("grant").create(resource)
            assert isinstance(step, Statement)
            found.add(step.sql)
    return found


EVERY_SERVICE = {
    "GRANT ROLE DEMO_ATTU TO ROLE DEMO_OWNER",
    "GRANT USAGE ON DATABASE DEMO TO ROLE DEMO_ATTU",
    "GRANT USAGE ON SCHEMA DEMO.PUBLIC TO ROLE DEMO_ATTU",
    "GRANT CREATE SERVICE ON SCHEMA DEMO.PUBLIC TO ROLE DEMO_ATTU",
    "GRANT USAGE ON COMPUTE POOL DEMO_MILVUS_POOL TO ROLE DEMO_ATTU",
    "GRANT READ ON IMAGE REPOSITORY DEMO.PUBLIC.MILVUS_REPO TO ROLE DEMO_ATTU",
}


@pytest.mark.parametrize("name", CASE["right"])
def test_what_follows_from_a_specification(name: str, tmp_path: Path) -> None:
    case = CASE["right"][name]
    resources = _declared(tmp_path, case["template"])
    service = resources["service.DEMO.PUBLIC.ATTU"]
    if "specification" in case:
        assert service.detail["specification"] == case["specification"]
    assert _grants(resources) == EVERY_SERVICE | set(case["granted"])
    assert {need for one in resources.values() for need in one.needs} <= {
        one.address for one in resources.values()
    }
    assert (service.role, service.attributes["compute_pool"]) == ("DEMO_ATTU", "DEMO_MILVUS_POOL")


@pytest.mark.parametrize("name", CASE["wrong"])
def test_a_wrong_template(name: str, tmp_path: Path) -> None:
    summary, detail, line, hint = CASE["wrong"][name]["error"]
    with pytest.raises(ConfigError) as caught:
        _declared(tmp_path, CASE["wrong"][name]["template"])
    problem = caught.value.problem
    file = tmp_path / "attu.yaml.j2"
    assert (problem.summary, problem.place) == (summary, f"{file}:{line}" if line else str(file))
    assert detail in (problem.detail or "")
    assert (hint or "") in (problem.hint or "")


def test_a_stage_in_a_database_whose_name_takes_quotes(tmp_path: Path) -> None:
    template = """\
spec:
  containers: [{name: attu, image: {{ image }}}]
  volumes: [{name: files, source: stage, stageConfig: {name: {{ stages.FILES }}}}]
"""
    resources = _declared(
        tmp_path, template, "}}\nnames: {database: ORDER}\ncompute_pools: {attu: {max_nodes: 2"
    )
    assert 'GRANT WRITE ON STAGE "ORDER".PUBLIC.FILES TO ROLE DEMO_ATTU' in _grants(resources)


def test_instances_and_a_warehouse_to_query_with(tmp_path: Path) -> None:
    more = ", query_warehouse: DEMO_WAREHOUSE, min_instances: 2, max_instances: 3"
    resources = _declared(tmp_path, PLAIN, more)
    attributes = resources["service.DEMO.PUBLIC.ATTU"].attributes
    shown = [attributes[key] for key in ("query_warehouse", "min_instances", "max_instances")]
    assert shown == ["DEMO_WAREHOUSE", 2, 3]
    assert "GRANT USAGE ON WAREHOUSE DEMO_WAREHOUSE TO ROLE DEMO_ATTU" in _grants(resources)


def test_with_a_volume_the_number_of_instances_is_fixed(tmp_path: Path) -> None:
    template = PLAIN.rstrip() + "\n  volumes: [{name: kept, source: block, size: 5Gi}]\n"
    with pytest.raises(ConfigError) as caught:
        _declared(tmp_path, template, ", max_instances: 2")
    assert caught.value.problem.place == str(tmp_path / "attu.yaml.j2")
    assert "max_instances is 2; the volumes: kept 5Gi" in str(caught.value.problem.detail)


def test_an_image_that_is_already_there(tmp_path: Path) -> None:
    reference = "/demo/public/milvus_repo/attu:v2"
    resources = _declared(tmp_path, PLAIN, given=f"{{reference: {reference}}}")
    (container,) = resources["service.DEMO.PUBLIC.ATTU"].detail["specification"]["spec"]["containers"]
    assert container["image"] == reference
    assert not [address for address in resources if address.startswith("image.") and "attu" in address]


def test_a_secret_that_exists_may_be_read(tmp_path: Path) -> None:
    template = PLAIN.rstrip() + "\n    secrets: [{snowflakeSecret: demo.public.key, envVarName: KEY}]\n"
    resources = _declared(
        tmp_path, template, "}}\nexisting: [secret.DEMO.PUBLIC.KEY]\nmilvus: {settings: {a: 1"
    )
    assert resources["secret.DEMO.PUBLIC.KEY"].existing
    assert "GRANT READ ON SECRET DEMO.PUBLIC.KEY TO ROLE DEMO_ATTU" in _grants(resources)


def test_a_pool_of_its_own_is_made(tmp_path: Path) -> None:
    resources = _declared(tmp_path, PLAIN, "}}\ncompute_pools: {attu: {max_nodes: 2", pool="attu")
    assert resources["compute_pool.DEMO_ATTU_POOL"].attributes["max_nodes"] == 2
    assert "GRANT USAGE ON COMPUTE POOL DEMO_ATTU_POOL TO ROLE DEMO_ATTU" in _grants(resources)


_WORDS = st.sampled_from(
    "spec containers endpoints volumes name image env secrets snowflakeSecret objectName public true source "
    "block stage stageConfig blockConfig size iops @FILES @a.b.c.d milvus:19530".split()
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(_WORDS, st.dictionaries(_WORDS, _VALUES), max_size=2), _VALUES)
@example({"spec": {"volumes": [{"source": "block", "name": 1, "size": None}]}}, None)
@example({"spec": {"volumes": [{"source": "stage", "stageConfig": None}]}}, None)
def test_any_specification_is_right_or_a_mistake_of_the_user(around: dict[str, Any], spec: Any) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(ConfigError):
        _declared(Path(folder), json.dumps({"spec": spec, **around}))
