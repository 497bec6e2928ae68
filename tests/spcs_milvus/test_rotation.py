"""What is planned although nothing differs, and what is not planned although it is absent."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.spcs_milvus.stack import QUICKSTART, as_declared, by_address, declared, nothing, project, seen

from spcs_milvus.config import Loaded
from spcs_milvus.errors import ConfigError, Problem
from spcs_milvus.names import Name
from spcs_milvus.observe import Observation, listing
from spcs_milvus.orphans import orphans
from spcs_milvus.plan import Action, Plan, plan_up
from spcs_milvus.resource import ABSENT, RESTARTING, Actual, Address, Presence, Resource
from spcs_milvus.rotation import asked_for, check_whole
from spcs_milvus.steps import Answer, Statement
from spcs_milvus.teardown import plan_down

SECRETS = "secrets: {KEY: {generic_string: '${env:KEY}'}, SPARE: {generic_string: '${env:KEY}'}}\n"
KEY = Address("secret", "MILVUS_DEMO.PUBLIC.KEY")
JUPYTER = Address("service", "MILVUS_DEMO.PUBLIC.JUPYTER")


def _reading(key: str = "hunter2") -> tuple[Resource, ...]:
    """A stack whose notebook reads the secret KEY."""
    stack = declared(QUICKSTART + SECRETS, KEY=key)
    return tuple(replace(one, needs=one.needs | {KEY}) if one.address == JUPYTER else one for one in stack)


STACK = _reading()
MARK = by_address(STACK)[str(JUPYTER)].mark


def _told(plan: Plan) -> list[tuple[str, str, str]]:
    return [(str(change.address), change.action.value, change.because) for change in plan.changes]


def _sql(plan: Plan, address: Address) -> list[str]:
    (change,) = (change for change in plan.changes if change.address == address)
    return [step.sql for step in change.steps if isinstance(step, Statement)]


# --- rotation ----------------------------------------------------------------------------------------------


def test_a_rotated_secret_is_set_again_and_who_reads_it_starts_again() -> None:
    plan = plan_up(STACK, seen(STACK), rotated=[KEY])
    assert _told(plan) == [
        (str(KEY), "update", "its value is set again"),
        (str(JUPYTER), "update", "it starts again, to read MILVUS_DEMO.PUBLIC.KEY"),
        ("ready.MILVUS_DEMO.PUBLIC.JUPYTER", "wait", "it is new or changed"),
    ]
    assert _sql(plan, KEY) == [
        f"ALTER SERVICE MILVUS_DEMO.PUBLIC.JUPYTER SET COMMENT = '{RESTARTING} {MARK}'",
        "ALTER SECRET MILVUS_DEMO.PUBLIC.KEY SET SECRET_STRING = '***'",
    ]
    assert _sql(plan, JUPYTER) == [
        "ALTER SERVICE MILVUS_DEMO.PUBLIC.JUPYTER SUSPEND",
        "ALTER SERVICE MILVUS_DEMO.PUBLIC.JUPYTER RESUME",
        f"ALTER SERVICE MILVUS_DEMO.PUBLIC.JUPYTER SET COMMENT = '{MARK}'",
    ]
    (service,) = (change for change in plan.changes if change.address == JUPYTER)
    assert KEY in service.needs
    assert plan.writes


def test_another_value_by_itself_is_no_difference() -> None:
    assert not plan_up(_reading("another"), seen(STACK)).changes


def test_a_secret_that_nobody_reads_is_only_set_again() -> None:
    spare = Address("secret", "MILVUS_DEMO.PUBLIC.SPARE")
    assert [told[0] for told in _told(plan_up(STACK, seen(STACK), rotated=[spare]))] == [str(spare)]


@pytest.mark.parametrize("rotated", [[KEY], []])
def test_what_starts_again_is_told_as_an_outage(rotated: list[Address]) -> None:
    note = "" if rotated else f"{RESTARTING} "
    actual = as_declared(by_address(STACK)[str(JUPYTER)], comment=f"{note}{MARK}")
    plan = plan_up(STACK, seen(STACK, {JUPYTER: actual}), rotated=rotated)
    (change,) = (change for change in plan.changes if change.address == JUPYTER)
    assert change.cost.downtime == "its containers start again"


@pytest.mark.parametrize("comment", ["theirs", None])
def test_nothing_is_noted_on_a_service_of_others(comment: str | None) -> None:
    theirs = as_declared(by_address(STACK)[str(JUPYTER)], comment=comment)
    assert len(_sql(plan_up(STACK, seen(STACK, {JUPYTER: theirs}), rotated=[KEY]), KEY)) == 1


def test_a_suspended_service_reads_it_when_somebody_resumes_it() -> None:
    resource = by_address(STACK)[str(JUPYTER)]
    actual = as_declared(resource)
    suspended = replace(actual, live={**actual.live, "status": "SUSPENDED", "containers": []})
    plan = plan_up(STACK, seen(STACK, {JUPYTER: suspended}), rotated=[KEY])
    assert [told[0] for told in _told(plan)] == [str(KEY)]


@pytest.mark.parametrize("status", ["SUSPENDED", "SUSPENDING"])
def test_a_service_that_stays_suspended_is_told_with_the_way_to_wake_it(status: str) -> None:
    actual = as_declared(by_address(STACK)[str(JUPYTER)])
    suspended = replace(actual, live={**actual.live, "status": status, "containers": []})
    (kept,) = plan_up(STACK, seen(STACK, {JUPYTER: suspended})).kept
    assert kept.place == str(JUPYTER)
    assert kept.hint == "`spcs-milvus resume` starts it again"


@pytest.mark.parametrize("rotated", [[], [KEY]])
@pytest.mark.parametrize("status", ["SUSPENDED", "SUSPENDING", "READY"])
def test_a_rotation_cut_short_is_gone_on_with(status: str, rotated: list[Address]) -> None:
    actual = as_declared(by_address(STACK)[str(JUPYTER)], comment=f"{RESTARTING} {MARK}")
    cut = replace(actual, live={**actual.live, "status": status})
    plan = plan_up(STACK, seen(STACK, {JUPYTER: cut}), rotated=rotated)
    does = [sql.partition("JUPYTER ")[2] for sql in _sql(plan, JUPYTER)]
    asleep = ["SUSPEND"] if status == "READY" else []
    assert does == [*asleep, "RESUME", f"SET COMMENT = '{MARK}'"]
    assert [told[0] for told in _told(plan)][-1] == "ready.MILVUS_DEMO.PUBLIC.JUPYTER"
    assert not plan.kept


OURS = QUICKSTART + SECRETS
SPARE_EXISTS = OURS + "existing: [secret.MILVUS_DEMO.PUBLIC.SPARE]\n"


@pytest.mark.parametrize(
    ("text", "known"), [(OURS, "KEY, SPARE"), (SPARE_EXISTS, "KEY"), (QUICKSTART, "none")]
)
def test_only_a_secret_of_ours_is_rotated(text: str, known: str) -> None:
    loaded = Loaded(project(text, KEY="hunter2"), Path("spcs-milvus.yaml"))
    ours = known.split(", ") if known != "none" else []
    assert asked_for(loaded, [name.lower() for name in ours]) == set(ours)
    with pytest.raises(ConfigError) as raised:
        asked_for(loaded, [*ours, "other"])
    assert raised.value.problem == Problem(
        "there is no secret `other` to rotate",
        f"known: {known}",
        "spcs-milvus.yaml: secrets",
        "declare it under `secrets:`",
    )


def test_a_secret_is_suggested_by_what_its_name_is_like() -> None:
    loaded = Loaded(project(OURS, KEY="hunter2"), Path("spcs-milvus.yaml"))
    with pytest.raises(ConfigError) as raised:
        asked_for(loaded, ["spar"])
    assert raised.value.problem.hint == "did you mean SPARE?"


@pytest.mark.parametrize("left_out", [KEY, JUPYTER])
def test_a_rotation_takes_the_secret_and_who_reads_it(left_out: Address) -> None:
    with pytest.raises(ConfigError) as raised:
        check_whole(STACK, [left_out], [KEY])
    assert raised.value.problem == Problem(
        f"the rotation needs {left_out}, which is not among the targets",
        None,
        None,
        f"leave out --target, or name all of it: --target {KEY} --target {JUPYTER}",
    )


def test_a_rotation_takes_nobody_else() -> None:
    others = [one.address for one in STACK if one.address not in (KEY, JUPYTER)]
    check_whole(STACK, others, [KEY])
    check_whole(STACK, [KEY, JUPYTER], [])


def test_a_service_that_changes_too_does_both() -> None:
    resource = by_address(STACK)[str(JUPYTER)]
    actual = as_declared(resource, attributes={**resource.attributes, "max_instances": 2})
    plan = plan_up(STACK, seen(STACK, {JUPYTER: actual}), rotated=[KEY])
    settings, *rest = _sql(plan, JUPYTER)
    assert settings.endswith(f"COMMENT = '{RESTARTING} {MARK}'")
    assert [sql.split()[3] for sql in rest] == ["SUSPEND", "RESUME", "SET"]


def test_a_new_secret_is_made_with_its_value() -> None:
    plan = plan_up(STACK, seen(STACK, {KEY: ABSENT}), rotated=[KEY])
    note, create = _sql(plan, KEY)
    assert RESTARTING in note
    assert create.startswith("CREATE SECRET")


def test_a_secret_of_others_is_not_set() -> None:
    theirs = as_declared(by_address(STACK)[str(KEY)], comment="theirs")
    plan = plan_up(STACK, seen(STACK, {KEY: theirs}), rotated=[KEY])
    assert [problem.place for problem in plan.conflicts] == [str(KEY)]
    assert KEY not in [change.address for change in plan.changes]


# --- fingerprints ------------------------------------------------------------------------------------------


def test_a_fingerprint_tells_plans_apart_and_no_secrets() -> None:
    rotating = plan_up(STACK, seen(STACK), rotated=[KEY])
    assert rotating.fingerprint == plan_up(_reading("another"), seen(STACK), rotated=[KEY]).fingerprint
    spare = plan_up(STACK, seen(STACK), rotated=[Address("secret", "MILVUS_DEMO.PUBLIC.SPARE")])
    plans = [rotating, spare, plan_up(STACK, seen(STACK)), plan_up(STACK, nothing(STACK))]
    assert len({plan.fingerprint for plan in plans}) == len(plans)


# --- built in ----------------------------------------------------------------------------------------------

INGRESS = Address("security_integration", "SNOWSERVICES_INGRESS_OAUTH")
PUBLIC = declared(QUICKSTART + "ingress_integration: create\n")


def test_the_ingress_integration_is_tried_along_with_the_first_public_service() -> None:
    plan = plan_up(PUBLIC, nothing(PUBLIC))
    assert (str(INGRESS), "create", "it is not there") in _told(plan)


def test_it_is_not_tried_for_a_service_that_is_there_already() -> None:
    assert not plan_up(PUBLIC, seen(PUBLIC, {INGRESS: ABSENT})).changes


SERVING: dict[str, Any] = {
    "somebody's": Actual(Presence.PRESENT, {"enabled": True}, "theirs"),
    "switched off": Actual(Presence.PRESENT, {"enabled": False}, None),
    "hidden": Actual(Presence.UNKNOWN, reason="the role may not see it"),
}


@pytest.mark.parametrize("what", SERVING)
def test_one_of_others_serves_and_is_left_alone(what: str) -> None:
    other = {INGRESS: SERVING[what]}
    plan = plan_up(PUBLIC, Observation({**nothing(PUBLIC).actual, **other}, {}))
    assert INGRESS not in [change.address for change in plan.changes]
    assert not plan.conflicts
    assert [problem.place for problem in plan.kept] == [str(INGRESS)]
    down = plan_down(PUBLIC, seen(PUBLIC, other), {})
    assert INGRESS not in [change.address for change in down.changes]
    assert not down.kept


def test_ours_is_mended_and_dropped() -> None:
    resource = by_address(PUBLIC)[str(INGRESS)]
    off = as_declared(resource, attributes={"enabled": False})
    assert _told(plan_up(PUBLIC, seen(PUBLIC, {INGRESS: off}))) == [
        (str(INGRESS), "update", "enabled differs")
    ]
    down = plan_down(PUBLIC, seen(PUBLIC), {})
    (change,) = (change for change in down.changes if change.address == INGRESS)
    assert change.action is Action.DELETE


# --- down --------------------------------------------------------------------------------------------------


def test_down_takes_the_door_away_after_who_uses_it() -> None:
    text = "jupyter: {egress: [a.org]}\nusers: [{name: ALICE}]\n"
    stack = declared(QUICKSTART + text + SECRETS, KEY="x")
    order = {change.address: change.needs for change in plan_down(stack, seen(stack), {}).changes}
    egress, rule = (
        Address("external_access_integration", "MILVUS_DEMO_JUPYTER_EGRESS"),
        Address("network_rule", "MILVUS_DEMO.PUBLIC.JUPYTER_EGRESS_RULE"),
    )
    assert JUPYTER in order[egress]
    assert egress in order[rule]
    assert {rule, KEY} <= order[Address("database", "MILVUS_DEMO")]
    assert Address("user", "ALICE") in order[Address("role", "MILVUS_DEMO_ROLE")]


def test_an_integration_that_left_the_file_is_found_and_dropped_by_who_made_it() -> None:
    stack = declared()
    mark = str(stack[0].mark)
    rows = ({"name": "MILVUS_DEMO_JUPYTER_EGRESS", "comment": mark}, {"name": "THEIRS", "comment": "x"})
    answers = {one.address: {"show": Answer()} for one in stack}
    shown = Observation({}, answers, {"external_access_integration": Answer(rows)})
    (found,) = orphans(stack, shown, "ACCOUNTADMIN")
    assert (str(found.address), found.role) == (
        "external_access_integration.MILVUS_DEMO_JUPYTER_EGRESS",
        "ACCOUNTADMIN",
    )


def test_a_rule_and_a_secret_that_left_the_file_are_found_where_it_has_no_other() -> None:
    stack = declared()
    mark = {"owner": "MILVUS_DEMO_OWNER", "comment": str(stack[0].mark)}
    place = {"database_name": "MILVUS_DEMO", "schema_name": "PUBLIC"}
    listed = {kind: Answer(({**place, "name": "OLD", **mark},)) for kind in ("secret", "network_rule")}
    answers = {one.address: {"show": Answer()} for one in stack}
    found = orphans(stack, Observation({}, answers, listed), "ACCOUNTADMIN")
    assert {(str(one.address), one.role) for one in found} == {
        (f"{kind}.MILVUS_DEMO.PUBLIC.OLD", "MILVUS_DEMO_OWNER") for kind in listed
    }
    looks = listing("SECURITYADMIN", Name.of("MILVUS_DEMO"))
    assert looks["secret"].sql == "SHOW SECRETS IN DATABASE MILVUS_DEMO"
