"""What is said of objects that are not ours, or not what they should be."""

import pytest
from tests.spcs_milvus.stack import QUICKSTART, as_declared, by_address, declared, seen

from spcs_milvus.kinds import kind_of
from spcs_milvus.plan import Plan, plan_up
from spcs_milvus.resource import Actual, Presence, Resource, mark_of

STACK = declared()
BY_ADDRESS = by_address(STACK)
STAGE = BY_ADDRESS["stage.MILVUS_DEMO.PUBLIC.DATA"]
POOL = BY_ADDRESS["compute_pool.MILVUS_DEMO_MILVUS_POOL"]
JUPYTER = BY_ADDRESS["service.MILVUS_DEMO.PUBLIC.JUPYTER"]
OTHER_MARK = str(mark_of("other-project", "default", {}))
OTHER_ENVIRONMENT = str(mark_of("milvus-demo", "prod", {}))


def _up(resource: Resource, actual: Actual) -> Plan:
    """The plan when everything is as declared but for one resource."""
    return plan_up(STACK, seen(STACK, {resource.address: actual}))


WHOSE: dict[str, tuple[str, str | None, str, str]] = {
    "nobody's, of a kind that may exist": (
        "warehouse.MILVUS_DEMO_WAREHOUSE",
        None,
        "it carries no mark of this project; its owner is SOMEBODY",
        "choose other names with `names: {prefix: …}` in the project file, or list "
        "warehouse.MILVUS_DEMO_WAREHOUSE under `existing:` to use it as it is, "
        "or make it ours: spcs-milvus adopt warehouse.MILVUS_DEMO_WAREHOUSE",
    ),
    "another project's": (
        "warehouse.MILVUS_DEMO_WAREHOUSE",
        OTHER_MARK,
        "it belongs to other-project/default; its owner is SOMEBODY",
        "choose other names with `names: {prefix: …}` in the project file, or list "
        "warehouse.MILVUS_DEMO_WAREHOUSE under `existing:` to use it as it is",
    ),
    "another environment's": (
        "warehouse.MILVUS_DEMO_WAREHOUSE",
        OTHER_ENVIRONMENT,
        "it belongs to milvus-demo/prod; its owner is SOMEBODY",
        "two environments in one account need names of their own: `names: {prefix: …}` in one of them",
    ),
    "a service": (
        "service.MILVUS_DEMO.PUBLIC.MILVUS",
        None,
        "it carries no mark of this project; its owner is SOMEBODY",
        "choose other names with `names: {prefix: …}` in the project file, "
        "or make it ours: spcs-milvus adopt service.MILVUS_DEMO.PUBLIC.MILVUS",
    ),
    "a person": (
        "user.ALICE",
        None,
        "it carries no mark of this project; its owner is SOMEBODY",
        "give it another name under `users:`; or leave it out, and name it in `roles: {grant_to: …}`",
    ),
}


@pytest.mark.parametrize("what", WHOSE)
def test_a_conflict_says_whose_it_is_and_what_to_do(what: str) -> None:
    at, comment, detail, hint = WHOSE[what]
    stack = declared(QUICKSTART + "users: [{name: ALICE}]\n")
    resource = by_address(stack)[at]
    theirs = as_declared(resource, comment=comment, live={"owner": "SOMEBODY"})
    (problem,) = plan_up(stack, seen(stack, {resource.address: theirs})).conflicts
    title = kind_of(resource.address.kind).title
    assert problem.summary == f"the {title} {resource.name} is there and is not ours"
    assert (problem.detail, problem.place, problem.hint) == (detail, at, hint)


def test_an_owner_that_is_not_told_is_unknown() -> None:
    (problem,) = _up(POOL, as_declared(POOL, comment=None, live={})).conflicts
    assert problem.detail == "it carries no mark of this project; its owner is unknown"


def test_what_cannot_be_told_says_why() -> None:
    (problem,) = _up(POOL, Actual(Presence.UNKNOWN, reason="why")).conflicts
    assert problem.summary == f"whether the compute pool {POOL.name} is there cannot be told"
    assert (problem.detail, problem.place) == ("why", str(POOL.address))


def test_what_would_be_made_again_says_what_it_costs_and_how() -> None:
    other = as_declared(STAGE, attributes={"encryption": "SNOWFLAKE_FULL"})
    (problem,) = _up(STAGE, other).conflicts
    assert problem.summary == f"{STAGE.address} would have to be made again"
    assert problem.place == str(STAGE.address)
    assert problem.hint == (
        "put the old value back into the project file; changing it takes `down`, with all data, and `up`"
    )


def test_a_suspended_service_is_told_with_the_way_to_resume_it() -> None:
    (told,) = _up(JUPYTER, as_declared(JUPYTER, live={"status": "SUSPENDED"})).kept
    assert told.summary == f"{JUPYTER.address} is paused, and stays so"
    assert told.detail == "a suspended service is no difference; `up` does not start it"
    assert (told.place, told.hint) == (str(JUPYTER.address), "`spcs-milvus resume` starts it again")


def test_what_loses_nothing_and_takes_nothing_along_says_no_more() -> None:
    stack = declared(QUICKSTART + "secrets: {KEY: {generic_string: '${env:KEY}'}}\n", KEY="x")
    secret = by_address(stack)["secret.MILVUS_DEMO.PUBLIC.KEY"]
    other = as_declared(secret, attributes={"type": "PASSWORD"})
    (problem,) = plan_up(stack, seen(stack, {secret.address: other})).conflicts
    assert problem.detail == "type cannot be altered"


def test_what_would_go_along_is_listed() -> None:
    other = as_declared(POOL, attributes={**POOL.attributes, "instance_family": "CPU_X64_M"})
    (problem,) = _up(POOL, other).conflicts
    assert problem.detail == (
        "instance_family cannot be altered; making it again would lose the data on its volume (data 20Gi) "
        "of service.MILVUS_DEMO.PUBLIC.MILVUS\nwith it would go "
        "grant.USAGE on compute pool MILVUS_DEMO_MILVUS_POOL to MILVUS_DEMO_MILVUS, "
        "service.MILVUS_DEMO.PUBLIC.MILVUS, "
        "grant.endpoints of service MILVUS_DEMO.PUBLIC.MILVUS to MILVUS_DEMO_JUPYTER"
    )


def test_what_is_built_in_is_told_to_serve() -> None:
    stack = declared(QUICKSTART + "ingress_integration: create\n")
    (integration,) = (one for one in stack if one.address.kind == "security_integration")
    theirs = as_declared(integration, comment="theirs")
    (told,) = plan_up(stack, seen(stack, {integration.address: theirs})).kept
    assert told.summary == "a security integration that is not ours is there; it is used as it is"
    assert (told.detail, told.place) == (None, str(integration.address))
