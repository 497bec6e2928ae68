"""Whatever somebody changes of the objects of a generated project is named exactly, and ``up`` mends it.

One field of every object is changed at once. What takes more than one ALTER, or cannot be mended, is in
``tests/spcs_milvus/flow/test_drift.py``; the tables of both are held against the kinds together.
"""

import copy
import json
from collections.abc import Callable, Iterator
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st
from tests.spcs_milvus.flow.test_drift import DRIFT, NOT_BY_SQL
from tests.spcs_milvus.flow.test_up_down import done

from spcs_milvus.kinds import KINDS, kind_of
from spcs_milvus.plan import Action
from spcs_milvus.resource import Resource

from .conftest import projects_of
from .projects import EVERY_KIND, projects
from .sections import Data
from .worlds import Tally, World, world

Mutator = Callable[[Resource], str | None]
"""What is written behind ALTER … name; None where this object has nothing to change."""


def _flag(name: str, attribute: str) -> Mutator:
    return lambda one: f"SET {name} = {not one.attributes[attribute]}"


def _fewer_or_more(one: Resource) -> str | None:
    least, most = one.attributes["min_nodes"], one.attributes["max_nodes"]
    return f"SET MIN_NODES = {most if least < most else least - 1}" if most > 1 else None


def _another_type(one: Resource) -> str | None:
    """documented: CREATE USER; a SERVICE has no password."""
    if one.attributes["type"] == "SERVICE":
        return "SET TYPE = PERSON"
    return "SET TYPE = SERVICE" if one.detail["password"] is None else None


def _another_specification(one: Resource) -> str:
    specification = copy.deepcopy(dict(one.detail["specification"]))
    specification["spec"]["containers"][0].setdefault("env", {})["MORE"] = "x"
    return f"FROM SPECIFICATION $${json.dumps(specification)}$$"


def _fixed(one: Resource) -> bool:
    """documented: Using block storage volumes, as many instances at least as at most."""
    return bool(one.attributes["volumes"])


MUTATORS: dict[tuple[str, str], Mutator] = {
    ("warehouse", "size"): lambda _one: "SET WAREHOUSE_SIZE = LARGE",
    ("warehouse", "auto_suspend_seconds"): lambda _one: "SET AUTO_SUSPEND = 77",
    ("warehouse", "auto_resume"): _flag("AUTO_RESUME", "auto_resume"),
    ("compute_pool", "min_nodes"): _fewer_or_more,
    ("compute_pool", "max_nodes"): lambda one: f"SET MAX_NODES = {one.attributes['max_nodes'] + 1}",
    ("compute_pool", "auto_resume"): _flag("AUTO_RESUME", "auto_resume"),
    ("compute_pool", "auto_suspend_seconds"): lambda _one: "SET AUTO_SUSPEND_SECS = 77",
    ("user", "type"): _another_type,
    ("user", "default_role"): lambda _one: "SET DEFAULT_ROLE = PUBLIC",
    ("user", "default_secondary_roles"): lambda _one: "SET DEFAULT_SECONDARY_ROLES = ()",
    ("network_rule", "value_list"): lambda _one: "SET VALUE_LIST = ('evil.org:443')",
    ("external_access_integration", "enabled"): lambda _one: "SET ENABLED = FALSE",
    ("external_access_integration", "allowed_network_rules"): lambda _one: (
        "SET ALLOWED_NETWORK_RULES = (THEIRS_0.PUBLIC.JUPYTER_EGRESS_RULE)"
    ),
    ("service", "specification"): _another_specification,
    ("service", "query_warehouse"): lambda one: (
        "UNSET QUERY_WAREHOUSE" if one.attributes["query_warehouse"] else None
    ),
    ("service", "external_access_integrations"): lambda one: (
        "UNSET EXTERNAL_ACCESS_INTEGRATIONS" if one.attributes["external_access_integrations"] else None
    ),
    ("service", "max_instances"): lambda one: (
        None if _fixed(one) else f"SET MAX_INSTANCES = {one.attributes['max_instances'] + 1}"
    ),
    ("service", "min_instances"): lambda one: (
        f"SET MIN_INSTANCES = {one.attributes['max_instances']}"
        if one.attributes["min_instances"] < one.attributes["max_instances"]
        else None
    ),
}


def test_every_attribute_of_every_kind_can_be_changed_or_says_why_not() -> None:
    replaced = {
        (drift.kind, attribute)
        for drift in DRIFT
        for attribute in drift.attributes
        if drift.replaced or drift.unreadable
    }
    attributes = {(kind.name, attribute) for kind in KINDS.values() for attribute in kind.attributes}
    assert attributes == MUTATORS.keys() | replaced | NOT_BY_SQL.keys()


@projects_of(6)
@given(data=projects(), choice=st.randoms(use_true_random=False))
@example(data=EVERY_KIND, choice=Random(1))
def test_one_field_of_every_object_is_changed_and_named_and_mended(
    tally: Tally, data: Data, choice: Random
) -> None:
    with world(tally, data) as made:
        done(made.do_up())
        before = made.local.dump()

        changed = dict(_mutated(made, choice))

        plan = made.plan_of()
        acts = [change for change in plan.changes if change.action is not Action.WAIT]
        assert {change.address: [one.attribute for one in change.differences] for change in acts} == changed
        assert {change.action for change in acts} <= {Action.UPDATE}
        done(made.do_up())
        assert made.local.dump() == before
        assert made.plan_of().changes == ()


def _mutated(made: World, choice: Random) -> Iterator[tuple[object, list[str]]]:
    """Changes one field of every object; each address with the attributes that differ then."""
    for one in made.resources():
        if one.existing:
            continue
        attributes = [name for kind, name in MUTATORS if kind == one.address.kind]
        possible = [(name, sql) for name in attributes if (sql := MUTATORS[one.address.kind, name](one))]
        if possible:
            name, sql = choice.choice(possible)
            made.run(one.role, f"ALTER {kind_of(one.address.kind).title.upper()} {one.name} {sql}")
            yield one.address, [name]


@projects_of(3)
@given(data=projects(), choice=st.randoms(use_true_random=False))
def test_one_privilege_of_each_role_is_taken_away_and_named_and_mended(
    tally: Tally, data: Data, choice: Random
) -> None:
    with world(tally, data) as made:
        done(made.do_up())
        before = made.local.dump()
        ours = [one for one in made.resources() if one.address.kind == "grant" and not one.existing]
        held: dict[str, list[Resource]] = {}
        for one in ours:
            if one.detail["form"] == "object":
                held.setdefault(str(one.detail["role"]), []).append(one)
        taken = [choice.choice(grants) for grants in held.values()]
        for grant in taken:
            detail = grant.detail
            what = f"{detail['privilege'].text} ON {detail['object_kind'].text} {detail['on']}"
            made.run(grant.role, f"REVOKE {what} FROM ROLE {detail['role']}")
        # who cannot reach its service any more does not see who may use it, and granting again does no harm
        blind = {
            str(one.detail["role"]) for one in taken if one.detail["object"].kind in ("database", "schema")
        }
        unseen = {one.address for one in ours if one.detail["form"] == "service_role" and one.role in blind}

        plan = made.plan_of()

        acts = {change.address: change.action for change in plan.changes if change.action is not Action.WAIT}
        named = {grant.address for grant in taken}
        assert set(acts.values()) == ({Action.CREATE} if named else set())
        assert named <= acts.keys() <= named | unseen
        done(made.do_up())
        assert made.local.dump() == before
        assert made.plan_of().changes == ()
