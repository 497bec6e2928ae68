"""What others attached to things of ours: kept, and told with the SQL that takes it off."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest
from tests.spcs_milvus.stack import QUICKSTART, as_declared, by_address, declared, seen

from spcs_milvus.attachments import attachments, with_attached
from spcs_milvus.errors import Problem
from spcs_milvus.observe import Observation
from spcs_milvus.resource import ABSENT, Actual, Address, Presence, Resource
from spcs_milvus.steps import Answer

STACK = declared(QUICKSTART + "jupyter: {egress: [a.org]}\n")
BY_ADDRESS = by_address(STACK)
JUPYTER = BY_ADDRESS["service.MILVUS_DEMO.PUBLIC.JUPYTER"]
POOL = BY_ADDRESS["compute_pool.MILVUS_DEMO_MILVUS_POOL"]
ROLE = BY_ADDRESS["role.MILVUS_DEMO_JUPYTER"]
OURS = "MILVUS_DEMO_JUPYTER_EGRESS"


def _with(*integrations: str, resource: Resource = JUPYTER, **changes: Any) -> Actual:
    return as_declared(
        resource,
        attributes={**resource.attributes, "external_access_integrations": integrations},
        **changes,
    )


def _told(*actual: tuple[Resource, Actual], stack: Collection[Resource] = STACK) -> list[Problem]:
    there = {resource.address: one for resource, one in actual}
    return list(attachments(stack, seen(stack, there)))


# --- integrations ------------------------------------------------------------------------------------------


def test_what_others_attached_is_among_what_it_should_have() -> None:
    wanted = with_attached(JUPYTER, _with("Z", OURS, "A"))
    assert wanted.attributes == {
        **JUPYTER.attributes,
        "external_access_integrations": ("A", OURS, "Z"),
    }
    assert replace(wanted, attributes=JUPYTER.attributes) == JUPYTER
    assert with_attached(JUPYTER, _with(OURS)) is JUPYTER
    assert with_attached(JUPYTER, _with()) is JUPYTER
    assert with_attached(POOL, as_declared(POOL)) is POOL


def test_one_of_ours_that_left_the_file_is_not_of_others() -> None:
    inside = replace(JUPYTER, attributes={**JUPYTER.attributes, "external_access_integrations": ()})
    assert with_attached(inside, _with(OURS)) is inside
    assert with_attached(inside, _with(OURS, "Z")).attributes["external_access_integrations"] == ("Z",)


@pytest.mark.parametrize(
    ("there", "change"),
    [
        ((OURS, "Z"), f"SET EXTERNAL_ACCESS_INTEGRATIONS = ({OURS})"),
        (("A", OURS, "Z"), f"SET EXTERNAL_ACCESS_INTEGRATIONS = (A, {OURS})"),
        (("Z",), "UNSET EXTERNAL_ACCESS_INTEGRATIONS"),
    ],
)
def test_each_is_told_with_what_takes_it_off(there: tuple[str, ...], change: str) -> None:
    *_, told = _told((JUPYTER, _with(*there)))
    assert told == Problem(
        f"the integration Z is attached to {JUPYTER.address}, which the project file does not say",
        "it lets the service out, and is left attached",
        str(JUPYTER.address),
        f"USE ROLE {JUPYTER.role}; ALTER SERVICE {JUPYTER.name} {change};",
    )


def test_one_that_exists_and_is_declared_is_not_of_others() -> None:
    text = "names: {jupyter_egress_integration: EAI}\njupyter: {egress: [a.org]}\n"
    stack = declared(f"{QUICKSTART}{text}existing: [external_access_integration.EAI]\n")
    service = by_address(stack)[str(JUPYTER.address)]
    foreign = replace(service, detail={**service.detail, "integrations": ()})
    there = _with("EAI", resource=foreign)
    assert service.attributes["external_access_integrations"] == ("EAI",)
    assert with_attached(foreign, there) is foreign


OTHERWISE: dict[str, Actual] = {
    "it is not ours": _with("Z", comment="made by hand", live={"owner": "SOMEBODY"}),
    "it is not there": ABSENT,
    "it cannot be told": Actual(Presence.UNKNOWN, {"external_access_integrations": ("Z",)}),
}


@pytest.mark.parametrize("why", OTHERWISE)
def test_what_is_not_ours_is_nobodys_business(why: str) -> None:
    assert _told((JUPYTER, OTHERWISE[why])) == []


def test_what_exists_is_nobodys_business() -> None:
    text = "compute_pools: {milvus: {name: BIG}}\nexisting: [compute_pool.BIG]\n"
    stack = declared(QUICKSTART + text)
    big = by_address(stack)["compute_pool.BIG"]
    assert _told((big, as_declared(big, live={"owner": "SOMEBODY"})), stack=stack) == []


# --- owners ------------------------------------------------------------------------------------------------


def test_another_owner_is_told_with_the_way_back() -> None:
    (told,) = _told((POOL, as_declared(POOL, live={"owner": "OPS"})))
    assert told == Problem(
        f"{POOL.address} is owned by OPS, and {POOL.role} made it",
        f"what {POOL.role} may not do to it any more fails",
        str(POOL.address),
        f"USE ROLE OPS; GRANT OWNERSHIP ON COMPUTE POOL {POOL.name} TO ROLE {POOL.role} COPY CURRENT GRANTS;",
    )


@pytest.mark.parametrize("live", [{}, {"owner": None}, {"owner": POOL.role}])
def test_an_owner_that_is_ours_or_not_told_is_no_news(live: dict[str, Any]) -> None:
    assert _told((POOL, as_declared(POOL, live=live))) == []


# --- roles -------------------------------------------------------------------------------------------------


def _row(privilege: str, kind: str, name: str) -> dict[str, str]:
    return {"privilege": privilege, "granted_on": kind, "name": name}


DECLARED = [_row("USAGE", "DATABASE", "MILVUS_DEMO"), _row("BIND SERVICE ENDPOINT", "ACCOUNT", "AB12345")]
BEYOND = {
    "on an object": (
        _row("MODIFY", "WAREHOUSE", "W"),
        "MODIFY on WAREHOUSE W",
        "REVOKE MODIFY ON WAREHOUSE W FROM ROLE MILVUS_DEMO_JUPYTER",
    ),
    "on the account": (
        _row("CREATE DATABASE", "ACCOUNT", "AB12345"),
        "CREATE DATABASE on account",
        "REVOKE CREATE DATABASE ON ACCOUNT FROM ROLE MILVUS_DEMO_JUPYTER",
    ),
    "a role": (
        _row("USAGE", "ROLE", "ANALYST"),
        "the role ANALYST",
        "REVOKE ROLE ANALYST FROM ROLE MILVUS_DEMO_JUPYTER",
    ),
}


def _with_privileges(
    *rows: dict[str, str], stack: Collection[Resource] = STACK, form: str = "object"
) -> Observation:
    """An account whose role of the notebook may do this."""
    grants = [one for one in stack if one.detail.get("role") == ROLE.name and one.detail["form"] == form]
    return Observation(seen(stack).actual, {one.address: {"show": Answer(rows)} for one in grants})


@pytest.mark.parametrize("what", BEYOND)
def test_what_a_role_may_do_beside_is_told_with_what_takes_it_back(what: str) -> None:
    row, words, revoke = BEYOND[what]
    (told,) = attachments(STACK, _with_privileges(*DECLARED, row))
    assert told == Problem(
        f"{ROLE.address} has {words}, which the project file does not say",
        None,
        str(ROLE.address),
        f"USE ROLE {ROLE.seen_by}; {revoke};",
    )


def test_the_answer_is_that_of_show_grants_to_the_role() -> None:
    """A role that somebody has is looked at by another statement, whose rows are of another sort."""
    row, *_ = BEYOND["on an object"]
    assert list(attachments(STACK, _with_privileges(row, form="service_role"))) == []
    only = [one for one in STACK if one.address.kind != "grant" or one.detail["form"] == "account"]
    assert list(attachments(only, _with_privileges(row, stack=only, form="account")))
    none = [one for one in STACK if one.address.kind != "grant"]
    assert list(attachments(none, seen(none))) == []


@pytest.mark.parametrize(
    ("undeclared", "told"),
    [
        (Address("warehouse", "W"), False),
        (Address("warehouse", "X"), True),
        (Address("compute_pool", "W"), True),
    ],
)
def test_what_belongs_to_what_left_the_file_is_told_with_it(undeclared: Address, told: bool) -> None:
    row, *_ = BEYOND["on an object"]
    assert bool(list(attachments(STACK, _with_privileges(row), [undeclared]))) is told


def test_a_role_that_exists_may_do_what_it_likes_and_be_given_to_anybody() -> None:
    stack = declared(QUICKSTART + "roles: {users: ANALYST, grant_to: [user BOB]}\nexisting: [role.ANALYST]\n")
    row = {**_row("MODIFY", "WAREHOUSE", "W"), "granted_to": "USER", "grantee_name": "EVE"}
    answers = {one.address: {"show": Answer((row,))} for one in stack if "ANALYST" in str(one.address)}
    assert list(attachments(stack, Observation(seen(stack).actual, answers))) == []


def test_who_else_has_a_role_is_told_with_what_takes_it_back() -> None:
    (member,) = (one for one in STACK if one.detail.get("form") == "role" and one.detail["on"] == ROLE.name)
    rows = tuple({"granted_to": "ROLE", "grantee_name": name} for name in ("MILVUS_DEMO_OWNER", "EVE", "OLD"))
    observation = Observation(seen(STACK).actual, {member.address: {"show": Answer(rows)}})
    (told,) = attachments(STACK, observation, [Address("role", "OLD")])
    assert told == Problem(
        f"{ROLE.address} is granted to role.EVE, which the project file does not say",
        None,
        str(ROLE.address),
        f"USE ROLE {member.role}; REVOKE ROLE MILVUS_DEMO_JUPYTER FROM ROLE EVE;",
    )
