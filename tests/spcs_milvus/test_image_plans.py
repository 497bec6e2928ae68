"""What a plan may do about images, which images are meant, and the plan that only builds."""

import pytest
from tests.spcs_milvus.stack import container, declared, image, nothing

from spcs_milvus.container_image import ContainerImage
from spcs_milvus.errors import ConfigError
from spcs_milvus.image_plans import ANYTHING, Allowed, allowed, builds, chosen, plan_build
from spcs_milvus.plan import Plan, plan_up
from spcs_milvus.steps import Push

KNOWN = ("milvus", "jupyter")


def _plan(made: object = container) -> Plan:
    resources = declared(made=container if made is container else image)
    return plan_up(resources, nothing(resources))


def _pushed(plan: Plan) -> list[str]:
    return [step.name for change in plan.changes for step in change.steps if isinstance(step, Push)]


def _refused(plan: Plan) -> list[str]:
    """The names of the images that conflicts are about."""
    return [str(one.place).rpartition("/")[2].partition(":")[0] for one in plan.conflicts]


def _never(name: str, _image: ContainerImage) -> bool:
    raise AssertionError(f"the engine is asked for {name}")


def test_a_plan_that_may_do_anything_stays_as_it_is() -> None:
    plan = _plan()
    assert allowed(plan, ANYTHING, _never) is plan
    assert [build.name for build in builds(plan)] == _pushed(plan) == list(KNOWN)


@pytest.mark.parametrize("made", [container, image])
def test_what_may_not_be_pushed_is_not_built_either(made: object) -> None:
    for may in (Allowed(push=False), Allowed(build=False, push=False)):
        plan = allowed(_plan(made), may, _never)
        assert _refused(plan) == list(KNOWN)


def test_a_process_image_is_not_built_so_it_may_be_pushed() -> None:
    plan = _plan(image)
    assert allowed(plan, Allowed(build=False), _never) == plan


@pytest.mark.parametrize("has", [(), ("milvus",), KNOWN])
def test_what_may_not_be_built_is_pushed_where_the_engine_has_it(has: tuple[str, ...]) -> None:
    plan = allowed(_plan(), Allowed(build=False), lambda name, _: name in has)
    assert _refused(plan) == [name for name in KNOWN if name not in has]
    assert list(builds(plan)) == []
    assert _pushed(plan) == list(KNOWN)


def test_conflicts_are_added_to_those_there_are() -> None:
    refused = allowed(_plan(), Allowed(push=False), _never)
    assert len(allowed(refused, Allowed(push=False), _never).conflicts) == 4


def test_two_plans_of_images_that_differ_have_two_fingerprints() -> None:
    one, other = (plan_build({"milvus": container(content)}) for content in ("a", "b"))
    assert one.fingerprint != other.fingerprint
    assert one.fingerprint == plan_build({"milvus": container("a")}).fingerprint


def test_the_images_asked_for_each_once() -> None:
    assert chosen((), KNOWN) == KNOWN
    assert chosen(("jupyter", "jupyter"), KNOWN) == ("jupyter",)
    with pytest.raises(ConfigError, match="the project builds no image `nowhere`") as caught:
        chosen(("milvus", "nowhere"), KNOWN)
    assert caught.value.problem.detail == "it builds: milvus, jupyter"
    with pytest.raises(ConfigError) as caught:
        chosen(("milvus",), ())
    assert caught.value.problem.detail == "it builds: none"
